"""What a profile's file may say: one table a mapping, and from them the Profile. Floor 1.

The tables serve the decoder, the JSON schema and the help; a new key is one line here, and a field in model.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..formats import settings, values
from ..formats.values import Wrong, shown
from ..model import Apply, Profile, Prove, Value
from ..slotted import dataclass
from . import decode
from .conditions import CONDITIONS, WORD, Items, pattern
from .decode import Field, Read, Schema, Text, Whole
from .nodes import Fault, Faults, Listing, Node, Scalar, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


URL = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/]"
LOGIN = r"^(keyring:[^/]|env: *[A-Za-z_][A-Za-z0-9_]* *, *[A-Za-z_][A-Za-z0-9_]* *$|command:.|file:(/|~/))"
_BLANK = " \\t\\r\\n"

PROVE = (
    Field(
        "url",
        Text(settings.proof, pattern("^[Hh][Tt][Tt][Pp][Ss]://[^\\s/]")),
        "https address that only the real network answers.",
        True,
        "https://intranet.corp.example/",
    ),
    Field(
        "ca",
        Text(values.home_path, pattern("^(/|~/)")),
        "File of the certificate authority to trust for it; else the system's roots.",
        example="/etc/ssl/corp.pem",
    ),
)


@dataclass(frozen=True, slots=True)
class Proof:
    """An https URL, or {url, ca}."""

    def read(self, node: Node, path: str, faults: Faults) -> Prove | None:
        if isinstance(node, Table):
            read = decode.keys(node, path, faults, PROVE, {"cafile": "ca", "address": "url", "cert": "ca"})
            url, ca = _value(read, "url"), _value(read, "ca")
        else:
            url, ca = PROVE[0].kind.read(node, path, faults), None
        return Prove(url, ca) if url else None

    def schema(self) -> Schema:
        return {"anyOf": [PROVE[0].kind.schema(), decode.table_schema(PROVE)]}


@dataclass(frozen=True, slots=True)
class Hosts:
    """A list of hosts, or one text with commas; what npm can't match is a warning and left out."""

    def read(self, node: Node, path: str, faults: Faults) -> tuple[str, ...] | None:
        items = [(f"{path}[{i}]", x) for i, x in enumerate(node.items)] if isinstance(node, Listing) else [(path, node)]
        hosts: list[str] = []
        good = True
        for where, item in items:
            text = decode.scalar(item, where, faults)
            good = good and text is not None
            kept, wrong = settings.bypass(text or "")
            hosts += kept
            for w in wrong:
                faults.warn(item, where, w.text, w.hint)
        return tuple(dict.fromkeys(hosts)) if good else None

    def schema(self) -> Schema:
        return {"anyOf": [dict(WORD), {"type": "array", "items": dict(WORD)}]}


@dataclass(frozen=True, slots=True)
class NpmKeys:
    """Any other key of npm: its text, a list of texts, or null (must be absent)."""

    def read(self, node: Node, path: str, faults: Faults) -> Mapping[str, Value] | None:
        if not isinstance(node, Table):
            if isinstance(node, Scalar | Listing):
                faults.add(node, path, "must be a mapping of npm's keys to values", "npm: {cafile: /etc/ssl/corp.pem}")
            return None
        made: dict[str, Value] = {}
        for key, value in node.pairs:
            inner = decode.below(path, key.text)
            try:
                settings.npm_key(key.text)
            except Wrong as e:
                faults.add(key, inner, e.text, e.hint)
                continue
            if settings.npm_secret(key.text) and not (isinstance(value, Scalar) and value.null):
                faults.warn(
                    key,
                    inner,
                    "a secret in a profile is written to npm's file as it stands",
                    "keep it in npm's file alone: npm login",
                )
            if isinstance(value, Listing):
                if not value.items:
                    faults.add(value, inner, "the list is empty", "null: the key must be absent")
                lines = [self._one(x, f"{inner}[{i}]", faults) for i, x in enumerate(value.items)]
                made[key.text] = tuple(x for x in lines if x is not None)
            elif isinstance(value, Scalar) and value.null and value.text:
                made[key.text] = None
            elif isinstance(value, Scalar) and value.null:
                faults.add(value, inner, "nothing stands here", 'null: the key must be absent; "": it is empty')
            else:
                made[key.text] = self._one(value, inner, faults)
        return made

    def _one(self, node: Node, path: str, faults: Faults) -> str | None:
        text = decode.scalar(node, path, faults)
        if text is None or not isinstance(node, Scalar):
            return None
        try:
            settings.npm_value(text)
        except Wrong as e:
            faults.add(node, path, e.text, e.hint)
        if node.plain and text in ("True", "TRUE", "False", "FALSE"):
            return text.lower()
        meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(text.lower()) if node.plain else None
        if meant:
            faults.warn(node, path, f"npm reads the text {shown(text)} here", f"did you mean {meant}? else put it in quotes")
        return text

    def schema(self) -> Schema:
        barred = "|".join(sorted(settings.PROXY_KEYS))
        one = ["string", "number", "boolean"]
        value = {"anyOf": [{"type": [*one, "null"]}, {"type": "array", "items": {"type": one}, "minItems": 1}]}
        return {
            "type": "object",
            "propertyNames": {"pattern": "^[^=;#\\\\$\\[\"'\\s][^=;#\\\\$]*$", "not": {"pattern": f"^({barred})$"}},
            "additionalProperties": value,
        }


APPLY = (
    Field(
        "proxy", Text(settings.proxy, {"anyOf": [{"enum": list(values.WORDS)}, pattern(URL)]}), required=True,
        doc="The proxy's URL with scheme and port, as npm shall see it; or direct (no proxy here), keep (leave proxy, "
        "https-proxy and noproxy as they stand), original (put back what stood there before roamrc).", example="http://proxy.corp.example:8080",
    ),
    Field(
        "login", Text(settings.login, pattern(LOGIN)), example="keyring:corp-proxy/alice",
        doc="Where user and password are: keyring:SERVICE/USER, env:USERVAR,PASSVAR, command:ARGV, file:PATH.",
    ),
    Field("no_proxy", Hosts(), "Hosts and domains that npm asks directly, beside localhost.", example=["corp.example"]),
    Field(
        "registry", Text(settings.registry, pattern(URL)), example="https://npm.corp.example/",
        doc="npm's registry on this network; touched only where a profile names it.",
    ),
    Field(
        "npm", NpmKeys(), example={"cafile": "/etc/ssl/corp.pem"},
        doc="Any other key of npm's file; null: the key must be absent.",
    ),
)  # fmt: skip

APPLY_NAMES = {
    "https-proxy": "proxy", "https_proxy": "proxy", "http-proxy": "proxy", "http_proxy": "proxy", "url": "proxy",
    "noproxy": "no_proxy", "no-proxy": "no_proxy", "password": "login", "user": "login", "auth": "login",
    "credentials": "login", "cafile": "npm: {cafile: …}", "offline": "npm: {offline: true}",
}  # fmt: skip
"""What people write for these keys."""


@dataclass(frozen=True, slots=True)
class Wants:
    """What a profile sets, and how its parts fit together."""

    def read(self, node: Node, path: str, faults: Faults) -> Apply | None:
        read = decode.keys(node, path, faults, APPLY, APPLY_NAMES)
        proxy, login = _value(read, "proxy"), _value(read, "login")
        if proxy is None:
            return None
        place = read["proxy"]
        if settings.portless(proxy):
            faults.warn(place.node, place.path, "the URL has no port: npm then takes 80 or 443", "http://proxy.corp.example:8080")
        if settings.secret(proxy) and not login:
            faults.warn(place.node, place.path, "a password in clear", "login: keyring:SERVICE/USER, then roamrc login set NAME")
        if "${" in proxy:
            faults.warn(
                place.node, place.path, "npm 6 runs no command at all where the variable is not set", "login: env:USERVAR,PASSVAR"
            )
        if login:
            for text, hint in settings.login_faults(login, proxy):
                faults.add(read["login"].node, read["login"].path, text, hint)
        npm = _value(read, "npm") or {}
        return Apply(proxy, login, _value(read, "no_proxy") or (), _value(read, "registry"), npm)

    def schema(self) -> Schema:
        login = {"if": {"required": ["login"]}, "then": {"properties": {"proxy": {"pattern": URL}}}}
        return decode.table_schema(APPLY, **login)


PROFILE = (
    Field("priority", Whole(-1_000_000, 1_000_000), "Highest first; default 0.", example=50),
    Field(
        "when", Items(anywhere=True), required=True, example=[],
        doc="Networks this profile is for: a list is any-of, the keys of one item are all-of, a list inside a key is any-of. "
        "anywhere: every network (a fallback); []: none.",
    ),
    Field("unless", Items(anywhere=False), "Same shape as when; a match vetoes the profile."),
    Field(
        "prove", Proof(), example="https://intranet.corp.example/",
        doc="One more check of every item of when: an https address that only the real network answers, over verified TLS.",
    ),
    Field("apply", Wants(), "What is set on these networks.", True, {"proxy": "direct"}),
    Field(
        "because", Text(values.line, {**WORD, "maxLength": 200, "minLength": 1, "pattern": f"[^{_BLANK}]"}),
        doc="One line that status and explain repeat.", example="the office firewall lets nothing else out",
    ),
)  # fmt: skip

PROFILE_NAMES = {
    "proxy": "apply: {proxy: …}", "login": "apply: {login: …}", "registry": "apply: {registry: …}",
    "no_proxy": "apply: {no_proxy: …}", "npm": "apply: {npm: …}", "if": "when", "match": "when", "matches": "when",
    "conditions": "when", "set": "apply", "not": "unless", "except": "unless", "reason": "because", "description": "because",
    "order": "priority", "weight": "priority", **{f.name: f"when: [{{{f.name}: …}}]" for f in CONDITIONS},
}  # fmt: skip
"""What people write for these keys, or at this level."""


def profile(root: Table, name: str, path: str, faults: Faults) -> Profile | None:
    """The profile that a file's mapping is, or None where something in it is wrong; everything wrong is told."""
    read = decode.keys(root, "", faults, PROFILE, PROFILE_NAMES)
    apply, prove, when = _value(read, "apply"), _value(read, "prove"), _value(read, "when")
    if apply and not prove and when and (apply.login or settings.secret(apply.proxy)):
        place = read["apply"]
        faults.warn(
            place.key,
            place.path,
            "the login goes to any network that claims to be this one",
            "prove: https://intranet.corp.example/",
        )
    subnets = [str(w) for item in when or () for c in item if c.fact == "subnet" for w in c.wanted]
    vain = settings.proves_nothing(prove.url, subnets) if prove else ""
    if vain:
        faults.warn(read["prove"].key, read["prove"].path, vain, "prove: https://intranet.corp.example/")
    if faults.wrong or apply is None:
        return None
    return Profile(
        name,
        apply,
        when or (),
        _value(read, "unless") or (),
        prove,
        _value(read, "priority") or 0,
        _value(read, "because"),
        path,
        proof=faults.where(read["prove"].key, "prove") if prove else "",
    )


def broken(name: str, path: str, faults: list[Fault]) -> Profile:
    """A profile that can't be judged: it says why, matches nothing and sets nothing."""
    first = next((f for f in faults if f.severity == "fault"), None)
    why = f"line {first.line}: {first.path + ': ' if first.path else ''}{first.text}" if first else "its file is wrong"
    return Profile(name, Apply("keep"), path=path, broken=why)


def _value(read: Mapping[str, Read], key: str) -> Any:
    return read[key].value if key in read else None
