"""What a network can be known by again, and how that goes into a profile that a person wrote."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopback import closed_port, stand
from roamrc import look
from roamrc.errors import RoamError
from roamrc.formats.login import Login
from roamrc.model import Hidden, Network, Tunnel
from roamrc.reading import amend, profiles
from roamrc.reconcile import Setup
from roamrc.rules import clues, match
from roamrc.setup import learn
from roamrc.setup.present import Kept
from roamrc.slotted import replace
from roamrc.system import System

OFFICE = Network(
    True,
    "eth0",
    "wired",
    None,
    None,
    ("corp.example",),
    "10.20.0.1",
    "00:00:5e:00:01:0a",
    ("10.20.4.17/16",),
)
HOME = Network(
    True, "wlan0", "wifi", "Sunflower", None, ("fritz.box",), "192.168.178.1", "3c:a6:2f:12:34:56", ("192.168.178.2/24",)
)
NAT = Hidden("behind NAT")
INSIDE = Hidden("in a container")


def keys(network: Network) -> dict[str, Any]:
    return dict(clues.clue(network).keys)


RULES = [
    ("suffix and gateway", OFFICE, "sure", {"dns_suffix": "corp.example", "gateway": "10.20.0.1"}),
    ("no gateway: the subnet", replace(OFFICE, gateway=None), "sure", {"dns_suffix": "corp.example", "subnet": "10.20.0.0/16"}),
    (
        "a gateway that every IPv6 link may have is none",
        replace(OFFICE, gateway="fe80::1", addresses=("2001:db8:7::5/64",)),
        "sure",
        {"dns_suffix": "corp.example", "subnet": "2001:db8:7::/64"},
    ),
    (
        "the first suffix that names somebody",
        replace(OFFICE, dns_suffixes=("lan", "tail1234.ts.net", "eu.corp.example", "corp.example")),
        "sure",
        {"dns_suffix": "eu.corp.example", "gateway": "10.20.0.1"},
    ),
    ("home: the MAC alone", HOME, "sure", {"gateway_mac": "3c:a6:2f:12:34:56"}),
    ("a MAC made by software", replace(HOME, gateway_mac="02:00:00:00:40:01"), "fair", {"gateway_mac": "02:00:00:00:40:01"}),
    (
        "a hotspot's MAC changes: its name",
        replace(
            HOME,
            ssid="[Al]*?",
            dns_suffixes=(),
            gateway="172.20.10.1",
            gateway_mac="ba:41:a4:00:00:01",
            addresses=("172.20.10.3/28",),
        ),
        "weak",
        {"ssid": "[[]Al][*][?]", "gateway": "172.20.10.1"},
    ),
    (
        "the MAC not known yet: the name",
        replace(HOME, gateway_mac=Hidden("not answered yet")),
        "weak",
        {"ssid": "Sunflower", "gateway": "192.168.178.1"},
    ),
    (
        "a cable, two numbers",
        replace(OFFICE, dns_suffixes=()),
        "weak",
        {"gateway": "10.20.0.1", "subnet": "10.20.0.0/16"},
    ),
    (
        "under a VPN it is the VPN",
        replace(HOME, dns_suffixes=("corp.example", "fritz.box"), vpn=(Tunnel("tun0", True),)),
        "fair",
        {"vpn": True, "dns_suffix": "corp.example"},
    ),
    ("a mesh is no VPN", replace(HOME, vpn=(Tunnel("tailscale0", False, True),)), "sure", {"gateway_mac": "3c:a6:2f:12:34:56"}),
]


@pytest.mark.parametrize(("network", "sure", "wanted"), [r[1:] for r in RULES], ids=[r[0] for r in RULES])
def test_the_item_for_a_network(network: Network, sure: str, wanted: dict[str, Any]) -> None:
    clue = clues.clue(network)
    assert (clue.sure, dict(clue.keys)) == (sure, wanted)
    assert clue.why


REFUSED = [
    ("offline", Network(False), "offline"),
    ("NAT", Network(True, NAT, NAT, NAT, NAT, NAT, NAT, NAT, NAT, NAT), "behind NAT"),
    ("container", replace(OFFICE, gateway=INSIDE, gateway_mac=INSIDE, addresses=INSIDE), "in a container"),
    ("a VPN without a domain", replace(HOME, vpn=(Tunnel("tun0", True),)), "VPN"),
    (
        "half the homes",
        replace(HOME, ssid=None, gateway_mac="00:00:0c:07:ac:01", gateway="192.168.1.1", addresses=("192.168.1.2/24",)),
        "HSRP",
    ),
    ("no fact at all", Network(True), "no domain"),
]


@pytest.mark.parametrize(("network", "words"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_can_not_be_learnt_is_said(network: Network, words: str) -> None:
    with pytest.raises(clues.Unknowable, match=words) as e:
        clues.clue(network)
    assert e.value.code == 1
    assert e.value.hint


@pytest.mark.parametrize(
    "mac",
    ["00:00:5e:00:01:01", "00:00:5E:00:02:ff", "00:00:0c:07:ac:05", "00:00:0c:9f:f0:01", "00:07:b4:00:01:01", "52:54:00:12:35:02",
     "00:50:56:e0:00:01", "00:0c:29:00:00:01", "08:00:27:00:00:01", "00:15:5d:00:00:01", "00:1c:42:00:00:18",
     "02:42:ac:11:00:01"],
)  # fmt: skip
def test_a_mac_that_many_have_never_stands_alone(mac: str) -> None:
    assert clues.shared(mac)
    assert "gateway_mac" not in keys(replace(HOME, gateway_mac=mac.lower()))


@pytest.mark.parametrize(
    "suffix",
    ["lan", "local", "home.arpa", "localdomain", "home", "internal", "fritz.box", "FRITZ.BOX", "corp", "tail1234.ts.net",
     "eu-west-1.compute.internal", "10.in-addr.arpa", "mshome.net"],
)  # fmt: skip
def test_a_suffix_that_everybody_has_is_no_claim(suffix: str) -> None:
    assert clues.generic(suffix)
    assert "dns_suffix" not in keys(replace(HOME, dns_suffixes=(suffix.lower(),)))


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=32))
def test_an_escaped_name_matches_itself_alone(ssid: str) -> None:
    from roamrc.rules.checks import glob

    assert glob(clues.escaped(ssid), ssid)
    assert not glob(clues.escaped(ssid), ssid + "x")
    assert not glob(clues.escaped(ssid), "x" + ssid[1:]) or ssid[0] == "x"


@given(
    st.builds(
        Network,
        st.just(True),
        st.just("wlan0"),
        st.just("wifi"),
        st.none() | st.text(max_size=8),
        st.none(),
        st.lists(st.sampled_from(["corp.example", "lan", "a..b", "-x-", "evil\n.example", "é.example"]), max_size=3).map(tuple),
        st.none() | st.sampled_from(["10.1.2.3", "fe80::1", "2001:db8::1"]),
        st.none() | st.sampled_from(["3c:a6:2f:12:34:56", "52:54:00:00:00:01"]),
        st.lists(st.sampled_from(["10.1.2.9/24", "192.168.1.4/24", "2001:db8::9/64", "10.9.9.9/32"]), max_size=2).map(tuple),
    )
)
def test_what_is_learnt_always_matches_where_it_was_learnt_and_can_be_written(network: Network) -> None:
    try:
        clue = clues.clue(network)
    except clues.Unknowable:
        return
    profile = amend.parsed(learn.written("here", clue, Kept("direct"), Path("/nowhere")), "here")
    assert match.judge_all(network, [profile])[0].verdict == "yes"
    assert match.judge_all(Network(True, "eth9", "wired"), [profile])[0].verdict == "no"


# ---- one more item ---------------------------------------------------------------------------------------------------------

KEYS = (("dns_suffix", "corp.example"), ("gateway", "10.20.0.1"))
TAIL = "apply: {proxy: direct}\n"
WHENS = {
    "empty": "when: []\n",
    "empty with a comment": "when: []   # none yet\n# - ssid: x   # delete the [] above\n",
    "empty below": "when:\n  []\n",
    "empty, over lines": "when: [\n  # nothing\n]\n",
    "list": "when:\n  - ssid: a\n    gateway: 1.2.3.4   # c\n  # tail\n\n",
    "list at the margin": "when:\n- ssid: a\n- ssid: [b, c]\n",
    "list, deep": "when:\n      - ssid:\n          - a\n          - b   # bb\n",
    "list, dash alone": "when:\n  -\n    ssid: a\n",
    "list of braces": "when:\n  - {ssid: a}\n",
    "list, block text": "when:\n  - ssid: |\n      foo\n\n",
    "list, two-line quotes": 'when:\n  - ssid: "a\n      b"\n',
    "brackets": "when: [{ssid: a}, {ssid: b}]\n",
    "brackets, last comma": "when: [{ssid: a},\n  {ssid: 'x}]'},  # x\n]\n",
    "mapping": "when:\n  ssid: a\n  # in between\n\n  gateway: 1.2.3.4   # c\n# after\n",
    "mapping with a list": "when:\n  ssid:\n  - a\n  - b\n",
    "mapping in braces": "when: {ssid: a, gateway: 1.2.3.4}   # c\n",
}


def without(text: bytes, made: bytes) -> bool:
    """Whether every byte of `text` stands in `made`, in its order: bytes were only put in."""
    rest = iter(made)
    return all(any(b == c for c in rest) for b in text)


@pytest.mark.parametrize("when", WHENS.values(), ids=WHENS)
@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize("place", ["first", "last", "last, no newline", "BOM"])
def test_an_item_is_put_in_and_no_other_byte_moves(when: str, eol: str, place: str) -> None:
    text = {"first": when + TAIL, "BOM": "\ufeff" + when + TAIL}.get(place, TAIL + when)
    text = text.rstrip("\n") if place == "last, no newline" else text
    data = text.replace("\n", eol).encode()
    made = amend.add_item(data, "office", KEYS)
    old, new = amend.parsed(data, "office"), amend.parsed(made, "office")
    bare = [{c.fact: c.wanted for c in item} for item in new.when]
    assert bare == [*({c.fact: c.wanted for c in item} for item in old.when), {k: (v,) for k, v in KEYS}]
    assert new.apply == old.apply
    assert without(data.replace(b"[]", b"") if b"[]" in data else data, made)
    assert b"\n" not in made.replace(b"\r\n", b"") or eol == "\n"
    for line in data.splitlines():
        assert line.strip() in made or b"when" in line or line.strip() == b"[]" or b"{" in line or b"[" in line
    assert match.judge_all(OFFICE, [new])[0].verdict == "yes"
    assert made.endswith(b"\n") == data.endswith(b"\n")
    assert amend.add_item(made, "office", [("ssid", "again: [x]")])


ITEM = st.dictionaries(
    st.sampled_from(["ssid", "gateway", "dns_suffix", "subnet"]), st.sampled_from(["10.1.2.3", "a", "no"]), min_size=1, max_size=1
).map(lambda d: {k: {"subnet": "10.0.0.0/8", "gateway": "10.1.2.3"}.get(k, v if v != "10.1.2.3" else "b") for k, v in d.items()})
COMMENT = st.sampled_from(["", "   # why", "  # - ssid: []"])
BETWEEN = st.sampled_from(["", "\n", "  # a comment\n", "# one at the margin\n\n"])


@given(
    st.lists(st.tuples(ITEM, COMMENT, BETWEEN), max_size=4),
    st.integers(0, 6),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    COMMENT,
)
def test_law_of_one_more_item(
    items: list[tuple[dict[str, str], str, str]], indent: int, eol: str, last: bool, comment: str
) -> None:
    lines = "".join(f"{' ' * indent}- {k}: {v}{c}\n{b}" for d, c, b in items for k, v in d.items())
    when = f"when:{comment}\n{lines}" if items else f"when: []{comment}\n"
    data = (TAIL + when if last else when + TAIL).replace("\n", eol).encode()
    made = amend.add_item(data, "office", KEYS)
    new = amend.parsed(made, "office")
    assert len(new.when) == len(items) + 1
    item = amend.block(KEYS, indent if items else 2, eol).encode()
    assert item in made
    at = made.index(item)
    rest = made[:at] + made[at + len(item) + len(eol) :]
    whole = [rest, made[: at - len(eol)] + made[at + len(item) :], rest[:at] + eol.encode() + rest[at:]]
    assert (data if items else data.replace(b"[]" if comment else b" []", b"", 1)) in whole
    assert match.judge_all(OFFICE, [new])[0].verdict == "yes"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("when: anywhere\n" + TAIL, "every network"),
        ("when: [{ssid: a}]\napply: {proxy: nowhere}\n", "broken"),
        ("when: {ssid: *a}\n" + TAIL, "broken"),
        ("", "broken"),
    ],
)
def test_a_file_that_no_item_can_be_added_to_is_refused(text: str, words: str) -> None:
    with pytest.raises(RoamError, match=words):
        amend.add_item(text.encode(), "office", KEYS)


@given(st.text(min_size=1, max_size=12))
def test_any_text_comes_back_out_of_lines_and_braces(text: str) -> None:
    for shown in (f"when:\n  - ssid: {amend.scalar(text)}\n", f"when: [{{ssid: {amend.scalar(text)}}}]\n"):
        try:
            profile = amend.parsed((shown + TAIL).encode(), "x")
        except RoamError:  # control characters are no glob
            assert not text.isprintable()
        else:
            assert profile.when[0][0].wanted == (text,)


# ---- learn -------------------------------------------------------------------------------------------------------------------


def setup(home: Path, **env: str) -> Setup:
    return look.setup(System({"PATH": os.environ["PATH"], **env}, home))[0]


def put(home: Path, name: str, text: str) -> Path:
    path = home / f".config/roamrc/profiles/{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def taught(s: Setup, name: str, network: Network) -> learn.Lesson:
    return learn.write(learn.lesson(s, name, network), s)


def test_a_new_profile_takes_a_living_proxy_along(tmp_path: Path) -> None:
    with stand(b"HTTP/1.1 200 OK\r\n\r\n") as proxy:
        (tmp_path / ".npmrc").write_text(f"registry=https://r.example/\nhttps-proxy=http://127.0.0.1:{proxy.port}\n")
        lesson = taught(setup(tmp_path), "office", OFFICE)
    assert b"CONNECT r.example:443" in proxy.heard[0]
    found = profiles.load(tmp_path / ".config/roamrc/profiles").profiles[0]
    assert (found.name, found.apply.proxy, found.apply.login) == ("office", f"http://127.0.0.1:{proxy.port}", None)
    assert match.decide(OFFICE, [found]).profile == found
    assert not lesson.path.stat().st_mode & 0o022


def test_a_dead_proxy_is_never_bound_to_a_network(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text(f"proxy=http://127.0.0.1:{closed_port()}\n")
    lesson = taught(setup(tmp_path), "home", HOME)
    assert profiles.read(lesson.path)[0].apply.proxy == "direct"  # type: ignore[union-attr]
    assert "refuses" in lesson.notes[0]


def test_the_shells_proxy_is_npms_too(tmp_path: Path) -> None:
    with stand(b"HTTP/1.1 407 No\r\n\r\n") as proxy:
        (tmp_path / ".npmrc").write_text("registry=https://r.example/\n")
        lesson = taught(setup(tmp_path, HTTPS_PROXY=f"http://127.0.0.1:{proxy.port}"), "office", OFFICE)
    assert profiles.read(lesson.path)[0].apply.proxy == f"http://127.0.0.1:{proxy.port}"  # type: ignore[union-attr]


class Typist:
    """Somebody at the terminal, with these answers."""

    def __init__(self, proxy: str, login: Login | None = None) -> None:
        self.answers, self.asked = (proxy, login), list[str]()

    def proxy(self) -> str:
        self.asked.append("proxy")
        return self.answers[0]

    def login(self, proxy: str) -> Login | None:
        self.asked.append(proxy)
        return self.answers[1]


def test_where_npm_has_no_proxy_the_person_is_asked(tmp_path: Path) -> None:
    s = setup(tmp_path, PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
    with stand(b"HTTP/1.1 407 No\r\n\r\n") as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        typist = Typist(url, Login("alice", "s3:cret"))
        lesson = learn.write(learn.lesson(s, "office", OFFICE, typist), s)
        again = learn.lesson(s, "lab", HOME, Typist(url))
    assert typist.asked == ["proxy", url]
    assert profiles.read(lesson.path)[0].apply.proxy == url.replace("//", "//alice:s3%3Acret@")  # type: ignore[union-attr]
    assert lesson.path.stat().st_mode & 0o777 == 0o600
    assert again.notes[0].endswith("`login: keyring:SERVICE/USER` below its proxy, then roamrc login set lab")


def test_no_proxy_is_an_answer_and_a_wrong_one_writes_nothing(tmp_path: Path) -> None:
    s = setup(tmp_path)
    with pytest.raises(RoamError, match="nothing was written"):
        learn.lesson(s, "office", OFFICE, Typist(f"http://127.0.0.1:{closed_port()}"))
    lesson = learn.lesson(s, "home", HOME, Typist(""))
    assert (lesson.kept, lesson.notes) == (Kept("direct"), ())


def test_who_is_asked_has_npms_proxy_nowhere(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text(f"proxy=http://127.0.0.1:{closed_port()}\n")
    typist = Typist("http://127.0.0.1:1")
    assert learn.lesson(setup(tmp_path), "home", HOME, typist).kept == Kept("direct")
    assert typist.asked == []


def test_a_login_that_another_profile_has_is_not_asked_for(tmp_path: Path) -> None:
    with stand(b"HTTP/1.1 407 No\r\n\r\n") as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        put(tmp_path, "vpn", f"when: {{vpn: true}}\napply: {{proxy: '{url}', login: 'keyring:corp/alice'}}\n")
        typist = Typist(url)
        assert learn.lesson(setup(tmp_path), "office", OFFICE, typist).kept == Kept(url, "keyring:corp/alice")
    assert typist.asked == ["proxy"]


def test_without_a_keyring_the_password_stays_in_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    with stand(b"HTTP/1.1 200 OK\r\n\r\n") as proxy:
        (tmp_path / ".npmrc").write_text(f"proxy=http://alice:s3cret@127.0.0.1:{proxy.port}\n")
        broken = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        lesson = taught(setup(tmp_path, **broken), "office", OFFICE)
    assert f"alice:s3cret@127.0.0.1:{proxy.port}" in lesson.path.read_text()
    assert lesson.path.stat().st_mode & 0o777 == 0o600
    assert "s3cret" not in repr(lesson) + str(lesson.notes)
    assert any("in clear" in n for n in lesson.notes)


def test_the_login_of_another_profile_of_that_proxy_is_used(tmp_path: Path) -> None:
    with stand(b"HTTP/1.1 200 OK\r\n\r\n") as proxy:
        at = f"http://127.0.0.1:{proxy.port}"
        put(tmp_path, "old", f"when: []\napply: {{proxy: '{at}', login: 'file:/x/y'}}\n")
        (tmp_path / ".npmrc").write_text(f"proxy=http://alice:s3cret@127.0.0.1:{proxy.port}\n")
        lesson = taught(setup(tmp_path), "office", OFFICE)
    found = profiles.read(lesson.path)[0]
    assert found
    assert (found.apply.proxy, found.apply.login) == (at, "file:/x/y")
    assert "s3cret" not in lesson.path.read_text()


def test_on_an_existing_profile_one_item_and_not_a_byte_more(tmp_path: Path) -> None:
    text = "# mine\nwhen:\n  - ssid: Corp   # old\n\napply:\n  proxy: http://proxy.example:1\n"
    path = put(tmp_path, "office", text)
    (tmp_path / ".npmrc").write_text("proxy=http://other.example:2\n")
    s = setup(tmp_path)
    assert dict(taught(s, "office", OFFICE).added or ()) == dict(KEYS)
    added = "  - dns_suffix: corp.example\n    gateway: 10.20.0.1\n"
    assert path.read_text() == text.replace("# old\n", "# old\n" + added)
    stamp = path.stat().st_mtime_ns
    assert taught(s, "office", OFFICE).added is None
    assert path.stat().st_mtime_ns == stamp


def test_a_starter_that_nobody_touched_is_filled_in(tmp_path: Path) -> None:
    for name, data in profiles.starters().items():
        put(tmp_path, name.removesuffix(".yaml"), data.decode())
    with stand(b"HTTP/1.1 200 OK\r\n\r\n") as proxy:
        (tmp_path / ".npmrc").write_text(f"proxy=http://127.0.0.1:{proxy.port}\n")
        path = taught(setup(tmp_path), "office", OFFICE).path
        found, faults = profiles.read(path)
    assert found
    assert (found.apply.proxy, len(found.when)) == (f"http://127.0.0.1:{proxy.port}", 1)
    assert not faults
    starter = profiles.starters()["office.yaml"].decode()
    comments = [x for x in starter.splitlines() if x.startswith("#")]
    assert [x for x in path.read_text().splitlines() if x.startswith("#")] == comments
    with pytest.raises(RoamError, match="example's registry"):
        learn.lesson(setup(tmp_path), "policy", OFFICE)
    assert taught(setup(tmp_path), "home", HOME).path.read_bytes().count(b"gateway_mac: 3c:a6:2f:12:34:56") == 1


@pytest.mark.parametrize("name", ["direct", "../x", "a/b", ".hidden", "", "-x", "x\ny", "x" * 65])
def test_a_name_that_can_not_be_is_refused_before_anything_is_asked(tmp_path: Path, name: str) -> None:
    with pytest.raises(RoamError):
        learn.lesson(setup(tmp_path), name, OFFICE)
    assert not (tmp_path / ".config").exists()


def test_another_profile_that_goes_first_is_named(tmp_path: Path) -> None:
    put(tmp_path, "boss", "priority: 90\nwhen: {subnet: 10.20.0.0/16}\napply: {proxy: direct}\n")
    assert any('"boss"' in n for n in taught(setup(tmp_path), "office", OFFICE).notes)


def test_the_command_behind_a_veil_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from roamrc import cli

    root = tmp_path / "root/proc/sys/kernel"
    root.mkdir(parents=True)
    (root / "osrelease").write_text("5.15.1-microsoft-standard-WSL2\n")
    monkeypatch.setenv("ROAMRC_ROOT", str(tmp_path / "root"))
    assert cli.main(["learn", "office"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "behind NAT" in said.err
    assert not (tmp_path / ".config").exists()


def test_the_command_tells_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from roamrc import cli

    put(tmp_path, "office", "when: [{ssid: a}]\napply: {proxy: direct}\n")
    code = cli.main(["learn", "office", "--json"])
    said = capsys.readouterr()
    if code == 0:
        told = json.loads(said.out)
        assert (told["profile"], told["path"]) == ("office", str(tmp_path / ".config/roamrc/profiles/office.yaml"))
        assert told["added"]
    else:
        assert (code, said.out) == (1, ""), said.err
