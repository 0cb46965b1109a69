"""The Secret Service that the keyring tests stand on, with the keyring library itself."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from lab import keyringbox

pytestmark = pytest.mark.lab

SET = "import keyring; keyring.set_password('roamrc', 'alice', 's3cret')"
GET = "import keyring; print(keyring.get_password('roamrc', 'alice'))"


@pytest.fixture(autouse=True)
def _tools() -> None:
    if lacking := sorted({p for tool, p in keyringbox.TOOLS.items() if not shutil.which(tool)}):
        pytest.skip(f"not installed: {' '.join(lacking)}")


def test_an_unlocked_keyring_keeps_a_password() -> None:
    with keyringbox.SecretService() as env:
        for code, out in ((GET, "None\n"), (SET, ""), (GET, "s3cret\n")):
            p = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=20, check=False)
            assert (p.stdout, p.returncode) == (out, 0), p.stderr


def test_a_locked_keyring_gives_nothing() -> None:
    """With a prompter installed it is silent for ever, without one it fails: why roamrc asks in a child with a time limit."""
    with keyringbox.SecretService(unlock=False) as env:
        try:
            code: int | None = subprocess.run(
                [sys.executable, "-c", SET], env=env, capture_output=True, timeout=3, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            code = None
    assert code != 0
