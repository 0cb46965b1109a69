"""The namespaces of the lab: made, entered, and gone with the test.

Nothing of the host is changed: all lives in one new pid + mount + net + uts namespace whose pid 1 (the "holder") exits when the
pipe from this process closes, so even `kill -9` of the test leaves no process, interface, namespace or file behind. /etc and /var
are overlays and /run is a tmpfs there; the laptop has an /etc of its own, so that its resolv.conf is really rewritten.
The account's own ~/.npmrc is hidden: dhclient's hooks run without HOME, and one that calls npm would write the real one.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO, Any

from .wait import until

HERE = os.path.dirname(os.path.abspath(__file__))
SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
TOOLS = {
    "ip": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "dnsmasq": "dnsmasq-base",
    "dhclient": "isc-dhcp-client",
    "openssl": "openssl",
    "npm": "npm",
}

Process = subprocess.Popen[Any]
Cmd = str | Sequence[str]


class LabError(RuntimeError):
    """The lab itself does not work; the message says which part and where its log is."""


def missing() -> str:
    """Why there can be no lab here, in words; "" where there can."""
    if not sys.platform.startswith("linux"):
        return "the lab needs Linux namespaces"
    tools = dict(TOOLS)
    if os.geteuid() == 0:
        tools["squid"] = "squid"
    lacking = [t for t in tools if not shutil.which(t, path=path())]
    if lacking:
        return f"not found: {', '.join(lacking)} (Debian: {' '.join(sorted({tools[t] for t in lacking}))})"
    if not os.path.exists("/dev/net/tun"):
        return "no /dev/net/tun"
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    p = subprocess.run(["unshare", *user, "--net", "--mount", "true"], capture_output=True, text=True, check=False)
    return f"no namespaces: {p.stderr.strip()}" if p.returncode else ""


def path() -> str:
    """PATH with the folders of dnsmasq, dhclient and squid, which an ordinary user's lacks."""
    return os.environ.get("PATH", os.defpath) + ":" + SBIN


def program(name: str, *args: object) -> list[str]:
    """One of the lab's own programs (tests/lab/NAME.py) as argv; it sees nothing of the project's packages."""
    return [sys.executable, "-I", "-S", f"{HERE}/{name}.py", *map(str, args)]


def children(pid: int) -> list[int]:
    """Host pids of the direct children of a process."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(x) for x in f.read().split()]
    except FileNotFoundError:
        return []


def group(p: Process) -> list[int]:
    """Who lives in the process group of a popen(), but for nsenter itself (a zombie does not live)."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as f:
            state, _, pgrp = f.read().rpartition(")")[2].split()[:3]
            if int(pgrp) == p.pid != int(pid) and state != "Z":
                found.append(int(pid))
    return found


def stop(p: Process, sig: int = signal.SIGTERM, timeout: float = 5) -> int:
    """Signal the whole process group of a popen() and wait until all of it is gone; SIGKILL after `timeout` seconds.

    nsenter itself is left out: it ends with its child, and where it went first, nobody would know when the child has tidied up.
    """
    for s in (sig, signal.SIGKILL):
        for pid in group(p) or [p.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, s)
        with contextlib.suppress(AssertionError):
            until(lambda: p.poll() is not None and not group(p), timeout)
            return p.wait()
    raise LabError(f"{p.args!r} does not end")


class Spaces:
    """The holder, the laptop, and the running of commands in them and in the named network namespaces ("nodes")."""

    def __init__(self, *, ifname: str = "eth0", keep: bool = False) -> None:
        """ifname: the laptop's interface.  keep: leave the state folder after down()."""
        self.ifname, self.keep = ifname, keep
        self.rootless = os.geteuid() != 0
        self.state = ""
        self.holder = self.laptop = 0
        self._unshare: Process | None = None
        self._daemons: dict[str, Process] = {}
        self._loose: list[Process] = []

    @property
    def home(self) -> str:
        return f"{self.state}/home"

    def open(self) -> None:
        """Make the state folder, the holder and the laptop (without a cable)."""
        # an ordinary user: one user namespace more
        user = ["--user", "--map-root-user"] if self.rootless else []
        self.state = tempfile.mkdtemp(prefix="roamlab-")
        os.chmod(self.state, 0o755)
        for d in ("log", "home", "tls", "squid", "priv"):
            os.mkdir(f"{self.state}/{d}")
        atexit.register(self.down)
        with open(f"{self.state}/log/holder.log", "ab") as err:
            self._unshare = subprocess.Popen(
                [
                    "unshare",
                    *user,
                    "--mount",
                    "--pid",
                    "--net",
                    "--uts",
                    "--fork",
                    "--kill-child",
                    "--propagation",
                    "private",
                    "--mount-proc",
                    *program("inside", "holder", self.state),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=err,
                start_new_session=True,
            )
            self.wait_line(self._unshare, "holder")
            self.holder = children(self._unshare.pid)[0]
            laptop = [
                "unshare",
                "--mount",
                "--net",
                "--uts",
                "--propagation",
                "private",
                *program("inside", "laptop", self.state),
            ]
            p = subprocess.Popen(
                [*self._enter(self.holder), *laptop],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=err,
                start_new_session=True,
            )
        self._daemons["laptop"] = p
        self.wait_line(p, "laptop")
        self.laptop = children(p.pid)[0]

    def down(self) -> None:
        """End everything; harmless where nothing is up."""
        atexit.unregister(self.down)
        if self._unshare:
            procs = [self._unshare, *self._daemons.values(), *self._loose]
            for p in procs:
                for f in (p.stdin, p.stdout):
                    if f:
                        f.close()
            if self.holder:  # pid 1 of the lab: the kernel kills all the rest with it
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.holder, signal.SIGKILL)
            for p in procs:
                try:
                    p.wait(5)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()
            self._unshare, self.holder, self.laptop = None, 0, 0
            self._daemons.clear()
            self._loose.clear()
        if self.state and not self.keep:
            shutil.rmtree(self.state, ignore_errors=True)
            self.state = ""

    def wait_line(self, p: Process, what: str, timeout: float = 10) -> None:
        """Until a program said that it is up, in one line on its stdout."""
        if not p.stdout or not select.select([p.stdout], [], [], timeout)[0] or not p.stdout.readline():
            raise LabError(f"{what} did not start; see {self.state}/log\n{self.log(what)}")

    def log(self, name: str, limit: int = 2000) -> str:
        """The end of log/NAME.log."""
        try:
            with open(f"{self.state}/log/{name}.log", errors="replace") as f:
                return f.read()[-limit:]
        except FileNotFoundError:
            return ""

    def ns_pid(self, hostpid: int) -> str:
        """The same process as numbered inside the lab's pid namespace."""
        with open(f"/proc/{hostpid}/status") as f:
            return next(line for line in f if line.startswith("NSpid:")).split()[-1]

    def _enter(self, pid: int) -> list[str]:
        user = ["-U", "--preserve-credentials"] if self.rootless else []
        return ["nsenter", "-t", str(pid), *user, "-m", "-p", "-n", "-u", "--"]

    def _prefix(self, node: str) -> list[str]:
        return self._enter(self.laptop) if node == "laptop" else [*self._enter(self.holder), "ip", "netns", "exec", node]

    def env(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The whole environment of a child: built, not inherited: no proxy, npm_config_* or ROAMRC_* variable of our shell."""
        return {
            "HOME": self.home,
            "PATH": path(),
            "LANG": "C.UTF-8",
            "npm_config_globalconfig": f"{self.state}/etc-npmrc",  # an empty file: the machine's own may set a cafile or a proxy
            "npm_config_cache": f"{self.home}/.npm",
            "npm_config_update_notifier": "false",
            "npm_config_audit": "false",
            "npm_config_fund": "false",
            **(extra or {}),
        }

    def popen(
        self, cmd: Cmd, *, node: str = "laptop", env: Mapping[str, str] | None = None, cwd: str | None = None, **kw: Any
    ) -> Process:
        """Start cmd in a node. Its own host pid is lab.pid(p); stop it with lab.stop(p)."""
        argv = ["sh", "-c", cmd] if isinstance(cmd, str) else list(cmd)
        kw.setdefault("stdin", subprocess.DEVNULL)
        p = subprocess.Popen(
            [*self._prefix(node), "env", "-C", cwd or self.home, *argv], env=self.env(env), start_new_session=True, **kw
        )
        self._loose = [x for x in self._loose if x.poll() is None] + [p]
        return p

    stop = staticmethod(stop)

    @staticmethod
    def pid(p: Process) -> int:
        return children(p.pid)[0]

    def exec(
        self, cmd: Cmd, *, node: str = "laptop", timeout: float = 60, check: bool = False, input: str | None = None, **kw: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run cmd in the laptop (or another node) to its end; text output."""
        if input is not None:
            kw["stdin"] = subprocess.PIPE
        p = self.popen(cmd, node=node, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)
        try:
            out, err = p.communicate(input, timeout=timeout)
        except BaseException:
            stop(p, signal.SIGKILL)
            raise
        if check and p.returncode:
            raise LabError(f"{cmd!r} in {node}: exit {p.returncode}\n{out}{err}")
        return subprocess.CompletedProcess(cmd, p.returncode, out, err)

    def sh(self, script: str, node: str = "laptop") -> str:
        return self.exec(["sh", "-ec", script], node=node, check=True).stdout

    def daemon(self, name: str, cmd: Cmd, node: str, **kw: Any) -> Process:
        """A program that lives as long as the lab, with its output in log/NAME.log."""
        log: IO[bytes]
        with open(f"{self.state}/log/{name}.log", "ab") as log:
            p = self.popen(cmd, node=node, stdout=log, stderr=log, **kw)
        self._loose.remove(p)
        self._daemons[name] = p
        return p

    def wait_tcp(self, node: str, addr: str, port: int, timeout: float = 10) -> None:
        """Until something listens there, as seen from `node`."""
        self.exec(program("inside", "wait-tcp", addr, port, timeout), node=node, check=True, timeout=timeout + 5)
