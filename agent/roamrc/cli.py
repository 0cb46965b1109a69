"""The command line: picks one command's module, and turns every failure into one sentence and an exit code. Floor 4.

Exit codes: 0 done, nothing to do, or offline · 1 done, and there is something to see · 2 usage, or a file of yours is wrong ·
3 a bug of ours · 4 the machine refused. A closed pipe is 0.

What is imported here is paid by every shell prompt: argparse only where there is something to parse, typing never.
"""

from __future__ import annotations

import gc
import os
import sys

from .errors import RoamError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any, NoReturn

COMMANDS = {
    "every day": {
        "status": "which profile is in force, why, and what was written",
        "use": "choose a profile by hand, for a while or until you move",
        "auto": "end the choice by hand; the network decides again",
        "apply": "look at the network once and bring npm's settings in line",
        "log": "the switches so far: when, from, to, why, and which keys",
    },
    "setting up": {
        "init": "write the first profiles",
        "learn": "make this network a profile",
        "login": "keep a profile's proxy password in the keyring",
        "install": "start the agent at every log-in",
        "uninstall": "stop it and put every setting back as it was",
    },
    "finding out": {
        "explain": "every profile and every check behind the decision",
        "facts": "what is known of this network, and by which means",
        "check": "every fault in your profiles and settings, each with its place and a hint",
        "doctor": "what stands in the way, and the cure",
        "demo": "a day of network changes in twenty seconds, touching nothing",
    },
    "plumbing": {
        "run": "the agent itself, in the foreground: watches the network and has npm's settings follow",
        "prompt": "the profile's name, for a shell prompt",
    },
}


def main(argv: Sequence[str]) -> int:
    """Runs one command; never raises."""
    try:
        _streams()
        code = _run(list(argv))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _hush()
        return 0
    except RoamError as e:
        _complain(e.where, e.sentence, e.hint)
        return e.code
    except KeyboardInterrupt:
        return 130
    except SystemExit as e:  # argparse, after --help
        return _flushed(e.code if isinstance(e.code, int) else 0)
    except OSError as e:
        if os.environ.get("ROAMRC_DEBUG"):
            raise
        _hush()
        name = f'"{e.filename}": ' if isinstance(e.filename, str) else ""
        _complain("", f"the machine refused: {name}{os.strerror(e.errno or 0).lower()}", "roamrc doctor")
        return 4
    except (ImportError, MemoryError) as e:  # EMFILE, `ulimit -v`: Python says no more than this of them
        if os.environ.get("ROAMRC_DEBUG"):
            raise
        what = "there is no memory left" if isinstance(e, MemoryError) else f'a part of Python can\'t be loaded: "{e.name}"'
        _complain("", f"the machine refused: {what}", "ulimit -a; if that is wide enough, install roamrc anew")
        return 4
    except Exception as e:  # the last line of defence: a traceback tells a user nothing, and may show a secret
        if os.environ.get("ROAMRC_DEBUG"):
            raise
        hint = "the same command with ROAMRC_DEBUG=1 in front shows where"
        _complain("", f"this is a bug of roamrc's: {type(e).__name__}", hint)
        return 3


def _streams() -> None:
    """Output that never fails for a character: what a terminal without UTF-8 can't show is escaped; a closed descriptor (`>&-`)
    swallows."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - for as long as the process lives
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except OSError:
        _hush()
    return code


def _hush() -> None:
    """Sends what is left of the output nowhere, or the interpreter complains about the pipe at exit."""
    try:
        fd = os.open(os.devnull, os.O_WRONLY)
        os.dup2(fd, sys.stdout.fileno())
        os.close(fd)
    except (OSError, ValueError):
        pass


class Plain:
    """What argparse would say of a command that was given its words and no option but --json."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


def _run(argv: list[str]) -> int:
    if argv[:1] == ["--version"]:
        from . import __version__

        print(f"roamrc {__version__}")
        return 0
    if not argv or argv[0] in ("-h", "--help", "help"):
        if len(argv) > 1 and argv[0] == "help":
            return _run([argv[1], "--help"])
        print(usage())
        return 0 if argv else 2
    name, rest = argv[0], argv[1:]
    if name not in names():
        raise _unknown(name, rest)
    if name != "run":  # what a command leaves behind goes with it; three collections of what was just imported cost more
        gc.set_threshold(100_000)
    found = module(name)
    code: int = found.run(plain(found, rest) or parser(name, found).parse_args(rest))
    return code


def plain(module: object, rest: Sequence[str]) -> Plain | None:
    """The arguments as argparse would have them, where every word is there and no option but --json; None: ask argparse, which
    alone costs two thirds of a bare Python. A module's WORDS are its words in order, PLAIN is what its options are when not
    given."""
    words = [w for w in rest if w != "--json"]
    named = getattr(module, "WORDS", ())
    if hasattr(module, "arguments") and not hasattr(module, "PLAIN"):
        return None
    if len(words) != len(named) or len(rest) > len(words) + 1 or any(w[:1] in ("", "-") for w in words):
        return None
    return Plain(json=len(rest) > len(words), **getattr(module, "PLAIN", {}), **dict(zip(named, words, strict=True)))


def _unknown(name: str, rest: Sequence[str]) -> RoamError:
    from difflib import get_close_matches

    if name.startswith("-"):
        command = next((a for a in rest if a in names()), None)
        sentence = f'"{_plain(name)}" stands where a command is expected'
        return RoamError(sentence, f"roamrc {command} {_plain(name)}" if command else "roamrc --help")
    close = get_close_matches(name, [*names(), "--version", "--help"], 1)
    return RoamError(f'there is no command "{_plain(name)}"', f"did you mean `roamrc {close[0]}`?" if close else "roamrc --help")


def names() -> list[str]:
    return [n for group in COMMANDS.values() for n in group]


def module(name: str) -> Any:
    """A command's module; `importlib` would be one import more for every prompt."""
    return getattr(__import__(f"{__package__}.commands", fromlist=[name]), name)


def parser(name: str, module: object) -> argparse.ArgumentParser:
    """One command's parser: its module's docstring teaches, its `arguments` adds what it takes, and --json is for all that
    print."""
    import argparse

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            raise RoamError(_worded(message), f"{self.prog} --help")

    text = (getattr(module, "__doc__", "") or "").strip()
    p = Parser(prog=f"roamrc {name}", description=text, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    getattr(module, "arguments", lambda _: None)(p)
    p.add_argument("--json", action="store_true", help="print JSON for scripts; its keys stay the same from version to version")
    return p


def _worded(message: str) -> str:
    """argparse's sentences as ours."""
    for theirs, ours in (
        ("the following arguments are required: ", "this is missing: "),
        ("unrecognized arguments: ", "this is not understood: "),
    ):
        if message.startswith(theirs):
            return ours + message[len(theirs) :]
    return message


def usage() -> str:
    """The page that `roamrc --help` shows."""
    lines = [
        "usage: roamrc COMMAND [--json] …",
        "",
        "npm's proxy settings follow your laptop: one profile a network, switched by itself, undone without a trace.",
    ]
    for group, commands in COMMANDS.items():
        lines += ["", f"{group}:"] + [f"  {n:10} {text}" for n, text in commands.items()]
    lines += [
        "",
        "`roamrc COMMAND --help` teaches one command. From nothing: roamrc init, roamrc learn office, roamrc install.",
        "npm fails right now? roamrc status, then roamrc doctor; `roamrc use direct --until-moved` does without a proxy here.",
    ]
    return "\n".join(lines)


def _complain(where: str, sentence: str, hint: str) -> None:
    from .show import prose

    _flushed(0)
    try:
        print(f"roamrc: {_plain(where) + ': ' if where else ''}{prose(sentence, 1000)}", file=sys.stderr)
        if hint:
            print(f"hint: {prose(hint, 1000)}", file=sys.stderr)
    except OSError:
        pass


def _plain(text: str) -> str:
    from .show import line

    return line(text, 1000)
