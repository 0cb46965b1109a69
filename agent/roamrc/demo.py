"""A working day in a scratch home: the real rules, the real editor, and networks that were saved. Floor 3.

Nothing is asked of this machine's network and nothing of the user's is read or written: home, profiles, state and npm's file are
in a folder that is gone afterwards.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import act, journal, look
from .formats import saved
from .reconcile import Wish
from .setup import removal
from .slotted import dataclass
from .system import System

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


NPMRC = """\
; mine, and it stays
//npm.corp.example/:_authToken=${NPM_TOKEN}
save-exact = true   # no ^
proxy=http://proxy.corp.example:3128
"""
"""How the day begins: last night's proxy is still there."""

LOGIN = "alice:correct-horse\n"

PROFILES = {
    "office": """\
priority: 50
when: {dns_suffix: corp.example, gateway: 10.20.0.0/16}
apply: {proxy: http://proxy.corp.example:3128, login: file:~/login, no_proxy: [corp.example]}
because: the office lets nothing out but by its proxy
""",
    "vpn": """\
priority: 60
when: {vpn: true, dns_suffix: corp.example}
apply: {proxy: http://proxy.corp.example:3128, login: file:~/login}
because: the proxy is reached through the tunnel
""",
    "home": "priority: 50\nwhen: {gateway_mac: 3c:a6:2f:12:34:56}\napply: {proxy: direct}\n",
    "phone": 'priority: 10\nwhen: {ssid: "*iPhone*"}\napply: {proxy: direct}\n',
    "customer": """\
priority: 70
when: {ssid: Shipyard-Guest}
apply: {proxy: direct, npm: {offline: true}}
because: their rules forbid the public registry
""",
    "elsewhere": "when: anywhere\napply: {proxy: direct}\n",
}

_HIDDEN = {"hidden": "macOS tells it only to programs with a Location grant"}
_HOME = {
    "interface": "en0", "kind": "wifi", "ssid": "Sunflower", "dns_suffixes": ["fritz.box"], "gateway": "192.168.178.1",
    "gateway_mac": "3c:a6:2f:12:34:56", "addresses": ["192.168.178.23/24"],
}  # fmt: skip
_OFFICE = {
    "interface": "en7", "kind": "wired", "dns_suffixes": ["corp.example"], "gateway": "10.20.0.1",
    "gateway_mac": "00:00:5e:00:01:0a", "addresses": ["10.20.4.17/16"],
}  # fmt: skip
NETWORKS: Mapping[str, Mapping[str, Any]] = {
    "home": _HOME,
    "offline": {"online": False},
    "phone": {
        "interface": "en0", "kind": "wifi", "ssid": "Alice's iPhone", "gateway": "172.20.10.1",
        "gateway_mac": "ba:41:a4:0c:7d:64", "addresses": ["172.20.10.3/28"],
    },
    "office": _OFFICE,
    "office without a name": {**_OFFICE, "interface": "en0", "kind": "wifi", "ssid": _HIDDEN, "addresses": ["10.20.9.8/16"]},
    "café": {
        "interface": "en0", "kind": "wifi", "ssid": "Cafe Central", "dns_suffixes": ["lan"], "gateway": "192.168.1.1",
        "gateway_mac": "50:c7:bf:98:76:54", "addresses": ["192.168.1.77/24"],
    },
    "a Wi-Fi without a name": {
        "interface": "en0", "kind": "wifi", "ssid": _HIDDEN, "gateway": "172.16.0.1", "gateway_mac": "00:1a:8c:44:55:66",
        "addresses": ["172.16.3.9/16"],
    },
    "home, VPN up": {**_HOME, "dns_suffixes": ["corp.example", "fritz.box"], "vpn": [{"name": "utun4", "default": False}]},
}  # fmt: skip

DAY = (
    ("07:40", "home", "at home; last night's proxy still stands in npm's file"),
    ("08:15", "offline", "in the lift: no network at all"),
    ("08:20", "phone", "on the train, by the phone's hotspot"),
    ("09:05", "office", "at the desk, docked"),
    ("10:30", "office without a name", "in the meeting room: the Wi-Fi's name is hidden, the domain and the gateway are not"),
    ("12:30", "café", "lunch, in a café that no profile knows"),
    ("14:00", "a Wi-Fi without a name", "at the customer's, perhaps: their profile knows them by a name that is hidden"),
    ("18:00", "home, VPN up", "at home, the company's VPN up"),
    ("18:45", "home", "the VPN is down again"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One moment: where, the decision and its reason, and the edits that npm's file saw (masked, the path as ~/.npmrc)."""

    at: str
    place: str
    told: str
    action: str
    profile: str | None
    because: str
    edits: list[dict[str, Any]]
    hint: str = ""


def day() -> Iterator[Step]:
    """The day, step by step; the last one is the uninstall, after which npm's file has its very bytes of the morning."""
    with tempfile.TemporaryDirectory(prefix="roamrc-demo-") as folder:
        home = Path(folder)
        system = System({"PATH": os.defpath}, home)
        _furnish(home)
        memory = look.Memory()
        for at, place, told in DAY:
            yield _step(system, memory, at, place, told)
        setup, _ = look.setup(system)
        plans, _ = removal.npm_files(setup)
        same = (home / ".npmrc").read_bytes() == NPMRC.encode()
        because = "every byte of npm's file is that of the morning" if same else "npm's file is not that of the morning"
        edits = journal.edits_json([e for p in plans for e in p.edits])
        yield Step("19:00", "uninstall", "enough: roamrc uninstall", "uninstall", None, because, _placed(edits))


def _furnish(home: Path) -> None:
    folder = home / ".config/roamrc/profiles"
    folder.mkdir(parents=True)
    for name, text in PROFILES.items():
        (folder / f"{name}.yaml").write_text(text)
    (home / ".npmrc").write_bytes(NPMRC.encode())
    fd = os.open(home / "login", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(fd, "w") as f:
        f.write(LOGIN)


def _step(system: System, memory: look.Memory, at: str, place: str, told: str) -> Step:
    setup, _ = look.setup(system)
    seen = look.look(setup, memory, network=saved.from_json(NETWORKS[place], place))
    report, status = act.carry_out(seen, Wish())
    for rescue in report.rescues:
        rescue.close()
    problem = next((p for p in status["problems"] if p["code"] not in ("profile",)), {"hint": ""})
    edits = _placed(journal.edits_json(report.edits))
    held = status["action"] == "hold"
    return Step(
        at, place, told, status["action"], None if held else status["profile"], status["because"], edits, str(problem["hint"])
    )


def _placed(edits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**e, "path": "~/.npmrc"} for e in edits]
