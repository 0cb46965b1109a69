"""What keeps the namespaces: `inside.py holder|laptop STATE`, and `inside.py wait-tcp ADDRESS PORT SECONDS`."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable


def mount(*args: str) -> None:
    subprocess.run(["mount", *args], check=True)


def account() -> int:
    """The user outside whose root we are here (user_namespaces(7)); 0: the machine's own root."""
    with open("/proc/self/uid_map") as f:
        return int(f.read().split()[1])


def rootless() -> bool:
    return account() != 0


def private(priv: str, top: str) -> None:
    """A private, writable copy of a folder of the machine, in place."""
    name = top.strip("/").replace("/", "-")
    if not rootless():
        overlay(priv, top)
        return
    copy = f"{priv}/{name}"  # the host's root is nobody here, so an overlay would be read-only: a copy
    os.makedirs(copy)
    if top == "/var":
        for d in ("lib", "tmp", "log"):
            os.makedirs(f"{copy}/{d}")
    else:
        subprocess.run(["cp", "-r", "--no-target-directory", top, copy], stderr=subprocess.DEVNULL, check=False)
    mount("--bind", copy, top)


def overlay(priv: str, top: str, *more: str) -> None:
    """A layer over a folder that takes what is written there."""
    name = top.strip("/").replace("/", "-")
    for d in ("up", "wk"):
        os.makedirs(f"{priv}/{name}.{d}")
    layers = [f"lowerdir={top}", f"upperdir={priv}/{name}.up", f"workdir={priv}/{name}.wk", *more]
    mount("-t", "overlay", "overlay", "-o", ",".join(layers), top)


def hide_npmrc(priv: str, state: str) -> None:
    """Take the account's own .npmrc out of sight, for reading and for writing."""
    home = pwd.getpwuid(account()).pw_dir
    file = f"{home}/.npmrc"
    if os.path.isdir(home) and home != "/" and not f"{state}/".startswith(f"{home}/"):
        try:  # an ordinary user's layer needs Linux 5.11
            overlay(priv, home, *(["userxattr"] if rootless() else []))
        except subprocess.CalledProcessError:
            if not rootless():
                raise
        else:
            if os.path.lexists(file):
                os.unlink(file)
            return
    if os.path.isfile(file):  # the state lies in the home: only the file that is there can be covered
        open(f"{priv}/npmrc", "w").close()
        mount("--bind", f"{priv}/npmrc", file)


def holder(state: str) -> None:
    """pid 1 of the lab: private mounts, then wait for the pipe to close, then tidy and exit."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # reap whatever is orphaned here
    priv = f"{state}/priv"
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", priv)
    private(priv, "/etc")
    private(priv, "/var")
    hide_npmrc(priv, state)
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    os.makedirs("/run/lock", exist_ok=True)
    with open("/etc/resolv.conf", "w"):  # the routers ask no one
        pass
    subprocess.run(["hostname", "roamlab"], check=False)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    print("ok", flush=True)
    sys.stdin.read()
    os.kill(-1, signal.SIGKILL)  # all else in this pid namespace
    subprocess.run(["umount", "-l", "/etc", "/var", priv], stderr=subprocess.DEVNULL, check=False)
    shutil.rmtree(state, ignore_errors=True)


def laptop(state: str) -> None:
    """Own net, uts and mount namespace: own /etc (so that resolv.conf can be renamed over), /var, /sys, /run."""
    priv = f"{state}/priv/laptop"
    os.makedirs(priv)
    for top in ("/etc", "/var"):
        subprocess.run(["umount", top], check=True)
        private(priv, top)
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    mount("-t", "sysfs", "sysfs", "/sys")
    for name, text in {
        "hostname": "laptop\n",
        "hosts": "127.0.0.1 localhost\n127.0.1.1 laptop\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "resolv.conf": "",
    }.items():
        if os.path.islink(f"/etc/{name}"):  # a stub of systemd-resolved points into /run
            os.unlink(f"/etc/{name}")
        with open(f"/etc/{name}", "w") as f:
            f.write(text)
    subprocess.run(["hostname", "laptop"], check=False)
    print("ok", flush=True)
    sys.stdin.read()


def wait_tcp(addr: str, port: str, timeout: str) -> None:
    end = time.monotonic() + float(timeout)
    while True:
        try:
            return socket.create_connection((addr, int(port)), 1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


if __name__ == "__main__":
    verbs: dict[str, Callable[..., None]] = {"holder": holder, "laptop": laptop, "wait-tcp": wait_tcp}
    verbs[sys.argv[1]](*sys.argv[2:])
