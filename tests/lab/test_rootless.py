"""The lab as an ordinary user has it: the core scenes once more, without one capability on the machine.

Not marked `lab`: where the kernel gives ordinary users no namespaces, a skip is right, also in a run that must prove all else.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab import missing

TESTS = Path(__file__).parent
USER = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
"""From root to nobody, who still may read the checkout wherever it is."""

CORE = ["test_roam.py::test_the_agent_may_die_and_come_back_anywhere", "test_lab.py::test_the_vpn_comes_and_goes[home-full-tun0]"]
ALL = ["test_lab.py", "test_roam.py", "test_linux_managers.py::test_the_same_facts_and_the_same_file[dhclient]"]


@pytest.mark.parametrize("scenes", [CORE, pytest.param(ALL, marks=pytest.mark.slow)], ids=["core", "all"])
@pytest.mark.timeout(600)
def test_an_ordinary_user_has_the_same_lab(scenes: list[str], tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("an ordinary user runs these scenes themselves")
    if reason := missing():
        pytest.skip(reason)
    tried = subprocess.run(
        [*USER, "unshare", "--user", "--map-root-user", "--net", "--mount", "true"], capture_output=True, text=True
    )
    if tried.returncode:
        pytest.skip(f"no namespaces for ordinary users: {tried.stderr.strip()}")
    tmp_path.chmod(0o755)
    pytest_of_theirs = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"{TESTS}/{x}" for x in scenes)]
    env = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "ROAMRC_LAB": "required"}
    ran = subprocess.run(
        [*USER, *pytest_of_theirs], env=env, cwd=TESTS.parent.parent, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
