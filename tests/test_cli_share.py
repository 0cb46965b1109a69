"""The manual page and the completions: current, shipped, and asked by the shells themselves."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import time
import tomllib
from pathlib import Path

import pytest

from home import CAFE, OFFICE, Home
from roamrc import cli
from roamrc.terminal import share, surface

ROOT = Path(__file__).parent.parent
SHARE = ROOT / "agent/share"
WHERE = {
    "agent/share/man/roamrc.1": "share/man/man1/roamrc.1",
    "agent/share/completion/roamrc.bash": "share/bash-completion/completions/roamrc",
    "agent/share/completion/_roamrc": "share/zsh/site-functions/_roamrc",
    "agent/share/completion/roamrc.fish": "share/fish/vendor_completions.d/roamrc.fish",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.profile("office", OFFICE)
    made.profile("cafe", CAFE)
    made.profile("my house", CAFE)
    made.profile("$(touch pwned)", CAFE)
    return made


@pytest.mark.parametrize("name", [n.removeprefix("agent/share/") for n in WHERE])
def test_what_is_shipped_is_what_the_commands_say_now(name: str) -> None:
    assert (SHARE / name).read_text() == share.files()[name], "python -m roamrc.terminal.share makes them anew"


def test_the_wheel_puts_them_where_man_and_the_shells_look() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"] == WHERE
    assert all((ROOT / name).is_file() for name in WHERE)
    assert {f"agent/share/{n}" for n in share.files()} == set(WHERE)


def test_they_tell_of_every_command_and_option() -> None:
    found = surface.commands()
    assert [c.name for c in found] == cli.names()
    page = share.files()["man/roamrc.1"]
    for c in found:
        assert f".SS roamrc {c.name}\n" in page
        for a in c.options:
            assert a.help, (c.name, a.flags)
            for text in share.files().values():
                assert all(f.lstrip("-") in text.replace("\\-", "-") for f in a.flags)
        assert all(a.help for a in c.words), c.name


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_the_page_is_good_troff() -> None:
    p = subprocess.run(["groff", "-man", "-ww", "-Tutf8", str(SHARE / "man/roamrc.1")], capture_output=True, check=False)
    assert (p.returncode, p.stderr) == (0, b"")
    assert b"npm's proxy settings follow your laptop" in p.stdout


# ---- bash --------------------------------------------------------------------------------------------------------------------

BASH = """
source "$1"
shift
complete -p roamrc >/dev/null || exit 9
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_roamrc
printf '%s\\n' "${COMPREPLY[@]}"
"""

NAMES = {"office", "cafe", "my\\ house", "\\$\\(touch\\ pwned\\)"}
CASES: tuple[tuple[tuple[str, ...], set[str]], ...] = (
    (("",), {*cli.names(), "--help", "--version"}),
    (("u",), {n for n in cli.names() if n.startswith("u")}),
    (("use", ""), {*NAMES, "direct"}),
    (("use", "of"), {"office"}),
    (("use", "my\\ "), {"my\\ house"}),
    (("use", "--"), {"--help", "--for", "--until-moved", "--dry-run", "--json"}),
    (("use", "--for", ""), set(surface.LENGTHS)),
    (("use", "--for", "2"), {"2h"}),
    (("use", "--for", "2h", "c"), {"cafe"}),
    (("use", "office", ""), set()),
    (("use", "office", "--dry"), {"--dry-run"}),
    (("explain", ""), NAMES),
    (("explain", "--facts", "sav"), {"saved.json"}),
    (("check", "a.yaml", "sav"), {"saved.json"}),
    (("learn", "o"), {"office"}),
    (("login", ""), {"set", "test", "forget"}),
    (("login", "set", "o"), {"office"}),
    (("apply", ""), set()),
    (("apply", "--f"), {"--force"}),
    (("nonsense", ""), set()),
)


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
@pytest.mark.parametrize(("words", "offered"), CASES, ids=[" ".join(c[0]) for c in CASES])
def test_bash(home: Home, words: tuple[str, ...], offered: set[str]) -> None:
    (home.path / "saved.json").write_text("{}")
    p = subprocess.run(
        ["bash", "--norc", "-c", BASH, "bash", str(SHARE / "completion/roamrc.bash"), "roamrc", *words],
        capture_output=True, text=True, env=home.environment(), cwd=home.path, timeout=60, check=False,
    )  # fmt: skip
    assert (p.returncode, p.stderr) == (0, "")
    assert set(p.stdout.split("\n")) - {""} == offered
    assert not (home.path / "pwned").exists()


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
def test_bash_reads_the_profiles_where_the_environment_says(home: Home, tmp_path: Path) -> None:
    own = tmp_path / "own/profiles"
    own.mkdir(parents=True)
    (own / "lab.yml").write_text(CAFE)
    for variable, value in (("ROAMRC_CONFIG_HOME", own.parent), ("XDG_CONFIG_HOME", tmp_path / "xdg")):
        (tmp_path / "xdg").mkdir(exist_ok=True)
        if not (tmp_path / "xdg/roamrc").exists():
            (tmp_path / "xdg/roamrc").symlink_to(own.parent)
        p = subprocess.run(
            ["bash", "--norc", "-c", BASH, "bash", str(SHARE / "completion/roamrc.bash"), "roamrc", "explain", ""],
            capture_output=True, text=True, env={**home.environment(), variable: str(value)}, timeout=60, check=False,
        )  # fmt: skip
        assert p.stdout == "lab\n"


# ---- fish --------------------------------------------------------------------------------------------------------------------

FISH = (
    ("roamrc ", {*cli.names()}),
    ("roamrc u", {n for n in cli.names() if n.startswith("u")}),
    ("roamrc use ", {"office", "cafe", "my house", "$(touch pwned)", "direct"}),
    ("roamrc use --", {"--help", "--for", "--until-moved", "--dry-run", "--json"}),
    ("roamrc use --for ", set(surface.LENGTHS)),
    ("roamrc explain --facts sav", {"saved.json"}),
    ("roamrc check sav", {"saved.json"}),
    ("roamrc learn o", {"office"}),
    ("roamrc login s", {"set"}),
    ("roamrc apply --f", {"--force"}),
)


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
@pytest.mark.parametrize(("line", "offered"), FISH, ids=[c[0] for c in FISH])
def test_fish(home: Home, line: str, offered: set[str]) -> None:
    (home.path / "saved.json").write_text("{}")
    script = f"source {SHARE}/completion/roamrc.fish; complete -C '{line}'"
    p = subprocess.run(
        ["fish", "--no-config", "-c", script],
        capture_output=True,
        text=True,
        env=home.environment(),
        cwd=home.path,
        timeout=60,
        check=False,
    )
    assert (p.returncode, p.stderr) == (0, "")
    assert {row.partition("\t")[0].replace("\\", "") for row in p.stdout.splitlines()} == offered
    assert not (home.path / "pwned").exists()


# ---- zsh ---------------------------------------------------------------------------------------------------------------------

ZSH = (
    ("roamrc u", ("use", "uninstall")),
    ("roamrc use ", ("office", "cafe", "direct")),
    ("roamrc use --", ("--until-moved", "--dry-run", "--for")),
    ("roamrc use --for ", surface.LENGTHS),
    ("roamrc login ", ("set", "test", "forget")),
    ("roamrc check sav", ("saved.json",)),
    ("roamrc explain --facts sav", ("saved.json",)),
    ("roamrc log --", ("--since", "--follow")),
)


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
@pytest.mark.parametrize(("line", "offered"), ZSH, ids=[c[0] for c in ZSH])
def test_zsh(home: Home, line: str, offered: tuple[str, ...]) -> None:
    """On a terminal of its own: what zsh lists (or fills in) when Tab is pressed."""
    (home.path / "saved.json").write_text("{}")
    (home.path / "saved.other").write_text("{}")
    setup = f"fpath=({SHARE}/completion $fpath); autoload -Uz compinit; compinit -u -D; PROMPT=; setopt no_beep; print RE''ADY\n"
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(home.path)
        os.execvpe("zsh", ["zsh", "-f", "-i"], {**home.environment(), "TERM": "dumb", "COLUMNS": "200"})
    try:
        os.write(fd, setup.encode())
        _read_until(fd, ["READY"])
        os.write(fd, line.encode() + b"\t\x04")  # Tab fills in what is sure, ^D lists the rest
        shown = _read_until(fd, [o for o in offered if o != "saved.json"] or ["saved."])
        assert all(o.removesuffix("json") in shown for o in offered), shown
    finally:
        os.write(fd, b"\x03\nexit\n\x04")
        os.close(fd)
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    assert not (home.path / "pwned").exists()


def _read_until(fd: int, wanted: list[str], limit: float = 30.0) -> str:
    """What the terminal shows until all that is wanted has come."""
    shown, end = "", time.monotonic() + limit
    while not all(w in shown for w in wanted):
        ready, _, _ = select.select([fd], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"waited for {wanted}, got {shown!r}"
        shown += os.read(fd, 65536).decode(errors="replace")
    return shown


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    assert {str(p.relative_to(tmp_path)) for p in share.write(tmp_path)} == set(share.files())
    (tmp_path / "man/roamrc.1").write_text("stale")
    assert share.write(tmp_path) == [tmp_path / "man/roamrc.1"]
    assert share.write(tmp_path) == []
