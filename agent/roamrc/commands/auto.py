"""end the choice by hand; the network decides again

    roamrc auto             now
    roamrc auto --dry-run   what that would change

Exit codes: as of `roamrc apply`.
"""

from __future__ import annotations

from ..terminal import asking

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

PLAIN = {"dry_run": False}
"""For cli.plain: what `roamrc auto` means without asking argparse."""


def arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("--dry-run", action="store_true", help="print what would change, and change nothing")


def run(args: argparse.Namespace) -> int:
    return asking.request("auto", {}, as_json=args.json, dry_run=args.dry_run)
