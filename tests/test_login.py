"""`login set|test|forget`: the password goes in by standard input and comes out nowhere."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lab.wait import until
from roamrc.daemon import handing
from roamrc.memory.state import State
from test_init import Home, keyring

SECRET = "hunter2-ü 9f3c "
OFFICE = "when: []\napply: {proxy: 'http://proxy.corp.example:8080', login: 'keyring:corp-proxy/alice'}\n"


class Piped(io.TextIOWrapper):
    """Standard input that is no terminal."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8")


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Home:
    made = Home(tmp_path, capsys)
    made.folder.mkdir(parents=True)
    (made.folder / "office.yaml").write_text(OFFICE)
    keyring(tmp_path, monkeypatch, "Kept")
    return made


def feed(patch: pytest.MonkeyPatch, data: bytes) -> None:
    patch.setattr(sys, "stdin", Piped(data))


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\nanother line\n"])
def test_set_test_forget(home: Home, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    feed(monkeypatch, (SECRET + end).encode())
    code, said, err = home.type("login", "set", "office")
    assert code == 0, err
    assert json.loads((home.home / "store.json").read_text()) == {"corp-proxy\nalice": SECRET}
    code, told, _ = home.type("login", "test", "office")
    assert code == 0
    assert '"alice"' in told
    assert "proxy.corp.example:8080" in told
    assert "hunter2" not in said + err + told
    assert home.type("login", "forget", "office")[0] == 0
    assert json.loads((home.home / "store.json").read_text()) == {}
    assert home.type("login", "forget", "office")[0] == 1
    code, _, err = home.type("login", "test", "office")
    assert code == 4
    assert "roamrc login set office" in err


def test_json_names_no_secret(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, SECRET.encode())
    code, said, _ = home.type("login", "set", "office", "--json")
    assert (code, json.loads(said)) == (0, {"version": 1, "profile": "office", "action": "set", "applied": False})
    code, said, _ = home.type("login", "test", "office", "--json")
    told = json.loads(said)
    assert (told["user"], told["password"], told["proxy"]) == ("alice", True, "proxy.corp.example:8080")


FAULTS = [
    (b"", "office", 2, "no password"),
    (b"\n" + SECRET.encode(), "office", 2, "no password"),
    (b"\xff\xfe\n", "office", 2, "not UTF-8"),
    (b"x\n", "offic", 2, "did you mean office?"),
    (b"x\n", "plain", 2, "has no login"),
    (b"x\n", "file", 2, "yours to write"),
    (b"x\n", "broken", 2, "broken"),
]


@pytest.mark.parametrize(("typed", "name", "code", "words"), FAULTS)
def test_what_can_not_be_set_is_said(
    home: Home, monkeypatch: pytest.MonkeyPatch, typed: bytes, name: str, code: int, words: str
) -> None:
    (home.folder / "plain.yaml").write_text("when: []\napply: {proxy: direct}\n")
    (home.folder / "file.yaml").write_text("when: []\napply: {proxy: 'http://p.example:1', login: 'file:/x'}\n")
    (home.folder / "broken.yaml").write_text("when: []\n")
    feed(monkeypatch, typed)
    got, said, err = home.type("login", "set", name)
    assert (got, said) == (code, "")
    assert words in err
    assert not (home.home / "store.json").exists()


@pytest.mark.parametrize("backend", ["Locked", "Forgetful", "Talkative", "Crashing"])
def test_a_keyring_that_refuses_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    home = Home(tmp_path, capsys)
    home.folder.mkdir(parents=True)
    (home.folder / "office.yaml").write_text(OFFICE)
    keyring(tmp_path, monkeypatch, backend)
    feed(monkeypatch, SECRET.encode())
    code, said, err = home.type("login", "set", "office")
    assert (code, said) == (4, "")
    assert err.startswith("roamrc: the keyring")
    assert "hunter2" not in err


def test_in_a_terminal_it_is_asked_for_and_not_shown(home: Home) -> None:
    """A real terminal: nothing of what is typed comes back."""
    import pty

    pid, fd = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-m", "roamrc", "login", "set", "office"], dict(os.environ))
    shown = b""
    while b"password for office (alice)" not in shown:
        shown += os.read(fd, 4096)
    os.write(fd, SECRET.encode() + b"\n")
    try:
        while chunk := os.read(fd, 4096):
            shown += chunk
    except OSError:  # EIO: the other side is closed
        pass
    os.close(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, shown
    assert b"hunter2" not in shown
    assert json.loads((home.home / "store.json").read_text()) == {"corp-proxy\nalice": SECRET}


def test_a_running_agent_applies_anew(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    state = State(home.home / ".local/state/roamrc")
    code = (
        "import sys; from pathlib import Path; from roamrc.memory.state import State; "
        "s = State(Path(sys.argv[1])); s.agent_lock(); print('up', flush=True); sys.stdin.read()"
    )
    p = subprocess.Popen([sys.executable, "-c", code, str(state.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert p.stdin
    assert p.stdout
    p.stdout.readline()
    asked: list[object] = []

    def answer() -> None:
        until(lambda: os.path.exists(state.path(handing.REQUEST)), 20)
        handing.serve(state, lambda verb, *_: asked.append(verb) or {"status": {}, "edits": []})

    thread = threading.Thread(target=answer)
    thread.start()
    feed(monkeypatch, SECRET.encode())
    got, said, _ = home.type("login", "set", "office")
    thread.join(30)
    p.stdin.close()
    p.wait(10)
    p.stdout.close()
    assert (got, asked) == (0, ["apply"])
    assert "the agent has applied it" in said
