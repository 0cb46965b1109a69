"""Looks at the network from inside the laptop, with one memory for all looks: `observer.py` reads a patience (s) a line, and
prints the facts as one line of JSON ("?why" is a hidden one)."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from roamrc import probes
from roamrc.model import Hidden, Network
from roamrc.system import System


def shown(network: Network) -> dict[str, Any]:
    """The facts; a tunnel as [name, default, mesh]."""
    facts: dict[str, Any] = {k: getattr(network, k) for k in network.__slots__ if k not in ("link", "via")}
    facts = {k: f"?{v.why}" if isinstance(v, Hidden) else v for k, v in facts.items()}
    if isinstance(network.vpn, tuple):
        facts["vpn"] = [[t.name, t.default, t.mesh] for t in network.vpn]
    return facts


def main() -> None:
    means, system = probes.Means(), System()
    print("ready", flush=True)
    for line in sys.stdin:
        begin = time.monotonic()
        network = probes.observe(system, float(line), means)
        print(json.dumps({**shown(network), "took": time.monotonic() - begin}), flush=True)


if __name__ == "__main__":
    main()
