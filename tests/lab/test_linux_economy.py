"""An hour of a busy laptop, replayed: what of it wakes the agent, and how often it looks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import roamrc
from lab.spaces import HERE

pytestmark = pytest.mark.lab

LOOKS = {
    "router advertisements": 0,
    "a lone container each time": 75,  # the bridge gains and loses its carrier with each of the 30; in a lab it may be the uplink
    "a lone container each time, with a card": 1,
    "containers beside it": 0,
    "neighbours": 0,
    "sniffers": 0,
    "DHCP renewals": 1,  # what is not remembered wakes: the first time
}


def test_an_hour_costs_few_looks(record_property: Callable[[str, object], None]) -> None:
    if os.geteuid() or not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("needs root, iproute2 and util-linux for namespaces")
    env = {**os.environ, "PYTHONPATH": str(Path(roamrc.__file__).parents[1])}
    argv = ["unshare", "--net", sys.executable, f"{HERE}/chatter.py"]
    run = subprocess.run(argv, capture_output=True, text=True, timeout=120, env=env, check=False)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    record_property("messages, wake-ups, looks", told)
    assert told["a new default route"][2] == 1, "quiet, not deaf"
    assert told["router advertisements"][0] >= 360, "the kernel has spoken of each"
    assert told["containers beside it"][0] > 180
    assert told["neighbours"][0] >= 1000
    too_many = {what: told[what] for what, most in LOOKS.items() if told[what][2] > most}
    assert not too_many, told
