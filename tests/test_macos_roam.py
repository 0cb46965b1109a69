"""The real agent's process with macOS's code, on a Mac made of files: a day of moving about, the file right after each step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from macos import Mac
from macos import situations as at

LIMIT = 20.0
PROFILES = {
    "office": "when:\n  - dns_suffix: corp.example\n    gateway: 10.20.0.0/16\napply:\n  proxy: http://proxy.corp.example:8080\n",
    "wifi-office": "when:\n  ssid: HotelNet\napply:\n  proxy: http://hotel.example:8080\n",
    "home": "when:\n  gateway_mac: 30:5a:3a:00:a1:e0\napply:\n  proxy: direct\n",
    "vpn": "priority: 10\nwhen:\n  vpn: Office*\n  dns_suffix: corp.example\napply:\n  proxy: http://vpn.corp.example:3128\n",
    "elsewhere": "when: anywhere\napply:\n  proxy: direct\n",
}
HOTEL: dict[str, Any] = {
    **at.HOTSPOT,
    "store": at.HOTSPOT["store"] | at.four("en0", at.WIFI, "10.77.0.9", "10.77.0.1", "02:00:00:00:77:01"),
    "summary": at.summary("HotelNet"),
}


class Roamer:
    """An agent, its home, and the Mac it believes to stand in."""

    def __init__(self, tmp: Path) -> None:
        self.mac = Mac(tmp / "mac")
        self.mac.put(at.OFFLINE)
        self.home = tmp / "home"
        self.npmrc = self.home / ".npmrc"
        folder = self.home / ".config/roamrc/profiles"
        folder.mkdir(parents=True)
        for name, text in PROFILES.items():
            (folder / f"{name}.yaml").write_text(text)
        self.npmrc.write_text("; mine\nfund=false\n")
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        self.env |= {"ROAMRC_PLATFORM": "darwin", "ROAMRC_ROOT": str(self.mac.root)}
        self.log = (tmp / "log").open("w+")
        self.agent = subprocess.Popen(
            [sys.executable, "-m", "roamrc", "run"], env=self.env, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )
        self.until(lambda: (self.mac.state / "watching").exists(), "the agent watches")
        self.until(lambda: self.status().get("agent", {}).get("running") is True, "the agent runs")

    def until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + LIMIT
        while not condition():
            if time.monotonic() > end:
                self.log.seek(0)
                pytest.fail(f"not within {LIMIT:g} s: {what}\n{self.npmrc.read_text()}\n{self.log.read()}")
            time.sleep(0.05)

    def move(self, answers: dict[str, Any]) -> None:
        self.mac.put(answers)
        self.mac.poke()

    def proxy(self) -> str:
        """What npm's file says: the proxy, or direct, or nothing of ours."""
        lines = dict(line.partition("=")[::2] for line in self.npmrc.read_text().splitlines())
        return str(lines.get("https-proxy", "direct" if "noproxy" in lines else "nothing"))

    def status(self) -> dict[str, Any]:
        ran = subprocess.run([sys.executable, "-m", "roamrc", "status", "--json"], env=self.env, capture_output=True, check=False)
        return json.loads(ran.stdout) if ran.stdout else {}


@pytest.fixture
def roamer(tmp_path: Path) -> Iterator[Roamer]:
    roamer = Roamer(tmp_path)
    yield roamer
    roamer.agent.terminate()
    roamer.agent.wait(10)
    roamer.log.close()


def test_a_day_with_a_mac(roamer: Roamer) -> None:
    day: list[tuple[str, dict[str, Any], str]] = [
        ("home", at.HOME, "direct"),
        ("office", at.OFFICE, "http://proxy.corp.example:8080"),
        ("home with the full VPN", at.FULL_VPN, "http://vpn.corp.example:3128"),
        ("home again", at.HOME, "direct"),
        ("home with a split VPN", at.SPLIT_VPN, "http://vpn.corp.example:3128"),
        ("office, its name hidden", at.HIDDEN_SSID, "http://proxy.corp.example:8080"),
        ("a hotel known by its name alone", HOTEL, "http://hotel.example:8080"),
    ]
    for what, answers, wanted in day:
        roamer.move(answers)
        roamer.until(lambda wanted=wanted: roamer.proxy() == wanted, what)  # type: ignore[misc]

    # the same hotel, the name no longer told: nothing leads from "hidden" to another profile
    roamer.move({**HOTEL, "summary": at.summary("<redacted>")})
    roamer.until(lambda: roamer.status()["action"] == "hold", "hold where the name is hidden")
    assert roamer.proxy() == "http://hotel.example:8080"
    assert roamer.status()["problems"]

    roamer.move(at.HOME)
    roamer.until(lambda: roamer.proxy() == "direct", "home in the evening")
    roamer.until(lambda: roamer.status()["profile"] == "home", "home in status")
    before = roamer.npmrc.stat()
    since = roamer.status()["since"]
    for hours in (1, 2, 3):  # dark wakes
        roamer.mac.sleep(3600.0 * hours)
        roamer.mac.calls()
        roamer.mac.poke()
        roamer.until(lambda: any(call == "scutil" for call in roamer.mac.calls()), "a look after each sleep")
    roamer.move(at.OFFLINE)
    roamer.until(lambda: roamer.status()["because"] == "offline", "offline")
    assert roamer.npmrc.stat().st_mtime_ns == before.st_mtime_ns
    assert roamer.status()["since"] >= since
    assert roamer.npmrc.read_text().startswith("; mine\nfund=false\n")


def test_a_hand_edit_is_seen_by_the_agent_here_too(roamer: Roamer) -> None:
    roamer.move(at.OFFICE)
    roamer.until(lambda: roamer.proxy() == "http://proxy.corp.example:8080", "office")
    roamer.npmrc.write_text(
        "proxy=http://by-hand.example:1\n" + roamer.npmrc.read_text().replace("proxy=http://proxy", "xproxy=http://proxy")
    )
    roamer.until(lambda: any(f["state"] == "conflict" for f in roamer.status()["files"]), "the hand edit in status")
