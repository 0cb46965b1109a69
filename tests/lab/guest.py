"""A Linux kernel of its own in an emulated machine, on the machine's root file system (read-only, changes in memory): for a real
802.11 stack (mac80211_hwsim), WireGuard in the kernel, ppp, phones on USB and suspend, which containers and small kernels lack.

ROAMRC_GUEST names a folder with Debian's packages unpacked into it (dpkg-deb -x): linux-image-amd64's kernel, hostapd, iw, iwd,
wpasupplicant, libell0, ppp, libpcap0.8, libnl-3-200, libnl-genl-3-200, libnl-route-3-200, libpcsclite1, busybox-static.
qemu-system-x86, cpio, kmod and dbus are the machine's own. Without KVM it takes a minute or two.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")

EYES = r"""
ip link set lo up; rm -f /etc/resolv.conf; : > /etc/resolv.conf
mkfifo ask; $PYTHON $LAB/observer.py < ask > told & exec 3> ask
i=0; until [ -s told ] || [ $i = 300 ]; do i=$((i+1)); sleep 0.2; done
see() { n=$(wc -l < told); echo "${2:-1}" >&3; while [ $(wc -l < told) = $n ]; do sleep 0.1; done; echo "@$1 $(tail -n 1 told)"; }
"""
"""For a script: `see NAME [PATIENCE]` prints "@NAME " and the facts of one look as JSON (observer.py, one memory for all)."""

INIT = r"""#!/bin/busybox sh
B=/bin/busybox
$B mount -t proc p /proc; $B mount -t sysfs s /sys; $B mount -t devtmpfs d /dev
for m in $($B cat /mods); do $B insmod /lib/$m; done
$B mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose host /mnt
$B mount -t tmpfs t /ov; $B mkdir /ov/up /ov/wk
$B mount -t overlay o -o lowerdir=/mnt,upperdir=/ov/up,workdir=/ov/wk /new
for d in proc sys dev; do $B mount --move /$d /new/$d; done
$B mount -t tmpfs r /new/run
exec $B switch_root /new /bin/sh GUEST
"""


ALONE = r"""#!/bin/busybox sh
B=/bin/busybox
$B mount -t proc p /proc; $B mount -t sysfs s /sys; $B mount -t devtmpfs d /dev; $B mkdir -p /applets /run /tmp /etc /work
for m in $($B cat /mods); do $B insmod /lib/$m; done
$B --install -s /applets; export PATH=/usr/sbin:/usr/bin:/applets PYTHON=PYTHON3 PYTHONPATH=/site LANG=C.UTF-8; cd /work
exec sh /guest.sh
"""
NO_LIBRARY = (
    "test",
    "__pycache__",
    "site-packages",
    "idlelib",
    "tkinter",
    "ensurepip",
    "lib2to3",
    "config-*",
    "turtledemo",
    "*.a",
)


def missing() -> str:
    """Why there can be no guest here, in words; "" where there can."""
    lacking = [tool for tool in ("qemu-system-x86_64", "cpio", "gzip", "modprobe", "depmod") if not shutil.which(tool)]
    if lacking:
        return f"not found: {', '.join(lacking)}"
    root = os.environ.get("ROAMRC_GUEST", "")
    return "" if root and list(Path(root, "boot").glob("vmlinuz-*")) else "ROAMRC_GUEST names no folder with a kernel"


def run(folder: Path, script: str, limit: float = 240) -> str:
    """What a shell script prints in the guest, as root; $GUEST is the folder of packages, $PYTHON this Python, $LAB this
    folder. It is switched off at a line "@end", which the script may print itself: after a suspend there is no root file system
    any more (9p does not survive it)."""
    root = Path(os.environ["ROAMRC_GUEST"])
    version = kernel(root).name.removeprefix("vmlinuz-")
    paths = os.pathsep.join(filter(None, sys.path))
    begin = f"""PATH=/usr/sbin:/usr/bin:/sbin:/bin; export PATH GUEST={root} PYTHON={sys.executable} LAB={HERE}
export LD_LIBRARY_PATH=$GUEST/usr/lib/x86_64-linux-gnu:$GUEST/lib/x86_64-linux-gnu PYTHONPATH={paths}
mkdir -p /usr/lib/modules /run/work; ln -sfn $GUEST/lib/modules/{version} /usr/lib/modules/{version}; cd /run/work
"""
    (folder / "guest.sh").write_text(f"{begin}{script}\necho @end; sleep 600\n")
    init = INIT.replace("GUEST", str(folder / "guest.sh"))
    share = ["-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"]
    return machine(root, ramdisk(folder, root, version, init, MODULES), limit, share)


def alone(folder: Path, script: str, modules: tuple[str, ...], limit: float = 300) -> str:
    """The same in a guest that has nothing but its memory, so that it survives a suspend: this Python, roamrc, iproute2, busybox
    and these modules of the kernel's."""
    root = Path(os.environ["ROAMRC_GUEST"])
    made = folder / "ramdisk"
    base = Path(sys.base_prefix)
    library = Path(f"{base}/lib/python{sys.version_info[0]}.{sys.version_info[1]}")
    shutil.copytree(library, f"{made}{library}", ignore=shutil.ignore_patterns(*NO_LIBRARY))
    for package in ("roamrc", "yaml", "jeepney"):
        found = importlib.util.find_spec(package)
        assert found
        assert found.origin
        shutil.copytree(Path(found.origin).parent, made / "site" / package, ignore=shutil.ignore_patterns("__pycache__"))
    python = Path(sys.executable).resolve()
    programs = [python, Path(shutil.which("ip") or "")]
    libraries = [str(p) for p in programs] + [str(p) for p in Path(f"{made}{library}").glob("lib-dynload/*.so")]
    needed = subprocess.run(["ldd", *libraries], capture_output=True, text=True, check=False).stdout
    for path in {*map(str, programs), *re.findall(r"(/\S+\.so[.\d]*) \(", needed)}:
        Path(f"{made}{path}").parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, f"{made}{path}")
    (made / "guest.sh").write_text(f'ip() {{ {programs[1]} "$@"; }}  # before busybox\'s own\n{script}\necho @end; sleep 600\n')
    init = ALONE.replace("PYTHON3", str(python))
    return machine(root, ramdisk(folder, root, kernel(root).name.removeprefix("vmlinuz-"), init, modules), limit, [])


def kernel(root: Path) -> Path:
    return next(iter(root.glob("boot/vmlinuz-*")))


def machine(root: Path, disk: Path, limit: float, more: list[str]) -> str:
    """What the machine said on its console until a line "@end", or the limit (s)."""
    argv = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "1024", "-nographic", "-no-reboot", "-nic", "none"]
    argv += ["-kernel", str(kernel(root)), "-initrd", str(disk), "-append", "console=ttyS0 loglevel=3 panic=-1", *more]
    said, end = "", time.monotonic() + limit
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as guest:
        assert guest.stdout
        while not re.search(r"^@end\r?$", said, re.MULTILINE) and time.monotonic() < end:
            if select.select([guest.stdout], [], [], 1)[0]:
                part = os.read(guest.stdout.fileno(), 1 << 16)
                said += part.decode("utf-8", "replace")
                if not part:
                    break
        guest.kill()
    return said


def seen(said: str) -> dict[str, Any]:
    """What a script told in lines "@NAME JSON"."""
    return {name: json.loads(rest) for name, rest in re.findall(r"@(\w+) (\S.*)", said)}


def ramdisk(folder: Path, root: Path, version: str, init: str, modules: tuple[str, ...]) -> Path:
    """busybox, these modules with what they need, and /init, beside what is there already."""
    subprocess.run(["depmod", "-b", root, version], check=True)
    made = folder / "ramdisk"
    for name in ("bin", "lib", "proc", "sys", "dev", "mnt", "ov", "new"):
        (made / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(root / "bin/busybox", made / "bin/busybox")
    names: list[str] = []
    for module in modules:
        argv = ["modprobe", "-d", root, "-S", version, "--show-depends", module]
        needed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        for path in (Path(line.split()[1]) for line in needed.splitlines() if line.startswith("insmod")):
            if path.name not in names:
                names.append(path.name)
                shutil.copy(path, made / "lib")
    (made / "mods").write_text("\n".join(names))
    (made / "init").write_text(init)
    (made / "init").chmod(0o755)
    packed = folder / "ramdisk.gz"
    with open(packed, "wb") as f:
        subprocess.run("find . | cpio -o -H newc --quiet | gzip -1", shell=True, cwd=made, stdout=f, check=True)
    return packed
