"""What `check` says: every fault with its place, in one run, in the same words whichever parser was built in; no traceback, no
secret."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bad_profiles import BAD
from roamrc.reading import fields, nodes, profiles, yamlfile
from roamrc.reading.conditions import CONDITIONS
from roamrc.reading.decode import Field
from roamrc.reading.nodes import Fault, Faults

LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXT = st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co"], exclude_characters="\ufeff\u2028\u2029")
GOOD = "when: []\napply: {proxy: direct}\n"


def told(faults: tuple[Fault, ...] | list[Fault], severity: str = "fault") -> str:
    """Faults as one line: `line:col path: text → hint | …`."""
    return " | ".join(
        f"{f.line}:{f.col} {f.path + ': ' if f.path else ''}{f.text}{' → ' + f.hint if f.hint else ''}"
        for f in faults
        if f.severity == severity
    )


def check(folder: Path, data: bytes, name: str = "office.yaml") -> tuple[Fault, ...]:
    (folder / name).write_bytes(data)
    return profiles.read(folder / name)[1]


def test_the_table_is_long_enough() -> None:
    assert len(BAD) >= 180
    assert len({text for text, _ in BAD}) == len(BAD)


@pytest.mark.parametrize(("text", "expected"), BAD, ids=range(len(BAD)))
def test_a_bad_profile_is_told_in_place_and_gives_no_profile(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "office.yaml").write_bytes(text.encode())
    profile, faults = profiles.read(tmp_path / "office.yaml")
    assert told(faults) == expected
    assert profile is None


@pytest.mark.parametrize(("text", "expected"), BAD, ids=range(len(BAD)))
def test_no_fault_repeats_a_password(tmp_path: Path, text: str, expected: str) -> None:
    for fault in check(tmp_path, text.encode()):
        assert "s3" not in str(fault)
        assert "cret" not in str(fault)


def test_both_parsers_say_the_same() -> None:
    pure_reads_it = "{cafile:}"  # libyaml wants a space there, the parser in Python reads the key "cafile:"
    for text, _ in BAD:
        fast, slow = Faults("x"), Faults("x")
        yamlfile.parse(text.encode(), fast, yaml.CSafeLoader)
        yamlfile.parse(text.encode(), slow, yaml.SafeLoader)
        assert fast.found == slow.found or pure_reads_it in text, text


ALL = b"""priority: high
when:
  - dns_suffix: '*.corp.example'
    gatway: 10.20.0.0/16
  - ssid: []
apply:
  proxy: none
  npm: {https-proxy: x}
becuase: x
"""


def test_every_fault_of_a_file_is_told_in_one_run(tmp_path: Path) -> None:
    assert told(check(tmp_path, ALL)).split(" | ") == [
        '1:11 priority: "high" is no whole number from -1000000 to 1000000',
        '3:17 when[0].dns_suffix: "*.corp.example" begins with "*." → write corp.example: the domains below it match too',
        '4:5 when[0]: "gatway" is no key here → did you mean gateway?',
        "5:11 when[1].ssid: the list is empty: nothing could match → name at least one, or leave the line out",
        '7:10 apply.proxy: "none" is neither a URL nor direct, keep, original → did you mean direct?',
        '8:9 apply.npm.https-proxy: "https-proxy" has its own place → use apply.proxy',
        '9:1 "becuase" is no key here → did you mean because?',
    ]


def test_and_all_faults_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("when: []\n")
    (tmp_path / "b.yml").write_text("apply: {proxy: keep}\n")
    found = profiles.load(tmp_path).faults
    assert [(Path(f.file).name, f.path, f.text) for f in found] == [
        ("a.yaml", "apply", "is missing"),
        ("b.yml", "when", "is missing"),
    ]


BYTES = {
    "utf16": ("\ufeffwhen: []\n".encode("utf-16-le"), "1:1 the file is UTF-16 → save it as UTF-8"),
    "utf16-be": ("\ufeffwhen: []\n".encode("utf-16-be"), "1:1 the file is UTF-16 → save it as UTF-8"),
    "binary": (b"when: []\nbecause: \x00\n", "2:10 the file is binary: it holds a NUL byte → save it as UTF-8"),
    "latin-1": (b"when: []\r\nbecause: caf\xe9\r\n", "2:13 the byte 0xe9 is not UTF-8 → save the file as UTF-8"),
    "half a surrogate": (b"when: []\n\xed\xa0\x80", "2:1 the byte 0xed is not UTF-8 → save the file as UTF-8"),
    "too large": (b"#" * (yamlfile.LIMIT + 1), "1:1 the file is larger than 1 MB, the limit"),
    "C1": (b"when: []\nbecause: \xc2\x9b31m\n", "2:10 the character U+009B can't stand in a text file → delete it"),
    "deep blocks": (b"- " * 100_000, "1:65 nested deeper than 32"),
    "deep braces": (b"{" * 100_000, "1:33 nested deeper than 32"),
    "deep keys": (b"? " * 100_000, "1:65 nested deeper than 32"),
}


@pytest.mark.parametrize("case", BYTES)
def test_bytes_that_are_no_profile(tmp_path: Path, case: str) -> None:
    data, expected = BYTES[case]
    assert told(check(tmp_path, data)) == expected


def test_a_billion_laughs_is_refused_before_it_multiplies(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join(f'*a{n - 1}' for _ in range(9))}]" for n in range(1, 12)]
    found = check(tmp_path, "\n".join(lines).encode())
    assert found[0].text == 'an anchor, "&a0": roamrc reads none'
    assert len([f for f in found if f.severity == "fault"]) == nodes.MOST


def test_faults_are_bounded_and_the_file_stays_wrong(tmp_path: Path) -> None:
    text = "\n".join(f"key{n}: x" for n in range(60_000))
    assert len(check(tmp_path, text.encode())) == nodes.MOST


def test_a_fault_behind_many_warnings_is_still_a_fault(tmp_path: Path) -> None:
    text = f"when: []\napply: {{no_proxy: [{', '.join('10.0.0.0/8' for _ in range(500))}], proxy: none}}\n"
    (tmp_path / "x.yaml").write_text(text)
    profile, found = profiles.read(tmp_path / "x.yaml")
    assert profile is None
    assert told(found).startswith("2:")
    assert len([f for f in found if f.severity == "warning"]) == nodes.MOST


def test_files_that_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "dangling.yaml").symlink_to(tmp_path / "gone")
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    os.mkfifo(tmp_path / "fifo.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    found: dict[str, str] = {}

    def run() -> None:
        found.update({Path(f.file).stem: f.text for f in profiles.load(tmp_path).faults})

    thread = threading.Thread(target=run, daemon=True)  # a reader that hangs on the FIFO must not hang the tests
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert found == {
        "folder": "a folder, not a file",
        "dangling": "a symlink to nothing",
        "loop": "can't be read: Too many levels of symbolic links",
        "fifo": "not a regular file",
        "zero": "not a regular file",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "office.yaml").write_text(GOOD)
    (tmp_path / "office.yaml").chmod(0)
    assert told(profiles.load(tmp_path).faults) == f"1:1 can't be read: Permission denied → chmod u+r {tmp_path}/office.yaml"


def test_a_file_that_everyone_may_write_is_not_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "office.yaml"
    path.write_text(GOOD)
    good = profiles.load(tmp_path)
    path.chmod(0o666)
    path.write_text(GOOD + "# and a line of somebody else's\n")
    loaded = profiles.load(tmp_path)
    cure = f"others may write it, and so choose your proxy and who is sent its password → chmod o-w {path}"
    assert (told(loaded.faults), loaded.profiles[0].broken is not None) == (f"1:1 {cure}", True)
    assert profiles.load(tmp_path, good).profiles == good.profiles  # an agent goes on with what was the user's own
    path.chmod(0o644)
    again = profiles.load(tmp_path, loaded)
    assert (again.faults, again.profiles[0].broken) == ((), None)


def test_nor_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "office.yaml").write_text(GOOD)
    good = profiles.load(tmp_path)
    tmp_path.chmod(0o777)
    assert profiles.load(tmp_path).profiles == ()
    assert profiles.load(tmp_path, good).profiles == good.profiles
    assert [f.hint for f in profiles.load(tmp_path, good).faults] == [f"chmod o-w {tmp_path}"]
    tmp_path.chmod(0o755)
    assert profiles.load(tmp_path, profiles.load(tmp_path)).profiles == good.profiles


def test_nor_is_one_whose_folder_others_can_put_another_in_place_of(tmp_path: Path) -> None:
    folder = tmp_path / "roamrc/profiles"
    folder.mkdir(parents=True)
    (folder / "office.yaml").write_text(GOOD)
    for path, mode in ((folder.parent, 0o777), (folder.parent, 0o1777), (folder, 0o1777)):  # sticky: anyone may add one
        path.chmod(mode)
        assert [f.hint for f in profiles.load(folder).faults] == [f"chmod o-w {path}"]
        path.chmod(0o755)
    assert profiles.load(folder).faults == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("which", ["office.yaml", "."])
def test_nor_is_one_of_another_user(tmp_path: Path, which: str) -> None:
    (tmp_path / "office.yaml").write_text(GOOD)
    os.chown(tmp_path / which, 4711, 4711)
    (fault,) = profiles.load(tmp_path).faults
    assert fault.text.startswith("it belongs to another user (uid 4711), who so chooses your proxy")


WARNED = {
    "http://alice:s3cret@proxy.corp.example:8080": "2:16 apply.proxy: a password in clear",
    "http://proxy.corp.example": "2:16 apply.proxy: the URL has no port: npm then takes 80 or 443",
    "'http://${U}:${P}@proxy.corp.example:8080'": "npm 6 runs no command at all where the variable is not set",
    "direct, no_proxy: ['*']": 'npm ignores "*" in no_proxy',
    "direct, no_proxy: [10.0.0.0/8]": 'npm ignores networks in no_proxy: "10.0.0.0/8"',
    "direct, no_proxy: ['corp.example:80']": 'npm ignores an entry with a port in no_proxy: "corp.example:80"',
    "direct, no_proxy: ['https://corp.example/']": 'npm ignores a URL in no_proxy: "https://corp.example/"',
    "direct, no_proxy: ['corp*']": 'npm knows no patterns in no_proxy: "corp*"',
    "direct, no_proxy: ['10.20.']": 'npm knows no patterns in no_proxy: "10.20."',
    "direct, no_proxy: ['a;b']": 'npm can match no host with "a;b"',
    "direct, no_proxy: ['.']": 'npm can match no host with "."',
    "direct, npm: {strict-ssl: no}": 'npm reads the text "no" here',
    "direct, npm: {'//npm.corp.example/:_authToken': abc}": "a secret in a profile is written to npm's file as it stands",
}


@pytest.mark.parametrize("proxy", WARNED)
def test_what_works_but_is_seldom_meant_is_a_warning(tmp_path: Path, proxy: str) -> None:
    (tmp_path / "office.yaml").write_text(f"when: []\napply: {{proxy: {proxy}}}\n")
    profile, faults = profiles.read(tmp_path / "office.yaml")
    assert profile is not None
    assert WARNED[proxy] in told(faults, "warning")
    assert "s3cret" not in told(faults, "warning")
    assert told(faults) == ""


def test_a_login_that_rests_on_claims_alone_is_a_warning(tmp_path: Path) -> None:
    text = "when: {ssid: CorpNet}\napply: {proxy: 'http://proxy.corp.example:8080', login: 'keyring:corp/alice'}\n"
    warning = "2:1 apply: the login goes to any network that claims to be this one → prove: https://intranet.corp.example/"
    assert told(check(tmp_path, text.encode()), "warning") == warning
    assert check(tmp_path, text.encode() + b"prove: https://intranet.corp.example/\n") == ()
    assert check(tmp_path, text.replace("{ssid: CorpNet}", "[]").encode()) == ()


def test_the_json_holds_faults_and_warnings_apart() -> None:
    at = nodes.Node(3, 5, (3, 9))
    faults = Faults("/home/x/office.yaml")
    faults.add(at, "when[0].ssid", "is empty", "a hint")
    faults.warn(at, "apply", "seldom meant")
    place = {"file": "/home/x/office.yaml", "line": 3, "col": 5}
    assert nodes.report(faults.found) == {
        "version": 1,
        "faults": [{**place, "path": "when[0].ssid", "text": "is empty", "hint": "a hint"}],
        "warnings": [{**place, "path": "apply", "text": "seldom meant", "hint": ""}],
    }
    assert str(faults.found[0]) == "/home/x/office.yaml:3:5: when[0].ssid: is empty\nhint: a hint"
    assert str(faults.found[1]) == "/home/x/office.yaml:3:5: apply: warning: seldom meant"


def test_a_file_name_obeys_no_terminal(tmp_path: Path) -> None:
    found = check(tmp_path, b"x", "a\x1b[2Jb\n.yaml")
    assert all(str(f).isascii() and "\x1b" not in str(f) for f in found)
    assert found[0].where.endswith("a\\x1b[2Jb\\n.yaml:1:1")


def test_hostile_text_in_a_fault_is_escaped_and_cut(tmp_path: Path) -> None:
    found = check(tmp_path, b'when: []\napply: {proxy: direct}\n"\\e[31m\\u202e": x\nwhen2: x\n')
    assert found[0].text == '"\\x1b[31m\\u202e" is no key here'
    assert "…" in check(tmp_path, b"x" * 1000 + b": y\n")[0].text


@LAW
@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    faults = Faults("x.yaml")
    root = yamlfile.parse(data, faults)
    assert root is None or not any(f.line < 1 or f.col < 1 for f in faults.found)


PIECES = st.sampled_from(
    (
        *("when: ", "unless:", "apply:", "proxy: direct", "[", "]", "{", "}", "- ", "\n", "\n  ", "\n    ", ": ", ", ", "'", '"'),
        *("&a ", "*a ", "!!str ", "!x ", "# ", "<<: ", "\t", "\r", "? ", "---\n", "...\n", "null", "~", "yes"),
        *("ssid", "vpn", "|", ">"),
        *("gateway: 10.0.0.0/8", "http://a:b@c:1", "\u2028", "\x85", "\\x", "é", "%", "@", "`", "\\"),
        *("priority: 5", "npm: ", "prove: ", "no_proxy: ", "login: keyring:a/b"),
    )
)


@LAW
@given(st.lists(PIECES, max_size=40))
def test_no_yaml_makes_it_raise_and_what_is_wrong_is_told(pieces: list[str]) -> None:
    faults = Faults("x.yaml")
    root = yamlfile.parse("".join(pieces).encode(), faults)
    profile = fields.profile(root, "x", "x.yaml", faults) if root else None
    assert (profile is None) == (root is None or faults.wrong > 0)


@pytest.mark.parametrize("value", ["&a x", "!!str x", "!y z", "[x, !!int y]", "[&a x]", "{a: &b c}", "*a"])
@pytest.mark.parametrize("field", [*CONDITIONS, *fields.PROFILE, *fields.APPLY], ids=lambda f: f.name)
def test_an_anchor_or_a_tag_is_a_fault_wherever_it_stands(field: Field, value: str) -> None:
    """A tag behind `subnet:` ended the running agent."""
    line = f"{field.name}: {value}"
    if field in CONDITIONS:
        text = f"when:\n  - {line}\nunless:\n  - {line}\napply: {{proxy: direct}}\n"
    elif field in fields.APPLY:
        text = f"when: []\napply: {{{'' if field.name == 'proxy' else 'proxy: direct, '}{line}}}\n"
    else:
        text = line + ("" if field.name == "apply" else "\napply: {proxy: direct}") + "\n"
    faults = Faults("x.yaml")
    root = yamlfile.parse(text.encode(), faults)
    assert root is not None
    assert fields.profile(root, "x", "x.yaml", faults) is None
    assert any(f.severity == "fault" for f in faults.found)


@LAW
@given(st.dictionaries(st.sampled_from(["when", "apply", "unless", "prove", "priority", "because"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(TEXT, max_size=8) | st.sampled_from(["anywhere", "direct", "http://p.example:1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["ssid", "vpn", "gateway", "subnet", "resolves", "reachable", "kind", "proxy", "npm", "no_proxy", "login", "url"]
    ), inner, max_size=3), max_leaves=8,
)))  # fmt: skip
def test_any_shape_of_data_is_judged(data: dict[str, object]) -> None:
    import json

    faults = Faults("x.yaml")
    root = yamlfile.parse(json.dumps(data, ensure_ascii=False).encode(), faults)
    assert root is not None
    profile = fields.profile(root, "x", "x.yaml", faults)
    assert (profile is None) == (faults.wrong > 0)
