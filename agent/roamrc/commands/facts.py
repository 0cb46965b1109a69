"""what is known of this network, and by which means

A fact that the machine hides is shown with the reason; it never counts as absent.

    roamrc facts                       what a profile's `when:` can name here
    roamrc facts --json > cafe.json    a network to judge later: roamrc explain --facts cafe.json

Exit codes: 0 always, offline too.
"""

from __future__ import annotations

from .. import act, look, probes, show
from ..formats.saved import FACTS, to_json
from ..system import System
from ..terminal import out

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def run(args: argparse.Namespace) -> int:
    setup, _ = look.setup(System.real())
    network = probes.observe(setup.system, act.PATIENCE, probes.Means(setup.config.cached_scan, setup.config.ssid_command))
    if args.json:
        out.as_json(to_json(network))
        return 0
    print(f"{'online':14}{'yes' if network.online else 'no'}")
    for name in FACTS:
        value = getattr(network, name)
        via = network.via.get(name, "")
        print(
            f"{name:14}{show.fact(value)}{out.styled(f'  ({show.line(via)})', 'dim') if via and value not in (None, ()) else ''}"
        )
    return 0
