"""config.yaml: seven keys, nested or dotted; a broken file leaves the last good settings; one key is set, nothing else moves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roamrc.errors import RoamError
from roamrc.reading import config
from roamrc.reading.config import Config
from roamrc.reading.nodes import Faults

HOME = Path("/home/alice")

GOOD = {
    "": Config(),
    "# all defaults\n": Config(),
    "---\n": Config(),
    "notify: on\n": Config(notify="on"),
    "notify: off\n": Config(notify="off"),
    "notify: problems\nhand_edits: overwrite\non_dead_proxy: hold\nno_proxy_auto: false\n": Config(
        notify="problems", hand_edits="overwrite", on_dead_proxy="hold", no_proxy_auto=False
    ),
    "npm: {userconfig: ~/.config/npmrc}\n": Config(userconfig=HOME / ".config/npmrc"),
    "npm.userconfig: /etc/npmrc\n": Config(userconfig=Path("/etc/npmrc")),
    "npm:\nssid:\n": Config(),
    "ssid:\n  cached_scan: true\n  command: shortcuts run 'my ssid'\n": Config(
        cached_scan=True, ssid_command="shortcuts run 'my ssid'"
    ),
    "ssid.cached_scan: True\nssid: {command: ssid}\n": Config(cached_scan=True, ssid_command="ssid"),
}


def load(folder: Path, text: str, before: Config | None = None) -> config.Loaded:
    (folder / "config.yaml").write_text(text)
    return config.load(folder / "config.yaml", HOME, before)


@pytest.mark.parametrize("text", GOOD)
def test_good_settings(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == config.Loaded(GOOD[text])


def test_no_file_is_all_defaults(tmp_path: Path) -> None:
    assert config.load(tmp_path / "config.yaml", HOME, Config(notify="on")) == config.Loaded(Config())


BAD = {
    "notify: true": '1:9 notify: "true" is none of off, on, problems → did you mean on?',
    "notify: loud": '1:9 notify: "loud" is none of off, on, problems → ',
    "notfy: on": '1:1 : "notfy" is no key here → did you mean notify?',
    "userconfig: /x": '1:1 : "userconfig" is no key here → did you mean npm.userconfig?',
    "npm: {userconfg: /x}": '1:7 : "npm.userconfg" is no key here → did you mean npm.userconfig?',
    "npm: {userconfig: npmrc}": '1:19 npm.userconfig: "npmrc" is a relative path → begin with / or ~/',
    "npm: {userconfig: }": "1:19 npm.userconfig: nothing stands here → leave the line out",
    "npm: [a]": "1:6 npm: must be a mapping → for example npm.userconfig: …",
    "ssid: CorpNet": "1:7 ssid: must be a mapping → for example ssid.cached_scan: …",
    "npm: {userconfig: /a}\nnpm.userconfig: /b": "2:1 npm.userconfig: stands here twice, first on line 1 → keep one of them",
    "no_proxy_auto: yes": '1:16 no_proxy_auto: "yes" is neither true nor false → did you mean true?',
    "no_proxy_auto: 1": '1:16 no_proxy_auto: "1" is neither true nor false → ',
    "hand_edits: keep": '1:13 hand_edits: "keep" is none of stand, overwrite → did you mean stand?',
    "on_dead_proxy: [hold]": "1:16 on_dead_proxy: must be one text, not a list → ",
    "ssid: {command: ''}": "1:17 ssid.command: is empty → ",
    "ssid: {command: a 'b}": "1:17 ssid.command: a quote in the command is not closed → ",
    "- notify": "1:1 : must be keys and values, not a list → write key: value, with a space after the colon",
    "notify: on\nnotify: off": '2:1 : "notify" stands here twice, first on line 1 → keep one of them',
}


@pytest.mark.parametrize("text", BAD)
def test_a_broken_file_is_told_in_place_and_leaves_the_last_good_settings(tmp_path: Path, text: str) -> None:
    last = Config(notify="problems", userconfig=Path("/etc/npmrc"))
    loaded = load(tmp_path, text + "\n", last)
    assert [f"{f.line}:{f.col} {f.path}: {f.text} → {f.hint}" for f in loaded.faults] == [BAD[text]]
    assert loaded.config == last
    assert not loaded.unsure


SURE = {
    "notify: loud\nnpm: {userconfig: /a}\nhand_edits: overwrite": Config(userconfig=Path("/a"), hand_edits="overwrite"),
    "notify: loud": Config(),
    "ssid: {command: ''}\nno_proxy_auto: false": Config(no_proxy_auto=False),
}
UNSURE = (
    "npm: {userconfig: rel}", "npm: x", "npm: {userconfig: /a", "userconfg: /a", "- a", "npm.userconfig: /a\nnpm.userconfig: /b",
    "notify: [", "\0",
)  # fmt: skip


@pytest.mark.parametrize("text", SURE)
def test_one_wrong_key_costs_no_other_where_no_settings_are_known_yet(tmp_path: Path, text: str) -> None:
    loaded = load(tmp_path, text)
    assert (loaded.config, loaded.unsure, bool(loaded.faults)) == (SURE[text], False, True)


@pytest.mark.parametrize("text", UNSURE)
def test_a_file_broken_where_npms_file_is_named_leaves_that_unsure(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text).unsure
    assert not load(tmp_path, text, Config()).unsure


def test_settings_that_everyone_may_write_are_not_obeyed(tmp_path: Path) -> None:
    assert not load(tmp_path, "ssid.command: touch x").unsure
    (tmp_path / "config.yaml").chmod(0o666)
    loaded = config.load(tmp_path / "config.yaml", HOME)
    assert (loaded.config, loaded.unsure, len(loaded.faults)) == (Config(), True, 1)
    os.utime(tmp_path / "config.yaml", (1e9, 1e9))  # long unchanged: only then a stamp says that it is the same file
    before = config.stamp(tmp_path / "config.yaml")
    assert config.stamp(tmp_path / "config.yaml") == before
    (tmp_path / "config.yaml").chmod(0o644)
    assert config.stamp(tmp_path / "config.yaml") != before  # the cure is seen, though it moves no time


def test_a_folder_that_nobody_may_look_into_is_no_absent_file(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    loaded = config.load(tmp_path / "loop" / "config.yaml", HOME)
    assert loaded.unsure
    assert "can't be read" in loaded.faults[0].text


def test_a_folder_or_a_dangling_link_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").symlink_to("gone")
    assert [f.text for f in config.load(tmp_path / "config.yaml", HOME).faults] == ["a symlink to nothing"]
    (tmp_path / "folder").mkdir()
    assert [f.text for f in config.load(tmp_path / "folder", HOME).faults] == ["a folder, not a file"]


PUT = {
    b"": b'npm.userconfig: "/x/y"\n',
    b"notify: on": b'notify: on\nnpm.userconfig: "/x/y"\n',
    b"# hi\r\nnotify: on\r\n": b'# hi\r\nnotify: on\r\nnpm.userconfig: "/x/y"\r\n',
    b"npm.userconfig: /old  # why\nnotify: on\n": b'npm.userconfig: "/x/y"  # why\nnotify: on\n',
    b"npm:\n  # mine\n  userconfig: '/o l d'\nnotify: on\n": b'npm:\n  # mine\n  userconfig: "/x/y"\nnotify: on\n',
    b"npm: {userconfig: /old}\n": b'npm: {userconfig: "/x/y"}\n',
    b"{npm.userconfig: /old}": b'{npm.userconfig: "/x/y"}',
    b"\xef\xbb\xbfnpm.userconfig: /old\n": b'\xef\xbb\xbfnpm.userconfig: "/x/y"\n',
    "# é\nnpm: {userconfig: /é}\n".encode(): '# é\nnpm: {userconfig: "/x/y"}\n'.encode(),
}


@pytest.mark.parametrize("before", PUT)
def test_one_key_is_set_and_no_other_byte_moves(before: bytes) -> None:
    assert config.put(before, "npm.userconfig", "/x/y") == PUT[before]


REFUSED = (b"{notify: on}\n", b"notify: on\n...\n", b"npm.userconfig:\n", b"notify: [\n", b"- a\n", b"a: &x b\n", b"\xff")


@pytest.mark.parametrize("before", REFUSED)
def test_a_file_that_one_key_can_not_be_added_to_is_left_alone(before: bytes) -> None:
    with pytest.raises(RoamError):
        config.put(before, "npm.userconfig", "/x/y")


LINES = st.sampled_from(
    ["notify: on", "# x", "", "hand_edits: stand", "npm: {userconfig: /a}", "ssid:\n  command: 'a b'", "npm.userconfig: /b"]
)


@settings(deadline=None)
@given(
    st.lists(LINES, unique=True, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.text(st.characters(exclude_categories=["Cs", "Cn", "Co"], exclude_characters="\ufeff"), max_size=20).map("/".__add__),
)
def test_what_was_put_is_read_back_and_the_rest_stays(lines: list[str], eol: str, value: str) -> None:
    data = eol.join("\n".join(lines).split("\n")).encode()
    before = Faults("c")
    was = config.decoded(data, HOME, before)
    try:
        made = config.put(data, "npm.userconfig", value)
    except RoamError:
        assert was is None or any(not c.isprintable() for c in value)
        return
    assert was is not None or before.wrong
    faults = Faults("c")
    now = config.decoded(made, HOME, faults)
    if was is not None and now is not None:
        assert now == Config(
            Path(value), was.notify, was.hand_edits, was.on_dead_proxy, was.no_proxy_auto, was.cached_scan, was.ssid_command
        )
    assert [x for x in data.splitlines() if b"userconfig" not in x] == [x for x in made.splitlines() if b"userconfig" not in x]
