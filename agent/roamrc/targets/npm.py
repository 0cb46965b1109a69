"""npm: which keys of .npmrc a profile wants, and what npm really needs for it. Floor 1, pure (npm-facts measured on npm 6 to 11).

- Both proxy keys are set and both removed: `https-proxy` of any layer beats `proxy` of every layer.
- No value of `proxy` turns off the shell's HTTPS_PROXY; only `noproxy` with the registries' hosts does. So `direct` names them
  there.
- No client treats localhost specially: with a proxy set it goes to the proxy unless noproxy says otherwise.
- npm's noproxy knows host names and suffixes, lower case; no wildcard, port or address range.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from .. import show
from ..formats import url
from ..formats.ini import Document
from ..model import Advice, Profile, Value
from ..rules.draft import entries
from ..rules.owned import Wanted

NAME = "npm"
URLS = ("proxy", "https-proxy")
LIST = "noproxy"
LOCAL = ("localhost", "127.0.0.1", "::1", "[::1]")
"""npm compares the URL's host name as it stands there, so the bracketed form is needed for http://[::1]."""

PUBLIC_SUFFIX = "org"
"""Covers npm's built-in default registry where the file names none; measured: a top-level suffix works in npm 6 to 11."""

Get = Callable[[str], Value]


def is_proxy(value: Value) -> bool:
    """Whether a key's value makes npm use a proxy: null, false, empty and undefined don't, an array is dropped by npm."""
    return isinstance(value, str) and value.lower() not in ("", "null", "false", "undefined", "true")


def entry(text: str) -> str | None:
    """A noproxy entry in the form npm understands (`*.corp.example` becomes `.corp.example`, `::1` becomes `[::1]`), or None
    where it has none (`*`, host:port, a range, `10.`, a name with an accent).

    npm compares whole labels from the right with the URL's host, which is lower case, ASCII, and in brackets for IPv6 (checked
    against npm's own matcher in tests/test_npm_target.py).
    """
    text = text.strip().lower()
    text = text[1:] if text.startswith("*.") else text
    bare = text.rstrip(".")
    if ":" in bare:
        return _ipv6(bare)
    prefix = text != bare and bare.replace(".", "").isdigit() and bare.count(".") < 3
    if not bare or prefix or any(not (c.isascii() and (c.isalnum() or c in "._-")) for c in bare):
        return None
    return bare


def _ipv6(text: str) -> str | None:
    from ipaddress import IPv6Address

    try:
        return None if "%" in text else f"[{IPv6Address(text.removeprefix('[').removesuffix(']'))}]"
    except ValueError:
        return None


def registries(get: Get, keys: Iterable[str]) -> tuple[str, ...]:
    """The hosts of every registry configured, lower case, in order; one whose URL holds an unexpanded ${VAR} can't be known
    and is left out."""
    hosts = []
    for key in dict.fromkeys(("registry", *keys)):
        if key == "registry" or (key.startswith("@") and key.endswith(":registry")):
            value = get(key)
            found = url.host_port(value) if isinstance(value, str) and "${" not in value else None
            if found and found[1]:
                hosts.append(found[1])
    return tuple(dict.fromkeys(hosts))


def default_is_public(get: Get) -> bool:
    """Whether npm's built-in default registry is in force: no `registry` line, or one that npm ignores."""
    value = get("registry")
    return not (isinstance(value, str) and ("${" in value or url.host_port(value) is not None))


def _forms(host: str) -> tuple[str, ...]:
    bare = host.strip("[]")
    return (bare, f"[{bare}]") if ":" in bare else (host,)


def within(host: str, suffix: str) -> bool:
    """Whether a host is the suffix or below it, by whole labels."""
    return host == suffix or host.endswith(f".{suffix}")


def suffixes(profile: Profile) -> tuple[str, ...]:
    """The DNS suffixes that the profile itself names: what lies in them is inside. A suffix that DHCP hands out does not
    count."""
    return tuple(str(w) for item in profile.when for c in item if c.fact == "dns_suffix" for w in c.wanted)


def inside(profile: Profile, hosts: Iterable[str], private: Collection[str] = ()) -> tuple[str, ...]:
    """Registries that never go through the proxy: in a suffix the winning profile names, or known to resolve to private
    addresses."""
    named = suffixes(profile)
    return tuple(h for h in hosts if h in private or any(within(h, s) for s in named))


def doubtful(profile: Profile, get: Get, keys: Iterable[str]) -> tuple[str, ...]:
    """Hosts of registries that may be inside, which only the network can tell: asked where the profile sets a proxy and does not
    name them itself.

    Nothing under the built-in default's suffix is asked: a sinkhole that knows that one name would pull it in.
    """
    if not profile.apply.sets_proxy:
        return ()
    hosts = registries(get, keys)
    told = {*inside(profile, hosts), *LOCAL}
    return tuple(h for h in hosts if h not in told and not within(h, PUBLIC_SUFFIX))


def wanted(
    profile: Profile, get: Get, keys: Iterable[str], *, auto: bool = True, private: Collection[str] = (), proxy: str | None = None
) -> Wanted:
    """What the profile wants of one .npmrc; `get` and `keys` show the file as it will be (a registry the profile names, or gives
    back, in place).

    `auto`: registries inside the network join noproxy by themselves (`no_proxy_auto`); `proxy`: the URL with its login, where
    one is lent.
    """
    apply = profile.apply
    own = dict(apply.npm)
    if apply.registry is not None:
        own["registry"] = apply.registry
    if apply.proxy in ("keep", "original"):
        return Wanted("keep" if apply.proxy == "keep" else "prior", (), own)
    named = [e for e in map(entry, apply.no_proxy) if e]
    hosts = registries(get, keys)
    if apply.proxy == "direct":
        public = (PUBLIC_SUFFIX,) if default_is_public(get) else ()
        names = [*(f for h in hosts for f in _forms(h)), *public, *named]
        return Wanted(dict.fromkeys(URLS), tuple(dict.fromkeys(names)), own)
    names = [*LOCAL, *named]
    if auto:
        names += [f for h in inside(profile, hosts, private) for f in _forms(h)]
    return Wanted(dict.fromkeys(URLS, proxy or apply.proxy), tuple(dict.fromkeys(names)), own)


def foreign(value: Value, profiles: Iterable[Profile]) -> bool:
    """Whether a value is a proxy whose scheme, host and port no profile names (user and password do not count)."""
    if not is_proxy(value):
        return False
    found = url.host_port(str(value))
    return found is None or found not in {url.host_port(p.apply.proxy) for p in profiles if p.apply.sets_proxy}


# ---- advice ------------------------------------------------------------------------------------------------------------------


def advice(doc: Document, env: Mapping[str, str]) -> Iterator[Advice]:
    """What in npm's own file works otherwise than it looks."""
    text = doc.text
    dead = [k for k in (*URLS, LIST, "registry") if _below_section(text, k)]
    for key in dead:
        yield Advice(
            "npm file",
            "warn",
            f"`{key}` stands below a [section], where npm does not see it",
            "move it above the first [section]",
        )
    for key in (*URLS, LIST, "registry"):
        value = doc.get(key)
        if key in URLS and is_proxy(value) and isinstance(value, str) and "${" not in value and url.host_port(value) is None:
            yield Advice(
                "npm file",
                "fail",
                f"`{key}` is no URL: npm 7 to 11 fail on it",
                f"write http:// in front: {key}=http://HOST:PORT",
            )
    yield from undefined(doc, env)
    yield from ignored(entries(doc.get(LIST)))
    if not dead:
        yield Advice("npm file", "ok", "proxy keys are where npm sees them")


def undefined(doc: Document, env: Mapping[str, str]) -> Iterator[Advice]:
    """`${VAR}` of a variable that is not set (measured)."""
    for key in doc.keys():  # noqa: SIM118 - a document is no mapping
        where = (
            "npm 9 to 11 then fail"
            if key in (*URLS, LIST, "registry")
            else "pnpm 8 to 10 then ignore the whole file, yarn 1 fails"
        )
        for name in (show.line(n) for n in _variables(doc.get(key)) if n not in env):
            sentence = f"`{show.line(key)}` uses ${{{name}}}, which is not set here: {where}, npm 6 runs no command at all"
            yield Advice("npm file", "warn", sentence, f"export {name}, or write the value")


def ignored(listed: Iterable[str]) -> Iterator[Advice]:
    """The entries of a noproxy list that npm does not match as they are written, each with the form that it would."""
    listed = tuple(listed)
    for text in listed:
        meant = entry(text)
        if meant is None:
            yield Advice(
                "noproxy",
                "warn",
                f'npm ignores "{show.line(text)}" in noproxy: it knows no wildcard, port, address range or space',
                "name the host or its domain",
            )
        elif meant.strip(".") != text.strip(" .") and meant not in listed:
            yield Advice("noproxy", "warn", f'npm ignores "{show.line(text)}" in noproxy, as it is written', f"write {meant}")


def environment(env: Mapping[str, str]) -> Iterator[Advice]:
    """Variables that beat or shadow npm's file."""
    quiet = True
    for name, value in env.items():
        low = name.lower()
        if low in ("npm_config_proxy", "npm_config_https_proxy", "npm_config_noproxy") and value:
            quiet = False
            yield Advice(
                "environment", "warn", f"{name} beats npm's file, so that switching has no effect in this shell", f"unset {name}"
            )
        if low in ("http_proxy", "https_proxy", "proxy") and value:
            quiet = False
            yield Advice(
                "environment",
                "warn",
                f"{name} is set: npm uses it where its file says nothing else; `proxy: direct` beats it for your registries",
                f"unset {name}",
            )
        if low == "npm_config_userconfig" and value and not value.startswith(("/", "~/")):
            quiet = False
            sentence = f"{name} is a relative path, so that npm reads another file in each folder; roamrc looks after ~/.npmrc"
            yield Advice("environment", "warn", sentence, f"export {name}=/FULL/PATH, or unset {name}")
    if quiet:
        yield Advice("environment", "ok", "no proxy variable beats npm's file")


def _variables(value: Value) -> tuple[str, ...]:
    """The names in `${NAME}` and `${NAME?}`, but for escaped ones."""
    found = []
    for part in value if isinstance(value, tuple) else (value or "",):
        before, *rest = part.split("${")
        for piece in rest:
            name, brace, _ = piece.partition("}")
            if brace and not before.endswith("\\"):
                found.append(name.rstrip("?"))
            before = piece
    return tuple(dict.fromkeys(found))


def _below_section(text: bytes, key: str) -> bool:
    section = False
    for line in text.replace(b"\r", b"\n").split(b"\n"):
        if line.startswith(b"[") and line.rstrip().endswith(b"]"):
            section = True
        elif section and line.split(b"=", 1)[0].strip() == key.encode():
            return True
    return False
