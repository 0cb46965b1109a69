"""Lab: one laptop, five networks and a VPN; what a test does with them and what it asserts. Up in 0.6 s, a roam in 0.1 s."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from typing import Any, Literal, Self

from .nets import LAPTOP_MAC, NETS, PROXY_PASSWORD, PROXY_USER, TLS, build, dnsmasq, squid
from .spaces import LabError, Process, Spaces, program, stop
from .wait import until

FAST = "\ntimeout 5;\nretry 2;\nreboot 1;\nselect-timeout 0;\ninitial-interval 1;\nbackoff-cutoff 2;\n"


class Lab(Spaces):
    """A context manager; every method may be called in any order while it is up."""

    def __init__(
        self,
        *,
        proxy: Literal["squid", "python", "none"] = "squid",
        tls: bool = True,
        egress: Literal["drop", "reject"] = "drop",
        office_public_dns: bool = True,
        dhclient_conf: Literal["fast", "debian"] = "fast",
        vpn: Literal["full", "split"] = "full",
        ifname: str = "eth0",
        keep: bool = False,
    ) -> None:
        """egress: what the office does with direct packets to the internet: drop (time-out) or reject (ICMP).
        office_public_dns: whether the office's DNS knows registry.public.test.  vpn: what vpn_up() means.
        An ordinary user gets the Python proxy, as squid must change its uid."""
        super().__init__(ifname=ifname, keep=keep)
        self.proxy, self.tls, self.egress, self.office_public_dns = (
            "python" if self.rootless and proxy == "squid" else proxy,
            tls,
            egress,
            office_public_dns,
        )
        self.dhclient_conf, self.vpn_mode = dhclient_conf, vpn
        self.current: str | None = None
        self.behaviour = dict.fromkeys(NETS, "honest")
        self.timings: dict[str, float] = {}
        self._vpn: Process | None = None
        self._marks: dict[str, int] = {}

    # ---- life cycle ----------------------------------------------------------------
    def __enter__(self) -> Self:
        try:
            self.up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        t0 = time.monotonic()
        self.open()
        open(f"{self.state}/etc-npmrc", "w").close()
        r = subprocess.run(
            [*self._enter(self.holder), "sh"],
            input=build(self.egress),
            text=True,
            capture_output=True,
            timeout=30,
            check=False,
            env=self.env(),
        )
        if r.returncode:
            raise LabError("building: " + r.stdout + r.stderr)
        self.sh(f"ip link add lap0 type veth peer name {self.ifname} address {LAPTOP_MAC} netns {self.ns_pid(self.laptop)}", "sw")
        self.sh(f"ip link set lo up; ip link set {self.ifname} up")
        self._services()
        self.timings["up"] = time.monotonic() - t0

    def env(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        ca = {"NODE_EXTRA_CA_CERTS": f"{self.state}/tls/ca.pem"} if self.tls else {}
        return super().env({**ca, **(extra or {})})

    def reset(self) -> None:
        """As after up(), but for /etc: offline, no VPN, networks honest, the tests' children ended, home empty, logs anew."""
        self._vpn = None
        for p in self._loose:
            if p.poll() is None:
                stop(p, signal.SIGKILL)
        self._loose.clear()
        self.offline()
        for net in NETS:
            self.behave(net, "honest")
        for entry in os.scandir(self.home):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
        self._marks = {log: os.path.getsize(log) for log in self._logs() if os.path.exists(log)}

    def _services(self) -> None:
        st = self.state
        if self.tls:
            p = subprocess.run(["sh", "-ec", TLS], cwd=f"{st}/tls", capture_output=True, text=True, check=False)
            if p.returncode:
                raise LabError(f"openssl: {p.stderr}")
        for net in NETS:
            self._dnsmasq(net)
        tls = [f"{st}/tls"] if self.tls else []
        self.daemon("registry-corp", program("registry", "corp", "10.10.0.20", f"{st}/log/registry-corp.jsonl", *tls), "office")
        self.daemon("registry-public", program("registry", "public", "0.0.0.0", f"{st}/log/registry-public.jsonl", *tls), "pub")
        self.daemon("vpn-gateway", program("tun", "server", *[net.vpn for net in NETS.values()]), "office")
        if self.proxy == "squid":
            self._squid()
        elif self.proxy == "python":
            hosts = f"registry.public.test={NETS['office'].registry},registry.corp.test=10.10.0.20"
            self.daemon(
                "proxy",
                program("proxy", "10.10.0.1", 3128, PROXY_USER, PROXY_PASSWORD, f"{st}/squid/access.log"),
                "office",
                env={"LAB_HOSTS": hosts},
            )
        if self.proxy != "none":
            self.wait_tcp("office", "10.10.0.1", 3128)
        self.wait_tcp("office", "10.10.0.20", 80)
        self.wait_tcp("pub", NETS["office"].registry, 80)

    def _dnsmasq(self, net: str) -> None:
        public = net != "office" or self.office_public_dns
        self.daemon(f"dnsmasq-{net}", dnsmasq(net, self.state, public_dns=public, lies=self.behaviour[net] != "honest"), net)

    def _squid(self) -> None:
        d = f"{self.state}/squid"
        hashed = subprocess.run(
            ["openssl", "passwd", "-apr1", PROXY_PASSWORD], capture_output=True, text=True, check=True
        ).stdout.strip()
        for name, text in squid(d, hashed).items():
            with open(f"{d}/{name}", "w") as f:
                f.write(text)
        shutil.chown(d, "proxy", "proxy")
        self.daemon("squid", ["squid", "-N", "-f", f"{d}/squid.conf"], "office")

    # ---- the cable -----------------------------------------------------------------
    def carrier(self, up: bool) -> None:
        """Only the link (the other end of the cable), nothing else."""
        self.sh(f"ip link set lap0 {'up' if up else 'down'}", "sw")

    def plug(self, net: str, *, dhcp: bool = True, wait: bool = True, flush: bool = True) -> float:
        """Carrier down, other network, carrier up, fresh dhclient. Seconds until bound."""
        t0 = time.monotonic()
        self._stop_dhclient(flush)
        self.move_cable(net)
        if dhcp:
            self.dhcp(wait)
        self.timings[f"plug {net}"] = time.monotonic() - t0
        return self.timings[f"plug {net}"]

    def move_cable(self, net: str) -> None:
        """Into another network within some milliseconds, and nobody renews: address, route and DNS of the old one stay.

        So does NetworkManager, which ignores a carrier loss under 6 s."""
        self.sh(f"ip link set lap0 down; ip link set lap0 master br-{net}; ip link set lap0 up", "sw")
        self.current = net

    def offline(self, *, flush: bool = True) -> None:
        """Cable out. flush: address, route and DNS go too, as under NetworkManager; else they stay, as under dhclient."""
        self.sh("ip link set lap0 nomaster; ip link set lap0 down", "sw")
        self.current = None
        if flush:
            self._stop_dhclient(True)

    def flap(self, n: int, interval: float = 0.1) -> None:
        """n times carrier down and up again, staying on the same network."""
        for _ in range(n):
            self.carrier(False)
            time.sleep(interval)
            self.carrier(True)
            time.sleep(interval)

    def dhcp(self, wait: bool = True) -> Process:
        """A dhclient on the cable, until it is bound (it goes into the background then) or, without `wait`, left to itself."""
        st = self.state
        conf = f"{st}/dhclient.conf"
        if not os.path.exists(conf):
            with open("/etc/dhcp/dhclient.conf") as f:
                text = f.read()
            with open(conf, "w") as f:
                f.write(text + (FAST if self.dhclient_conf == "fast" else ""))
        cmd = [
            "dhclient",
            "-4",
            "-v",
            *(["-1"] if wait else []),
            "-cf",
            conf,
            "-lf",
            f"{st}/dhclient.leases",
            "-pf",
            f"{st}/dhclient.pid",
            self.ifname,
        ]
        with open(f"{st}/log/dhclient.log", "ab") as log:
            p = self.popen(cmd, stdout=log, stderr=log)
        if wait and p.wait(60):
            raise LabError(f"dhclient: exit {p.returncode}\n{self.log('dhclient')}")
        return p

    def _stop_dhclient(self, flush: bool) -> None:
        gone = f"ip -4 addr flush dev {self.ifname}; : > /etc/resolv.conf" if flush else ""
        self.exec(
            ["sh", "-c", f"p={self.state}/dhclient.pid; if [ -s $p ]; then kill $(cat $p) 2>/dev/null; rm -f $p; fi; {gone}"]
        )

    # ---- the VPN -------------------------------------------------------------------
    def vpn_up(self, mode: str | None = None, timeout: float = 10) -> None:
        """A real tun0 over UDP to vpn.corp.test; full: all traffic (def1 routes), split: 10.10.0.0/24. Both bring corp.test."""
        with open(f"{self.state}/log/vpn.log", "ab") as log:
            self._vpn = self.popen(
                program("tun", "client", "vpn.corp.test", mode or self.vpn_mode), stdout=subprocess.PIPE, stderr=log
            )
        self.wait_line(self._vpn, "vpn", timeout)

    def vpn_down(self, sig: int = signal.SIGTERM) -> None:
        """The VPN leaves in order: tun0 and its routes go, resolv.conf is as before."""
        if self._vpn:
            stop(self._vpn, sig)
            if self._vpn.stdout:
                self._vpn.stdout.close()
            self._vpn = None

    def kill_vpn(self) -> None:
        """SIGKILL: the kernel takes tun0 and its routes; the suffix and the office's DNS stay behind in resolv.conf."""
        self.vpn_down(signal.SIGKILL)

    # ---- networks that lie ---------------------------------------------------------
    def behave(self, net: str, how: Literal["honest", "liar", "portal"]) -> None:
        """liar: the DNS answers every name with a trap there, which plays the proxy on :3128 and takes down what it hears.
        portal: the DNS lies, nothing gets out, http is redirected to a page. `honest` passes it: no event on the laptop."""
        if self.behaviour[net] == how:
            return
        if net == "office" and how != "honest":
            raise LabError("the office does not lie: take the network rogue")
        self.behaviour[net] = how
        for name in (f"dnsmasq-{net}", f"trap-{net}"):
            if name in self._daemons:
                stop(self._daemons.pop(name), signal.SIGKILL)
        self._dnsmasq(net)
        trap = NETS[net].trap
        wall = "iif lan0 to 203.0.113.0/24 blackhole"
        self.sh(f"ip rule del {wall} 2>/dev/null || true; {f'ip rule add {wall}' if how == 'portal' else ''}", net)
        if how != "honest":
            self.daemon(f"trap-{net}", program("trap", how, trap, self._trap_log(net), f"{self.state}/tls/trap"), net)
            self.wait_tcp(net, trap, 80)
        self.wait_tcp(net, NETS[net].gateway, 53)

    # ---- what a test asserts -------------------------------------------------------
    def _trap_log(self, net: str) -> str:
        return f"{self.state}/log/trap-{net}.jsonl"

    def _logs(self) -> list[str]:
        return (
            [f"{self.state}/log/registry-{w}.jsonl" for w in ("corp", "public")]
            + [f"{self.state}/squid/access.log"]
            + [self._trap_log(n) for n in NETS]
        )

    def _lines(self, log: str) -> list[str]:
        try:
            with open(log, "rb") as f:
                f.seek(self._marks.get(log, 0))
                return f.read().decode(errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def requests(self, which: Literal["corp", "public"]) -> list[dict[str, Any]]:
        """Requests that a registry saw since reset(): client address, path, tls, selected headers."""
        return [json.loads(x) for x in self._lines(f"{self.state}/log/registry-{which}.jsonl")]

    def proxy_log(self) -> list[str]:
        """The office proxy's access log since reset()."""
        return self._lines(f"{self.state}/squid/access.log")

    def trapped(self, net: str | None = None) -> list[dict[str, Any]]:
        """All that was said to a lying network since reset(): {port, tls, first, headers}."""
        return [json.loads(x) for n in NETS if net in (None, n) for x in self._lines(self._trap_log(n))]

    def captured(self, net: str | None = None) -> list[str]:
        """The logins that a lying network was given: each Proxy-Authorization and Authorization header it got."""
        return [v for x in self.trapped(net) for k, v in x["headers"].items() if k in ("proxy-authorization", "authorization")]

    def resolv_conf(self) -> str:
        return self.exec(["cat", "/etc/resolv.conf"]).stdout

    def npmrc(self, text: str | bytes) -> None:
        """Write the laptop's ~/.npmrc, as its user would (in place)."""
        with open(f"{self.home}/.npmrc", "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())

    def npm(self, *args: str, env: Mapping[str, str] | None = None, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """npm in a fresh project folder with an empty cache, so that every package has to come over the network."""
        folder = f"{self.home}/project"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(f"{self.home}/.npm", ignore_errors=True)
        os.mkdir(folder)
        with open(f"{folder}/package.json", "w") as f:
            f.write('{"name": "project", "version": "1.0.0", "private": true}\n')
        return self.exec(["npm", *args], cwd=folder, env=env, timeout=timeout)

    def wait_facts(self, shell: str, limit: float = 5) -> float:
        """Seconds until a shell test on the laptop holds."""
        return until(lambda: self.exec(["sh", "-c", shell]).returncode == 0, limit, shell)
