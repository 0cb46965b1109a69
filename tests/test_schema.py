"""The JSON schemas are those that the code makes, and say what `check` says, as far as a schema can."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
import yaml

from bad_profiles import BAD
from roamrc.reading import conditions, config, fields, profiles, schema, shipped
from roamrc.reading.nodes import Faults


class Core(yaml.SafeLoader):
    """YAML 1.2 as editors read it (yaml-language-server): true and false are booleans; yes, no, on, off and MACs are text."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012  (pyyaml's own class attribute)


for tag, pattern, first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.nan", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
):
    Core.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), [*first, *([""] if tag == "null" else [])]
    )


def editor(text: str, made: dict[str, Any]) -> bool:
    """Whether an editor with the schema finds nothing to underline."""
    data = yaml.load(text, Core)
    return not list(jsonschema.Draft7Validator(made).iter_errors(data))


def test_the_shipped_schemas_are_current() -> None:
    """Cure: python -m roamrc.reading.schema profiles/schema"""
    for name, data in schema.files().items():
        assert (shipped.folder("profiles") / "schema" / name).read_bytes() == data


@pytest.mark.parametrize("made", [schema.profile(), schema.settings()], ids=["profile", "config"])
def test_they_are_schemas_of_draft_7(made: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(made)


def test_every_field_has_a_sentence_and_every_example_is_good(tmp_path: Path) -> None:
    tables = (*conditions.CONDITIONS, *fields.APPLY, *fields.PROVE, *fields.PROFILE, *config.FIELDS)
    for field in tables:
        assert field.doc[-1] == "."
        if field.example is not None:
            made = {**field.kind.schema(), "definitions": schema.profile()["definitions"]}
            assert jsonschema.Draft7Validator(made).is_valid(field.example), field.name


GOOD = (
    "when: []\napply: {proxy: direct}\n",
    "when: anywhere\napply: {proxy: keep}\nbecause: 2024\n",
    "when: {ssid: no}\napply: {proxy: original}\n",
    "when: {ssid: [no, true, 12], vpn: true}\nunless: []\napply: {proxy: http://proxy.corp.example:8080}\n",
    "when: [{gateway_mac: 52:54:00:12:34:56, gateway: [10.20.0.1, fd00::/48]}]\nunless: {vpn: guest*}\napply: {proxy: direct}\n",
    "when: {dns_suffix: Corp.example., subnet: 10.0.0.0/8, kind: [wifi, wired], bssid: 0-1-2-3-4-5}\napply: {proxy: keep}\n",
    "when: {resolves: intranet.corp.example, reachable: ['[fd00::1]:80', 'a.example:1']}\napply: {proxy: direct}\n",
    "priority: -5\nwhen: []\napply: {proxy: direct, no_proxy: a.example, npm: {x: true, a: null, b: [1, x], '@c:y': x}}\n",
    "when: []\nprove: {url: https://x.example/, ca: /etc/x.pem}\napply: {proxy: 'http://a@p.example:1', login: keyring:svc}\n",
    "when: []\nprove: https://x.example/\napply: {proxy: 'http://p.example:1', login: 'env:A,B', registry: https://x.example/}\n",
)


@pytest.mark.parametrize("text", GOOD)
def test_what_check_takes_an_editor_takes(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    profile, faults = profiles.read(tmp_path / "x.yaml")
    assert profile is not None, [str(f) for f in faults]
    assert editor(text, schema.profile())


@pytest.mark.parametrize("name", profiles.starters())
def test_the_starters_are_good_in_an_editor(name: str) -> None:
    assert editor(profiles.starters()[name].decode(), schema.profile())


BEYOND = (
    "no MAC address → write", "bits set beyond", "holds every address", "neither an address", "is no network",
    "names an interface", "mask in place", "xn--", "is no host name", "is no domain suffix", "every address resolves",
    "the port must be", "IPv6 address", "neither a URL", "control character", "the URL holds", "the URL has no host",
    "written out", "a proxy's URL ends", "PAC file", "in the password", "must be written", "the login names",
    "there is a login as well", "quote that is not closed", "lacks its service", "is how the file writes",
    "can't hold the key", "has its own place", "stands here twice", "no space after", "is no whole number",
    "anchor", "alias", "merge key", "a tag", "nested deeper",
)  # fmt: skip
"""Faults that need more than a pattern (arithmetic, two fields at once): an editor may be silent there, `check` never is."""


def test_the_schema_finds_most_of_what_check_finds_and_never_less_than_the_shape() -> None:
    silent, found = [], 0
    for text, expected in BAD:
        try:
            fine = editor(text, schema.profile())
        except yaml.YAMLError:
            continue
        if not fine:
            found += 1
        elif not any(word in expected for word in BEYOND):
            silent.append((text, expected))
    assert silent == []
    assert found > 90


CONFIG_GOOD = (
    "notify: on\n",
    "npm: {userconfig: ~/.npmrc}\nssid: {cached_scan: false}\n",
    "npm.userconfig: /x\nno_proxy_auto: true\n",
    "npm:\n",
    "{}",
)
CONFIG_BAD = (
    "notify: true\n",
    "notify: x\n",
    "npm: {userconfig: x}\n",
    "npm: {x: y}\n",
    "x: y\n",
    "no_proxy_auto: yes\n",
    "ssid: x\n",
    "ssid: {command: ''}\n",
)


@pytest.mark.parametrize("text", [*CONFIG_GOOD, *CONFIG_BAD])
def test_settings_are_judged_alike(text: str) -> None:
    faults = Faults("config.yaml")
    checked = config.decoded(text.encode(), Path("/home/alice"), faults) is not None
    assert checked == editor(text, schema.settings()) == (text in CONFIG_GOOD)


def test_keys_of_the_contract_are_all_there() -> None:
    made = schema.profile()
    assert list(made["properties"]) == ["priority", "when", "unless", "prove", "apply", "because"]
    assert list(made["properties"]["apply"]["properties"]) == ["proxy", "login", "no_proxy", "registry", "npm"]
    item = cast("dict[str, Any]", made["definitions"]["item"])
    assert list(item["properties"]) == [
        *("ssid", "bssid", "dns_suffix", "interface", "kind", "gateway", "gateway_mac", "subnet", "vpn", "resolves", "reachable"),
    ]
