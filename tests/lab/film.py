"""What a newcomer sees: README's commands typed in a real terminal (tmux), in an empty home at the office, and what they print.

    with Office(folder) as office:     # the Lab's laptop in the office, a real systemd, the wheel in a venv
        shots = play(office)           # one Shot a command: what was typed, and its lines with their colours

`tests/lab/test_film.py` holds it to its end, a profile that works; `.github/picture.py` draws README's picture of it.
"""

from __future__ import annotations

import re
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from wheels import TOP, Venv, built

from . import PROXY_PASSWORD, PROXY_USER, Lab, missing, systemd_box, until
from .desk import SHARED, Desk
from .systemd_box import USER

README = TOP / "README.md"
PROMPT = "$"
PROXY = "proxy.corp.test:3128"
ANSWERS = {
    "shall npm go without a proxy": "y",
    "write these": "y",
    "This network's proxy": PROXY,
    "User name": PROXY_USER,
    "Password": PROXY_PASSWORD,
    "go ahead?": "y",
}
"""Parts of the questions, and what somebody at the office answers."""

NPM = "npm view lab-hello version"
"""Typed before README's commands, where it fails, and after them, where it works."""


@dataclass
class Shot:
    """A command, what was answered to its questions, and the screen's lines after it, with escape sequences for colours."""

    typed: str
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(plain(x) for x in self.lines)


def plain(line: str) -> str:
    """A line without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def whole(lines: list[str]) -> list[str]:
    """Each line with the colours that it has on the screen: tmux tells only where they change."""
    style, made = "", []
    for line in lines:
        made.append(style + line.rstrip())
        for code in re.findall(r"\x1b\[[0-9;]*m", line):
            style = "" if code in ("\x1b[m", "\x1b[0m", "\x1b[39m") else style + code
    return made


def commands() -> list[str]:
    """The commands that README promises to be enough, from nothing to a laptop that roams."""
    text = README.read_text()
    block = text[text.index("three commands from nothing") :].split("\n\n")[1]
    return [line.partition("#")[0].strip() for line in block.splitlines()]


def lacking() -> str:
    """Why it can't be filmed here, "" where it can."""
    why = missing() or systemd_box.missing()
    return why or ("" if shutil.which("tmux") else "the film needs tmux")


class Office:
    """The laptop in the office, somebody logged in, roamrc's own wheel installed, an empty home."""

    def __init__(self, folder: Path) -> None:
        self.venv = Venv(folder / "venv")
        self.venv.put(built(folder))
        self.lab = Lab(tls=False, egress="reject")

    def __enter__(self) -> Self:
        self.lab.__enter__()
        try:
            self.lab.plug("office")
            self.desk = Desk(self.lab, share=[*SHARED, self.venv.folder])
            self.desk.__enter__()
        except BaseException:
            self.lab.__exit__(None, None, None)
            raise
        self.desk.log_in()
        self.sh(f"mkdir -p ~/.local/bin && ln -s {self.venv.roamrc} ~/.local/bin/")  # as pipx and uv do
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.desk.__exit__(kind, e, trace)
        finally:
            self.lab.__exit__(kind, e, trace)

    def npmrc(self) -> str:
        return self.desk.exec("cat ~/.npmrc").stdout

    def sh(self, command: str) -> str:
        ran = self.desk.exec(command, timeout=60)
        assert ran.returncode == 0, f"{command}: {ran.stdout}{ran.stderr}"
        return ran.stdout


class Terminal:
    """A tmux session at the desk, with a bash that has no settings of its own; the registry of the lab is npm's default there."""

    def __init__(self, office: Office, width: int = 118, height: int = 50) -> None:
        self.office = office
        env = {
            "PATH": f"/home/{USER}/.local/bin:/usr/local/bin:/usr/bin:/bin",
            "PS1": f"{PROMPT} ",
            "npm_config_registry": "http://registry.public.test/",
            "npm_config_fetch_retries": "0",  # it fails at once, not after 70 s
            "npm_config_update_notifier": "false",
        }
        shell = shlex.join(["env", *(f"{k}={v}" for k, v in env.items()), "bash", "--norc", "--noprofile"])
        self._tmux(f"-f /dev/null new-session -d -x {width} -y {height} {shlex.quote(shell)}")
        self._tmux("set-option -g history-limit 5000")
        until(lambda: self._idle(), 20, "a prompt")

    def _tmux(self, words: str) -> str:
        return self.office.sh(f"tmux -L film {words}")

    def screen(self) -> list[str]:
        """All lines since the last `clear`, those scrolled away too; lines that were too wide come whole."""
        return self._tmux("capture-pane -p -e -J -S -").rstrip("\n").splitlines()

    def _last(self) -> str:
        return next((plain(x).rstrip() for x in reversed(self.screen()) if plain(x).strip()), "")

    def _idle(self) -> bool:
        return self._last() == PROMPT

    def _type(self, text: str) -> None:
        self._tmux(f"send-keys -l {shlex.quote(text)}")
        self._tmux("send-keys Enter")

    def run(self, command: str, limit: float = 60) -> Shot:
        """Types a command, answers what it asks, and waits for the prompt."""
        self._tmux("send-keys -R C-l")
        self._tmux("clear-history")
        until(self._idle, 10, "a clean screen")
        self._type(command)
        open_ = dict(ANSWERS)

        def done() -> bool:
            last = self._last()
            if last == PROMPT and len([x for x in self.screen() if plain(x).strip()]) > 1:
                return True
            asked = next((q for q in open_ if q in last and last.endswith((":", "]"))), None)
            if asked:
                self._type(open_.pop(asked))
            return False

        try:
            until(done, limit, every=0.1)
        except AssertionError:
            raise AssertionError(f"{command}: no prompt after {limit:g} s\n" + "\n".join(self.screen())) from None
        lines = self.screen()
        return Shot(command, whole(lines)[1:-1])


def play(office: Office) -> list[Shot]:
    """npm fails in the office, README's commands, npm works; then the laptop is carried home, and npm works there."""
    terminal = Terminal(office)
    shots = [terminal.run(c) for c in (NPM, *commands(), NPM, "roamrc status")]
    office.lab.plug("home")
    until(lambda: PROXY not in office.npmrc(), 15, "no proxy at home")
    return [*shots, *(terminal.run(c) for c in ("# home now; nothing was typed", "cat .npmrc", NPM))]


def draft(folder: Path) -> list[Shot]:
    """The whole film, for the picture."""
    with Office(folder) as office:
        return play(office)
