"""the agent itself, in the foreground: watches the network and has npm's settings follow

Without profiles it writes the starter ones first, which change nothing until you fill them in. `roamrc install` starts it at each
log-in. A second agent says that one is running, and ends.

    roamrc run           a line at each switch; Ctrl-C ends it
    roamrc run --json    a JSON object a line

Exit codes: 0 ended by Ctrl-C or a signal, or another agent is running already; 4 the machine refused.
"""

from __future__ import annotations

import json

from .. import __version__, look, show
from ..daemon import agent, renewal
from ..setup import starters
from ..system import System
from ..terminal import out

TYPE_CHECKING = False
TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any


def run(args: argparse.Namespace) -> int:
    system = System.real()
    setup, _ = look.setup(system)

    def tell(text: str, status: dict[str, Any] | None) -> None:
        if args.json:
            print(json.dumps({"version": 1, **({"message": show.prose(text, 600)} if status is None else status)}), flush=True)
        else:
            print(show.prose(text, 600), flush=True)

    pid = setup.state.agent_pid()
    if pid is not None and renewal.inherited(setup.state) is None:
        tell(f"an agent is running already (pid {pid or 'unknown'})", None)
        return 0
    written = starters.write(setup.places)
    if written:
        folder = out.home(str(setup.places.profiles))
        tell(f"no profiles yet: wrote {', '.join(written)} to {folder}; they change nothing until you fill them in", None)
    npmrc = out.home(str(setup.places.npmrc))
    tell(f"roamrc {__version__} watches this network for {npmrc}; Ctrl-C ends it, `roamrc status` tells more", None)
    return agent.run(system, tell)
