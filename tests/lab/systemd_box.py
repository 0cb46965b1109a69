"""A real systemd as PID 1 in namespaces: the machine's own root as an overlay, no image, nothing of its services. Up in 0.5-1 s.

    with Box() as box:                       # its own network namespace, only lo
    with Lab() as lab, Box(lab) as box:      # the Lab's laptop: network, /etc (resolv.conf) and /var
        box.exec("systemctl --user start x.service")     # as the user "lab", uid 2000, with bus and XDG_RUNTIME_DIR
        box.root("journalctl -b")                        # as root

Needs root, a cgroup2 mount (also the `unified` one beside cgroup1), overlayfs, systemd, dbus, util-linux.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from .wait import until

UNIFIED = "/sys/fs/cgroup/unified"
CGROUPS = UNIFIED if os.path.isdir(UNIFIED) else "/sys/fs/cgroup"
USER, UID = "lab", 2000

# enter the box's cgroup, start it, wait for the pipe to close (also when the test is killed), kill it, remove the traces
WATCH = r"""cg=$1 dir=$2 top=$3; shift 3; trap '' INT TERM HUP; old=$(sed -n s/^0:://p /proc/self/cgroup)
echo 0 > $cg/cgroup.procs; "$@" <&- & p=$!; read x; kill -9 $p; wait $p; echo 0 > $top$old/cgroup.procs
for i in $(seq 200); do find $cg -depth -type d -exec rmdir {} \; 2>/dev/null; [ -d $cg ] || break; sleep 0.02; done
rm -rf $dir"""

INIT = r"""set -e
S=$1; USERNAME=$2; shift 2
mount -t tmpfs -o mode=755 tmpfs $S
mkdir $S/up $S/wk $S/root
R=$S/root
mount -t overlay overlay -o lowerdir=/,upperdir=$S/up,workdir=$S/wk $R
rm -f $R/.dockerenv   # the box is a machine of its own, also where the tests run in a container
for d in etc var; do if mountpoint -q /$d; then mount --bind /$d $R/$d; fi; done   # the Lab's own
mount -t proc proc $R/proc
mount -t sysfs -o ro sysfs $R/sys
mount -t tmpfs -o mode=755,dev tmpfs $R/dev
for d in null zero full random urandom tty; do touch $R/dev/$d; mount --bind /dev/$d $R/dev/$d; done
mkdir -p $R/dev/net $R/dev/pts $R/dev/shm
[ -e /dev/net/tun ] && touch $R/dev/net/tun && mount --bind /dev/net/tun $R/dev/net/tun
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts $R/dev/pts; ln -s pts/ptmx $R/dev/ptmx
ln -s /proc/self/fd $R/dev/fd; ln -s fd/0 $R/dev/stdin; ln -s fd/1 $R/dev/stdout; ln -s fd/2 $R/dev/stderr
mount -t tmpfs -o mode=755 tmpfs $R/run
mount -t tmpfs -o mode=1777 tmpfs $R/tmp
# shared with the machine; the ways there are opened to the user in the overlay only, before anything is mounted on them
# (a Python in root's own home is usual in containers)
for d in "$@"; do
  mkdir -p $R${d#rw:}; p=${d#rw:}; while p=$(dirname $p) && [ $p != / ]; do chmod a+x $R$p; done
done
for d in "$@"; do
  case $d in rw:*) mount --bind ${d#rw:} $R${d#rw:};; *) mount --bind $d $R$d; mount -o remount,bind,ro $R$d;; esac
done
mount -t cgroup2 -o nsdelegate cgroup2 $R/sys/fs/cgroup
# a small boot: journald, dbus, logind, the user manager of one lingering user; nothing of the machine's services
E=$R/etc/systemd/system; rm -rf $E/*.wants $E/*.requires $E/*.service
cat > $E/lab.target <<X
[Unit]
Requires=basic.target
Wants=dbus.service systemd-logind.service systemd-user-sessions.service user@2000.service
After=basic.target dbus.service systemd-logind.service user@2000.service
AllowIsolate=yes
X
for u in systemd-resolved systemd-networkd systemd-timesyncd NetworkManager wpa_supplicant iwd squid tinyproxy systemd-udevd \
  systemd-udev-trigger systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-sysctl systemd-modules-load \
  systemd-firstboot systemd-pstore systemd-rfkill systemd-binfmt systemd-machine-id-commit \
  console-getty getty@tty1 apparmor systemd-random-seed \
  systemd-network-generator systemd-ask-password-wall.path systemd-ask-password-console.path; do
  case $u in *.*) ;; *) u=$u.service;; esac; ln -sf /dev/null $E/$u; done
echo 0123456789abcdef0123456789abcdef > $R/etc/machine-id
: > $R/etc/fstab
mkdir -p $R/var/log/journal $R/var/lib/systemd/linger; rm -rf $R/var/log/journal/*; touch $R/var/lib/systemd/linger/$USERNAME
grep -q "^$USERNAME:" $R/etc/passwd || { echo "$USERNAME:x:2000:2000::/home/$USERNAME:/bin/bash" >> $R/etc/passwd
  echo "$USERNAME:x:2000:" >> $R/etc/group; echo "$USERNAME:*:19000:0:99999:7:::" >> $R/etc/shadow; }
mkdir -p $R/home/$USERNAME; chown 2000:2000 $R/home/$USERNAME
mkdir -p $R/etc/systemd/journald.conf.d $R/etc/systemd/logind.conf.d
printf '[Login]\nUserStopDelaySec=0\n' > $R/etc/systemd/logind.conf.d/lab.conf   # 10 s after the last log-out are long for a test
printf '[Journal]\nStorage=persistent\nRateLimitIntervalSec=0\n' > $R/etc/systemd/journald.conf.d/lab.conf
cd $R; mkdir -p .old; pivot_root . .old
exec chroot . /bin/sh -c 'umount -l /.old; exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd \
  --unit=lab.target --log-target=journal --show-status=no'
"""


class BoxError(RuntimeError):
    """systemd did not come up."""


def missing() -> str:
    """Why there can be no box here, "" where there can."""
    if os.geteuid():
        return "the systemd box needs root"
    if not os.path.exists("/lib/systemd/systemd"):
        return "the systemd box needs systemd"
    for name in ("unshare", "nsenter", "setpriv", "systemctl", "dbus-daemon", "bash"):
        if not shutil.which(name):
            return f"the systemd box needs {name}"
    if not any(any(Path("/").glob(f"{lib}/security/pam_systemd.so")) for lib in ("lib", "lib/*", "lib64")):
        return "the systemd box needs libpam-systemd"
    if not os.path.exists(f"{CGROUPS}/cgroup.procs"):
        return "the systemd box needs a cgroup2 mount"
    return "" if os.access(CGROUPS, os.W_OK) else "the systemd box needs a writable cgroup2 mount"


class Box:
    """A context manager. `share`: folders of the machine, read-only at the same path ("rw:/path": writable). Gone with the test,
    also after kill -9 of it."""

    def __init__(self, lab: Any = None, share: Iterable[str | Path] = ()) -> None:
        self.lab = lab
        folders = dict.fromkeys(os.path.abspath(s) if not str(s).startswith("rw:") else str(s) for s in share)
        self.share = [*folders, *([f"rw:{lab.state}"] if lab else [])]
        self.pid1 = 0
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.dir = tempfile.mkdtemp(prefix="sdbox-")
        self.cgroup = f"{CGROUPS}/{os.path.basename(self.dir)}"
        os.mkdir(self.cgroup)
        try:
            self._start()
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        Path(self.dir, "init.sh").write_text(INIT)
        os.mkdir(f"{self.dir}/m")
        enter: list[str] = []
        if self.lab:
            enter = ["nsenter", "-t", str(self.lab.laptop), "-m", "-n", "-u", "-p", "--", "setpriv", "--pdeathsig", "KILL"]
        spaces = ["--mount", "--pid", "--ipc", "--uts", "--cgroup", *([] if self.lab else ["--net"])]
        box = ["unshare", *spaces, "--fork", "--kill-child", "--propagation", "private", "--"]
        init = ["bash", f"{self.dir}/init.sh", f"{self.dir}/m", USER, *self.share]
        with open(f"{self.dir}/log", "wb") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", WATCH, "sh", self.cgroup, self.dir, CGROUPS, *enter, *box, *init],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait(self) -> None:
        try:
            until(self._up, 20, every=0.03)
            return
        except AssertionError:
            pass
        said = Path(self.dir, "log").read_text()[-2000:]
        if self.pid1:
            said += self.root("systemctl --failed --no-pager; journalctl -n 30 --no-pager", timeout=5).stdout
        raise BoxError("systemd did not come up: " + said)

    def _up(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            raise AssertionError("it ended")
        self.pid1 = self._find()
        return bool(self.pid1) and self.root(f"systemctl is-active user@{UID}.service", timeout=5).stdout.strip() == "active"

    def _find(self) -> int:
        """Follow the children down to the process whose command is systemd."""
        todo = [self.process.pid] if self.process else []
        while todo:
            pid = todo.pop()
            try:
                if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                    return pid
                todo += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
            except OSError:
                continue
        return 0

    def root(self, command: str, timeout: float = 30, **kw: Any) -> subprocess.CompletedProcess[str]:
        """A shell command as root; with `input` it has a standard input."""
        return self._run(["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=dumb", "sh", "-c", command], timeout, **kw)

    def exec(self, command: str, timeout: float = 30, **kw: Any) -> subprocess.CompletedProcess[str]:
        """A shell command as the user, like after log-in: own home, bus and runtime folder."""
        env = [
            f"HOME=/home/{USER}",
            f"USER={USER}",
            "PATH=/usr/local/bin:/usr/bin:/bin",
            "TERM=dumb",
            "LANG=C.UTF-8",
            f"XDG_RUNTIME_DIR=/run/user/{UID}",
            f"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/{UID}/bus",
        ]
        become = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"]
        return self._run([*become, "env", "-i", "-C", f"/home/{USER}", *env, "sh", "-c", command], timeout, **kw)

    def log_in(self) -> None:
        """A log-in session by PAM, as at a screen, and no more lingering: the user manager lives as long as the session."""
        self.root(f"systemd-run --quiet --unit=seat -p PAMName=login -p User={USER} sleep infinity")
        until(lambda: self.root("loginctl --no-legend --no-pager list-sessions").stdout.strip(), 10, "a session")
        self.root(f"rm -f /var/lib/systemd/linger/{USER}")

    def log_out(self) -> None:
        """The end of the session, and with it of all that the user had started."""
        self.root("systemctl stop seat.service")
        gone = f"systemctl is-active user@{UID}.service"
        until(lambda: self.root(gone).stdout.strip() == "inactive", 20, "the user manager is gone", every=0.05)

    def _run(self, argv: list[str], timeout: float, **kw: Any) -> subprocess.CompletedProcess[str]:
        if "input" not in kw:
            kw["stdin"] = subprocess.DEVNULL
        enter = ["nsenter", "-t", str(self.pid1), "-m", "-p", "-n", "-u", "-i", "-C", "--"]
        return subprocess.run(
            [*enter, *argv], capture_output=True, text=True, timeout=timeout, start_new_session=True, check=False, **kw
        )

    def __exit__(self, *_: object) -> None:
        if not self.process:
            if os.path.isdir(self.cgroup):
                os.rmdir(self.cgroup)
            shutil.rmtree(self.dir, ignore_errors=True)
            return
        assert self.process.stdin
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
