"""write the first profiles

Each file is shown before it is written; nothing that exists is touched. A proxy that stands in npm's file becomes a profile's
proxy, so that nothing is lost when the agent takes over.
"""

from __future__ import annotations

import argparse

from .. import look, out, show, starters
from ..system import System


def arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("--yes", action="store_true", help="write without asking")


def run(args: argparse.Namespace) -> int:
    setup, _ = look.setup(System.real())
    wanted = starters.missing(setup.places)
    folder = out.home(str(setup.places.profiles))
    if not wanted:
        if args.json:
            out.as_json({"written": []})
        else:
            print(f"there are profiles in {folder} already; nothing was written")
            print("hint: roamrc check looks for faults, roamrc learn NAME makes this network a profile")
        return 0
    if not args.json:
        for path, data in wanted.items():
            if path.suffix != ".json":
                print(out.styled(f"--- {out.home(str(path))}", "bold"))
                print("\n".join(show.line(x) for x in data.decode().splitlines()) + "\n")
    if not args.yes and not args.json and not out.ask(f"write these {len(wanted)} files to {folder}?"):
        print("nothing was written\nhint: roamrc init --yes writes them")
        return 1
    names = starters.write(setup.places)
    if args.json:
        out.as_json({"written": names})
    else:
        print(f"wrote {', '.join(names)}\nhint: fill in office.yaml, then roamrc check, then roamrc run (or roamrc install)")
    return 0
