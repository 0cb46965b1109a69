"""What a command costs before it does anything, as modules imported: a prompt runs at every line. Never a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from home import OFFICE, Home

COUNT = """
import os, sys
bare = set(sys.modules)
from roamrc.__main__ import main
sys.argv[1:] = {argv!r}
out = os.dup(1)
code = main()
new = sorted(set(sys.modules) - bare)
os.write(out, ("\\n" + " ".join(new)).encode())
"""

HEAVY = {
    "argparse",
    "dataclasses",
    "typing",
    "inspect",
    "re",
    "pathlib",
    "json",
    "yaml",
    "datetime",
    "socket",
    "subprocess",
    "psutil",
    "contextlib",
}
TYPES = {"typing", "dataclasses", "inspect"}
LARGE = {"subprocess", "psutil", "watchdog", "keyring", "ssl", "asyncio", "netifaces", "importlib.metadata"}
PARSER = {"argparse", "locale", "shutil"}
LIMITS = (
    (("prompt",), 13, HEAVY),
    (("status",), 16, HEAVY),
    (("status", "--json"), 42, HEAVY - {"json", "re"}),
    (("--version",), 8, HEAVY),
    (("--help",), 8, HEAVY),
    (("log",), 80, TYPES | {"yaml", "socket", "subprocess", "psutil", "datetime"}),
    (("check",), 155, TYPES | LARGE | {"socket"}),
    (("use", "office"), 180, TYPES | LARGE | PARSER),
    (("apply",), 175, TYPES | LARGE | PARSER),
    (("explain",), 185, TYPES | LARGE),
)


def imported(home: Home, *argv: str) -> set[str]:
    """The modules that a command brings into a bare Python."""
    p = subprocess.run(
        [sys.executable, "-c", COUNT.format(argv=list(argv))],
        capture_output=True,
        text=True,
        env=home.environment(),
        timeout=60,
        check=False,
    )
    assert (p.returncode, p.stderr) == (0, "")
    return set(p.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(("argv", "most", "never"), LIMITS, ids=[" ".join(c[0]) for c in LIMITS])
def test_a_command_imports_next_to_nothing(tmp_path: Path, argv: tuple[str, ...], most: int, never: set[str]) -> None:
    home = Home(tmp_path)
    home.profile("office", OFFICE)
    assert home.roamrc("use", "office").code == 0
    found = imported(home, *argv)
    assert not found & never
    assert len(found) <= most, (len(found), sorted(found))
    assert "roamrc.cli" in found


def test_beside_an_agent_a_command_does_not_load_what_looks_at_the_network(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.profile("office", OFFICE)
    with home.agent():
        found = imported(home, "use", "office")
    heavy = {"yaml", "socket", "subprocess", "roamrc.probes", "roamrc.model", "roamrc.reconcile", "roamrc.daemon.agent"}
    assert not found & heavy
    assert len(found) <= 90, sorted(found)
