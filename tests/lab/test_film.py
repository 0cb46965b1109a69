"""README to the letter: typed in a terminal in an empty home, from the wheel, and at the end npm works in the office and at
home."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from lab import PROXY_PASSWORD, film
from wheels import TOP

pytestmark = pytest.mark.lab


@pytest.fixture
def office(tmp_path: Path) -> Iterator[film.Office]:
    if why := film.lacking():
        pytest.skip(why)
    with film.Office(tmp_path) as office:
        yield office


def picture() -> ModuleType:
    spec = importlib.util.spec_from_file_location("picture", TOP / ".github/picture.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lasting(text: str) -> str:
    """Without what is another one at each run."""
    return re.sub(r"\d{4}-\d\d-\d\dT[\d_:]+Z?|pid \d+", "…", text)


def test_three_commands_from_nothing_to_an_office_that_works(office: film.Office) -> None:
    assert film.commands() == ["roamrc init", "roamrc learn office", "roamrc install"]
    assert office.sh("find . -type f") == ""
    shots = film.play(office)
    before, init, learn, install, after, status, _, at_home, there = (s.text for s in shots)

    assert "ENETUNREACH" in before
    assert "wrote cafe.yaml, elsewhere.yaml, home.yaml, office.yaml, policy.yaml, vpn.yaml" in init
    assert "+ proxy: http://alice:***@proxy.corp.test:3128" in learn
    assert "+https-proxy=http://alice:***@proxy.corp.test:3128" in install
    assert "started roamrc.service" in install
    assert after == "1.0.0"
    assert "office since" in status
    assert "started by systemd" in status
    assert office.lab.proxy_log(), "it went through squid"
    assert not any(PROXY_PASSWORD in s.text for s in shots)

    assert "proxy.corp.test" not in at_home
    assert there == "1.0.0"
    asked = json.loads(office.sh(".local/bin/roamrc explain --json office"))
    assert [c["fact"] for c in asked["profiles"][0]["checks"]] == ["dns_suffix", "gateway"]

    assert office.sh("PATH=$HOME/.local/bin:/usr/bin:/bin man -w roamrc").endswith("/share/man/man1/roamrc.1\n")
    doctor = json.loads(office.sh(".local/bin/roamrc doctor --json"))["checks"]
    assert {c["check"] for c in doctor if c["result"] == "fail"} == set()
    assert [c["message"] for c in doctor if c["check"] == "service"] == ["elsewhere: anywhere"]
    assert ("rivals", "ok") in {(c["check"], c["result"]) for c in doctor}

    assert office.sh(".local/bin/roamrc uninstall --yes").endswith("npm has no proxy in ~/.npmrc\n")
    left = office.sh("find . -path ./.npm -prune -o \\( -type f -o -type l \\) -print").split()
    assert {x for x in left if "/profiles/" not in x} == {"./.local/bin/roamrc"}, "no .npmrc: there was none"

    drawn = picture()
    assert lasting(drawn.start(shots)) == lasting((TOP / ".github/start.svg").read_text()), "python .github/picture.py start"
