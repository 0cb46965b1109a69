"""choose a profile by hand, for a while or until you move

It wins over every rule but a profile's `prove:`, offline too, until its time is over, until you are on another network, or until
`roamrc auto`. `roamrc use direct` needs no profile: no proxy here. What you changed by hand in npm's file gives way.

    roamrc use office --for 2h        the office's proxy for two hours (30s, 45m, 1h30m, 1d)
    roamrc use direct --until-moved   no proxy, until the gateway is another one
    roamrc use office --dry-run       what that would change

Exit codes: 0 done; 1 done, and there is something to see; 2 there is no such profile, or it is broken; 4 the machine refused.
"""

from __future__ import annotations

from ..errors import RoamError
from ..terminal import asking

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

WORDS = ("profile",)
PLAIN = {"duration": None, "until_moved": False, "dry_run": False}
"""For cli.plain: what `roamrc use office` means without asking argparse."""

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = 366 * 86400


def arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("profile", metavar="PROFILE", help="a profile's name, or direct")
    until = p.add_mutually_exclusive_group()
    until.add_argument("--for", dest="duration", metavar="2h", help="for so long: 30s, 45m, 2h, 1h30m, 1d")
    until.add_argument("--until-moved", action="store_true", help="until the gateway is another one")
    p.add_argument("--dry-run", action="store_true", help="print what would change, and change nothing")


def run(args: argparse.Namespace) -> int:
    seconds = duration(args.duration, "--for") if args.duration is not None else None
    return asking.request(
        "use", {"profile": args.profile, "for": seconds, "until_moved": args.until_moved}, as_json=args.json, dry_run=args.dry_run
    )


def duration(text: str, option: str) -> int:
    """Seconds in a text such as 90m or 1h30m, given to `option`; raises RoamError."""
    total, digits = 0, ""
    for c in text.strip().lower():
        if c.isascii() and c.isdigit() and len(digits) < 9:
            digits += c
        elif c in UNITS and digits:
            total, digits = total + int(digits) * UNITS[c], ""
        else:
            digits = "x"
            break
    if digits or not 0 < total <= LONGEST:
        raise RoamError(
            f'{option} "{text}" is no length of time', "roamrc use PROFILE --for 2h (30s, 45m, 1h30m, 1d; a year at most)"
        )
    return total
