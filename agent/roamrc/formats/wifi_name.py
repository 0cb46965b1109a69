"""When a text is the name of a Wi-Fi network on macOS, and the two binary places that tell it. Floor 1.

From macOS 14.4 on a name is only for programs with a Location grant; a background Python can't get one. What the others are
told instead is no name and never becomes one: an
office called `<redacted>` would be every network.
"""

from __future__ import annotations

from .macos import mac

OLDEST_SCAN = 30_000
"""Milliseconds: a scan record that is older may be of the network before this one."""

LARGEST_RECORD = 1 << 18
"""Bytes: real records are 1-4 KB; what the air can make longer is not parsed."""

_VEILED = ("<private>", "<hidden>", "<unknown>", "<unknown ssid>")


def name(text: str) -> str | None:
    """The text where it is a name of a network; None for "", `<redacted>`, `<SSID Redacted>`, `<private>`, "You are not
    associated with an AirPort network." and all-NUL."""
    bare = text.strip().lower()
    if not bare.strip("\0") or bare.startswith("you are not associated"):
        return None
    if bare.startswith("<") and bare.endswith(">") and ("redacted" in bare or bare in _VEILED):
        return None
    return text


def bssid(text: str) -> str | None:
    """A BSSID where the text is one; None for redacted ones and for 02:00:00:00:00:00, which stands for "not told"."""
    found = mac(text)
    return None if found == "02:00:00:00:00:00" else found


def cached_scan(data: bytes) -> tuple[str, str | None] | None:
    """SSID and BSSID of `CachedScanRecord` (an NSKeyedArchiver property list, its dictionaries either plain or NS.keys with
    NS.objects); None where it can't be
    trusted: it does not parse, has no name, or its AGE is missing or above 30 s."""
    import plistlib  # 12 ms: only where the user asked for this source

    if not 0 < len(data) <= LARGEST_RECORD:
        return None
    try:
        archive = plistlib.loads(data)
    except Exception:  # plistlib raises what it likes on crafted bytes: struct.error, IndexError, RecursionError, ExpatError …
        return None
    objects = archive.get("$objects", [archive]) if isinstance(archive, dict) else []
    for thing in objects if isinstance(objects, list) else ():
        record = _dictionary(thing, objects)
        ssid, age, station = record.get("SSID_STR"), record.get("AGE"), record.get("BSSID")
        if isinstance(ssid, str) and name(ssid) and isinstance(age, int | float) and 0 <= age <= OLDEST_SCAN:
            return ssid, bssid(station) if isinstance(station, str) else None
    return None


def _dictionary(thing: object, objects: list[object]) -> dict[str, object]:
    """One object of the archive as a dictionary of plain values, its references followed once; {} where it is none or has over
    256 keys (the real one has 40)."""
    import plistlib

    def plain(value: object) -> object:
        if isinstance(value, plistlib.UID):
            value = objects[value.data] if value.data < len(objects) else None
        return value.get("NS.string", value) if isinstance(value, dict) else value

    if not isinstance(thing, dict):
        return {}
    keys, values = thing.get("NS.keys"), thing.get("NS.objects")
    if not (isinstance(keys, list) and isinstance(values, list)):
        keys, values = list(thing), list(thing.values())
    if len(keys) > 256:
        return {}
    return {k: plain(v) for k, v in ((plain(k), v) for k, v in zip(keys, values, strict=False)) if isinstance(k, str)}
