"""every fault in your profiles and settings, each with its place and a hint

Without FILE: all profiles and config.yaml.

    roamrc check                all of them
    roamrc check office.yaml    this file only, wherever it lies
    roamrc check --json         for an editor or a commit hook

Exit codes: 0 nothing wrong (warnings are no faults); 2 a file is wrong.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import look, show
from ..reading import config, nodes, profiles
from ..slotted import replace
from ..terminal import out


def arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("files", nargs="*", metavar="FILE", help="a profile, or a config.yaml")


def run(args: argparse.Namespace) -> int:
    system = out.machine()
    setup, _ = look.setup(system)
    if args.files:
        faults = [
            f
            for name in args.files
            for f in (
                config.load(Path(name), system.home).faults if Path(name).name == "config.yaml" else profiles.read(Path(name))[1]
            )
        ]
    else:
        faults = [*profiles.load(setup.places.profiles).faults, *config.load(setup.places.config_file, system.home).faults]
    wrong = [f for f in faults if f.severity == "fault"]
    if args.json:
        out.as_json(nodes.report(replace(f, text=show.prose(f.text), hint=show.prose(f.hint)) for f in faults))
        return 2 if wrong else 0
    for f in faults:
        print("\n".join(show.prose(x, 2000) for x in str(f).split("\n")))
    if not faults:
        print("nothing wrong" if args.files else f"nothing wrong in {out.home(str(setup.places.config))}")
        if not args.files and not profiles.load(setup.places.profiles).profiles:
            print("hint: there are no profiles yet: roamrc init")
    return 2 if wrong else 0
