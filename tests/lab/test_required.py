"""ROAMRC_LAB=required: what would be skipped fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
SKIPS = """
import pytest

@pytest.fixture
def tool():
    pytest.skip("no squid here")

@pytest.mark.lab
def test_by_fixture(tool): ...

@pytest.mark.lab
@pytest.mark.skipif(True, reason="not root")
def test_by_mark(): ...

@pytest.mark.lab
def test_inside():
    pytest.skip("no tun")

@pytest.mark.lab
@pytest.mark.xfail(reason="known")
def test_known():
    raise ValueError

def test_of_another_kind():
    pytest.skip("not a Mac")
"""


@pytest.mark.parametrize(
    ("value", "summary", "code"), [("required", "1 failed, 1 skipped, 1 xfailed, 2 errors", 1), ("", "4 skipped, 1 xfailed", 0)]
)
def test_a_skip_of_the_lab_is_a_failure_where_it_is_required(tmp_path: Path, value: str, summary: str, code: int) -> None:
    (tmp_path / "test_skips.py").write_text(SKIPS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = lab: x\n")
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "conftest", "-c", "pytest.ini", "."]
    env = {**os.environ, "ROAMRC_LAB": value, "PYTHONPATH": str(TESTS)}
    r = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (summary in r.stdout, r.returncode) == (True, code), r.stdout + r.stderr
    assert ("ROAMRC_LAB=required, but" in r.stdout) == bool(code)
