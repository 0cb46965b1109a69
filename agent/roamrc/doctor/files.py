"""Profiles, settings, npm's file and those that shadow it: what is in them, and who may read and write. For doctor. Floor 3."""

from __future__ import annotations

import os
import shutil
import ssl
import stat
from collections.abc import Iterable, Iterator, Mapping
from shlex import quote

from .. import atomic, folders, show
from ..formats import url
from ..formats.ini import Document
from ..model import Advice
from ..owner import who_else
from ..reading import config, profiles
from ..reconcile import Setup
from ..services.files import tilde
from ..targets import npm


def loaded(setup: Setup) -> Iterable[Advice]:
    known = profiles.load(setup.places.profiles)
    for f in known.faults:
        yield Advice("profiles", "fail" if f.severity == "fault" else "warn", f"{f.where}: {f.text}", f.hint or "roamrc check")
    if not known.profiles:
        yield Advice("profiles", "warn", "there are no profiles", "roamrc init")
    elif not known.faults:
        yield Advice("profiles", "ok", f"{_count(len(known.profiles))}, no fault")
    if known.profiles and not known.faults and not any(p.when for p in known.profiles if p.apply.proxy != "keep"):
        yield Advice(
            "profiles", "warn", "no profile has conditions yet, so nothing ever switches", "roamrc learn NAME, or edit `when:`"
        )


def _count(n: int) -> str:
    return f"{n} profile{'s' * (n != 1)}"


def settings(setup: Setup) -> Iterable[Advice]:
    for f in config.load(setup.places.config_file, setup.system.home).faults:
        yield Advice("settings", "fail" if f.severity == "fault" else "warn", f"{f.where}: {f.text}", f.hint or "roamrc check")


def npm_file(setup: Setup) -> Iterable[Advice]:
    seen = atomic.read(str(setup.places.npmrc))
    if seen.data is None:
        yield Advice("npm file", "ok", f"{setup.places.npmrc} does not exist yet; it is made when it is needed")
        yield from _writable(setup, seen.real, None)
        return
    yield from _writable(setup, seen.real, seen.mode)
    doc = Document(seen.data)
    yield from npm.advice(doc, setup.system.env)
    yield from _cafile(doc.get("cafile"), setup.system.env)


def _writable(setup: Setup, real: str, mode: int | None) -> Iterator[Advice]:
    """What is read-only is never written, not even by root: somebody meant it so."""
    if mode is not None and not mode & stat.S_IWUSR:
        yield Advice("npm file", "fail", f"{setup.places.npmrc} is read-only: nothing is switched", f"chmod u+w {quote(real)}")
    elif not os.access(folder := os.path.dirname(real), os.W_OK):
        sentence = f"{folder} can't be written, and {setup.places.npmrc} is replaced whole: nothing is switched"
        yield Advice("npm file", "fail", sentence, f"ls -ld {quote(folder)}")


def _cafile(value: object, env: Mapping[str, str]) -> Iterator[Advice]:
    """A `cafile` takes the place of all that npm trusts, NODE_EXTRA_CA_CERTS too (measured, npm 6 to 11)."""
    if not isinstance(value, str) or not value:
        return
    path = url.expand(value, env)[0]
    path = os.path.expanduser(path) if path.startswith("~/") else path
    if not os.path.isabs(path):
        yield Advice("npm file", "warn", "`cafile` is a relative path: npm looks for it in each project", "write the whole path")
        return
    try:
        found = _certificates(path)
    except OSError as e:
        why = os.strerror(e.errno or 0).lower()
        yield Advice("npm file", "warn", f"`cafile` names {path}: {why}; npm ignores that without a word", f"ls -l {quote(path)}")
        return
    if not found:
        yield Advice("npm file", "warn", f"`cafile` names {path}, which holds no certificate", f"head {quote(path)}")
        return
    system = ssl.get_default_verify_paths().cafile
    public = _certificates(system) if system and os.path.isfile(system) else set()
    if public and not found & public:
        sentence = f"`cafile` hides the public roots: of all certificates npm trusts the {len(found)} in {path} alone"
        yield Advice("npm file", "warn", sentence, f"cat {quote(str(system))} >> {quote(path)}")


def _certificates(path: str) -> set[bytes]:
    """The certificates of a PEM file, each as its text without white space."""
    with open(path, "rb") as f:
        blocks = f.read(1 << 24).split(b"-----BEGIN CERTIFICATE-----")[1:]
    return {b"".join(block.partition(b"-----END")[0].split()) for block in blocks}


def environment(setup: Setup) -> Iterable[Advice]:
    """Variables that beat npm's file or lead npm to another one."""
    env, ours = setup.system.env, str(setup.places.npmrc)
    theirs, why = folders.npm_file(env, str(setup.system.home))
    if os.path.realpath(theirs) == os.path.realpath(ours):
        yield from npm.environment(env)
        return
    read, kept = (show.line(tilde(setup.system, path)) for path in (theirs, ours))
    cure = f"unset {why[1:]}" if why.startswith("$") else f"export NPM_CONFIG_USERCONFIG={kept}"
    yield Advice("environment", "warn", f"npm in this shell reads {read}, roamrc looks after {kept}", cure)
    yield from (a for a in npm.environment(env) if a.result != "ok")


def shadowing(setup: Setup) -> Iterable[Advice]:
    """Files of other layers: a project's proxy keys beat those of npm's user file, an installation's come into force where that
    has none."""
    for path, words in _layers(setup):
        doc = Document(atomic.read(path).data or b"")
        keys = [k for k in (*npm.URLS, npm.LIST) if doc.get(k) is not None]
        if keys:
            yield Advice("layers", "warn", f"{path} sets {' and '.join(keys)}: {words}", f"remove the lines from {path}")


def _layers(setup: Setup) -> Iterator[tuple[str, str]]:
    """The project's file as npm finds it (the nearest folder up with package.json or node_modules, else this one), and the
    installation's (globalconfig, PREFIX, else beside node)."""
    env = setup.system.env
    try:
        here = folder = os.getcwd()
    except OSError:  # removed under our feet
        here = folder = "/"
    while not any(os.path.exists(os.path.join(folder, n)) for n in ("package.json", "node_modules")):
        if folder == os.path.dirname(folder):
            folder = here
            break
        folder = os.path.dirname(folder)
    project = os.path.join(folder, ".npmrc")
    if os.path.isfile(project) and os.path.realpath(project) != os.path.realpath(setup.places.npmrc):
        yield project, "in this project it beats npm's user file"
    node = shutil.which("node", path=env.get("PATH", os.defpath))
    prefix = env.get("PREFIX") or (os.path.dirname(os.path.dirname(os.path.realpath(node))) if node else "")
    named = next((v for k, v in env.items() if k.lower() == "npm_config_globalconfig" and v), "")
    installation = named or (os.path.join(prefix, "etc/npmrc") if prefix else "")
    if os.path.isfile(installation):
        yield installation, "it holds for everybody here, and wherever npm's user file says nothing"


def permissions(setup: Setup) -> Iterable[Advice]:
    """Who else may read a password, or say where npm's traffic goes."""
    npmrc = str(setup.places.npmrc)
    seen = atomic.read(npmrc)
    doc = Document(seen.data or b"")
    keys = doc.keys()
    secret = any(show.secret(k) for k in keys) or any("@" in str(doc.get(k)) for k in npm.URLS)
    quiet = True
    if seen.data is not None and secret and seen.mode & 0o044:
        quiet = False
        yield Advice("permissions", "warn", f"{npmrc} holds a secret and others may read it", f"chmod 600 {quote(seen.real)}")
    for path in (setup.places.config, setup.places.profiles, *_files(str(setup.places.profiles))):
        info = setup.system.stat(str(path))
        if info is not None and (found := who_else(info)):
            quiet = False
            yield Advice("permissions", "fail", f"{path}: {found[0]}", f"{found[1]} {quote(str(path))}")
    for p in profiles.load(setup.places.profiles).profiles:
        info = setup.system.stat(p.path)
        if url.user_password(p.apply.proxy)[1] is not None and info is not None and stat.S_IMODE(info.st_mode) & 0o044:
            quiet = False
            hint = f"chmod 600 {quote(p.path)}, or better `login: keyring:SERVICE/USER`"
            yield Advice("permissions", "warn", f"{p.path} holds a password and others may read it", hint)
    if quiet:
        yield Advice("permissions", "ok", "nobody else can read a password or write a profile")


def _files(folder: str) -> list[str]:
    try:
        return [os.path.join(folder, n) for n in sorted(os.listdir(folder)) if n.endswith(profiles.ENDINGS)]
    except OSError:
        return []
