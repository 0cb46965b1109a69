"""The demo: every situation with its reason, in a home that is gone afterwards, with nothing of the user's touched."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from roamrc import cli, demo

WANTED = [
    ("home", "apply", "home"),
    ("offline", "hold", None),
    ("phone", "apply", "phone"),
    ("office", "apply", "office"),
    ("office without a name", "apply", "office"),
    ("café", "apply", "elsewhere"),
    ("a Wi-Fi without a name", "hold", None),
    ("home, VPN up", "apply", "vpn"),
    ("home", "apply", "home"),
    ("uninstall", "uninstall", None),
]


def test_the_day() -> None:
    steps = list(demo.day())
    assert [(s.place, s.action, s.profile) for s in steps] == WANTED
    assert all(s.because and s.told for s in steps)
    changes = {s.place: {e["key"] for e in s.edits} for s in steps if s.edits}
    assert set(changes) == {"home", "office", "café", "home, VPN up", "uninstall"}
    assert steps[-1].because == "every byte of npm's file is that of the morning"
    hidden = next(s for s in steps if s.place == "a Wi-Fi without a name")
    assert "hidden" in hidden.because
    assert hidden.hint


def test_no_password_is_shown() -> None:
    shown = json.dumps([s.edits for s in demo.day()])
    assert "alice:***@" in shown
    assert "correct-horse" not in shown


def test_it_touches_nothing_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / ".npmrc"
    mine.write_text("proxy=http://mine.example:1\n")
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    assert cli.main(["demo", "--fast"]) == 0
    said = capsys.readouterr().out
    assert "mine.example" not in said
    assert "\x1b" not in said
    assert str(scratch) not in said
    assert "~/.npmrc" in said
    assert sorted(p.name for p in tmp_path.iterdir()) == [".npmrc", "tmp"]
    assert list(scratch.iterdir()) == []


def test_it_looks_at_no_network_and_starts_nothing(tmp_path: Path) -> None:
    """An audit hook sees each socket and each child of a whole run."""
    code = (
        "import sys\n"
        "seen, watched = [], ('socket.', 'subprocess.', 'os.exec', 'os.fork', 'os.posix_spawn')\n"
        "sys.addaudithook(lambda e, a: seen.append(e) if e.startswith(watched) else None)\n"
        "from roamrc import cli\n"
        "code = cli.main(['demo', '--json'])\n"
        "sys.stderr.write(repr((code, seen)))\n"
    )
    p = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    )
    assert p.stderr == "(0, [])"
    assert [s["place"] for s in json.loads(p.stdout)["steps"]] == [w[0] for w in WANTED]
