"""Passwords are planted wherever one may stand; then all that roamrc writes, shows, starts or sends is searched for them."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from home import Home, Ran, wait
from loopback import closed_port, stand

CORE = "PLANTED"
"""In every secret, between letters and digits alone, so that no quoting or encoding hides it; each place adds its own name."""


def secret(place: str) -> str:
    """A password with everything that is hard in it; the place's name tells where a leak came from."""
    return f"p@:/?#%&;'\\é {CORE}{place}"


def needles() -> list[bytes]:
    """The core as it stands, and within base64 at each of its three alignments."""
    found = [CORE.encode()]
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + CORE.encode())
        found.append(coded[4 if shift else 0 : -4])  # what its neighbours can't change
    return found


NEEDLES = needles()


def leaks(data: bytes) -> list[bytes]:
    """Where a planted secret shows, with what stands round it."""
    return [data[max(0, m.start() - 80) : m.end() + 40] for n in NEEDLES for m in re.finditer(re.escape(n), data)]


def test_the_search_finds_what_is_there() -> None:
    for user in ("u", "us", "use"):
        assert leaks(base64.b64encode(f"{user}:{secret('X')}".encode()))
    assert leaks(json.dumps({"p": secret("X")}).encode())
    assert not leaks(b"nothing here, not even PLAN TED")


# ---- the home that is watched ----------------------------------------------------------------------------------------------


class Watched(Home):
    """A home whose commands run under strace: what they start, write and send is kept, and must hold no secret."""

    calls = "execve,write,pwrite64,writev,sendto,sendmsg,link,linkat,rename,renameat2,symlink,mkdir,open,openat"

    def traced(self, *argv: str) -> tuple[list[str], Path]:
        self.runs = getattr(self, "runs", 0) + 1
        log = self.path.parent / f"trace-{self.runs}"
        options = ["-f", "--seccomp-bpf", "-qq", "-v", "-yy", "-s", "1000000", "-e", f"trace={self.calls}", "-o", str(log)]
        return ["strace", *options, sys.executable, "-m", "roamrc", *argv], log

    def roamrc(self, *argv: str, stdin: str = "", **more: str) -> Ran:
        line, log = self.traced(*argv)
        env = {**self.environment(), **more}
        p = subprocess.run(line, input=stdin.encode(), capture_output=True, env=env, timeout=120, check=False)
        assert leaks(p.stdout + p.stderr) == [], argv
        assert b"Traceback" not in p.stderr, p.stderr.decode()
        self.searched(log)
        return Ran(p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace"))

    def searched(self, log: Path) -> None:
        """No secret went out of a process but into npm's file, a pipe between our own processes, or the backup of a file of the
        user's; and none into what was started, or a file's name."""
        started = False
        with open(log, "rb") as f:
            for text in f:
                first = b"execve(" in text and not started
                started = started or first
                if first or not leaks(text):
                    continue
                call = re.match(rb"\d+\s+(\w+)\((\d+)<([^>]*)>", text)
                assert call, text[:300]
                assert call[1] in (b"write", b"pwrite64", b"writev"), text[:300]
                assert allowed(call[3].decode(), str(self.path)), text[:300]
        log.unlink()

    def search_files(self) -> None:
        """No file in the home holds a secret, but for those that may; and those are for their owner alone."""
        for folder, _, names in os.walk(self.path):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and leaks(Path(path).read_bytes()):
                    assert allowed(path, str(self.path)) or path in self.given(), path
                    if path not in self.given():
                        assert os.stat(path).st_mode & 0o077 == 0, path

    def given(self) -> set[str]:
        """The files that the test itself has put there."""
        return set(getattr(self, "planted", ()))

    def plant(self, name: str, text: str, mode: int = 0o600) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        self.planted = {*self.given(), str(path)}
        return path


def allowed(path: str, home: str) -> bool:
    """npm's file and its temporary one beside it, the backup, the stand-in's store, a pipe, nothing at all."""
    beside = os.path.dirname(path) == home and os.path.basename(path).startswith((".npmrc", "..npmrc"))
    backup = f"{home}/.local/state/roamrc/backup/"
    return beside or path == f"{home}/store.json" or path.startswith(("pipe:", "/dev/null", backup))


OWN = f"""; mine
//npm.corp.test/:_authToken={CORE}Token
//npm.corp.test/:_password={base64.b64encode(secret("Password").encode()).decode()}
_auth={base64.b64encode(b"user:" + CORE.encode()).decode()}
noproxy=http://al:{CORE}Noproxy@x.test
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Watched]:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    folder = tmp_path / "home"
    folder.mkdir()
    made = Watched(folder)
    made.env["XDG_DATA_HOME"] = str(folder)
    made.plant(".npmrc", OWN)
    keyring(made, "Kept")
    yield made
    made.search_files()


def keyring(home: Home, backend: str) -> None:
    folder = home.path / ".config/python_keyring"
    folder.mkdir(parents=True, exist_ok=True)
    stand_in = f"default-keyring=keyring_stand.{backend}\nkeyring-path={Path(__file__).parent}\n"
    (folder / "keyringrc.cfg").write_text(f"[backend]\n{stand_in}")


def profiles(home: Watched, port: int) -> list[str]:
    """One profile for each place that a login may come from; the proxy is on this machine."""
    proxy = f"http://127.0.0.1:{port}"
    home.plant("login", f"al:{secret('File')}\n")
    script = home.plant("command", f'#!/bin/sh\necho "al:$(cat {home.path}/word)"\n', 0o700)
    home.plant("word", secret("Command") + "\n")
    home.plant("store.json", json.dumps({"corp\nal": secret("Keyring")}))
    logins = {
        "keyring": "keyring:corp/al",
        "file": f"file:{home.path}/login",
        "command": f"command:{script}",
        "env": "env:CORP_USER,CORP_PASS",
    }
    for name, login in logins.items():
        home.profile(name, f"when: []\napply: {{proxy: '{proxy}', login: '{login}'}}\n")
    url = f"http://al:{CORE}Url%40@127.0.0.1:{port}"
    home.planted = {*home.given(), str(home.profile("url", f"when: []\napply: {{proxy: '{url}'}}\n"))}
    return [*logins, "url"]


ENV = {"CORP_USER": "al", "CORP_PASS": secret("Env")}


def lent(home: Home, place: str) -> bool:
    return f"{CORE}{place.capitalize()}".encode() in home.npmrc.read_bytes()


def test_every_command_with_every_login(home: Watched) -> None:
    with stand(b"HTTP/1.1 407 x\r\n\r\n") as proxy:
        names = profiles(home, proxy.port)
        pytest.importorskip("keyring")
        for name in names:
            more = ENV if name == "env" else {}
            ran = home.roamrc("use", name, "--json", **more)
            assert lent(home, name), (name, ran)  # else nothing was tried
            home.search_files()
        for argv in (
            ("status",), ("status", "--json"), ("facts", "--json"), ("explain", "--json"), ("check",), ("check", "--json"),
            ("doctor", "--json"), ("apply", "--dry-run"), ("apply", "--force"), ("log", "--json"), ("prompt",), ("learn", "file"),
            ("learn", "newplace"), ("login", "test", "keyring"), ("login", "test", "file", "--json"),
            ("login", "test", "command"), ("login", "forget", "file"), ("init", "--yes"), ("use", "direct", "--dry-run"),
            ("auto",),
        ):  # fmt: skip
            home.roamrc(*argv)
        assert home.roamrc("login", "set", "keyring", stdin=secret("Set") + "\n").code == 0
        assert f"{CORE}Set" in (home.path / "store.json").read_text()
        assert home.roamrc("login", "forget", "keyring").code == 0
        home.roamrc("use", "direct")
        assert not lent(home, "url")
        home.roamrc("uninstall", "--yes", ROAMRC_DEBUG="1")
        assert home.npmrc.read_text() == OWN


def test_every_failure(home: Watched) -> None:
    names = profiles(home, closed_port())
    home.plant("command", f"#!/bin/sh\ncat {home.path}/word; cat {home.path}/word >&2; exit 3\n", 0o700)
    assert "exit code 3" in home.roamrc("use", "command").out
    assert "exit code 3" in home.roamrc("login", "test", "command", ROAMRC_DEBUG="1").err
    home.plant("login", f"al:{secret('File')}\n", 0o644)
    assert "can be read by others" in home.roamrc("use", "file").out
    assert "CORP_USER is not set" in home.roamrc("use", "env", "--json", CORP_PASS=secret("Env")).out
    for backend in ("Locked", "Crashing", "Talkative"):
        assert not any(lent(home, n) for n in names), backend
        keyring(home, backend)
        assert home.roamrc("login", "set", "keyring", stdin=secret("Set") + "\n").code == 4
        home.roamrc("use", "keyring")
    # a proxy of the user's own, with a password, that no profile knows; then one that we wrote, edited by hand
    home.roamrc("uninstall", "--yes")
    home.plant(".npmrc", f"proxy=http://al:{CORE}Foreign@old.test:1\nhttps-proxy=al:{CORE}Foreign@old.test\n{OWN}")
    home.profile("here", f"when: anywhere\napply: {{proxy: 'http://127.0.0.1:{closed_port()}'}}\n")
    home.roamrc("apply")
    home.roamrc("status", "--json")
    home.roamrc("doctor")
    home.roamrc("learn", "another")
    home.roamrc("use", "url")
    home.npmrc.write_text(home.npmrc.read_text().replace(f"{CORE}Url", f"{CORE}Edited"))
    home.roamrc("apply")
    home.roamrc("use", "file")
    home.roamrc("log", "--json")
    home.roamrc("log")
    subprocess.run(["git", "init", "-q", str(home.path)], check=True)
    home.plant("login", f"al:{secret('File')}\n")
    assert "git work tree" in home.roamrc("use", "file").out
    assert not lent(home, "file")
    home.roamrc("doctor")


WRONG = [
    "proxy: 'http://al:{s}@:8080'", "proxy: 'http://al:{s}@proxy.test:99999'", "proxy: 'al:{s}@proxy.test:8080'",
    "proxy: 'http://al:{s}/x@proxy.test:8080'", "proxy: 'socks5://al:{s}@proxy.test:1'", "proxy: 'http://al:{s}%@proxy.test:1'",
    "proxy: 'http://proxy.test:1', login: 'al:{s}'", "proxy: 'http://proxy.test:1', login: '{s}'",
    "proxy: 'http://al:{s}@proxy.test:1', login: 'keyring:x/al'", "proxy: 'http://proxy.test:1', password: '{s}'",
    "proxy: direct, registry: 'https://al:{s}@npm.test/'", "proxy: direct, no_proxy: ['al:{s}@x.test', 'http://al:{s}@x.test']",
    "proxy: direct, npm: {{'//x.test/:_authToken': '{s}'}}", "proxy: direct, npm: {{_auth: ['{s}', {{a: 1}}]}}",
    "proxy: 'http://al:{s}@proxy.test:1", "proxy: [http://al:{s}@proxy.test:1]", "proxy: {{url: 'http://al:{s}@proxy.test:1'}}",
    "proxy: 'http://${{X}}:{s}@proxy.test:1', login: 'env:A'", "proxy: 'http://al:{s} x@proxy.test:1'",
]  # fmt: skip


@pytest.mark.parametrize("command", [("check",), ("check", "--json"), ("doctor", "--json"), ("apply", "--json")], ids=" ".join)
def test_a_secret_in_the_wrong_place_of_a_profile_is_not_repeated(home: Watched, command: tuple[str, ...]) -> None:
    """Who writes a password where none belongs shall not find it in a terminal's history, a log or a bug report."""
    for n, text in enumerate(WRONG):
        path = home.profile(f"p{n}", f"when: []\napply: {{{text.format(s=f'{CORE}Wrong')}}}\n")
        home.planted = {*home.given(), str(path)}
    prove = home.profile("prove", f"when: []\nprove: 'https://al:{CORE}Prove@x.test/'\napply: {{proxy: direct}}\n")
    home.planted = {*home.given(), str(prove)}
    assert home.roamrc(*command).code in (1, 2)


def test_the_agent(home: Watched) -> None:
    """A real one, over every login, a proxy that refuses the login, and its end; no child of its own is shown a secret.

    Without `command:`: that is the user's own program, and gets the user's own environment.
    """
    pytest.importorskip("keyring")
    with stand(b"HTTP/1.1 407 x\r\n\r\n") as proxy:
        names = [n for n in profiles(home, proxy.port) if n != "command"]
        argv, log = home.traced("run")
        said = home.path.parent / "said"
        with open(said, "wb") as out:
            agent = subprocess.Popen(argv, stdout=out, stderr=out, env={**home.environment(), "ROAMRC_DEBUG": "1", **ENV})
        try:
            wait(lambda: agent.poll() is not None or (home.state / "status.json").exists(), "the agent's first look")
            assert agent.poll() is None, said.read_text()
            for name in names:
                home.roamrc("use", name)
                assert lent(home, name), name
                home.search_files()
            wait(lambda: "(407)" in home.roamrc("status").out, "the problem", 90)
            home.roamrc("apply", "--dry-run")
            home.roamrc("use", "direct")
        finally:
            for child in Path(f"/proc/{agent.pid}/task/{agent.pid}/children").read_text().split():
                os.kill(int(child), signal.SIGTERM)
            agent.wait(20)
        assert any(b"Proxy-Authorization" in x for x in proxy.heard), "the proxy alone was told"
    assert leaks(said.read_bytes()) == []
    sent = Path(f"{log}.proxy")
    kept = [x for x in log.read_bytes().splitlines(keepends=True) if not (b"<TCP:" in x and f":{proxy.port}]>".encode() in x)]
    sent.write_bytes(b"".join(kept))
    home.searched(sent)
