"""Asks every module for its advice and adds it up. Floor 3: a new check is a function of the module it is about, and one line
here."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from shlex import quote

from . import atomic, show
from .errors import RoamError
from .formats import url
from .formats.ini import Document
from .model import BEHIND_NAT, Advice
from .reading import config, profiles
from .reconcile import Setup
from .targets import npm

Check = Callable[[Setup], Iterable[Advice]]


def advice(setup: Setup) -> list[Advice]:
    """Everything that stands in the way, and what is all right. A check that fails itself is a finding, not an end."""
    found: list[Advice] = []
    for check in CHECKS:
        try:
            found += check(setup)
        except RoamError as e:
            found.append(Advice(check.__name__.strip("_"), "fail", e.sentence, e.hint))
    return found


def _profiles(setup: Setup) -> Iterable[Advice]:
    loaded = profiles.load(setup.places.profiles)
    for f in loaded.faults:
        yield Advice("profiles", "fail" if f.severity == "fault" else "warn", f"{f.where}: {f.text}", f.hint or "roamrc check")
    if not loaded.profiles:
        yield Advice("profiles", "warn", "there are no profiles", "roamrc init")
    elif not loaded.faults:
        yield Advice("profiles", "ok", f"{len(loaded.profiles)} profiles, no fault")
    if loaded.profiles and not any(p.when for p in loaded.profiles if p.apply.proxy != "keep"):
        yield Advice(
            "profiles", "warn", "no profile has conditions yet, so nothing ever switches", "roamrc learn NAME, or edit `when:`"
        )


def _judged(setup: Setup) -> Iterable[Advice]:
    """Profiles that can't be judged on this network, and those that another one always beats."""
    from . import probes
    from .rules import match

    found = profiles.load(setup.places.profiles).profiles
    network = probes.observe(setup.system, 0.2, probes.Means(setup.config.cached_scan, setup.config.ssid_command))
    for j in match.judge_all(network, found):
        if j.verdict == "blind":
            dark = dict.fromkeys(f"{c.fact} is {c.found}" for c in j.checks if c.verdict == "hidden")
            if dark:
                nothing = any(BEHIND_NAT in text for text in dark)
                hint = (
                    f"roamrc use {j.profile}, where you know that it is right"
                    if nothing
                    else f"roamrc learn {j.profile}: it writes facts that can be read here"
                )
                yield Advice("profiles", "warn", f'"{j.profile}" can\'t be judged here: {"; ".join(dark)}', hint)
    for beaten, by in match.never_win(found):
        yield Advice(
            "profiles",
            "warn",
            f'"{beaten}" can never win: "{by}" has the same conditions and goes first',
            "give it a higher `priority:`",
        )


def _settings(setup: Setup) -> Iterable[Advice]:
    for f in config.load(setup.places.config_file, setup.system.home).faults:
        yield Advice("settings", "fail" if f.severity == "fault" else "warn", f"{f.where}: {f.text}", f.hint or "roamrc check")


def _npm_file(setup: Setup) -> Iterable[Advice]:
    seen = atomic.read(str(setup.places.npmrc))
    if seen.data is None:
        yield Advice("npm file", "ok", f"{setup.places.npmrc} does not exist yet; it is made when it is needed")
        return
    yield from npm.advice(Document(seen.data), setup.system.env)


def _environment(setup: Setup) -> Iterable[Advice]:
    yield from npm.environment(setup.system.env)


def _shadowing(setup: Setup) -> Iterable[Advice]:
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


def _permissions(setup: Setup) -> Iterable[Advice]:
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
        if info is not None and stat.S_IMODE(info.st_mode) & 0o002:
            quiet = False
            sentence = f"others may write {path}, and so choose your proxy"
            yield Advice("permissions", "fail", sentence, f"chmod o-w {quote(str(path))}")
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


def _proxy(setup: Setup) -> Iterable[Advice]:
    """Whether the proxy that stands in npm's file answers from here, within five seconds. It is asked without the login: who
    answers here may be anyone, and 407 is an answer too."""
    doc = Document(atomic.read(str(setup.places.npmrc)).data or b"")
    proxy = next((v for k in reversed(npm.URLS) if npm.is_proxy(v := doc.get(k))), None)
    if not isinstance(proxy, str):
        yield Advice("proxy", "skip", "npm's file names no proxy")
        return
    from .children import health

    registry = doc.get("registry")
    asked = url.without_login(proxy)
    found = health.Probe(asked, registry if isinstance(registry, str) else None, setup.system, ca=_ca(doc)).wait()
    if found.code == "proxy-407":
        yield Advice("proxy", "ok", f"{show.url(asked)} answers, and wants a login")
    else:
        yield Advice("proxy", "ok" if found.ok else "fail" if found.ok is False else "skip", found.message, found.hint)


def _ca(doc: Document) -> str | None:
    value = doc.get("cafile")
    return value if isinstance(value, str) and os.path.isabs(value) else None


def _login(setup: Setup) -> Iterable[Advice]:
    from . import trust

    yield from trust.advice(setup)


def _service(setup: Setup) -> Iterable[Advice]:
    from . import services
    from .services import command, frozen

    env = frozen.environment(setup.system)
    try:
        program = command.program(sys.argv, sys.executable)
    except RoamError:
        program = []  # an environment made for one command: what the service starts is judged alone
    yield from services.advice(setup.system, program if env else (), env or None)


def _state(setup: Setup) -> Iterable[Advice]:
    if setup.state.folder.exists():
        setup.state.ready()
    pid = setup.state.agent_pid()
    yield (
        Advice("agent", "ok", f"running, pid {pid}")
        if pid is not None
        else Advice("agent", "warn", "no agent is running", "roamrc run, or roamrc install")
    )


CHECKS: tuple[Check, ...] = (
    _profiles,
    _judged,
    _settings,
    _npm_file,
    _shadowing,
    _environment,
    _permissions,
    _proxy,
    _login,
    _service,
    _state,
)
