"""`python -m roamrc` and the console script. The imports are inside, so that a shell prompt pays for nothing it does not use."""

from __future__ import annotations

import sys


def main() -> int:
    """Runs a command and returns its exit code (contract.md)."""
    from .cli import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
