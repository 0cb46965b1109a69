"""The command line as values: every command with its text and what it takes, read from the commands themselves. Floor 4.

The manual page and the completions are made of this, so that none of them can tell of an option that is not there.
"""

from __future__ import annotations

from .. import cli
from ..slotted import dataclass

LENGTHS = ("30m", "1h", "2h", "8h", "1d")
"""What is offered where a length of time is wanted."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An option (`flags` not empty) or a word by its place. `value` is what it takes, as the help calls it ("" for a switch),
    `choices` are all that it may be, `many`: any number of them, `needed`: at least one."""

    flags: tuple[str, ...]
    value: str
    help: str
    choices: tuple[str, ...] = ()
    many: bool = False
    needed: bool = False

    @property
    def kind(self) -> str:
        """What completes it: profiles, files, words or nothing."""
        if self.choices or self.flags[:1] == ("--for",):
            return "words"
        return {"PROFILE": "profiles", "NAME": "profiles", "FILE": "files"}.get(self.value, "")

    @property
    def words(self) -> tuple[str, ...]:
        return self.choices or (LENGTHS if self.flags[:1] == ("--for",) else ())


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its line in `roamrc --help`, the text of its own help, its options and its words in order."""

    name: str
    group: str
    summary: str
    text: str
    options: tuple[Argument, ...]
    words: tuple[Argument, ...]


def commands() -> tuple[Command, ...]:
    """All of them, in the order of `roamrc --help`."""
    return tuple(_command(group, name, summary) for group, found in cli.COMMANDS.items() for name, summary in found.items())


def _command(group: str, name: str, summary: str) -> Command:
    module = cli.module(name)
    arguments = [_argument(a) for a in cli.parser(name, module)._actions]
    return Command(
        name,
        group,
        summary,
        (module.__doc__ or "").strip(),
        tuple(a for a in arguments if a.flags),
        tuple(a for a in arguments if not a.flags),
    )


def _argument(action: object) -> Argument:
    """One of argparse's actions: a switch has nargs 0, a word that may be missing ? or *."""
    flags, nargs, choices = (getattr(action, n) for n in ("option_strings", "nargs", "choices"))
    metavar = getattr(action, "metavar", None) or getattr(action, "dest", "").upper()
    help_ = "show this help" if "-h" in flags else getattr(action, "help", None)
    return Argument(
        tuple(sorted(flags, key=len, reverse=True)),
        "" if nargs == 0 else str(metavar),
        str(help_ or ""),
        tuple(str(c) for c in choices or ()),
        nargs in ("*", "+", "..."),
        nargs not in ("?", "*", "..."),
    )
