"""Faults that a stranger found by using roamrc as the contract has it; each test is named after the promise that broke."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from home import Home
from roamrc import look
from roamrc.model import Network
from roamrc.reconcile import Wish, reconcile
from roamrc.system import System

ENDLESS = b"proxy=http://old.example:1\n# last"
BLANKS = b"\n\n# top\n\nproxy=http://old.example:1\n\n\nhttps-proxy=http://old.example:1\n\n\n\n"
TWICE = b"https-proxy=http://b.example:1\nproxy=null\nhttps-proxy=http://b.example:2\nnoproxy[]=a\nproxy=http://a.example:1"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.profile("office", "when: []\napply: {proxy: 'http://proxy.corp.example:8080'}\n")
    home.profile("straight", "when: []\napply: {proxy: direct}\n")
    home.profile("before", "when: []\napply: {proxy: original}\n")
    return home


@pytest.mark.parametrize("text", [ENDLESS, BLANKS, TWICE])
def test_original_gives_the_very_bytes_back_also_after_the_proxy_was_away(home: Home, text: bytes) -> None:
    home.npmrc.write_bytes(text)
    for name in ("office", "straight"):
        assert home.roamrc("use", name).code == 0
        assert home.npmrc.read_bytes() != text
    assert home.roamrc("use", "before").code == 0
    assert home.npmrc.read_bytes() == text


def test_what_already_is_as_the_profile_wants_it_is_still_the_users(home: Home) -> None:
    text = b"# mine\nproxy=http://proxy.corp.example:8080\nhttps-proxy=http://proxy.corp.example:8080\n"
    text += b"noproxy=localhost,127.0.0.1,::1,[::1]\n"
    home.npmrc.write_bytes(text)
    assert home.roamrc("use", "office").code == 0
    assert home.npmrc.read_bytes() == text
    assert home.roamrc("uninstall", "--yes").code == 0
    assert home.npmrc.read_bytes() == text
    home.roamrc("use", "office")
    home.roamrc("use", "straight")
    assert b"proxy.corp.example" not in home.npmrc.read_bytes()
    home.roamrc("uninstall", "--yes")
    assert home.npmrc.read_bytes() == text


@pytest.mark.parametrize(("reference", "text"), [("file:~/login", b"\xef\xbb\xbfalice:s3cret\r\n"), ("command:~/ask", b"")])
def test_a_login_is_read_where_a_user_puts_it(home: Home, reference: str, text: bytes) -> None:
    for name, content, mode in (("login", text, 0o600), ("ask", b"#!/bin/sh\necho alice:s3cret\n", 0o700)):
        (home.path / name).write_bytes(content)
        (home.path / name).chmod(mode)
    home.profile("lent", f"when: []\napply: {{proxy: 'http://proxy.corp.example:8080', login: '{reference}'}}\n")
    assert home.roamrc("use", "lent").code == 0
    assert b"\nproxy=http://alice:s3cret@proxy.corp.example:8080\n" in home.npmrc.read_bytes()


def test_a_first_write_that_the_machine_refused_is_no_hand_edit(home: Home) -> None:
    home.profile("straight", "when: anywhere\napply: {proxy: direct}\n")
    home.npmrc.write_bytes(b"proxy=http://proxy.corp.example:8080\n")
    home.npmrc.chmod(0o444)
    system = System(env={"HOME": str(home.path)}, home=home.path)
    setup, _ = look.setup(system)

    def apply() -> tuple[list[str], list[str]]:
        seen = look.look(setup, look.Memory(), network=Network(True, "eth0", "wired"))
        report = reconcile(setup, seen.loaded.profiles, seen.network, seen.decision, Wish())
        return [p.code for p in report.problems], [e.key for e in report.edits]

    assert apply() == (["file"], [])
    home.npmrc.chmod(0o644)
    assert apply() == ([], ["proxy", "noproxy"])
    assert home.roamrc("uninstall", "--yes").code == 0
    assert home.npmrc.read_bytes() == b"proxy=http://proxy.corp.example:8080\n"


def test_what_is_passed_over_is_told(home: Home) -> None:
    home.profile("cafe", "when: []\napply: {proxy: direct}\n").rename(home.path / ".config/roamrc/profiles/Cafe.YAML")
    told = home.roamrc("check").out
    assert "Cafe.YAML:1:1" in told
    assert "not read: the name ends in .YAML" in told
    said = home.roamrc("doctor", "--json", NPM_CONFIG_USERCONFIG="rel/npmrc").json["checks"]
    assert any(c["result"] == "warn" and "NPM_CONFIG_USERCONFIG is a relative path" in c["message"] for c in said)


def test_commands_typed_at_once_are_all_answered(home: Home) -> None:
    with home.agent(), ThreadPoolExecutor(6) as shells:
        ran = list(shells.map(lambda name: home.roamrc("use", name), ("office", "straight", "before") * 2))
    assert [r.err for r in ran] == [""] * 6
