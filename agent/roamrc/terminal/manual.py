"""The manual page, roamrc(1), made of the commands' own help. Floor 4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .. import __version__
from .surface import Argument, Command

INTRO = """roamrc notices each change of network, matches it against your profiles, and sets or unsets npm's proxy within
milliseconds. Everything else in npm's file stays, byte for byte; `roamrc uninstall` leaves it as it was found.

From nothing to a machine that looks after itself:

    roamrc init             the first profiles
    roamrc learn office     this network is the office, with the proxy that npm has now
    roamrc install          the agent, at every log-in

When npm fails right now:

    roamrc status                      which profile, and what is wrong
    roamrc doctor                      what stands in the way, and the cure
    roamrc use direct --until-moved    no proxy here"""

EXITS = (
    ("0", "done, nothing to do, or offline; also where the reader closed the pipe"),
    ("1", "done, and there is something to see: a conflict, a hold, a problem, a fault that `roamrc doctor` found, no agent"),
    ("2", "usage, or a file of yours is wrong"),
    ("3", "a bug of roamrc's"),
    ("4", "the machine refused: disk, permission, keyring, service manager, a lock held over 10 s"),
)
FILES = (
    ("~/.config/roamrc/profiles/*.yaml", "the profiles, one a network; a profile's name is the file's"),
    ("~/.config/roamrc/config.yaml", "settings, optional"),
    ("~/.local/state/roamrc/", "what roamrc remembers: backups, log, status; yours alone"),
    ("~/.npmrc", "npm's file, unless npm.userconfig in config.yaml or $NPM_CONFIG_USERCONFIG names another"),
)
ENVIRONMENT = (
    ("ROAMRC_CONFIG_HOME", "the folder of profiles and settings; else $XDG_CONFIG_HOME/roamrc, else ~/.config/roamrc"),
    ("ROAMRC_STATE_HOME", "the folder of the state; else $XDG_STATE_HOME/roamrc, else ~/.local/state/roamrc"),
    ("NO_COLOR", "no colours, also on a terminal"),
    ("ROAMRC_DEBUG", "a traceback where a bug is met; it may show what you would not paste in public"),
)


def page(commands: Iterable[Command]) -> str:
    """The page in man(7)'s language."""
    found = tuple(commands)
    lines = [
        f'.TH ROAMRC 1 "" "roamrc {__version__}" "User Commands"',
        ".SH NAME",
        r"roamrc \- npm's proxy settings follow your laptop",
        ".SH SYNOPSIS",
    ]
    for c in found:
        lines += [rf".B roamrc {c.name}", _words(c), ".br"]
    lines += [".SH DESCRIPTION", *_text(INTRO), ".SH COMMANDS"]
    for c in found:
        lines += [f".SS roamrc {c.name}", *_text(c.text[:1].upper() + c.text[1:])]
        for a in (*c.words, *c.options):
            lines += [".TP", rf".B {_plain(_head(a))}", _plain(a.help)]
    for title, rows in (("EXIT STATUS", EXITS), ("FILES", FILES), ("ENVIRONMENT", ENVIRONMENT)):
        lines.append(f".SH {title}")
        for name, text in rows:
            lines += [".TP", rf".B {_plain(name)}", _plain(text)]
    return "\n".join(line for line in lines if line) + "\n"


def _words(c: Command) -> str:
    options = [f"[{_plain(_head(a, short=True))}]" for a in c.options if "--help" not in a.flags]
    words = []
    for a in c.words:
        shown = "|".join(a.choices) or a.value
        shown += " …" if a.many else ""
        words.append(_plain(shown if a.needed else f"[{shown}]"))
    return " ".join((*words, *options))


def _head(a: Argument, short: bool = False) -> str:
    if not a.flags:
        return a.value
    flags = a.flags[:1] if short else a.flags
    return ", ".join(flags) + (f" {a.value}" if a.value else "")


def _text(text: str) -> Iterator[str]:
    """Paragraphs; what is indented by four stands as it is."""
    literal = False
    for line in text.splitlines():
        indented = line.startswith("    ")
        if indented != literal and line.strip():
            yield from (".PP", ".RS 4", ".nf") if indented else (".fi", ".RE", ".PP")
            literal = indented
        if not line.strip():
            yield ".PP" if not literal else ""
        else:
            yield _plain(line.removeprefix("    "))
    if literal:
        yield from (".fi", ".RE")


def _plain(text: str) -> str:
    """Text that troff takes for text: no escape, no request at a line's beginning, no hyphen that a browser can't search."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("`", r"\(ga")
    text = "".join(c if c.isascii() else rf"\[u{ord(c):04X}]" for c in text)
    return rf"\&{text}" if text.startswith((".", "'")) else text
