"""A home with profiles and a file of npm's in one of many forms; the network is handed in. What holds there is asserted here."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roamrc import act, look
from roamrc.formats import saved
from roamrc.formats.ini import Document
from roamrc.memory.ledger import Ledger
from roamrc.model import Network, Override
from roamrc.reconcile import Wish
from roamrc.rules import override
from roamrc.system import System
from roamrc.targets import NPM

MAC = "02:00:00:00:00:0"
WIRED = {"online": True, "interface": "eth0", "kind": "wired", "vpn": []}


def network(suffixes: list[str], gateway: str, n: int) -> dict[str, Any]:
    """A wired network as `facts --json` has it."""
    own = f"{gateway.rpartition('.')[0]}.7"
    return {**WIRED, "dns_suffixes": suffixes, "gateway": gateway, "gateway_mac": f"{MAC}{n}", "addresses": [own]}


NETWORKS: dict[str, Any] = {
    "office": network(["corp.example"], "10.1.0.1", 1),
    "home": network(["lan"], "192.168.1.1", 2),
    "lab": network(["lab.example"], "10.9.0.1", 3),
    "cafe": network([], "172.20.0.1", 4),
    "offline": {"online": False},
}

PROFILES = {
    "office": "when: [{dns_suffix: corp.example}]\napply:\n  proxy: http://alice:s3cret@proxy.corp.example:8080\n"
    "  no_proxy: [intra.corp.example]\n  registry: https://npm.corp.example/\n  npm: {cafile: /etc/corp.pem, fund: 'false'}\n",
    "lab": "when: [{dns_suffix: lab.example}]\napply: {proxy: 'http://lab.example:3128', npm: {strict-ssl: 'false'}}\n",
    "home": 'when: {gateway_mac: "02:00:00:00:00:02"}\napply: {proxy: direct}\n',
    "elsewhere": "when: anywhere\napply: {proxy: original}\n",
}

PLAIN = (
    b"# mine\n\nregistry=https://npm.example/\n; two\n//npm.example/:_authToken=${NPM_TOKEN}\nproxy = http://old:pw@PROXY.corp.example:8080/\n"
    b'noproxy="a.example, b.example"\n\nfund=true\n\n[sect]\nproxy=http://not.ours:1\n'
)
FORMS: dict[str, tuple[bytes | None, int]] = {
    "new": (None, 0),
    "empty": (b"", 0o644),
    "existing": (PLAIN, 0o644),
    "tight": (PLAIN, 0o600),
    "crlf": (PLAIN.replace(b"\n", b"\r\n"), 0o644),
    "symlink": (PLAIN, 0o644),
    "no final end": (b"\xef\xbb\xbffund=true\nproxy=http://proxy.corp.example:8080", 0o640),
    "large": (PLAIN + b"".join(b"; line %d of a long life\n" % i for i in range(12_000)), 0o644),
    "other file system": (PLAIN, 0o644),
}
"""Bytes and mode of npm's file before anything: 300 KB is the largest that people were seen to have."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A home below a folder; `npmrc` is what roamrc is told, the file may be behind a symlink or on another disk."""

    home: Path
    form: str

    @property
    def npmrc(self) -> Path:
        return self.home / ".npmrc"

    @property
    def state(self) -> Path:
        return self.home / ".local/state/roamrc"

    @property
    def system(self) -> System:
        return System({"HOME": str(self.home), "PATH": ""}, self.home, root=str(self.home / "root"))

    def lay(self) -> None:
        """Profiles and the file, as the form says. The state stands on another file system where /dev/shm is one."""
        data, mode = FORMS[self.form]
        profiles = self.home / ".config/roamrc/profiles"
        profiles.mkdir(parents=True)
        (self.home / "root").mkdir()
        for name, text in PROFILES.items():
            (profiles / f"{name}.yaml").write_text(text)
        if self.form == "symlink":
            (self.home / "dotfiles").mkdir()
            (self.home / "link").symlink_to("dotfiles")
            self.npmrc.symlink_to("link/npmrc")
        if self.form == "other file system":
            self.npmrc.symlink_to(self.far / "npmrc")
            self.far.mkdir(parents=True, exist_ok=True)
        if data is not None:
            self.npmrc.write_bytes(data)
            self.npmrc.chmod(mode)

    @property
    def far(self) -> Path:
        """Where the file is when it is not on the home's disk."""
        return Path("/dev/shm" if os.path.isdir("/dev/shm") else "/tmp") / f"roamrc-torture-{os.getpid()}-{self.home.name}"

    def away(self) -> None:
        """All of it gone."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.far, ignore_errors=True)

    def text(self) -> bytes | None:
        return self.npmrc.read_bytes() if self.npmrc.exists() else None

    def mode(self) -> int:
        return stat.S_IMODE(self.npmrc.stat().st_mode) if self.npmrc.exists() else 0

    # ---- what roamrc does here -----------------------------------------------------------------------------------------------

    def go(self, place: str, *, force: bool = False, memory: look.Memory | None = None, network: Network | None = None) -> Any:
        """One look at a network and all that follows; the report with its status."""
        setup, trouble = look.setup(self.system)
        here = network or saved.from_json(NETWORKS[place], "desk")
        seen = look.look(setup, memory or look.Memory(), network=here)
        report, status = act.carry_out(seen, Wish(force=force), trouble)
        for rescue in report.rescues:
            rescue.close()
        return report, status

    def use(self, profile: str, place: str) -> Any:
        """`roamrc use`, as act.prepare does it, at a network handed in."""
        setup, trouble = look.setup(self.system)
        here = saved.from_json(NETWORKS[place], "desk")
        seen = look.look(setup, look.Memory(), network=here)
        wanted = override.anchored(Override(profile, setup.system.now()), here)
        setup.state.save(override.NAME, override.to_json(wanted))
        report, status = act.carry_out(look.decided(seen, wanted, {}, True), Wish(force=True, login=True), trouble)
        for rescue in report.rescues:
            rescue.close()
        return report, status

    def uninstall(self) -> int:
        """The command itself, with no service manager in reach."""
        return self.command("uninstall", "--yes")

    def command(self, *argv: str) -> int:
        """A command of the command line, in this process, silent."""
        import contextlib
        import io

        from roamrc import cli

        env, out = {**self.system.env, "ROAMRC_ROOT": str(self.home / "root")}, io.StringIO()
        with environment(env), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            return cli.main(list(argv))


class environment:
    """os.environ is this for a while."""

    def __init__(self, env: Any) -> None:
        self.env = dict(env)

    def __enter__(self) -> None:
        self.before = dict(os.environ)
        os.environ.clear()
        os.environ.update(self.env)

    def __exit__(self, *_: object) -> None:
        os.environ.clear()
        os.environ.update(self.before)


# ---- what must hold ----------------------------------------------------------------------------------------------------------


def litter(desk: Desk) -> list[str]:
    """Temporary files, and files put aside as broken: there are none where nothing was broken."""
    found = [p for folder in (desk.home, desk.far) if folder.exists() for p in folder.rglob("*")]
    return [str(p) for p in found if p.name.endswith((".roamrc~", ".broken"))]


def agrees(desk: Desk) -> str | None:
    """Whether ledger and file agree: each key has one digest and holds that value, entries stand in the list; else what
    does not."""
    setup, _ = look.setup(desk.system)
    ledger = Ledger(setup.state)
    record = ledger.records.get(str(desk.npmrc))
    if record is None:
        return "no record"
    doc = Document(desk.text() or b"")
    for key, digests in record.keys.items():
        if digests != (ledger.digest(doc.get(key)),):
            return f"{key}: {len(digests)} digests, and the file holds {doc.get(key)!r}"
    listed = doc.get(NPM.list)
    lacking = [e for e in record.entries if not isinstance(listed, str) or e not in listed]
    return f"entries {lacking} are not in the file" if lacking else None


def wellformed(desk: Desk) -> str | None:
    """Every line of log and status is JSON, but for the one that the crash cut off."""
    for name in ("log.jsonl", "log.1.jsonl"):
        path = desk.state / name
        bad = 0
        for text in path.read_bytes().splitlines() if path.exists() else ():
            try:
                json.loads(text)
            except ValueError:
                bad += bool(text)
        if bad > 1:
            return f"{bad} lines of {name} are torn"
    return None


def still(desk: Desk, look_again: Callable[[], Any]) -> str | None:
    """Whether a second look writes nothing at all."""

    def stamps() -> dict[str, tuple[int, int]]:
        files = [p for p in desk.home.rglob("*") if p.is_file()]
        return {str(p): (p.stat().st_mtime_ns, p.stat().st_ino) for p in files}

    before = stamps()
    look_again()
    after = stamps()
    changed = sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
    return f"a look that changes nothing wrote {changed}" if changed else None
