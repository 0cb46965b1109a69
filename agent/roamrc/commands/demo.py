"""a day of network changes in twenty seconds, touching nothing

Home, hotspot, office, café, a Wi-Fi whose name is hidden, VPN: the rules and the editor are the real ones, the networks are saved
ones and the home is a scratch folder. Nothing of yours is read or written, the network is not looked at.

    roamrc demo           in a terminal with pauses to read
    roamrc demo --fast    without

Exit codes: 0 the day has passed.
"""

from __future__ import annotations

import argparse
import sys
import time

from .. import demo, show
from ..slotted import asdict
from ..terminal import out

PAUSE = 2.0
"""Seconds between two steps: ten of them make twenty."""


def arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("--fast", action="store_true", help="without pauses")


def run(args: argparse.Namespace) -> int:
    if args.json:
        out.as_json({"steps": [asdict(s) for s in demo.day()]})
        return 0
    print("npm's file in the morning, ~/.npmrc in a scratch home:\n")
    print("\n".join(f"  {x}" for x in demo.NPMRC.splitlines()))
    for step in demo.day():
        if not args.fast and sys.stdout.isatty():
            sys.stdout.flush()
            time.sleep(PAUSE)
        tell(step)
    print(f"\nprofiles: {', '.join(demo.PROFILES)}. Yours: roamrc init, then roamrc learn office, then roamrc install")
    return 0


def tell(step: demo.Step) -> None:
    """What happened, what was decided and why, and the lines of npm's file that changed."""
    head = step.profile or step.action
    print(f"\n{out.styled(step.at, 'dim')}  {show.line(step.told)}")
    print(f"{out.styled(show.line(head), 'bold')}: {show.prose(step.because)}")
    if step.hint:
        print(out.styled(f"  hint: {show.prose(step.hint)}", "warn"))
    out.diff(step.edits)
    if not step.edits:
        print(out.styled("  npm's file stays as it is", "dim"))
