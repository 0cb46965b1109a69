"""The ways into a home that README names, each from the wheel: pipx, uv tool, pip --user; and then man and the shells find all
that belongs to it. Fetches pipx, uv and roamrc's dependencies: slow."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from roamrc import __version__
from wheels import built

pytestmark = pytest.mark.slow

LINK = (
    "from pathlib import Path; from roamrc.memory.state import State; from roamrc.setup import pages; "
    "from roamrc.system import System; pages.link(System.real(), State(Path.home() / 'state'))"
)
ASK = {
    "man": "man -w roamrc",
    "bash": "bash --norc -c '. /usr/share/bash-completion/bash_completion; _completion_loader roamrc; complete -p roamrc'",
    "zsh": "zsh -f -c 'fpath+=(~/.local/share/zsh/site-functions); autoload -U compinit; compinit -Du; print -r $_comps[roamrc]'",
    "fish": "fish -c 'complete -C \"roamrc stat\"'",
}
FOUND = {"man": "man1/roamrc.1", "bash": "-F _roamrc roamrc", "zsh": "_roamrc", "fish": "status\t"}


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venv with pipx and uv, and the wheel beside it."""
    folder = tmp_path_factory.mktemp("tools")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True, timeout=300)
    subprocess.run([folder / "venv/bin/python", "-m", "pip", "install", "--quiet", "pipx", "uv"], check=True, timeout=600)
    built(folder)
    return folder


def shell(home: Path, tools: Path, command: str) -> str:
    """What a command prints in that home; the index and its certificates are this machine's."""
    keep = {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "UV_", "SSL_"))}
    path = f"{home}/.local/bin:/usr/local/bin:/usr/bin:/bin"
    env = {"HOME": str(home), "PATH": path, "LANG": "C.UTF-8", "UV_NATIVE_TLS": "1", **keep}
    env["PYTHON"], env["TOOLS"], env["WHEEL"] = sys.executable, f"{tools}/venv/bin", str(next(tools.glob("*.whl")))
    run = subprocess.run(["sh", "-ec", command], capture_output=True, text=True, env=env, cwd=home, timeout=600, check=False)
    assert run.returncode == 0, f"{command}: {run.stdout}{run.stderr}"
    return run.stdout


WAYS = {
    "pipx": ("PATH=$TOOLS:$PATH pipx install --python $PYTHON $WHEEL", "$HOME/.local/share/pipx/venvs/roamrc/bin/python"),
    "uv": ("PATH=$TOOLS:$PATH uv tool install --quiet --python $PYTHON $WHEEL", "$HOME/.local/share/uv/tools/roamrc/bin/python"),
    "pip": ("$(readlink -f $PYTHON) -m pip install --quiet --user --break-system-packages $WHEEL", "$(readlink -f $PYTHON)"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_way_in(tmp_path: Path, tools: Path, way: str) -> None:
    install, python = WAYS[way]
    shell(tmp_path, tools, install)
    assert shell(tmp_path, tools, "command -v roamrc") == f"{tmp_path}/.local/bin/roamrc\n"
    assert shell(tmp_path, tools, "cd /; roamrc --version") == f"roamrc {__version__}\n"
    assert "uninstall" in shell(tmp_path, tools, "roamrc demo --fast")
    shell(tmp_path, tools, f'{python} -c "{LINK}"')  # what `roamrc install` does beside the service
    for name, ask in ASK.items():
        if shutil.which(name):
            assert FOUND[name] in shell(tmp_path, tools, ask), name
