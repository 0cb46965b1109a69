"""Where things are: the order of the contract, and values that mean nothing are ignored."""

from __future__ import annotations

from pathlib import Path

import pytest

from roamrc import places

HOME = Path("/home/alice")

CONFIG: tuple[tuple[dict[str, str], str], ...] = (
    ({}, "/home/alice/.config/roamrc"),
    ({"XDG_CONFIG_HOME": "/xdg"}, "/xdg/roamrc"),
    ({"XDG_CONFIG_HOME": "/xdg", "ROAMRC_CONFIG_HOME": "/own"}, "/own"),
    ({"XDG_CONFIG_HOME": "/xdg", "ROAMRC_CONFIG_HOME": ""}, "/xdg/roamrc"),
    ({"XDG_CONFIG_HOME": "xdg"}, "/home/alice/.config/roamrc"),
    ({"XDG_CONFIG_HOME": "", "ROAMRC_CONFIG_HOME": "own"}, "/home/alice/.config/roamrc"),
    ({"XDG_CONFIG_HOME": "~/xdg"}, "/home/alice/.config/roamrc"),
)


@pytest.mark.parametrize(("env", "expected"), CONFIG)
def test_the_folder_of_profiles_and_settings(env: dict[str, str], expected: str) -> None:
    found = places.find(env, HOME)
    assert (str(found.config), str(found.profiles), str(found.config_file)) == (
        expected,
        f"{expected}/profiles",
        f"{expected}/config.yaml",
    )


STATE: tuple[tuple[dict[str, str], str], ...] = (
    ({}, "/home/alice/.local/state/roamrc"),
    ({"XDG_STATE_HOME": "/xdg"}, "/xdg/roamrc"),
    ({"XDG_STATE_HOME": "/xdg", "ROAMRC_STATE_HOME": "/own"}, "/own"),
    ({"XDG_STATE_HOME": "./xdg", "ROAMRC_STATE_HOME": "."}, "/home/alice/.local/state/roamrc"),
)


@pytest.mark.parametrize(("env", "expected"), STATE)
def test_the_folder_of_the_state(env: dict[str, str], expected: str) -> None:
    assert str(places.find(env, HOME).state) == expected


NPMRC: tuple[tuple[dict[str, str], str, str], ...] = (
    ({}, "/home/alice/.npmrc", "~/.npmrc"),
    ({"NPM_CONFIG_USERCONFIG": "/a"}, "/a", "$NPM_CONFIG_USERCONFIG"),
    ({"npm_config_userconfig": "/b"}, "/b", "$npm_config_userconfig"),
    ({"NPM_CONFIG_USERCONFIG": "/a", "npm_config_userconfig": "/b"}, "/b", "$npm_config_userconfig"),
    ({"npm_config_userconfig": "/b", "NPM_CONFIG_USERCONFIG": "/a"}, "/a", "$NPM_CONFIG_USERCONFIG"),
    ({"npm_config_userconfig": "/b", "NPM_CONFIG_USERCONFIG": ""}, "/b", "$npm_config_userconfig"),
    ({"npm_config_userconfig": "b"}, "/home/alice/.npmrc", "~/.npmrc"),
    ({"npm_config_userconfig": "~/b"}, "/home/alice/b", "$npm_config_userconfig"),
)


@pytest.mark.parametrize(("env", "expected", "why"), NPMRC)
def test_npms_file_is_where_npm_itself_looks(env: dict[str, str], expected: str, why: str) -> None:
    found = places.find(env, HOME)
    assert (str(found.npmrc), found.npmrc_from) == (expected, why)


def test_config_yaml_goes_before_the_environment() -> None:
    found = places.find({"NPM_CONFIG_USERCONFIG": "/a"}, HOME, Path("/c"))
    assert (str(found.npmrc), found.npmrc_from) == ("/c", "npm.userconfig in config.yaml")
