"""The texts that a profile may hold, each judged alone: the text in, its normal form out, or Wrong with what to type instead.
Floor 1.

Nothing here knows YAML, files or networks. A text that may hold a password is never repeated in a message (`shown` masks it).
"""

from __future__ import annotations

from collections.abc import Iterable

KINDS = ("wifi", "wired", "cellular", "other")
WORDS = ("direct", "keep", "original")
KIND_NAMES = {
    "wi-fi": "wifi", "wlan": "wifi", "wireless": "wifi", "airport": "wifi", "ethernet": "wired", "lan": "wired",
    "cable": "wired", "eth": "wired", "lte": "cellular", "wwan": "cellular", "mobile": "cellular", "modem": "cellular",
    "5g": "cellular",
}  # fmt: skip
PROXY_NAMES = {
    "none": "direct", "off": "direct", "no": "direct", "false": "direct", "disabled": "direct", "noproxy": "direct",
    "no_proxy": "direct", "leave": "keep", "unchanged": "keep", "hold": "keep", "ignore": "keep", "restore": "original",
    "default": "original", "before": "original",
}  # fmt: skip


class Wrong(Exception):
    """A text that can't be what it should be: what is wrong with it, and what to type instead."""

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.text, self.hint = text, hint


def control(text: str) -> bool:
    """Whether a text holds control characters or line breaks (C0, DEL, C1, U+2028, U+2029)."""
    return any(c < " " or "\x7f" <= c <= "\x9f" or c in "\u2028\u2029" for c in text)


def shown(text: str, most: int = 60) -> str:
    """A text from outside, in quotes and safe on a terminal: unprintable characters escaped, what stands before the last @ as
    ***, cut at `most`."""
    at = text.rfind("@")
    if at > 0:
        start = text.find("//") + 2
        text = text[: start if 2 <= start <= at else 0] + "***" + text[at:]
    if len(text) > most:
        text = text[: most - 1] + "…"
    return '"' + "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text) + '"'


def near(word: str, words: Iterable[str], known: dict[str, str] | None = None) -> str:
    """The word that was probably meant, or ""."""
    lower = word.lower()
    if known and lower in known:
        return known[lower]
    import difflib  # 6 ms: only a typing error pays for it

    return next(iter(difflib.get_close_matches(lower[:60], list(words), 1, 0.6)), "")


def line(text: str, most: int = 200) -> str:
    """One line of at most `most` characters."""
    if control(text):
        raise Wrong("must be one line without control characters")
    if not text.strip():
        raise Wrong("is empty")
    if len(text) > most:
        raise Wrong(f"is {len(text)} characters long, more than {most}")
    return text


def glob(text: str) -> str:
    """A pattern of *, ? and [abc], kept as it is (the case counts)."""
    if not text:
        raise Wrong("is empty", '"*" means any name')
    if control(text):
        raise Wrong("holds a control character", "put ? in its place")
    return text


def tunnel(text: str) -> str | bool:
    """true, false, or a pattern of a tunnel's name."""
    lower = text.lower()
    if lower in ("true", "false"):
        return lower == "true"
    if lower in ("yes", "on", "no", "off"):  # a VPN named "yes" is less likely than a habit from another tool
        raise Wrong(
            f"{shown(text)} is neither true, false nor a tunnel's name",
            f"did you mean {'true' if lower in ('yes', 'on') else 'false'}?",
        )
    return glob(text)


def kind(text: str) -> str:
    """wifi, wired, cellular or other."""
    if text in KINDS:
        return text
    meant = near(text, KINDS, KIND_NAMES)
    raise Wrong(f"{shown(text)} is no kind of interface", f"did you mean {meant}?" if meant else "one of " + ", ".join(KINDS))


def mac(text: str) -> str:
    """A MAC address with : or - between its octets; lower case, zero-padded (macOS prints 0:b8:c2:39:55:a)."""
    digits = "0123456789abcdef"
    parts = text.lower().replace("-", ":").split(":")
    if len(parts) == 6 and all(0 < len(p) < 3 and all(c in digits for c in p) for p in parts):
        return ":".join(p.zfill(2) for p in parts)
    bare = text.lower().replace(".", "").replace(":", "").replace("-", "")
    right = (
        ":".join(bare[i : i + 2] for i in range(0, 12, 2))
        if len(bare) == 12 and all(c in digits for c in bare)
        else "52:54:00:12:34:56"
    )
    raise Wrong(f"{shown(text)} is no MAC address", f"{'write' if right.replace(':', '') == bare else 'for example'} {right}")


def network(text: str) -> str:
    """A network as ADDRESS/LENGTH, IPv4 or IPv6, in its normal form.

    Bits beyond the length are a fault: `10.20.0.1/16` may mean the address or the network, and a rule that decides where a login
    goes is not guessed.
    """
    import ipaddress

    address, slash, length = text.partition("/")
    try:
        if not slash:
            right = f"{ipaddress.ip_address(address)}/{'64' if ':' in address else '24'}"
            raise Wrong(f"{shown(text)} has no length", f"for example {right}")
        whole = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Wrong(f"{shown(text)} is no network", "for example 10.20.0.0/16") from None
    if not (length.isascii() and length.isdigit()):
        raise Wrong(f"{shown(text)} has a mask in place of a length", f"write {whole}")
    if str(whole.network_address) != str(ipaddress.ip_address(address)):
        raise Wrong(f"{shown(text)} has bits set beyond its length", f"the network is {whole}, the address alone is {address}")
    if whole.prefixlen == 0:
        raise Wrong(f"{shown(text)} holds every address", "when: anywhere matches every network")
    return str(whole)


def gateway(text: str) -> str:
    """An address, or a network that the gateway lies in."""
    if "/" in text:
        return network(text)
    import ipaddress

    if "%" in text:
        raise Wrong(f"{shown(text)} names an interface", f"leave it away: {text.partition('%')[0]}")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise Wrong(f"{shown(text)} is neither an address nor a network", "for example 10.20.0.1 or 10.20.0.0/16") from None


def host(text: str, what: str = "host name") -> str:
    """A host name in ASCII, lower case: labels of 1 to 63 letters, digits, - and _, at most 253 together (RFC 1123; _ as seen in
    the wild)."""
    if not text.isascii() and not control(text):
        try:
            raise Wrong(f"{shown(text)} must be written in ASCII", f"write {text.encode('idna').decode('ascii')}")
        except UnicodeError:
            raise Wrong(f"{shown(text)} is no {what}") from None
    name = text.lower()
    labels = name.split(".")
    if len(name) > 253 or not all(
        0 < len(x) < 64 and all(c.isalnum() or c in "-_" for c in x) and x[0] != "-" and x[-1] != "-" for x in labels
    ):
        raise Wrong(
            f"{shown(text)} is no {what}",
            "for example corp.example" if what == "domain suffix" else "for example intranet.corp.example",
        )
    return name


def suffix(text: str) -> str:
    """A domain that a DNS suffix equals or ends in, label by label; lower case, without a final dot."""
    bare = text.removeprefix("*").removeprefix(".")
    if bare != text and bare and "*" not in bare:
        raise Wrong(f"{shown(text)} begins with {shown(text[: -len(bare)])}", f"write {bare}: the domains below it match too")
    return host(text.removesuffix(".") if len(text) > 1 else text, "domain suffix")


def resolvable(text: str) -> str:
    """A host name that a name server is asked for; lower case."""
    name = host(text.removesuffix(".") if len(text) > 1 else text)
    if name.replace(".", "").isdigit():
        raise Wrong(f"{shown(text)} is an address, and every address resolves", f"reachable: {name}:443")
    return name


def host_port(text: str) -> str:
    """HOST:PORT or [IPv6]:PORT; the host in lower case, the port 1 to 65535."""
    if "://" in text:
        raise Wrong(f"{shown(text)} is a URL", "write host:port, for example proxy.corp.example:8080")
    name, colon, port = text.rpartition(":")
    if text.startswith("[") or text.count(":") < 2:
        if not colon or text.endswith("]"):
            raise Wrong(
                f"{shown(text)} has no port", f"write {text}:443" if name_like(text) else "for example proxy.corp.example:8080"
            )
        return f"{bracketed(name) if name.startswith('[') else host(name)}:{number(port)}"
    raise Wrong(f"{shown(text)} is no host:port", f"write [{text}]:443 for an IPv6 address")


def name_like(text: str) -> bool:
    """Whether a text could stand where a host stands: it may then be repeated in a hint."""
    return 0 < len(text) < 64 and all(c.isascii() and (c.isalnum() or c in "-_.[]:") for c in text)


def bracketed(text: str) -> str:
    """[IPv6] in its normal form."""
    import ipaddress

    try:
        if not (text.startswith("[") and text.endswith("]")) or "%" in text:
            raise ValueError
        return f"[{ipaddress.IPv6Address(text[1:-1])}]"
    except ValueError:
        raise Wrong(f"{shown(text)} is no IPv6 address in brackets", "for example [fd00::1]") from None


def number(port: str) -> int:
    """A port, 1 to 65535."""
    if not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 65536):
        raise Wrong("the port must be a number from 1 to 65535")
    return int(port)


def home_path(text: str) -> str:
    """A path that begins with / or ~/."""
    if control(text):
        raise Wrong("holds a control character")
    if not text.startswith(("/", "~/")):
        raise Wrong(f"{shown(text)} is a relative path", "begin with / or ~/")
    return text
