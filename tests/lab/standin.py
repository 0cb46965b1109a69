"""Stands in for the agent in tests of the service: says that it is ready, writes down what it was started with, and stays.

The last argument says how it behaves: stay, done (ends with 0 before it is ready), fail (ends with 3), mute (never ready).
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from roamrc.services import notify


def main() -> int:
    how = sys.argv[-1]
    if how == "done":
        return 0
    if how == "fail":
        return 3
    seen = {"argv": sys.argv[1:], "env": dict(os.environ), "pid": os.getpid(), "umask": os.umask(0o077)}
    draft = Path.home() / ".seen~"
    draft.write_text(json.dumps(seen))
    draft.rename(Path.home() / "seen.json")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    if how != "mute":
        notify.listener(os.environ).ready("office: gateway 10.10.0.1\nMAINPID=1")
    signal.sigwait({signal.SIGTERM})
    return 0


if __name__ == "__main__":
    sys.exit(main())
