"""What each tool of a Mac made of files prints, from its folder of state: the same for the executables (fake.py) and for a
replay in this process."""

import os

try:
    from macos.render import shown
except ImportError:  # the executables stand outside of the package
    from render import shown


def read(state, name):
    try:
        with open(os.path.join(state, "now", name), encoding="utf-8", errors="surrogateescape", newline="") as f:
            return f.read()
    except FileNotFoundError:
        return None


def command(state, words):
    """One line on scutil's standard input."""
    import json
    import re

    keys = json.loads(read(state, "store") or "{}")
    if words[0] == "show" and len(words) == 3 and words[2] == "pattern" and read(state, "no-pattern") is None:
        return shown({k: v for k, v in keys.items() if re.fullmatch(words[1], k)}) + "\n"
    if words[0] == "show":
        return shown(keys[words[1]]) + "\n" if words[1] in keys else "  No such key\n"
    if words[0] == "list":
        found = [k for k in sorted(keys) if re.fullmatch(words[1], k)]
        return "".join(f"  subKey [{i}] = {k}\n" for i, k in enumerate(found)) or "  no keys\n"
    return ""


def changed(keys):
    """What `n.watch` prints for each change."""
    head = "notification callback (store address = 0x7fa1b2c3d).\n  10:00:00.000 (+0.000)\n"
    return head + "".join(f"  changedKey [{i}] = {key}\n" for i, key in enumerate(keys))


def reply(state, name, arguments):
    """Exit code and output of a tool that reads nothing; (None, "") where it is a scutil that waits for commands."""
    with open(os.path.join(state, "calls"), "a") as f:
        f.write(" ".join([name, *arguments]) + "\n")
    if name == "scutil" and read(state, "no-configd") is not None:
        return 1, ""
    if name == "scutil" and not arguments:
        return None, ""
    otherwise = None
    if name == "scutil":
        name = arguments[0].strip("-")
        otherwise = {"dns": "No DNS configuration available\n", "nwi": "No network information\n"}.get(name, "Available\n")
    elif name == "networksetup":
        name = {"-listallhardwareports": "ports", "-getairportnetwork": "airportnetwork"}[arguments[0]]
    elif name == "arp":
        otherwise = f"{arguments[-1]} ({arguments[-1]}) -- no entry\n"
    elif name == "ipconfig":
        name = "summary"
    text = read(state, name)
    return (1, otherwise or "") if text is None else (0, text)
