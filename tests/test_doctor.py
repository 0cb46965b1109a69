"""doctor: who else switches, which versions, whether the clock can be believed, what is seen, and what npm's file rests on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from home import OFFICE, Home, wait
from roamrc import look
from roamrc.doctor import clock, files, rivals, sight, versions
from roamrc.formats.ini import Document
from roamrc.model import Advice, Hidden, Network
from roamrc.slotted import replace
from roamrc.system import System
from roamrc.targets import npm


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.path.mkdir()
    made.profile("office", OFFICE)
    return made


def machine(home: Home, root: str = "", now: float | None = None, **env: str) -> System:
    kind = System if now is None else type("Then", (System,), {"now": lambda _: now})
    return kind({"PATH": "/usr/bin:/bin", **env}, home.path, "linux", root or str(home.path / "root"))


def told(module: Any, system: System) -> list[tuple[str, str]]:
    return [(a.result, a.message.replace(str(system.home), "~")) for a in module.advice(look.setup(system)[0])]


# ---- rivals ------------------------------------------------------------------------------------------------------------------


LINES = [
    ("npm config set proxy http://p:1", True),
    ("  npm config set https-proxy=$P", True),
    ("npm c set proxy x", True),
    ("npm set proxy x", True),
    ("pnpm config delete proxy", True),
    ("yarn config set https-proxy x -g", True),
    ("npm config -g set proxy x", False),  # never seen so: the verb comes first
    ("npm config rm proxy", True),
    ("npm config set -g proxy x", True),
    ("npm config set --location=user proxy x", True),
    ("alias proxyon='npm config set proxy http://p:1'", True),
    ("echo proxy=http://p:1 >> ~/.npmrc", True),
    ('printf x > "$HOME/.npmrc"', True),
    ("# npm config set proxy http://p:1", False),
    ("npm config get proxy", False),
    ("npm config set proxyquire x", False),
    ("npm install proxy-agent", False),
    ("export HTTPS_PROXY=http://p:1", False),  # the environment's own check
    ("cp ~/.npmrc /backup", False),
]


@pytest.mark.parametrize(("line", "switches"), LINES)
def test_a_line_of_a_start_file_that_switches(home: Home, line: str, switches: bool) -> None:
    (home.path / ".bashrc").write_text(f"# mine\n{line}\n")
    found = told(rivals, machine(home))
    sentence = "~/.bashrc:2 sets npm's proxy itself: where it runs, it undoes roamrc's work and is undone"
    assert found == [("warn", sentence) if switches else ("ok", "nothing else was found that switches npm's proxy")]


@pytest.mark.parametrize(
    "place",
    ["etc/NetworkManager/dispatcher.d/90-proxydriver.sh", "etc/NetworkManager/dispatcher.d/pre-up.d/x", "etc/profile.d/proxy.sh"],
)
def test_a_script_that_runs_when_a_network_comes(home: Home, place: str) -> None:
    script = home.path / "root" / place
    script.parent.mkdir(parents=True)
    script.write_bytes(b"#!/bin/sh\n\xff\nsu alice -c 'npm config set proxy http://p:1'\n")
    ((result, message),) = told(rivals, machine(home))
    assert (result, message.partition(" ")[0]) == ("warn", f"~/root/{place}:3")


def test_a_second_agent_at_the_same_file_is_a_fault(home: Home) -> None:
    other = Home(home.path, {"ROAMRC_STATE_HOME": str(home.path / "other")})
    p = subprocess.Popen(
        [sys.executable, "-m", "roamrc", "run"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=other.environment()
    )
    try:
        wait(lambda: (home.path / "other/status.json").exists(), "the other agent")
        r = home.roamrc("doctor", "--json")
        assert [(c["result"], c["message"], c["hint"]) for c in r.json["checks"] if c["check"] == "rivals"] == [
            ("fail", f"another roamrc (pid {p.pid}, its state in ~/other) switches ~/.npmrc too", f"kill {p.pid}")
        ]
        assert r.code == 1
        assert "other" not in str(told(rivals, machine(other, "/", ROAMRC_STATE_HOME=str(home.path / "other")))), "its own agent"
        elsewhere = machine(home, NPM_CONFIG_USERCONFIG=str(home.path / "npmrc2"))
        assert told(rivals, elsewhere) == [("ok", "nothing else was found that switches npm's proxy")]
    finally:
        p.terminate()
        p.wait(20)


def test_lines_of_a_roamrc_that_is_unknown_here(home: Home) -> None:
    home.npmrc.write_text("# roamrc: set for profile office; see roamrc status\nproxy=http://p:1\n")
    ((result, message),) = told(rivals, machine(home))
    assert (result, "another HOME or state folder" in message) == ("warn", True)
    assert not home.state.exists(), "who only looks makes nothing"


def test_roamrcs_own_lines_are_no_rivals(home: Home) -> None:
    assert home.roamrc("use", "office").code == 0
    assert b"# roamrc" in home.npmrc.read_bytes()
    assert told(rivals, machine(home)) == [("ok", "nothing else was found that switches npm's proxy")]


def test_the_program_npmrc_makes_a_link_of_npms_file(home: Home) -> None:
    (home.path / ".npmrcs").mkdir()
    (home.path / ".npmrcs/work").write_text("")
    home.npmrc.symlink_to(".npmrcs/work")
    assert told(rivals, machine(home))[0][0] == "warn"


def test_values_that_give_way_again_and_again_have_an_author(home: Home) -> None:
    setup = look.setup(machine(home, now=1800000000.0))[0]
    for hour in (1, 2, 3):
        setup.state.log({"at": f"2027-01-15T0{hour}:00:00Z", "from": "a", "to": "b", "keys": [], "lost": {"proxy": "http://x:1"}})
    ((result, message),) = told(rivals, machine(home, now=1800000000.0))
    assert (result, message) == ("warn", "somebody else wrote proxy 3 times within a day, last before 2027-01-15T03:00:00Z")
    assert told(rivals, machine(home, now=1800200000.0))[0][0] == "ok"


# ---- versions ----------------------------------------------------------------------------------------------------------------


def test_npms_version_is_read_and_npm_is_not_run(tmp_path: Path) -> None:
    package = tmp_path / "lib/node_modules/npm"
    (package / "bin").mkdir(parents=True)
    (package / "package.json").write_text('{"name": "npm", "version": "10.9.0"}')
    (package / "bin/npm-cli.js").write_text("#!/bin/false\n")
    (package / "bin/npm-cli.js").chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/npm").symlink_to("../lib/node_modules/npm/bin/npm-cli.js")
    env = {"PATH": str(tmp_path / "bin")}
    assert versions.npm(env) == "10.9.0"
    assert versions.npm({"PATH": str(tmp_path)}) == ""
    (package / "package.json").write_text("{")
    assert versions.npm(env) == ""


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed")
def test_it_is_the_version_that_npm_itself_tells() -> None:
    import os

    ran = subprocess.run(["npm", "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert versions.npm(os.environ) == ran.stdout.strip()


def test_two_roamrc_on_the_path_and_an_npm_that_nobody_measured(home: Home, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    for name in ("a", "b"):
        (tmp_path / name / "roamrc").write_text("#!/bin/sh\n")
        (tmp_path / name / "roamrc").chmod(0o755)
    (tmp_path / "c/roamrc").symlink_to(tmp_path / "a/roamrc")  # pipx's link is the same program
    (tmp_path / "package.json").write_text('{"name": "npm", "version": "5.0.0"}')
    (tmp_path / "c/npm").write_text("")
    (tmp_path / "c/npm").chmod(0o755)
    found = told(versions, machine(home, PATH=f"{tmp_path}/a:{tmp_path}/c:{tmp_path}/b"))
    assert [(r, m.partition(":")[0]) for r, m in found[1:]] == [
        ("warn", "there are 2 roamrc on this PATH"),
        ("warn", "npm 5.0.0 is none of the versions that were measured, 6 to 11"),
    ]
    assert len(told(versions, machine(home, PATH=f"{tmp_path}/a"))) == 1


def test_an_agent_of_another_version(home: Home) -> None:
    with home.agent() as p:
        assert len(told(versions, machine(home))) == 1
        setup = look.setup(machine(home))[0]
        setup.state.save("agent.json", {"pid": p.pid, "release": "0.0.7", "home": str(home.path)})
        assert told(versions, machine(home))[1] == (
            "warn",
            f"the agent that runs is roamrc 0.0.7, this one is {versions.__version__}",
        )


# ---- the clock ---------------------------------------------------------------------------------------------------------------


def test_a_clock_that_can_not_be_believed(home: Home) -> None:
    assert told(clock, machine(home, now=1000.0))[0][0] == "fail"
    setup = look.setup(machine(home))[0]
    setup.state.save("status.json", {"since": "2027-01-15T08:00:00Z"})
    assert told(clock, machine(home, now=1799913600.0))[0] == (
        "warn",
        "the clock went back: the last switch was at 2027-01-15T08:00:00Z, and now it is 2027-01-14T08:00:00Z",
    )
    assert told(clock, machine(home, now=1800000000.0))[0][1].startswith("2027-01-15T08:00:00Z")


def test_whether_a_time_service_keeps_it_is_asked_of_the_kernel(home: Home) -> None:
    assert clock.kept(machine(home)) in (True, False, None)
    assert clock.kept(replace(machine(home), platform="darwin")) is None


# ---- what can be seen --------------------------------------------------------------------------------------------------------

PLAIN = Network(True, "eth0", "wired", None, None, ("corp.example",), "10.20.0.1", "52:54:00:00:00:01", ("10.20.4.17/16",))
INSIDE = Hidden("in a container")


def test_what_is_hidden_is_said_with_its_reason_and_without_a_name() -> None:
    assert list(sight._seen(PLAIN)) == [Advice("network", "ok", "online, and every fact can be seen")]
    wifi = replace(PLAIN, kind="wifi", ssid=Hidden("not told"), bssid=Hidden("not told"))
    (one,) = sight._seen(wifi)
    assert one.message == "ssid, bssid can't be seen: not told; profiles that ask for it can't be judged"
    (one,) = sight._seen(replace(PLAIN, dns_suffixes=INSIDE, gateway=INSIDE, ssid=INSIDE))
    assert one.message.endswith("in a container; no profile can match, and nothing changes by itself")
    assert one.hint == "roamrc use NAME switches by hand"


def test_a_broken_profile_is_told_once_by_its_fault(home: Home) -> None:
    home.profile("office", "when: {ssdi: x}\napply: {proxy: direct}\n")
    checks = home.roamrc("doctor", "--json").json["checks"]
    assert [(c["result"], c["hint"]) for c in checks if c["check"] == "profiles"] == [("fail", "did you mean ssid?")]


# ---- npm's file --------------------------------------------------------------------------------------------------------------


def certificate(text: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"


def test_a_cafile_that_hides_the_public_roots(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    system, own = home.path / "system.pem", home.path / "corp.pem"
    system.write_text(certificate("AAA") + certificate("BBB"))
    own.write_text("# ours\n" + certificate("CCC"))
    monkeypatch.setenv("SSL_CERT_FILE", str(system))

    def says(value: str) -> list[str]:
        return [a.message.replace(str(home.path), "~") for a in files._cafile(value, {"CORP": str(home.path)})]

    assert says(str(own)) == ["`cafile` hides the public roots: of all certificates npm trusts the 1 in ~/corp.pem alone"]
    assert says("${CORP}/corp.pem") == says(str(own))
    own.write_text(certificate("CCC") + certificate("A\nAA"))
    assert says(str(own)) == []
    own.write_text("nothing")
    assert says(str(own)) == ["`cafile` names ~/corp.pem, which holds no certificate"]
    assert says(f"{home.path}/gone.pem")[0].endswith("no such file or directory; npm ignores that without a word")
    assert says("corp.pem") == ["`cafile` is a relative path: npm looks for it in each project"]


def test_a_variable_that_is_not_set_is_told_for_every_key() -> None:
    doc = Document(b"proxy=${P}\n//r.example/:_authToken=${TOKEN}\n@${S}:registry=x\nfund=\\${X}\ncolor=${HOME}\n")
    found = [a.message.partition(",")[0] for a in npm.undefined(doc, {"HOME": "/h"})]
    assert found == ["`proxy` uses ${P}", "`//r.example/:_authToken` uses ${TOKEN}"]


@pytest.mark.parametrize("mode", [0o444, 0o400])
def test_a_file_that_can_not_be_written_is_a_fault(home: Home, mode: int) -> None:
    home.npmrc.write_text("fund=false\n")
    home.npmrc.chmod(mode)
    r = home.roamrc("doctor", "--json")
    fault = next(c for c in r.json["checks"] if c["result"] == "fail")
    assert (fault["message"], fault["hint"], r.code) == ("~/.npmrc is read-only: nothing is switched", "chmod u+w ~/.npmrc", 1)


def test_every_line_is_json_and_text_alike_and_no_secret_is_in_them(home: Home) -> None:
    home.npmrc.write_text("proxy=http://alice:s3cret@127.0.0.1:1\n//r.example/:_authToken=t0ken\n")
    (home.path / ".bashrc").write_text("npm config set proxy http://alice:s3cret@p:1\n")
    shown, text = home.roamrc("doctor", "--json"), home.roamrc("doctor").out
    assert {c["check"] for c in json.loads(shown.out)["checks"]} >= {"rivals", "versions", "clock", "network", "permissions"}
    for secret in ("s3cret", "t0ken", str(home.path)):
        assert secret not in shown.out + text


# ---- npm's file ----------------------------------------------------------------------------------------------------------------


def test_another_file_of_npm_s_in_this_shell_is_told_and_the_agent_s_is_looked_at(home: Home) -> None:
    home.npmrc.write_text("noproxy=*.corp.example\n")
    with home.agent():
        checks = home.roamrc("doctor", "--json", NPM_CONFIG_USERCONFIG=f"{home.path}/work.npmrc").json["checks"]
    found = {(c["check"], c["result"]): (c["message"], c["hint"]) for c in checks}
    assert found["environment", "warn"] == (
        "npm in this shell reads ~/work.npmrc, roamrc looks after ~/.npmrc",
        "unset NPM_CONFIG_USERCONFIG",
    )
    assert ("environment", "ok") not in found
    assert '"*.corp.example"' in found["noproxy", "warn"][0], "the agent's file, not the shell's"


def test_settings_that_name_another_file_than_npm_reads_are_told(home: Home) -> None:
    (home.path / ".config/roamrc/config.yaml").write_text("npm: {userconfig: ~/work.npmrc}\n")
    checks = home.roamrc("doctor", "--json").json["checks"]
    found = {(c["check"], c["result"]): (c["message"], c["hint"]) for c in checks}
    assert found["environment", "warn"] == (
        "npm in this shell reads ~/.npmrc, roamrc looks after ~/work.npmrc",
        "export NPM_CONFIG_USERCONFIG=~/work.npmrc",
    )
