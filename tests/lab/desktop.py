"""NetworkManager for real on the lab's laptop, on a system bus of its own. It changes /etc there: a test makes its own Lab."""

from __future__ import annotations

from .lab import Lab

CONF = """[main]
plugins=keyfile
auth-polkit=false
dhcp=internal
rc-manager=file
no-auto-default=*
[connectivity]
enabled=false
[logging]
level=INFO
"""
TOOLS = {"dbus-daemon": "dbus", "NetworkManager": "network-manager", "nmcli": "network-manager"}


def system_bus(lab: Lab) -> None:
    """A D-Bus system bus in the laptop. /sys is made read-only, as NetworkManager waits for udev otherwise."""
    lab.sh("mkdir -p /run/dbus; mount -o remount,ro /sys; dbus-uuidgen --ensure=/etc/machine-id")
    lab.daemon("dbus", ["dbus-daemon", "--system", "--nofork", "--nopidfile"], "laptop")
    lab.wait_facts("test -S /run/dbus/system_bus_socket", 10)


def network_manager(lab: Lab) -> None:
    """NetworkManager with one wired connection, `Wired`, that asks DHCP and takes no IPv6, and its bus."""
    system_bus(lab)
    manage(lab)


def manage(lab: Lab) -> None:
    """The same on a bus that is there."""
    lab.sh("mkdir -p /etc/NetworkManager/conf.d /var/lib/NetworkManager /run/NetworkManager")
    lab.sh("rm -rf /etc/NetworkManager/conf.d/* /etc/NetworkManager/system-connections/* /var/lib/NetworkManager/*")
    lab.exec(["sh", "-c", "cat > /etc/NetworkManager/NetworkManager.conf"], input=CONF, check=True)
    lab.daemon("nm", ["NetworkManager", "--no-daemon"], "laptop")
    lab.wait_facts("nmcli -t general", 10)
    lab.sh(f"nmcli con add type ethernet con-name Wired ifname {lab.ifname} ipv6.method ignore connection.autoconnect yes")


def roam(lab: Lab, net: str) -> None:
    """As joining another Wi-Fi does: the connection is activated anew, for a cable moved within 6 s alone is not noticed."""
    lab.move_cable(net)
    lab.sh("nmcli con up Wired")
