"""what stands in the way, and the cure

Each line is a result, what was looked at, a sentence, and what to type. It names no secret and shows your home as ~, so that
it can be pasted in public.

    roamrc doctor           ok, warn, fail or skip, a line each; the proxy is asked, the rest is read
    roamrc doctor --json    the same for scripts

Exit codes: 0 nothing is wrong (a warning is no fault); 1 something is.
"""

from __future__ import annotations

import argparse
import os

from .. import doctor, look, show
from ..terminal import out

STYLES = {"ok": "good", "warn": "warn", "fail": "bad", "skip": "dim"}


def run(args: argparse.Namespace) -> int:
    setup, _ = look.setup(out.machine())
    found = doctor.advice(setup)
    base = os.path.expanduser("~").rstrip("/")

    def public(text: str) -> str:
        return show.prose(text.replace(f"'{base}/", "~/'").replace(f"{base}/", "~/") if base else text)

    rows = [{"check": a.check, "result": a.result, "message": public(a.message), "hint": public(a.hint)} for a in found]
    if args.json:
        out.as_json({"checks": rows})
    else:
        for row in rows:
            mark = out.styled(row["result"].ljust(4), STYLES[row["result"]])
            print(f"{mark} {row['check']}: {row['message']}")
            if row["hint"] and row["result"] != "ok":
                print(f"     hint: {row['hint']}")
    return 1 if any(a.result == "fail" for a in found) else 0
