"""The texts under `apply`, each judged alone: proxy, login, no_proxy, registry and npm's own keys. Floor 1."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import RoamError
from . import reference, url, values
from .values import WORDS, Wrong, shown

PROXY_KEYS = {
    "proxy": "apply.proxy", "https-proxy": "apply.proxy", "http-proxy": "apply.proxy", "noproxy": "apply.no_proxy",
    "no-proxy": "apply.no_proxy", "registry": "apply.registry", "userconfig": "npm.userconfig in config.yaml",
}  # fmt: skip
"""npm keys that have a place of their own; npm itself ignores `userconfig` in the user's file (npm 6 to 11, measured)."""


def _split(text: str) -> tuple[str, str, str, str]:
    """Scheme, user info, host with port, and the rest of what may be no good URL: a message is wanted where `url.split` gives
    None."""
    scheme, _, rest = text.partition("://")
    end = min((i for i in (rest.find(c) for c in "/?#\\") if i >= 0), default=len(rest))
    user, _, where = rest[:end].rpartition("@")
    return scheme.lower(), user, where, rest[end:]


def secret(proxy: str) -> bool:
    """Whether a proxy's URL holds a password."""
    return url.user_password(proxy)[1] is not None


def _authority(text: str, where: str) -> None:
    """Holds host and port to their grammar; *where* is host, host:port, or [IPv6]:port."""
    name, port = (where, "") if where.endswith("]") or ":" not in where else (where.rpartition(":")[0], where.rpartition(":")[2])
    if "$" in where:
        raise Wrong("the host must be written out: roamrc compares and tries it", "http://proxy.corp.example:8080")
    if not name:
        raise Wrong("the URL has no host")
    values.bracketed(name) if name.startswith("[") else values.host(name)
    if port or where.endswith(":"):
        values.number(port)


def web(text: str, example: str) -> str:
    """An http or https URL without user info."""
    if values.control(text) or " " in text:
        raise Wrong("the URL holds a space or a control character")
    scheme, name, where, _ = _split(text)
    if "://" not in text or scheme not in ("http", "https"):
        raise Wrong(f"{shown(text)} is no http or https URL", f"for example {example}")
    if name:
        raise Wrong(
            "the URL holds a user name",
            f"write {scheme}://{where}/ without it" if values.name_like(where) else f"for example {example}",
        )
    _authority(text, where)
    return text


def registry(text: str) -> str:
    """The registry's URL, as npm shall see it."""
    return web(text, "https://npm.corp.example/")


def proof(text: str) -> str:
    """An https URL that only the real network answers."""
    if _split(text)[0] == "http" and "://" in text:
        raise Wrong("plain http proves nothing: anyone can answer it", "https://intranet.corp.example/")
    return web(text, "https://intranet.corp.example/")


PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
"""RFC 1918 and RFC 4193. Not 100.64.0.0/10 (meshes and carriers: reached from anywhere), nor 198.18.0.0/15 (the fake addresses
of local proxy programs), nor loopback: our own machine proves nothing about a place. A profile's `subnet` may name any of
them."""


def near(address: str, subnets: Sequence[str]) -> bool:
    """Whether a proof may come from an address: a private one, or one in the profile's own subnets."""
    from ipaddress import ip_address, ip_network

    ip = ip_address(address)
    return any(ip in ip_network(net, strict=False) for net in (*PRIVATE, *subnets))


def proves_nothing(proof: str, subnets: Sequence[str]) -> str:
    """Why no answer of a proof's address could count, in words; "" where one could (a name is judged where it is asked)."""
    place = url.host_port(proof)
    host = place[1] if place else ""
    if host == "localhost" or host.endswith(".localhost"):
        return "this machine itself answers there, which proves nothing about a network"
    try:
        vain = "it is neither a private address nor in a `subnet` of the profile, so that nothing is proven"
        return "" if near(host, subnets) else vain
    except ValueError:
        return ""


def proxy(text: str) -> str:
    """direct, keep, original, or a proxy's URL as npm shall see it: the scheme is needed (npm 6 goes direct without one, 7 to 11
    fail)."""
    if text in WORDS:
        return text
    if values.control(text) or " " in text:
        raise Wrong("the URL holds a space or a control character", "a space in a password is %20")
    if "://" not in text:
        bare = values.name_like(text.removesuffix("/")) and text.removesuffix("/").rpartition(":")[2].isdigit() and ":" in text
        meant = "" if bare or "@" in text else values.near(text, WORDS, values.PROXY_NAMES)
        hint = (
            f"did you mean {meant}?"
            if meant
            else f"write http://{text}"
            if bare
            else "http://proxy.corp.example:8080, direct, keep or original"
        )
        raise Wrong(
            "the URL has no scheme"
            if bare or "@" in text or ":" in text
            else f"{shown(text)} is neither a URL nor direct, keep, original",
            hint,
        )
    scheme, name, where, rest = _split(text)
    if scheme not in ("http", "https"):
        raise Wrong(
            f"npm is not known to work with {shown(scheme)} proxies",
            "an http:// or https:// proxy, for example a local px, cntlm or privoxy",
        )
    if "@" in rest:
        raise Wrong(
            "a / ? # or \\ in the password ends the host there", "write %2F %3F %23 %5C, or use login:, which encodes by itself"
        )
    _percent(name)
    _authority(text, where)
    if rest.strip("/"):
        pac = rest.lower().endswith((".pac", ".dat"))
        raise Wrong(
            "npm reads no PAC file" if pac else "a proxy's URL ends after the port",
            f"write {scheme}://{where}" if not name and not pac else "",
        )
    return text


def _percent(name: str) -> None:
    for piece in name.split("%")[1:]:
        if len(piece) < 2 or any(c not in "0123456789abcdefABCDEF" for c in piece[:2]):
            raise Wrong("a % in user or password must be written %25", "or use login:, which encodes by itself")


def portless(text: str) -> bool:
    """Whether a proxy's URL leaves the port to its scheme (80, 443), which is seldom meant."""
    where = _split(text)[2]
    return text not in WORDS and (where.endswith("]") or ":" not in where)


def login(text: str) -> str:
    """Where a login is: keyring:SERVICE/USER, env:USERVAR,PASSVAR, command:ARGV… or file:PATH. The text is never repeated: it may
    hold a password."""
    try:
        reference.parse(text)
    except RoamError as e:
        raise Wrong(e.sentence, e.hint) from None
    return text


def login_faults(text: str, proxy: str) -> list[tuple[str, str]]:
    """What is wrong with a good login together with this proxy, as (text, hint)."""
    if proxy in WORDS:
        return [(f"a login needs a proxy, and proxy is {proxy}", "delete login:, or name the proxy")]
    return reference.check(text, proxy)


def bypass(text: str) -> tuple[tuple[str, ...], tuple[Wrong, ...]]:
    """The hosts of one no_proxy text (commas or spaces between), as npm matches them, and what npm can't match.

    npm compares whole labels from the right, in lower case: no wildcards, ports, networks (npm 6 to 11, measured). Equal forms
    are translated, the rest is left out.
    """
    kept: list[str] = []
    wrong: list[Wrong] = []
    for word in text.replace(",", " ").split():
        try:
            kept.append(_bypass(word))
        except Wrong as e:
            wrong.append(e)
    return tuple(dict.fromkeys(kept)), tuple(wrong)


def _bypass(word: str) -> str:
    import ipaddress

    if word == "*":
        raise Wrong('npm ignores "*" in no_proxy', "proxy: direct")
    if "://" in word:
        where = _split(word)[2].rpartition(":")[0] or _split(word)[2]
        raise Wrong(f"npm ignores a URL in no_proxy: {shown(word)}", f"write {where}" if values.name_like(where) else "")
    address, slash, length = word.partition("/")
    if slash:
        if length == ("128" if ":" in address else "32"):
            return _bypass(address)
        raise Wrong(f"npm ignores networks in no_proxy: {shown(word)}", "name the hosts or their domain")
    if "%" in word:
        raise Wrong(f"npm can match no host with {shown(word)}", "an address without its zone, or a name")
    try:
        found = ipaddress.ip_address(word.removeprefix("[").removesuffix("]"))
        return f"[{found}]" if found.version == 6 else str(found)  # npm compares with the URL's host, and that is bracketed
    except ValueError:
        pass
    name, colon, port = word.rpartition(":")
    if colon and port.isdigit():
        raise Wrong(
            f"npm ignores an entry with a port in no_proxy: {shown(word)}", f"write {name}" if values.name_like(name) else ""
        )
    dot = "." if word.startswith((".", "*.")) else ""
    bare = word.removeprefix("*").removeprefix(".").removesuffix(".") if dot else word.removesuffix(".")
    if "*" in bare or bare.replace(".", "").isdigit():
        raise Wrong(f"npm knows no patterns in no_proxy: {shown(word)}", "name the hosts or their domain")
    try:
        return dot + values.host(bare)
    except Wrong:
        raise Wrong(f"npm can match no host with {shown(word)}", "a host or a domain, for example corp.example") from None


def npm_key(text: str) -> str:
    """A key of npm's file that has no place of its own in a profile, and that its ini dialect can hold."""
    lower = text.lower().replace("_", "-")
    own = PROXY_KEYS.get(lower)
    if own:
        raise Wrong(f"{shown(text)} has its own place", f"use {own}")
    if text.endswith("[]"):
        raise Wrong(
            f"{shown(text)} is how the file writes a list", f"write {text[:-2]}: [a, b]" if values.name_like(text[:-2]) else ""
        )
    if (
        not text
        or text != text.strip()
        or values.control(text)
        or text[0] in "[\"'"
        or any(c in text for c in "=;#\\$")
        or text == "__proto__"
    ):
        raise Wrong(f"npm's file can't hold the key {shown(text)}", "letters, digits and -, or @scope:registry")
    return text


def npm_secret(key: str) -> bool:
    """Whether a key of npm's file holds a secret (`_authToken`, `_password`, `//host/:_auth` and their like)."""
    return key.rpartition(":")[2].startswith("_")


def npm_value(text: str) -> str:
    """A value as npm's file holds it; lines of a certificate may be several."""
    if values.control(text.replace("\n", "").replace("\t", "")):
        raise Wrong("holds a control character")
    return text
