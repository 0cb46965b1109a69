"""Wheels of roamrc with a version of the test's choice, and a venv into which pip installs them."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import sysconfig
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

import roamrc

PACKAGE = Path(roamrc.__file__).parent
TOP = PACKAGE.parent.parent if PACKAGE.parent.name == "agent" else PACKAGE / "shipped"


def wheel(folder: Path, version: str) -> Path:
    """A wheel as hatch would build it of the package that is tested, but for its version."""
    files = {f"roamrc/{p.relative_to(PACKAGE)}": p.read_bytes() for p in PACKAGE.rglob("*") if p.suffix in (".py", ".typed")}
    for name in ("profiles", "launchd"):
        tree = [p for p in (TOP / name).rglob("*") if p.is_file()]
        files |= {f"roamrc/shipped/{name}/{p.relative_to(TOP / name)}": p.read_bytes() for p in tree}
    init = files["roamrc/__init__.py"].decode()
    files["roamrc/__init__.py"] = re.sub('__version__ = ".*"', f'__version__ = "{version}"', init).encode()
    info = f"roamrc-{version}.dist-info"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: roamrc\nVersion: {version}\n".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/entry_points.txt"] = b"[console_scripts]\nroamrc = roamrc.__main__:main\n"
    record = "".join(f"{n},sha256={_hash(d)},{len(d)}\n" for n, d in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    path = folder / f"roamrc-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as z:
        for name, data in files.items():
            z.writestr(name, data)
    return path


def built(folder: Path) -> Path:
    """The wheel that this checkout really makes, by its own build backend; without an index."""
    pytest.importorskip("hatchling")
    words = ["wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index", "--no-build-isolation"]
    run = subprocess.run(
        [sys.executable, "-m", "pip", *words, "-w", str(folder), str(TOP)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return next(folder.glob("roamrc-*.whl"))


def _hash(data: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


class Venv:
    """A virtual environment with its own pip; roamrc's dependencies are those of the tests' environment."""

    def __init__(self, folder: Path) -> None:
        pytest.importorskip("ensurepip")
        self.folder = folder
        run = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
        self.python, self.roamrc = str(folder / "bin/python"), str(folder / "bin/roamrc")
        ours = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
        (ours / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")

    def pip(self, *words: str) -> None:
        """pip, without an index."""
        quiet = ["--quiet", "--disable-pip-version-check"]
        run = subprocess.run([self.python, "-m", "pip", *words, *quiet], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr

    def install(self, version: str) -> None:
        """This version, in place of the one that is there."""
        self.put(wheel(self.folder, version))

    def put(self, path: Path) -> None:
        """This wheel, in place of what is there."""
        self.pip("install", "--no-compile", "--no-deps", "--no-index", "--upgrade", "--force-reinstall", str(path))
