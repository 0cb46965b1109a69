"""look at the network once and bring npm's settings in line

Without the moment of quiet that the agent gives a fallback; a running agent does it for you. What you changed by hand, and a
proxy that no profile knows, are left alone, unless --force; what then gives way is kept in backup/ of the state folder.

    roamrc apply --dry-run    print the diff, change nothing
    roamrc apply              now
    roamrc apply --force      overwrite hand edits too

Exit codes: 0 done, nothing to do, or offline; 1 done, and there is something to see (a conflict, a hold, a problem); 4 the
machine refused (disk, permission, a lock held over 10 s).
"""

from __future__ import annotations

from ..terminal import asking

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

PLAIN = {"force": False, "dry_run": False}
"""For cli.plain: what `roamrc apply` means without asking argparse."""


def arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("--dry-run", action="store_true", help="print the diff and change nothing")
    p.add_argument("--force", action="store_true", help="overwrite hand edits, and a proxy that no profile knows")


def run(args: argparse.Namespace) -> int:
    return asking.request("apply", {"force": args.force}, as_json=args.json, dry_run=args.dry_run)
