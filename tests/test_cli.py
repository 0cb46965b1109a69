"""The command line: words, exit codes, shapes; each line of the contract that a command shows."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from home import CAFE, OFFICE, Home, Ran
from roamrc import __version__, cli
from roamrc.memory import glance

UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NETWORK: dict[str, Any] = {
    "version": 1,
    "online": True,
    "interface": "eth0",
    "kind": "wired",
    "gateway": "10.20.0.1",
    "dns_suffixes": ["corp.example"],
    "addresses": ["10.20.3.4"],
    "vpn": [],
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.profile("office", OFFICE)
    made.profile("cafe", CAFE)
    return made


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Any:
    """A command in this process; the home is the test's."""

    def run(*argv: str) -> Ran:
        code = cli.main(argv)
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return run


# ---- words -----------------------------------------------------------------------------------------------------------------

WRONG = (
    ((), 2, "", ""),
    (("stauts",), 2, 'there is no command "stauts"', "did you mean `roamrc status`?"),
    (("version",), 2, 'there is no command "version"', "did you mean `roamrc --version`?"),
    (("zzz",), 2, 'there is no command "zzz"', "roamrc --help"),
    (("\x1b[2J",), 2, 'there is no command "\\x1b[2J"', "roamrc --help"),
    (("--json", "status"), 2, '"--json" stands where a command is expected', "roamrc status --json"),
    (("--nope",), 2, '"--nope" stands where a command is expected', "roamrc --help"),
    (("help", "zzz"), 2, 'there is no command "zzz"', "roamrc --help"),
    (("status", "--nope"), 2, "this is not understood: --nope", "roamrc status --help"),
    (("status", "extra\x07"), 2, "this is not understood: extra\\x07", "roamrc status --help"),
    (("apply", "--dry"), 2, "this is not understood: --dry", "roamrc apply --help"),
    (("use",), 2, "this is missing: PROFILE", "roamrc use --help"),
    (("use", "office", "--for"), 2, "argument --for: expected one argument", "roamrc use --help"),
    (("use", "office", "--for", "2h", "--until-moved"), 2, "not allowed with argument --for", "roamrc use --help"),
    (("use", "office", "--for", "soon"), 2, '--for "soon" is no length of time', "roamrc use PROFILE --for 2h"),
    (("use", "office", "--for", "2"), 2, '--for "2" is no length of time', "roamrc use PROFILE --for 2h"),
    (("use", "office", "--for", "999d"), 2, '--for "999d" is no length of time', "roamrc use PROFILE --for 2h"),
    (("use", "offic"), 2, 'there is no profile "offic"', "did you mean `roamrc use office`?"),
    (("use", "\x1b]0;x"), 2, 'there is no profile "\\x1b]0;x"', "roamrc explain lists the profiles there are"),
    (("explain", "offic"), 2, 'there is no profile "offic"', "did you mean `roamrc explain office`?"),
    (("explain", "--facts", "nowhere.json"), 2, 'there is no file "nowhere.json"', "roamrc facts --json > FILE"),
    (("log", "--since", "soon"), 2, '--since "soon" is no time', "roamrc log --since 2h"),
    (("log", "-n", "-1"), 2, "-n", "roamrc log"),
    (("log", "-n", "many"), 2, '-n "many" is no number', "roamrc log -n 20"),
)


@pytest.mark.parametrize(("argv", "code", "sentence", "hint"), WRONG, ids=lambda v: " ".join(v) if isinstance(v, tuple) else "")
def test_what_is_typed_wrong_is_said_with_what_to_type(
    home: Home, call: Any, argv: tuple[str, ...], code: int, sentence: str, hint: str
) -> None:
    r = call(*argv)
    assert r.code == code
    assert sentence in r.err
    if hint:
        assert f"\nhint: {hint}" in r.err
    assert "Traceback" not in r.err
    assert "\x1b" not in r.err + r.out
    assert not (home.state / "override.json").exists()


@pytest.mark.parametrize("name", cli.names())
@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--json",),
        ("office",),
        ("office", "--json"),
        ("--json", "office"),
        ("a", "b"),
        ("",),
        ("--dry-run",),
        ("--json", "--json"),
    ],
)
def test_what_needs_no_parser_means_what_the_parser_says(name: str, words: list[str]) -> None:
    module = cli.module(name)
    for typed in (words, []):
        found = cli.plain(module, typed)
        if found is not None:
            assert vars(found) == vars(cli.parser(name, module).parse_args(typed))


def test_the_commands_of_every_day_need_no_parser() -> None:
    typed = ("use office", "use direct --json", "apply", "apply --json", "auto", "status", "run", "prompt")
    assert all(cli.plain(cli.module(name), rest) for name, *rest in map(str.split, typed))


def test_version_and_usage(call: Any) -> None:
    assert call("--version").out == f"roamrc {__version__}\n"
    usage = call("--help")
    assert usage.code == 0
    assert all(f"\n  {name} " in usage.out for name in cli.names())
    assert call().out == usage.out
    assert call("help", "use").out == call("use", "--help").out


@pytest.mark.parametrize("name", cli.names())
def test_help_teaches_by_example_and_tells_the_exit_codes(call: Any, name: str) -> None:
    r = call(name, "--help")
    assert (r.code, r.err) == (0, "")
    text = r.out
    assert f"\n    roamrc {name}" in text or f"roamrc {name})" in text
    assert "Exit codes: 0 " in text or "Exit codes: as of" in text
    assert "--json" in text
    assert max(len(line) for line in text.splitlines()) <= 132


@pytest.mark.parametrize("name", cli.names())
def test_the_page_of_all_commands_and_a_commands_own_help_begin_alike(name: str) -> None:
    summaries = {n: text for group in cli.COMMANDS.values() for n, text in group.items()}
    assert cli.module(name).__doc__.splitlines()[0] == summaries[name]


# ---- exit codes ------------------------------------------------------------------------------------------------------------


def test_a_choice_by_hand_is_done_and_says_what_changed(home: Home, call: Any) -> None:
    home.npmrc.write_text("; mine\nfund=false\n")
    r = call("use", "office", "--for", "2h")
    assert r.code == 0
    assert r.out.startswith("office: the office lets nothing else out (chosen by hand)\n--- ~/.npmrc\n")
    assert "+proxy=http://proxy.corp.example:8080\n" in r.out
    assert "fund" not in r.out, "a diff shows only our lines"
    assert re.search(rf"\nby hand: office, until {UTC.pattern}\n", r.out)
    again = call("use", "office")
    assert (again.code, "nothing had to change\n" in again.out) == (0, True)
    assert "by hand: office, until `roamrc auto`\n" in again.out


def test_a_dry_run_prints_the_diff_and_changes_nothing(home: Home, call: Any) -> None:
    before = "fund=false\n"
    home.npmrc.write_text(before)
    r = call("use", "office", "--dry-run")
    assert r.code == 0
    assert "+proxy=http://proxy.corp.example:8080\n" in r.out
    assert "nothing was written (--dry-run)\n" in r.out
    assert home.npmrc.read_text() == before
    assert not home.state.exists() or not list(home.state.glob("*.json"))
    assert call("use", "office", "--dry-run", "--json").json["files"][0]["state"] == "pending"


def test_auto_dry_run_leaves_the_choice(home: Home, call: Any) -> None:
    call("use", "office")
    call("auto", "--dry-run")
    assert call("status", "--json").json["override"]["profile"] == "office"
    assert (home.state / "override.json").exists()
    call("auto")
    assert not (home.state / "override.json").exists()


def test_a_hand_edit_is_something_to_see_and_force_takes_it_over(home: Home, call: Any) -> None:
    call("use", "office")
    edited = home.npmrc.read_text().replace("8080", "9090")
    home.npmrc.write_text(edited)
    stands = call("apply")
    assert stands.code == 1
    assert "conflict: " in stands.out
    assert "\n  hint: roamrc apply --force" in stands.out
    assert home.npmrc.read_text().count("=http://proxy.corp.example:9090\n") == 2
    assert call("apply", "--json").json["files"][0]["state"] == "conflict"
    forced = call("apply", "--force")
    assert forced.code == 0
    assert "proxy.corp.example:8080" in home.npmrc.read_text()
    told = call("log")
    assert "your https-proxy gave way: http://proxy.corp.example:9090 (kept in backup/)" in told.out


def test_a_proxy_that_no_profile_knows_is_held(home: Home, call: Any) -> None:
    home.npmrc.write_text("proxy=http://al:s3cret@other.example:3128\n")
    home.profile("any", "when: anywhere\napply: {proxy: direct}\n")
    call("use", "office", "--dry-run")
    r = call("apply", "--json")
    if r.json["action"] == "hold" and r.json["because"] == "offline":
        pytest.skip("this machine is offline")
    assert (r.code, [p["code"] for p in r.json["problems"]]) == (1, ["held"])
    assert r.json["files"][0]["state"] == "conflict"
    assert "s3cret" not in r.out
    assert home.npmrc.read_text() == "proxy=http://al:s3cret@other.example:3128\n"
    assert call("apply", "--force").code == 0


def test_a_broken_profile_is_a_file_of_yours_that_is_wrong(home: Home, call: Any) -> None:
    home.profile("office", "when: {ssid: [}\n")
    r = call("use", "office")
    assert (r.code, 'profile "office" is broken' in r.err, "hint: roamrc check" in r.err) == (2, True, True)


def test_a_proof_that_fails_holds(home: Home, call: Any) -> None:
    home.profile("proven", "when: []\nprove: https://127.0.0.1:1/\napply: {proxy: direct}\n")
    r = call("use", "proven", "--json")
    assert (r.code, r.json["action"], r.json["problems"][0]["code"]) == (1, "hold", "unproven")


def test_what_the_machine_refuses_is_4(home: Home, call: Any) -> None:
    home.state.parent.mkdir(parents=True)
    home.state.write_text("a file where the folder should be")
    r = call("use", "office")
    assert (r.code, "hint: " in r.out + r.err) in ((4, True), (1, True))
    assert "Traceback" not in r.err


def test_a_newer_versions_state_is_left_alone(home: Home, call: Any) -> None:
    home.state.mkdir(parents=True)
    (home.state / "status.json").write_text('{"version": 2}')
    for name in ("status", "prompt"):
        r = call(name)
        assert (r.code, "newer roamrc" in r.err, "hint: upgrade roamrc" in r.err) == (4, True, True)
    assert (home.state / "status.json").read_text() == '{"version": 2}'


@pytest.mark.parametrize(
    "argv", [("--help",), ("log",), ("status",), ("facts", "--json"), ("explain",), ("check",)], ids=" ".join
)
def test_a_closed_pipe_is_no_failure(home: Home, argv: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    p = subprocess.run(
        [sys.executable, "-m", "roamrc", *argv],
        stdout=write,
        stderr=subprocess.PIPE,
        env=home.environment(),
        timeout=60,
        check=False,
    )
    os.close(write)
    assert (p.returncode, p.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_behind_the_output_is_said_and_is_4(home: Home) -> None:
    with open("/dev/full", "w") as full:
        p = subprocess.run(
            [sys.executable, "-m", "roamrc", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=home.environment(),
            timeout=60,
            check=False,
        )
    assert (p.returncode, p.stderr) == (4, b"roamrc: the machine refused: no space left on device\nhint: roamrc doctor\n")


def test_closed_descriptors_and_a_terminal_without_utf8_hurt_nobody(home: Home) -> None:
    for shell in ("exec >&-", "exec 2>&-", "exec <&- >&- 2>&-"):
        p = subprocess.run(
            ["/bin/sh", "-c", f'{shell}; exec "$0" -m roamrc use office --dry-run', sys.executable],
            capture_output=True, env=home.environment(), timeout=60, check=False,
        )  # fmt: skip
        assert (p.returncode, b"Traceback" in p.stderr) == (0, False), shell
    r = home.roamrc("--help", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert (r.code, "usage: roamrc COMMAND [--json] \\u2026" in r.out, r.err) == (0, True, "")


def test_a_bug_is_a_sentence_and_3_without_a_secret(capsys: pytest.CaptureFixture[str], home: Home) -> None:
    class Broken(io.StringIO):
        def isatty(self) -> bool:
            raise ZeroDivisionError("http://al:s3cret@proxy")

    old, sys.stdout = sys.stdout, Broken()
    try:
        code = cli.main(["status"])
    finally:
        sys.stdout = old
    told = capsys.readouterr().err
    assert (code, "s3cret" in told, "Traceback" in told) == (3, False, False)
    assert told.startswith("roamrc: this is a bug of roamrc's: ZeroDivisionError\nhint: the same command with ROAMRC_DEBUG=1")


# ---- shapes ----------------------------------------------------------------------------------------------------------------

STATUS = ["version", "action", "profile", "because", "since", "override", "files", "agent", "problems"]


def versions(found: Any) -> int:
    """How often a key `version` is in it."""
    if isinstance(found, dict):
        return sum(versions(v) for v in found.values()) + ("version" in found)
    return sum(map(versions, found)) if isinstance(found, list) else 0


def test_status_apply_use_and_auto_have_one_shape(home: Home, call: Any) -> None:
    for argv in (("use", "office", "--until-moved"), ("apply",), ("auto",), ("use", "direct", "--for", "90m"), ("status",)):
        found = call(*argv, "--json").json
        assert list(found) == STATUS + (["edits"] if argv[0] != "status" else []), argv
        assert (found["version"], versions(found)) == (1, 1)
        assert found["action"] in ("apply", "keep", "hold")
        assert UTC.fullmatch(found["since"])
        assert list(found["agent"]) == ["running", "pid", "service"]
        assert found["agent"] == {"running": False, "pid": None, "service": None}
        assert all(list(f) == ["target", "path", "state", "keys"] for f in found["files"])
        assert all(f["state"] in ("in-sync", "conflict", "pending", "unreadable") for f in found["files"])
        assert all(list(p) == ["code", "message", "hint"] for p in found["problems"])
        assert all(list(e) == ["target", "path", "key", "before", "after"] for e in found.get("edits", ()))
        assert all("version" not in x for x in found["files"])
    assert list(found["override"]) == ["profile", "until", "until_moved"]
    assert (found["override"]["profile"], found["override"]["until_moved"]) == ("direct", False)
    assert UTC.fullmatch(found["override"]["until"])


def test_the_edits_are_before_and_after(home: Home, call: Any) -> None:
    found = call("use", "office", "--json").json
    edits = {e["key"]: (e["before"], e["after"]) for e in found["edits"]}
    assert edits["proxy"] == edits["https-proxy"] == (None, "http://proxy.corp.example:8080")
    assert {(e["target"], e["path"]) for e in found["edits"]} == {("npm", str(home.npmrc))}
    assert found["files"][0]["keys"]["proxy"] == "http://proxy.corp.example:8080"
    assert found["override"] == {"profile": "office", "until": None, "until_moved": False}
    assert call("use", "office", "--json").json["edits"] == []


def test_facts_have_the_shape_that_explain_reads(home: Home, call: Any, tmp_path: Path) -> None:
    r = call("facts", "--json")
    assert list(r.json) == [
        "version", "online", "interface", "kind", "ssid", "bssid", "dns_suffixes", "gateway", "gateway_mac", "addresses", "vpn",
        "via",
    ]  # fmt: skip
    (tmp_path / "here.json").write_text(r.out)
    again = call("explain", "--facts", str(tmp_path / "here.json"), "--json")
    assert again.code in (0, 1)
    assert list(again.json) == ["version", "decision", "profiles"]
    assert call("facts").out.splitlines()[0].split() == ["online", "yes" if r.json["online"] else "no"]


def test_a_proof_that_is_not_asked_is_told_with_its_place(home: Home, call: Any, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps(NETWORK))
    home.profile("office", OFFICE + "prove: https://intranet.corp.example/\n")
    checks = call("explain", "office", "--facts", str(tmp_path / "x.json"), "--json").json["profiles"][0]["checks"]
    line = (OFFICE + "prove:").count("\n") + 1
    assert [(c["fact"], c["verdict"], c["where"]) for c in checks[-1:]] == [("prove", "unasked", f"office.yaml:{line}:1 prove")]


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may read everything")
@pytest.mark.parametrize("command", ["status", "prompt", "log"])
def test_a_state_folder_out_of_reach_is_not_one_that_never_was(home: Home, tmp_path: Path, command: str) -> None:
    state = tmp_path / ".local/state/roamrc"
    state.mkdir(parents=True)
    (state / "status.json").write_text('{"version": 1}')
    state.chmod(0)
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
    run = [*(drop if os.geteuid() == 0 else []), sys.executable, "-m", "roamrc", command]
    told = subprocess.run(
        run, capture_output=True, text=True, check=False, timeout=30, env={"HOME": str(tmp_path), "PATH": os.defpath}
    )
    state.chmod(0o700)
    assert (told.returncode, told.stdout) == (4, "")
    assert f"can't read \"{state}/" in told.stderr
    assert "permission denied\nhint: ls -ld " in told.stderr


def test_explain_shows_every_profile_and_every_check(home: Home, call: Any, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps(NETWORK))
    r = call("explain", "--facts", str(tmp_path / "x.json"), "--json")
    assert r.code == 0
    assert r.json["decision"] == {
        "action": "apply", "profile": "office", "because": "the office lets nothing else out (dns_suffix corp.example)",
    }  # fmt: skip
    assert [(p["name"], p["verdict"]) for p in r.json["profiles"]] == [("cafe", "no"), ("office", "yes")]
    assert all(list(p) == ["name", "verdict", "checks"] for p in r.json["profiles"])
    assert r.json["profiles"][1]["checks"] == [
        {"fact": "dns_suffix", "wanted": "corp.example", "found": "corp.example", "verdict": "yes", "via": "",
         "where": "office.yaml:2:8 when.dns_suffix"}
    ]  # fmt: skip
    assert (r.json["version"], versions(r.json)) == (1, 1)
    text = call("explain", "--facts", str(tmp_path / "x.json")).out
    assert text.startswith("office: the office lets nothing else out (dns_suffix corp.example)\n")
    assert "\ncafe: no\n  no  ssid Cafe*; found none  cafe.yaml:1:8 when.ssid\n" in text
    one = call("explain", "cafe", "--facts", str(tmp_path / "x.json"))
    assert "\ncafe: no\n" in one.out
    assert "\noffice: " not in one.out
    only = call("explain", "cafe", "--facts", str(tmp_path / "x.json"), "--json")
    assert [p["name"] for p in only.json["profiles"]] == ["cafe"]


def test_explain_lists_all_profiles_also_where_one_is_chosen_by_hand_or_none_decides(
    home: Home, call: Any, tmp_path: Path
) -> None:
    call("use", "office")
    r = call("explain", "--json")
    assert (r.code, r.json["decision"]["profile"]) == (0, "office")
    assert sorted(p["name"] for p in r.json["profiles"]) == ["cafe", "office"]
    (tmp_path / "off.json").write_text(json.dumps({**NETWORK, "online": False}))
    offline = call("explain", "--facts", str(tmp_path / "off.json"), "--json")
    assert (offline.code, offline.json["decision"]["action"], offline.json["decision"]["because"]) == (0, "hold", "offline")
    assert sorted(p["name"] for p in offline.json["profiles"]) == ["cafe", "office"]
    (tmp_path / "none.json").write_text(json.dumps({**NETWORK, "dns_suffixes": []}))
    none = call("explain", "--facts", str(tmp_path / "none.json"))
    assert (none.code, "hold: no profile matches" in none.out) == (1, True)


HOSTILE = (
    b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b"[" * 100_000, b'{"version": 9}', b'{"ssid": 7}', b'{"online": "maybe"}',
    b'{"vpn": "tun0"}', b'{"gateway": ["a"]}', b'{"addresses": [1]}', b"x" * 5_000_000, b'{"a":1}{"b":2}',
)  # fmt: skip


@pytest.mark.parametrize("data", HOSTILE, ids=lambda d: repr(d[:20]))
def test_a_file_that_is_no_saved_network_is_said_and_is_2(home: Home, call: Any, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.json").write_bytes(data)
    r = call("explain", "--facts", str(tmp_path / "x.json"))
    assert (r.code in (2, 4), "x.json" in r.err, "hint: " in r.err, r.out) == (True, True, True, "")
    assert "bug" not in r.err


def test_folders_and_fifos_are_no_saved_network(home: Home, call: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo"):
        r = call("explain", "--facts", str(path))
        assert (r.code, "is no ordinary file" in r.err) == (2, True)


def test_a_hostile_network_reaches_no_terminal_as_it_is(home: Home, call: Any, tmp_path: Path) -> None:
    evil = "Cafe\x1b]0;x\x07\n\u202e\x9b2J"
    facts = {**NETWORK, "ssid": evil, "interface": evil, "dns_suffixes": [evil], "gateway": evil, "addresses": [evil],
             "vpn": [{"name": evil, "default": True}], "via": {"ssid": evil}}  # fmt: skip
    home.profile(
        "all",
        "when: {ssid: Cafe*, gateway: 10.0.0.0/8, subnet: 10.0.0.0/8, vpn: c*, dns_suffix: x.example}\napply: {proxy: direct}\n",
    )
    (tmp_path / "x.json").write_text(json.dumps(facts))
    for argv in (("explain", "--facts", str(tmp_path / "x.json")), ("explain", "--json", "--facts", str(tmp_path / "x.json"))):
        r = call(*argv)
        assert r.code in (0, 1)
        assert all(line.isprintable() for line in r.out.splitlines())
        assert "Cafe" in r.out


def test_check_tells_every_fault_with_its_place(home: Home, call: Any, tmp_path: Path) -> None:
    assert call("check").out == "nothing wrong in ~/.config/roamrc\n"
    bad = home.profile("bad", "when: {sssid: x}\napply: {proxy: nowhere}\n")
    home.settings("notify: loud\n")
    r = call("check")
    assert r.code == 2
    assert f"{bad}:1:8: when: " in r.out
    assert "hint: " in r.out
    assert "config.yaml:1:9: notify: " in r.out
    found = call("check", "--json")
    assert found.code == 2
    assert all(list(f) == ["file", "line", "col", "path", "text", "hint"] for f in found.json["faults"])
    assert {Path(f["file"]).name for f in found.json["faults"]} == {"bad.yaml", "config.yaml"}
    assert (found.json["version"], versions(found.json)) == (1, 1)
    assert call("check", str(home.path / ".config/roamrc/profiles/office.yaml")).out == "nothing wrong\n"
    assert call("check", str(bad)).code == 2
    assert call("check", str(tmp_path / "nowhere.yaml")).code == 2


def test_doctor_has_its_shape_and_shows_the_home_as_a_tilde(home: Home, call: Any) -> None:
    r = call("doctor", "--json")
    assert r.code in (0, 1)
    assert list(r.json) == ["version", "checks"]
    assert all(list(c) == ["check", "result", "message", "hint"] for c in r.json["checks"])
    assert {c["result"] for c in r.json["checks"]} <= {"ok", "warn", "fail", "skip"}
    assert r.code == (1 if any(c["result"] == "fail" for c in r.json["checks"]) else 0)
    assert str(home.path) not in r.out + call("doctor").out
    home.profile("bad", "when: 7\n")
    assert call("doctor").code == 1


# ---- status and prompt -----------------------------------------------------------------------------------------------------


def test_before_anything_was_done_status_says_how_to_begin(home: Home, call: Any) -> None:
    r = call("status")
    assert r.code == 1
    assert "roamrc has not looked at the network yet" in r.out
    assert "hint: roamrc init" in r.out
    assert call("status", "--json").json["action"] == "hold"
    assert (call("prompt").out, call("prompt").code) == ("", 0)
    assert not home.state.exists(), "who only looks makes nothing"


def test_without_an_agent_status_says_as_of(home: Home, call: Any) -> None:
    call("use", "office", "--for", "2h")
    r = call("status")
    assert r.code == 1
    assert re.match(rf"office since {UTC.pattern}  as of then; no agent is running now", r.out)
    assert "\n  why       the office lets nothing else out (chosen by hand)\n" in r.out
    assert "\n  npm       ~/.npmrc: in-sync\n" in r.out
    assert "\n    proxy = http://proxy.corp.example:8080\n" in r.out
    assert "\n  agent     not running\n" in r.out
    assert call("prompt").out == "office\n"
    assert call("prompt", "--json").json == {"version": 1, "profile": "office", "action": "apply"}


def test_a_shell_with_other_places_is_told_so(home: Home, call: Any, tmp_path: Path) -> None:
    call("use", "office")
    assert "note: " not in call("status").out
    r = home.roamrc("status", NPM_CONFIG_USERCONFIG=str(tmp_path / "other"))
    assert "\nnote: npm in this shell reads ~/other, roamrc looks after ~/.npmrc\n" in r.out
    (tmp_path / "link").symlink_to(home.npmrc)
    assert "note: " not in home.roamrc("status", NPM_CONFIG_USERCONFIG=str(tmp_path / "link")).out


BROKEN = (
    b"", b"{", b"[]", b"7", b"\xff", b"{}", b'{"version": true}', b'{"version": 1}', b"[" * 100_000,
    b'{"version": 1, "profile": 7}',
    b'{"version":1,"profile":"office","files":[7,{"target":"npm"}],"problems":"x","override":3,"because":null,"places":[]}',
    b'{"version":1,"profile":{"a":1},"files":{"a":1},"problems":[{}],"because":[1],"since":7,"places":{"npmrc":7}}',
)  # fmt: skip


@pytest.mark.parametrize("data", BROKEN, ids=lambda d: repr(d[:40]))
def test_a_stored_status_that_is_broken_hurts_nobody(home: Home, call: Any, data: bytes) -> None:
    home.state.mkdir(parents=True)
    (home.state / "status.json").write_bytes(data)
    for argv in (("status",), ("status", "--json"), ("prompt",), ("prompt", "--json")):
        r = call(*argv)
        assert (r.code in (0, 1), r.err) == (True, "")
    assert (home.state / "status.json").read_bytes() == data


def test_the_service_is_told_by_the_files_that_install_leaves(tmp_path: Path) -> None:
    from roamrc import services
    from roamrc.system import System

    places: tuple[tuple[str, dict[str, str], str], ...] = (
        ("linux", {}, ".config/systemd/user/roamrc.service"),
        ("linux", {}, ".config/systemd/user/default.target.wants/roamrc.service"),
        ("linux", {"XDG_CONFIG_HOME": "xdg"}, "xdg/systemd/user/roamrc.service"),
        ("linux", {"XDG_CONFIG_HOME": "xdg"}, ".config/systemd/user/roamrc.service"),
        ("darwin", {}, "Library/LaunchAgents/dev.roamrc.agent.plist"),
    )
    for n, (platform, told, place) in enumerate(places):
        base = tmp_path / str(n)
        env = {k: str(base / v) for k, v in told.items()}
        system = System(env, base, platform)
        assert not services.leftovers(system)
        assert glance.service(env, str(base), platform) is None
        (base / place).parent.mkdir(parents=True)
        (base / place).symlink_to("nowhere")
        assert services.leftovers(system)
        assert glance.service(env, str(base), platform) == ("launchd" if platform == "darwin" else "systemd")


# ---- secrets and colours ---------------------------------------------------------------------------------------------------


def test_no_command_shows_a_secret(home: Home, call: Any, tmp_path: Path) -> None:
    home.npmrc.write_text(
        "//npm.corp.example/:_authToken=s3cret\n_auth=s3cret\nregistry=https://al:s3cret@npm.corp.example/\n"
        "noproxy=http://al:s3cret@x.example\n"
    )
    home.profile(
        "secret",
        "when: []\nbecause: see https://al:s3cret@wiki.corp.example/\napply:\n  proxy: http://al:s3cret@proxy.corp.example:8080\n"
        '  npm: {"_auth": s3cret, "//npm.corp.example/:_password": s3cret, "maven-url": "https://al:s3cret@m.example/"}\n',
    )
    (tmp_path / "x.json").write_text(json.dumps(NETWORK))
    shown = ""
    for argv in (
        ("use", "secret", "--dry-run"), ("use", "secret"), ("use", "secret", "--json"), ("apply",), ("status",), ("explain",),
        ("explain", "--facts", str(tmp_path / "x.json")), ("check",), ("log",), ("doctor",), ("prompt",), ("auto", "--dry-run"),
    ):  # fmt: skip
        for extra in ((), ("--json",)):
            r = call(*dict.fromkeys((*argv, *extra)))
            assert "s3cret" not in r.out + r.err, argv
            shown += r.out
    assert "s3cret" in home.npmrc.read_text()
    assert "al:***@proxy.corp.example:8080" in shown
    assert "al:***@wiki.corp.example" in shown
    for file in home.state.rglob("*"):
        if file.is_file() and "backup" not in file.parts:
            assert b"s3cret" not in file.read_bytes(), file


def test_a_pipe_gets_no_colour_and_a_terminal_only_where_it_wants_it(home: Home) -> None:
    home.roamrc("use", "office")
    assert "\x1b" not in home.roamrc("status").out
    script = "import pty,sys; sys.exit(pty.spawn([sys.executable,'-m','roamrc','status']) >> 8)"

    def on_a_terminal(**env: str) -> bytes:
        run = subprocess.run(
            [sys.executable, "-c", script], stdin=subprocess.DEVNULL, capture_output=True,
            env={**home.environment(), "TERM": "xterm", **env}, timeout=60, check=False,
        )  # fmt: skip
        return run.stdout

    assert b"\x1b[1moffice\x1b[0m" in on_a_terminal()
    assert b"\x1b" not in on_a_terminal(NO_COLOR="1")
    assert b"\x1b" not in on_a_terminal(TERM="dumb")
    assert b"\x1b[1m" in on_a_terminal(NO_COLOR="")


# ---- doctor ----------------------------------------------------------------------------------------------------------------


def findings(r: Ran) -> set[tuple[str, str]]:
    return {(c["check"], c["result"]) for c in r.json["checks"]}


def test_doctor_is_content_with_a_good_home(home: Home) -> None:
    r = home.roamrc("doctor", "--json", PATH="/usr/bin:/bin")
    found = findings(r)
    assert ("permissions", "ok") in found
    assert ("profiles", "ok") in found
    assert ("proxy", "skip") in found
    assert ("agent", "warn") in found
    assert "layers" not in {check for check, _ in found}
    assert not home.state.exists(), "who only looks makes nothing"


def test_doctor_names_the_files_that_shadow_npms(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project/src"
    project.mkdir(parents=True)
    (tmp_path / "project/package.json").write_text("{}")
    (tmp_path / "project/.npmrc").write_text("https-proxy=http://al:s3cret@old:1\nfund=false\n")
    (tmp_path / "global").write_text("proxy=http://old:2\n")
    monkeypatch.chdir(project)
    r = home.roamrc("doctor", "--json", npm_config_globalconfig=str(tmp_path / "global"), npm_config_proxy="http://x:1")
    told = [c["message"] for c in r.json["checks"] if c["check"] == "layers"]
    assert told == [
        "~/project/.npmrc sets https-proxy: in this project it beats npm's user file",
        "~/global sets proxy: it holds for everybody here, and wherever npm's user file says nothing",
    ]
    assert ("environment", "warn") in findings(r)
    assert "s3cret" not in r.out


def test_doctor_says_who_else_may_read_or_write(home: Home) -> None:
    home.npmrc.write_text("//npm.corp.example/:_authToken=s3cret\n")
    home.npmrc.chmod(0o644)
    told = home.profile("told", "when: []\napply: {proxy: 'http://al:s3cret@proxy.corp.example:1'}\n")
    told.chmod(0o644)
    anyones = home.profile("anyones", CAFE)
    anyones.chmod(0o666)
    r = home.roamrc("doctor", "--json")
    assert [(c["result"], c["hint"].split(",")[0]) for c in r.json["checks"] if c["check"] == "permissions"] == [
        ("warn", "chmod 600 ~/.npmrc"),
        ("fail", "chmod o-w ~/.config/roamrc/profiles/anyones.yaml"),
        ("warn", "chmod 600 ~/.config/roamrc/profiles/told.yaml"),
    ]
    assert r.code == 1
    home.npmrc.chmod(0o600)
    told.chmod(0o600)
    anyones.chmod(0o644)
    assert ("permissions", "ok") in findings(home.roamrc("doctor", "--json"))


def test_doctor_tries_the_proxy_and_keeps_the_login_to_itself(home: Home) -> None:
    import socket
    import threading

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        heard: list[bytes] = []

        def answer() -> None:
            peer, _ = server.accept()
            with peer:
                heard.append(peer.recv(65536))
                peer.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        home.npmrc.write_text(f"proxy=http://al:s3cret@127.0.0.1:{port}\nregistry=https://npm.corp.example/\n")
        home.npmrc.chmod(0o600)
        r = home.roamrc("doctor")
        thread.join(20)
    assert f"ok   proxy: http://127.0.0.1:{port} answers, and wants a login\n" in r.out
    assert heard
    assert heard[0].startswith(b"CONNECT npm.corp.example:443 ")
    assert b"uthorization" not in heard[0]
    dead = home.roamrc("doctor")
    assert dead.code == 1
    assert f"fail proxy: the proxy 127.0.0.1:{port} refuses connections\n     hint: " in dead.out


def test_doctor_tells_noproxy_forms_that_npm_ignores(home: Home) -> None:
    home.npmrc.write_text("noproxy=*.corp.example,10.0.0.0/8,host:80,*\n")
    told = [c["message"] for c in home.roamrc("doctor", "--json").json["checks"] if c["check"] == "noproxy"]
    assert [m.split('"')[1] for m in told] == ["*.corp.example", "10.0.0.0/8", "host:80", "*"]


def test_doctor_tells_faults_of_the_settings_and_of_profiles(home: Home) -> None:
    home.settings("notify: loud\n")
    home.profile("bad", "when: 7\n")
    r = home.roamrc("doctor", "--json")
    assert {("settings", "fail"), ("profiles", "fail")} <= findings(r)
    assert r.code == 1


def test_doctor_tells_profiles_that_can_not_be_judged_or_never_win(home: Home) -> None:
    home.profile("twin", OFFICE.replace("50", "40"))
    home.profile(
        "secret", "when: {ssid: Corp, gateway: [0.0.0.1, 10.0.0.0/8, 172.16.0.0/12, 192.0.0.0/8]}\napply: {proxy: direct}\n"
    )
    told = [
        c["message"] for c in home.roamrc("doctor", "--json", ROAMRC_READER="portable").json["checks"] if c["result"] == "warn"
    ]
    assert any('"twin" can never win: "office"' in m for m in told), told
    assert any('"secret" can\'t be judged here' in m for m in told), told


def test_what_the_machine_refuses_is_4_by_whatever_command_it_is_asked(home: Home) -> None:
    home.profile("here", "when: anywhere\napply: {proxy: 'http://proxy.corp.example:8080'}\n")
    home.npmrc.mkdir()
    for argv in (["apply"], ["use", "here"], ["auto"]):
        r = home.roamrc(*argv)
        assert (r.code, "is a folder" in r.out) == (4, True), r
    assert home.roamrc("status").code == 1
