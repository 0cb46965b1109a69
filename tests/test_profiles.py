"""The folder of profiles: what a good file means, what a broken one leaves in force, and what a reload costs."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from roamrc.errors import Refused
from roamrc.model import Apply, Condition, Profile, Prove
from roamrc.reading import profiles, shipped
from roamrc.slotted import replace

DIRECT = "when: []\napply: {proxy: direct}\n"
PROXY = "when: []\napply: {proxy: http://proxy.corp.example:8080}\n"

CONTRACT = """priority: 50
when:
  - dns_suffix: corp.example
  - ssid: CorpNet*
    gateway: 10.20.0.0/16
unless:
  - vpn: guest*
prove: https://intranet.corp.example/
apply:
  proxy: http://proxy.corp.example:8080
  login: keyring:corp-proxy/alice
  no_proxy: [corp.example, 10.20.30.40]
  registry: https://npm.corp.example/
  npm: {cafile: /etc/ssl/corp.pem, offline: true, ca: null, "//npm.corp.example/:certfile": [a, b]}
because: one line that status and explain repeat
"""


OFFICE = "when: {dns_suffix: corp.example}\napply: {proxy: http://proxy.corp.example:8080}\n"


def write(path: Path, text: str, age: float = 60.0) -> Path:
    """A file that was written *age* seconds ago."""
    path.write_text(text, encoding="utf-8", newline="")
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))
    return path


def one(folder: Path, text: str) -> Profile:
    profile, faults = profiles.read(write(folder / "office.yaml", text))
    assert [str(f) for f in faults if f.severity == "fault"] == []
    assert profile is not None
    return profile


def condition(folder: Path, text: str) -> tuple[str | bool, ...]:
    """What one key of one item wants."""
    return one(folder, f"when: {{{text}}}\napply: {{proxy: direct}}\n").when[0][0].wanted


def test_every_key_of_the_contract(tmp_path: Path) -> None:
    assert one(tmp_path, CONTRACT) == Profile(
        name="office",
        apply=Apply(
            "http://proxy.corp.example:8080",
            "keyring:corp-proxy/alice",
            ("corp.example", "10.20.30.40"),
            "https://npm.corp.example/",
            {"cafile": "/etc/ssl/corp.pem", "offline": "true", "ca": None, "//npm.corp.example/:certfile": ("a", "b")},
        ),
        when=(
            (Condition("dns_suffix", ("corp.example",), "office.yaml:3:5 when[0].dns_suffix"),),
            (
                Condition("ssid", ("CorpNet*",), "office.yaml:4:5 when[1].ssid"),
                Condition("gateway", ("10.20.0.0/16",), "office.yaml:5:5 when[1].gateway"),
            ),
        ),
        unless=((Condition("vpn", ("guest*",), "office.yaml:7:5 unless[0].vpn"),),),
        prove=Prove("https://intranet.corp.example/"),
        priority=50,
        because="one line that status and explain repeat",
        path=str(tmp_path / "office.yaml"),
        proof="office.yaml:8:1 prove",
    )


WHEN = {
    "anywhere": (("anywhere",),),
    "[]": (),
    "{ssid: a, kind: wifi}": (("ssid", "kind"),),
    "[{ssid: a}, {ssid: b, vpn: true}]": (("ssid",), ("ssid", "vpn")),
}


@pytest.mark.parametrize("when", WHEN)
def test_the_shapes_of_when(tmp_path: Path, when: str) -> None:
    profile = one(tmp_path, f"when: {when}\napply: {{proxy: keep}}\n")
    assert tuple(tuple(c.fact for c in item) for item in profile.when) == WHEN[when]


VALUES = {
    "ssid: no": ("no",),
    "ssid: [yes, 1234, 1.50, 0x10, 12:30:45, 2024-01-01, .inf]": (
        "yes",
        "1234",
        "1.50",
        "0x10",
        "12:30:45",
        "2024-01-01",
        ".inf",
    ),
    'ssid: "null"': ("null",),
    "ssid: Café ☕": ("Café ☕",),
    "ssid: '*'": ("*",),
    "gateway_mac: 52:54:00:12:34:56": ("52:54:00:12:34:56",),
    "gateway_mac: 0:B8:c2:39:55:a": ("00:b8:c2:39:55:0a",),
    "gateway_mac: 52-54-00-12-34-56": ("52:54:00:12:34:56",),
    "bssid: [1:2:3:4:5:6, 02:00:5E:10:00:01]": ("01:02:03:04:05:06", "02:00:5e:10:00:01"),
    "dns_suffix: [Corp.Example., home, xn--bro-hoa.example, _x.example]": (
        "corp.example",
        "home",
        "xn--bro-hoa.example",
        "_x.example",
    ),
    "interface: [eth*, wlp3s0]": ("eth*", "wlp3s0"),
    "kind: [wifi, wired, cellular, other]": ("wifi", "wired", "cellular", "other"),
    "gateway: [10.20.0.1, 10.20.0.0/16, FD00::1, fd00:0::/48]": ("10.20.0.1", "10.20.0.0/16", "fd00::1", "fd00::/48"),
    "subnet: [10.20.0.0/16, 10.1.2.3/32, fd00::/8]": ("10.20.0.0/16", "10.1.2.3/32", "fd00::/8"),
    "vpn: true": (True,),
    "vpn: False": (False,),
    "vpn: [tun*, wg0]": ("tun*", "wg0"),
    "resolves: Intranet.corp.example.": ("intranet.corp.example",),
    "reachable: [Proxy.corp.example:8080, '[FD00::1]:80', 10.0.0.1:22]": (
        "proxy.corp.example:8080",
        "[fd00::1]:80",
        "10.0.0.1:22",
    ),
}


@pytest.mark.parametrize("text", VALUES)
def test_values_are_read_by_the_type_of_their_field(tmp_path: Path, text: str) -> None:
    assert condition(tmp_path, text) == VALUES[text]


BYPASS = {
    "[corp.example, .corp.example, '*.corp.example']": ("corp.example", ".corp.example"),
    "[CORP.Example, corp.example.]": ("corp.example",),
    "'a.example, b.example c.example'": ("a.example", "b.example", "c.example"),
    "[fd00::1, '[FD00:0::2]', 10.0.0.1, 10.0.0.2/32, fd00::3/128]": (
        "[fd00::1]",
        "[fd00::2]",
        "10.0.0.1",
        "10.0.0.2",
        "[fd00::3]",
    ),
    "[10.0.0.0/8, '*', 'corp.example:80', good.example]": ("good.example",),
    "[]": (),
    "localhost": ("localhost",),
}


@pytest.mark.parametrize("text", BYPASS)
def test_no_proxy_is_translated_where_npm_has_an_equal_form(tmp_path: Path, text: str) -> None:
    assert one(tmp_path, f"when: []\napply: {{proxy: direct, no_proxy: {text}}}\n").apply.no_proxy == BYPASS[text]


NPM = {
    "offline: true": "true",
    "offline: TRUE": "true",
    'x: "TRUE"': "TRUE",
    "maxsockets: 5": "5",
    "x: 0x1F": "0x1F",
    "cafile: null": None,
    "cafile: ~": None,
    'x: "null"': "null",
    'x: ""': "",
    "x: 1e3": "1e3",
    "x: [a, 1, true]": ("a", "1", "true"),
    'x: "a\\nb"': "a\nb",
    "'@corp:registry': https://npm.corp.example/": "https://npm.corp.example/",
}


@pytest.mark.parametrize("text", NPM)
def test_npm_keys_hold_what_the_ini_file_would(tmp_path: Path, text: str) -> None:
    made = one(tmp_path, f"when: []\napply:\n  proxy: direct\n  npm:\n    {text}\n").apply.npm
    assert list(made.values()) == [NPM[text]]


PROXIES = (
    "direct",
    "keep",
    "original",
    "http://proxy.corp.example:8080",
    "https://proxy.corp.example:8443/",
    "http://10.0.0.1:3128",
    "http://[fd00::1]:3128",
    "http://alice@proxy.corp.example:8080",
    "http://CORP%5Calice:p%23x@proxy.corp.example:8080",
    "http://a:b@c@proxy.corp.example:8080",
    "HTTP://Proxy.corp.example:8080",
)


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_proxy_is_taken_as_written(tmp_path: Path, proxy: str) -> None:
    assert one(tmp_path, f"when: []\napply: {{proxy: '{proxy}'}}\n").apply.proxy == proxy


LOGINS = (
    ("keyring:corp-proxy/alice", ""),
    ("keyring:corp-proxy/CORP\\alice", ""),
    ("keyring:corp-proxy", "alice@"),
    ("keyring:corp-proxy/alice", "alice@"),
    ("env:PROXY_USER,PROXY_PASS", ""),
    ("command:pass show corp/proxy", ""),
    ("file:~/.config/proxy-login", ""),
    ("file:/run/secrets/proxy", "alice@"),
)


@pytest.mark.parametrize(("login", "user"), LOGINS)
def test_the_forms_of_a_login(tmp_path: Path, login: str, user: str) -> None:
    text = f"when: []\napply: {{proxy: 'http://{user}proxy.corp.example:8080', login: '{login}'}}\n"
    assert one(tmp_path, text).apply.login == login


def test_prove_with_an_authority_of_its_own(tmp_path: Path) -> None:
    text = DIRECT + "prove: {url: https://intranet.corp.example:8443/x, ca: ~/corp.pem}\n"
    assert one(tmp_path, text).prove == Prove("https://intranet.corp.example:8443/x", "~/corp.pem")


def test_bom_crlf_and_lone_cr_are_read(tmp_path: Path) -> None:
    assert one(tmp_path, "\ufeff" + CONTRACT.replace("\n", "\r\n")).priority == 50
    assert one(tmp_path, CONTRACT.replace("\n", "\r")).when[1][1].where == "office.yaml:5:5 when[1].gateway"


# ---- the folder ---------------------------------------------------------------------------------------------------------


def test_what_counts_as_a_profile(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", ".hidden.yaml", "x.yaml~", "x.json", "README", "b-2.yaml"):
        write(tmp_path / name, DIRECT)
    (tmp_path / "schema").mkdir()
    loaded = profiles.load(tmp_path)
    assert [p.name for p in loaded.profiles] == ["a", "b", "b-2"]
    assert loaded.faults == ()


def test_no_folder_is_no_profile(tmp_path: Path) -> None:
    assert profiles.load(tmp_path / "gone") == profiles.Loaded()


def test_a_folder_that_can_not_be_read_keeps_what_was_known(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", DIRECT)
    before = profiles.load(tmp_path)
    (tmp_path / "file").write_text("")
    after = profiles.load(tmp_path / "file", before)
    assert after.profiles == before.profiles
    assert [f.text for f in after.faults] == ["the folder can't be read: Not a directory"]
    assert profiles.load(tmp_path, after, watched=True).faults == (), "nobody tells when it can be read again"


NAMES = {
    "direct": 'the name "direct" is reserved: roamrc use direct needs no file',
    "Direct": 'the name "Direct" is reserved: roamrc use direct needs no file',
    "-x": 'the name "-x" begins with - or a space',
    " x": 'the name " x" begins with - or a space',
    "a\nb": 'the name "a\\nb" holds an unprintable character',
    "a\x1b[31m": 'the name "a\\x1b[31m" holds an unprintable character',
    "a\u202eb": 'the name "a\\u202eb" holds an unprintable character',
    "x" * 65: "the name has 65 characters, more than 64",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_that_can_not_be(tmp_path: Path, name: str) -> None:
    write(tmp_path / f"{name}.yaml", DIRECT)
    loaded = profiles.load(tmp_path)
    assert [f.text for f in loaded.faults] == [NAMES[name]]
    assert loaded.profiles == ()
    assert profiles.read(tmp_path / f"{name}.yaml")[0] is None


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.yaml"
    try:
        with open(path, "w") as f:
            f.write(DIRECT)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    loaded = profiles.load(tmp_path)
    assert [f.text for f in loaded.faults] == ['the name "caf\\udce9" holds an unprintable character']
    assert str(loaded.faults[0]).encode("utf-8")


def test_names_of_64_characters_and_of_many_scripts_are_good(tmp_path: Path) -> None:
    names = sorted(["x" * 64, "büro", "事務所", "office 2", "a.b"])
    for name in names:
        write(tmp_path / f"{name}.yaml", DIRECT)
    assert [p.name for p in profiles.load(tmp_path).profiles] == names


def test_two_files_of_one_name_are_both_faults_and_one_broken_profile(tmp_path: Path) -> None:
    write(tmp_path / "office.yaml", DIRECT)
    before = profiles.load(tmp_path)
    write(tmp_path / "office.yml", PROXY)
    fresh, after = profiles.load(tmp_path), profiles.load(tmp_path, before)
    assert [Path(f.file).name for f in fresh.faults] == ["office.yaml", "office.yml"]
    assert {f.text for f in fresh.faults} == {'"office.yaml" and "office.yml" are one profile\'s name'}
    assert [p.broken for p in fresh.profiles] == ['line 1: "office.yaml" and "office.yml" are one profile\'s name']
    assert after.profiles == before.profiles


def test_a_broken_file_leaves_its_last_good_version_in_force(tmp_path: Path) -> None:
    write(tmp_path / "office.yaml", PROXY)
    good = profiles.load(tmp_path)
    write(tmp_path / "office.yaml", "when: [\n", age=30)
    broken = profiles.load(tmp_path, good)
    assert broken.profiles == good.profiles
    assert [f.text for f in broken.wrong] == ["a value is missing here, or a [ or { is not closed"]
    again = profiles.load(tmp_path, broken)
    assert (again.profiles, again.faults, again.parsed) == (good.profiles, broken.faults, 0)
    write(tmp_path / "office.yaml", DIRECT, age=10)
    mended = profiles.load(tmp_path, again)
    assert [p.apply.proxy for p in mended.profiles] == ["direct"]
    assert mended.faults == ()


def test_a_broken_file_without_a_good_version_is_a_broken_profile(tmp_path: Path) -> None:
    write(tmp_path / "office.yaml", "when: anywhere\napply: {proxy: none}\n")
    loaded = profiles.load(tmp_path)
    assert len(loaded.profiles) == 1
    profile = loaded.profiles[0]
    assert profile.broken == 'line 2: apply.proxy: "none" is neither a URL nor direct, keep, original'
    assert (profile.name, profile.when, profile.apply) == ("office", (), Apply("keep"))


def test_renamed_to_the_other_ending_it_is_still_the_same_profile(tmp_path: Path) -> None:
    write(tmp_path / "office.yaml", PROXY)
    good = profiles.load(tmp_path)
    (tmp_path / "office.yaml").unlink()
    write(tmp_path / "office.yml", "x")
    assert profiles.load(tmp_path, good).profiles == good.profiles


def test_a_deleted_profile_is_gone_and_does_not_come_back_broken(tmp_path: Path) -> None:
    write(tmp_path / "office.yaml", PROXY)
    loaded = profiles.load(tmp_path)
    (tmp_path / "office.yaml").unlink()
    loaded = profiles.load(tmp_path, loaded)
    assert loaded.profiles == ()
    write(tmp_path / "office.yaml", "x")
    assert [p.broken is not None for p in profiles.load(tmp_path, loaded).profiles] == [True]


def test_of_many_profiles_only_the_changed_one_is_parsed(tmp_path: Path) -> None:
    for n in range(200):
        write(tmp_path / f"p{n:03}.yaml", DIRECT)
    first = profiles.load(tmp_path)
    assert (len(first.profiles), first.parsed) == (200, 200)
    second = profiles.load(tmp_path, first)
    assert (second.profiles, second.parsed) == (first.profiles, 0)
    write(tmp_path / "p100.yaml", PROXY, age=30)
    third = profiles.load(tmp_path, second)
    assert third.parsed == 1
    assert third.profiles[100].apply.sets_proxy
    assert all(new is old for n, (new, old) in enumerate(zip(third.profiles, first.profiles, strict=True)) if n != 100)


def rewritten(path: Path, text: str) -> None:
    """Written in place, and nobody told of it: the folder's own stamp stays."""
    folder = path.parent.stat()
    write(path, text)
    os.utime(path.parent, ns=(folder.st_atime_ns, folder.st_mtime_ns))


def test_a_watched_folder_is_believed_until_somebody_tells_or_minutes_have_passed(tmp_path: Path) -> None:
    write(tmp_path / "office.yaml", OFFICE)
    first = profiles.load(tmp_path, None, watched=True)
    rewritten(tmp_path / "office.yaml", OFFICE.replace("8080", "9090"))
    believed = profiles.load(tmp_path, first, watched=True)
    assert (believed.profiles, believed.parsed) == (first.profiles, 0)
    for seen in (
        profiles.load(tmp_path, believed),  # somebody told
        profiles.load(tmp_path, replace(believed, at=believed.at - profiles.CHECKED), watched=True),  # an event was missed
    ):
        assert seen.profiles[0].apply.proxy.endswith("9090")


def test_a_watched_folder_with_a_new_name_a_link_or_a_fault_is_read(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    folder = tmp_path / "profiles"
    office, away = write(folder / "office.yaml", OFFICE), write(tmp_path / "away", OFFICE)
    loaded = profiles.load(folder, None, watched=True)
    write(folder / "b.yaml", OFFICE)
    loaded = profiles.load(folder, loaded, watched=True)
    assert [p.name for p in loaded.profiles] == ["b", "office"]
    (folder / "link.yaml").symlink_to(away)
    loaded = profiles.load(folder, loaded, watched=True)
    write(away, OFFICE.replace("8080", "9090"))
    loaded = profiles.load(folder, loaded, watched=True)
    assert {p.name: p.apply.proxy[-4:] for p in loaded.profiles} == {"b": "8080", "office": "8080", "link": "9090"}
    (folder / "link.yaml").unlink()
    rewritten(office, "when: [")
    loaded = profiles.load(folder, loaded, watched=True)
    assert loaded.wrong
    rewritten(office, OFFICE)
    loaded = profiles.load(folder, loaded, watched=True)
    assert not loaded.wrong
    write(office, OFFICE, age=0)  # and may be written again within a tick of the clock
    loaded = profiles.load(folder, loaded)
    rewritten(office, OFFICE.replace("8080", "9090"))
    assert profiles.load(folder, loaded, watched=True).profiles[-1].apply.proxy.endswith("9090")


def test_a_file_just_written_is_read_again_though_its_time_did_not_move(tmp_path: Path) -> None:
    path = write(tmp_path / "office.yaml", DIRECT, age=0)
    info = path.stat()
    first = profiles.load(tmp_path)
    path.write_text(DIRECT.replace("direct", "keep  "))
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert path.stat().st_size == info.st_size
    assert [p.apply.proxy for p in profiles.load(tmp_path, first).profiles] == ["keep"]


def test_a_symlink_is_followed(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    folder.mkdir()
    target = write(tmp_path / "dotfiles-office", DIRECT)
    (folder / "office.yaml").symlink_to(target)
    first = profiles.load(folder)
    assert [p.name for p in first.profiles] == ["office"]
    write(target, PROXY, age=30)
    assert profiles.load(folder, first).profiles[0].apply.sets_proxy


# ---- the starters -------------------------------------------------------------------------------------------------------

STARTERS = ("cafe.yaml", "elsewhere.yaml", "home.yaml", "office.yaml", "policy.yaml", "vpn.yaml")


def test_the_starters_change_nothing_until_they_are_filled_in(tmp_path: Path) -> None:
    texts = profiles.starters()
    assert tuple(texts) == STARTERS
    for name, text in texts.items():
        write(tmp_path / name, text.decode())
    loaded = profiles.load(tmp_path)
    assert loaded.faults == ()
    for profile in loaded.profiles:
        anywhere = profile.when != ()
        assert anywhere == (profile.name == "elsewhere")
        assert profile.apply.proxy == "keep" or not anywhere


@pytest.mark.parametrize("name", [n for n in STARTERS if n != "elsewhere.yaml"])
def test_a_starter_filled_in_as_it_says_is_good(tmp_path: Path, name: str) -> None:
    """What a user does: delete the [], uncomment every line of YAML; then all the keys shown are right."""
    text = profiles.starters()[name].decode().replace("when: []", "when:")
    text = re.sub(r"^( *)# ((?:- |  )?[a-z_]+: )", r"\1\2", text, flags=re.MULTILINE)
    profile, faults = profiles.read(write(tmp_path / name, text))
    assert [str(f) for f in faults] == []
    assert profile is not None
    assert profile.when != ()


def test_the_first_line_names_a_schema_that_is_written_beside_them() -> None:
    schemas = profiles.schemas()
    assert sorted(schemas) == ["schema/config.json", "schema/profile.json"]
    for text in profiles.starters().values():
        assert text.decode().splitlines()[0] == "# yaml-language-server: $schema=./schema/profile.json"


def test_shipped_files_are_found_in_a_wheel_and_in_a_checkout(tmp_path: Path) -> None:
    wheel, checkout = tmp_path / "site-packages" / "roamrc", tmp_path / "src" / "agent" / "roamrc"
    for made in (wheel / "shipped" / "profiles", checkout, checkout.parent.parent / "profiles", tmp_path / "profiles"):
        made.mkdir(parents=True)
    assert shipped.folder("profiles", wheel) == wheel / "shipped" / "profiles"
    assert shipped.folder("profiles", checkout) == tmp_path / "src" / "profiles"
    with pytest.raises(Refused, match="launchd"):
        shipped.folder("launchd", wheel)
    with pytest.raises(Refused):
        shipped.folder("../x", wheel)
