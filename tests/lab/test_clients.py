"""What real clients make of a login that roamrc wrote: decoded by a logging proxy and by squid, npm 6 to 11, pnpm, yarn.

Slow, and the clients are fetched once from npm's registry into pytest's cache: ROAMRC_SLOW=1, or -m slow.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import NETS, Lab
from lab.agent import AgentProcess
from lab.nets import squid
from lab.spaces import path, program

pytestmark = [pytest.mark.lab, pytest.mark.slow]

NODE = "node@22"
CLIENTS = {
    # package: (program, the words that fetch lab-hello, the node it needs)
    "npm@6": ("npm", ["install", "lab-hello"], None),
    "npm@8": ("npm", ["install", "lab-hello"], None),
    "npm@10": ("npm", ["install", "lab-hello"], None),
    "npm@11": ("npm", ["install", "lab-hello"], None),
    "pnpm@10": ("pnpm", ["add", "lab-hello", "--store-dir", "../store"], None),
    "pnpm@11": ("pnpm", ["add", "lab-hello", "--store-dir", "../store"], NODE),
    "yarn@1": ("yarn", ["add", "lab-hello", "--no-lockfile", "--cache-folder", "../yarn", "--non-interactive"], None),
}
LOGINS = {
    "punctuation": ("DOM\\us@er", "p@:/#?%&; \"'\\${X}=!*()+,~^|<>[]`{}"),
    "percent": ("al.ice-x_y~z", "50%25%zz%%41+ "),
    "letters": ("jürgen", "pé ß€ 漢字🔑"),
}
UNABLE = {("yarn@1", "percent", "http")}
"""yarn 1 decodes twice for an http registry, so that a password which itself holds %41 arrives as another one; https is right."""
PORTS = {("python", n): 3201 + i for i, n in enumerate(LOGINS)} | {("squid", n): 3211 + i for i, n in enumerate(LOGINS)}


@dataclass(frozen=True)
class Client:
    """An installed client: how it is called, and the PATH it is called with."""

    name: str
    argv: list[str]
    path: str


@pytest.fixture(scope="module", params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Client:
    name, words, node = CLIENTS[request.param]
    folder = Path(request.config.cache.mkdir("clients")) if request.config.cache else Path("/nowhere")
    search = f"{installed(folder, node)}/node_modules/node/bin:{path()}" if node else path()
    program_file = installed(folder, request.param) / "node_modules/.bin" / name
    said = subprocess.run([program_file, "--version"], env={"PATH": search, "HOME": str(folder)}, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert said.stdout.strip().startswith(request.param.partition("@")[2] + ".")
    return Client(request.param, [str(program_file), *words], search)


def installed(folder: Path, package: str) -> Path:
    """Fetched by the machine's own npm, once."""
    place = folder / package
    if not (place / "done").exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        argv = ["npm", "install", "--prefix", str(place), "--no-audit", "--no-fund", "--silent", package]
        env = {k: os.environ[k] for k in ("PATH", "NODE_EXTRA_CA_CERTS") if k in os.environ} | {"HOME": str(folder)}
        p = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=300, check=False)
        if p.returncode:
            pytest.skip(f"{package} could not be fetched: {p.stderr.strip()[-200:]}")
        (place / "done").touch()
    return place


@pytest.fixture
def proxies(lab: Lab) -> Lab:
    """Beside the office's own: for each login a logging proxy and a squid that take that login and no other."""
    hosts = f"registry.public.test={NETS['office'].registry}"
    for name, (user, password) in LOGINS.items():
        log = f"{lab.state}/log/python-{name}.log"
        Path(log).write_text("")
        port = PORTS["python", name]
        lab.popen(program("proxy", "10.10.0.1", port, user, password, log), node="office", env={"LAB_HOSTS": hosts})
        folder = f"{lab.state}/squid-{name}"
        os.makedirs(folder, exist_ok=True)
        argv = ["openssl", "passwd", "-apr1", "-stdin"]
        hashed = subprocess.run(argv, input=password, capture_output=True, text=True, check=True).stdout
        for file, text in squid(folder, hashed.strip()).items():
            text = text.replace("10.10.0.1:3128", f"10.10.0.1:{PORTS['squid', name]}")
            text = text.replace("auth_param basic realm", "auth_param basic casesensitive on\nauth_param basic realm")
            Path(folder, file).write_text(f"{user}:{hashed}" if file == "passwd" else text)
        shutil.chown(folder, "proxy", "proxy")
        lab.popen(["squid", "-N", "-f", f"{folder}/squid.conf"], node="office")
    lab.plug("office")
    for port in PORTS.values():
        lab.wait_tcp("office", "10.10.0.1", port)
    return lab


def test_what_a_proxy_decodes(proxies: Lab, client: Client) -> None:
    """Every login by every client, over http and https: it installs through a proxy that takes that login alone."""
    lab, agent = proxies, AgentProcess(proxies)
    wrong = []
    for name, (user, password) in LOGINS.items():
        login = agent.secret("login", f"{user}:{password}\n")
        for kind in ("python", "squid"):
            proxy = f"http://10.10.0.1:{PORTS[kind, name]}"
            for scheme in ("http", "https"):
                registry = f"{scheme}://registry.public.test/"
                agent.profile("m", f"when: []\napply: {{proxy: '{proxy}', login: '{login}', registry: '{registry}'}}\n")
                assert agent.cli("use", "m", "--json").json["profile"] == "m"
                seen = len(lab.requests("public"))
                code, text = fetch(lab, client)
                came = {x["client"].rsplit(".", 1)[0] for x in lab.requests("public")[seen:]}
                good = code == 0 and came == {"203.0.113"}
                if good is ((client.name, name, scheme) in UNABLE):
                    wrong.append((name, kind, scheme, code, came, text[-400:]))
    assert not wrong, "\n".join(map(str, wrong))


def fetch(lab: Lab, client: Client) -> tuple[int, str]:
    """The client in a fresh project, nothing in any cache, no second try."""
    project = f"{lab.home}/project"
    for folder in ("project", "store", "yarn", ".npm", ".cache", ".local/share/pnpm"):
        shutil.rmtree(f"{lab.home}/{folder}", ignore_errors=True)
    os.mkdir(project)
    Path(project, "package.json").write_text('{"name": "project", "version": "1.0.0", "private": true}\n')
    Path(project, ".npmrc").write_text("fetch-retries=0\n")
    env = {"PATH": client.path, "npm_config_fetch_retries": "0", "CI": "1"}
    if client.name == "yarn@1":  # it does not look at NODE_EXTRA_CA_CERTS
        env["npm_config_cafile"] = f"{lab.state}/tls/ca.pem"
    try:
        p = lab.exec(client.argv, cwd=project, env=env, timeout=60)
    except subprocess.TimeoutExpired:
        return -1, "not within 60 s"
    return p.returncode, p.stdout + p.stderr
