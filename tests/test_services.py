"""The systemd service without a systemd: the text of its unit, what is said to the manager, where it is found; and the files."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machines import PROGRAM, machine
from roamrc import services
from roamrc.errors import Refused
from roamrc.model import Advice, Hidden
from roamrc.services import systemd, unit
from roamrc.services.files import File, tilde, write
from roamrc.services.notify import Notify, listener
from roamrc.system import System

# -- sd_notify


def heard(address: str, say: Callable[[Notify], bool]) -> tuple[bool, list[bytes]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind("\0" + address[1:] if address.startswith("@") else address)
        s.setblocking(False)
        said = say(listener({"NOTIFY_SOCKET": address}))
        got = []
        while True:
            try:
                got.append(s.recv(4096))
            except BlockingIOError:
                return said, got


@pytest.mark.parametrize("abstract", [False, True])
def test_notify_says_it_to_a_path_and_to_an_abstract_socket(tmp_path: Path, abstract: bool) -> None:
    address = f"@roamrc-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    assert heard(address, lambda n: n.ready("office")) == (True, [b"READY=1\nSTATUS=office"])
    if not abstract:
        os.unlink(address)
    assert heard(address, lambda n: n.status("home: gateway mac")) == (True, [b"STATUS=home: gateway mac"])
    if not abstract:
        os.unlink(address)
    assert heard(address, lambda n: n.stopping()) == (True, [b"STOPPING=1"])


BAD = ["x\nMAINPID=1", "x\rREADY=1", "x\0FDSTORE=1", "x\x85y", "x\u2028STOPPING=1", "\udcff", "ü" * 9000]


@pytest.mark.parametrize("text", BAD)
def test_a_networks_name_can_say_no_word_of_its_own(tmp_path: Path, text: str) -> None:
    said, (datagram,) = heard(str(tmp_path / "n"), lambda n: n.status(text))
    assert said
    assert datagram.startswith(b"STATUS=")
    assert datagram.decode().isprintable()
    assert len(datagram.decode()) <= 210


def test_notify_is_silent_where_nobody_listens(tmp_path: Path) -> None:
    assert not listener({}).ready()
    assert not listener({"NOTIFY_SOCKET": ""}).ready()
    assert not listener({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()
    assert not listener({"NOTIFY_SOCKET": "vsock:2:1"}).ready()
    assert not listener({"NOTIFY_SOCKET": "/" + "x" * 300}).ready()


def test_a_full_socket_does_not_hold_up_the_agent(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(tmp_path / "n"))
        notify = Notify(str(tmp_path / "n"))
        assert not all(notify.status("x") for _ in range(10_000))


# -- the systemd unit


def lines(program: list[str], version: int = 252, env: dict[str, str] | None = None, linger: bool = False) -> list[str]:
    return unit.text(program, env or {}, version, linger=linger).decode().splitlines()


def test_the_unit_by_version() -> None:
    old, new = lines(PROGRAM, 252), lines(PROGRAM, 254)
    assert "StartLimitIntervalSec=0" in old
    assert "Type=notify" in old
    assert "RestartSec=200ms" in old
    assert any(line.startswith("ExecStopPost=") for line in old)
    assert not any(line.startswith("ExecStopPost=") for line in new)
    assert not any(line.startswith("RestartSteps") for line in old)
    assert {"RestartSec=200ms", "RestartSteps=8", "RestartMaxDelaySec=10s"} <= set(new)
    assert [line for line in lines(PROGRAM, 254) if "inger" in line] == []
    assert "X-RoamrcLinger=yes" in lines(PROGRAM, 254, linger=True)


def test_the_unit_has_nothing_that_needs_a_mount_namespace_or_a_capability() -> None:
    keys = {line.partition("=")[0] for line in lines(PROGRAM)}
    bad = (
        "Protect",
        "Private",
        "ReadWrite",
        "ReadOnly",
        "Inaccessible",
        "Bind",
        "Temporary",
        "Capability",
        "Root",
        "Dynamic",
        "State",
    )
    assert [k for k in keys if k.startswith(bad)] == []


@pytest.mark.parametrize(
    ("program", "value"),
    [
        (["/usr/bin/roamrc", "run"], '"/usr/bin/roamrc" "run"'),
        (["/a b/x", "$HOME", "%h", 'q"', "b\\"], '"/a b/x" "$$HOME" "%%h" "q\\"" "b\\\\"'),
        (["/$a/%h", "x"], '"/$a/%%h" "x"'),  # systemd expands no variable in the path
        (["/it's/x", "run"], '/bin/sh -c "exec \\"$$0\\" \\"$$@\\"" "/it\'s/x" "run"'),
    ],
)
def test_the_command(program: list[str], value: str) -> None:
    assert unit.command(program) == value


@pytest.mark.parametrize(
    ("program", "env"),
    [
        ([], {}),
        (["roamrc", "run"], {}),
        (["/a\nb"], {}),
        (["/a", "x\0"], {}),
        (["/a\udcff"], {}),
        (["/a"], {"X": "1\nExecStart=/bin/evil"}),
    ],
)
def test_what_can_not_stand_in_a_unit_is_refused(program: list[str], env: dict[str, str]) -> None:
    with pytest.raises(Refused) as e:
        unit.text(program, env, 252)
    assert e.value.code == 4
    assert e.value.hint


@given(st.text(st.characters(blacklist_categories=["Cc", "Cs"])))
def test_a_word_is_one_quoted_word_and_reads_back(text: str) -> None:
    word = unit.word(text, dollar="$$")
    inner, out, i = word[1:-1], "", 0
    assert word[0] == word[-1] == '"'
    while i < len(inner):  # systemd.syntax(7), "Quoting"; specifiers; variables
        assert inner[i] != '"'
        if inner[i] in "\\%$":
            assert inner[i] == "\\" or inner[i + 1] == inner[i]
            i += 1
        out += inner[i]
        i += 1
    assert out == text


@pytest.mark.parametrize(
    ("text", "number"), [("252.39-1~deb12u2", 252), ("v255", 0), ("", 0), ("257", 257), ("239 (239-82.el8)", 239)]
)
def test_version_number(text: str, number: int) -> None:
    assert systemd.number(text) == number


@pytest.mark.parametrize(
    ("value", "program"),
    [
        ("{ path=/usr/bin/x ; argv[]=/usr/bin/x run ; ignore_errors=no ; pid=0 }", "/usr/bin/x"),
        ("{ path=/a b ; c/x ; argv[]=/a b ; c/x run ; ignore_errors=no }", "/a b ; c/x"),
        ("", None),
        ("{ argv[]=x }", None),
    ],
)
def test_the_program_that_systemd_shows(value: str, program: str | None) -> None:
    assert systemd.started(value) == program


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        (
            {"ActiveState": "active", "UnitFileState": "enabled", "MainPID": "7", "StatusText": "office"},
            services.State(True, True, True, 7, "office"),
        ),
        (
            {"ActiveState": "activating", "SubState": "start", "UnitFileState": "enabled"},
            services.State(True, True, False, None, "activating"),
        ),
        (
            {
                "ActiveState": "activating",
                "SubState": "auto-restart",
                "UnitFileState": "enabled",
                "Result": "signal",
                "ExecMainStatus": "9",
            },
            services.State(True, True, False, None, "it failed (signal, exit code 9)", True),
        ),
        (
            {"ActiveState": "active", "UnitFileState": "disabled", "MainPID": "7", "StatusText": "office"},
            services.State(True, False, True, 7, "unit file is disabled"),
        ),
        ({}, services.State(True, False, False, None, "unit file is unknown to systemd")),
    ],
)
def test_the_state_of_a_unit(shown: dict[str, str], state: services.State) -> None:
    assert systemd.state(shown, True) == state


def test_find_says_why_there_is_no_service_manager(tmp_path: Path) -> None:
    container = machine(tmp_path)
    assert services.find(container) == Hidden("no service manager: systemd does not run here")
    fails = "#!/bin/sh\necho 'Failed to connect to bus: No medium found' >&2; exit 1"
    ssh = machine(tmp_path, systemctl=fails)
    assert services.find(ssh) == Hidden("no service manager: systemd does not run here")  # installed, but not booted with it
    (tmp_path / "root/run/systemd/system").mkdir(parents=True)
    why = "no service manager: this session has no user manager of systemd (Failed to connect to bus: No medium found)"
    assert services.find(ssh) == Hidden(why)
    assert services.find(machine(tmp_path, "win32")) == Hidden("no service manager: none is known for win32")
    assert services.advice(ssh) == [Advice("service", "skip", why, "roamrc run")]
    assert services.advice(machine(tmp_path, "win32"))[0].result == "skip"


def test_find_asks_the_manager_where_it_looks_for_units(tmp_path: Path) -> None:
    (tmp_path / "root/run/systemd/system").mkdir(parents=True)
    there = tmp_path / "odd home/systemd/user"
    script = f"#!/bin/sh\nprintf 'Version=255.4-1ubuntu8\\nUnitPath=/etc/systemd/user {there} /usr/lib/systemd/user\\n'"
    system = machine(tmp_path, systemctl=script)
    system = System({**system.env, "XDG_CONFIG_HOME": str(tmp_path / "odd home")}, system.home, "linux", system.root)
    found = services.find(system)
    assert isinstance(found, systemd.Systemd)
    assert (found.path, found.version) == (there / "roamrc.service", 255)
    (file,) = found.plan(PROGRAM, {"ROAMRC_CONFIG_HOME": "/x"}, Path("/log"))
    assert (file.path, file.mode) == (found.path, 0o644)
    assert b'\nEnvironment="ROAMRC_CONFIG_HOME=/x"\nRestart=on-failure\n' in file.content


# -- files


def test_a_file_is_written_only_where_it_differs_and_a_link_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles/unit", tmp_path / "a/b/unit"
    assert write(File(real, b"old"))
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    before = real.stat().st_mtime_ns, real.stat().st_ino
    assert not write(File(link, b"old"))
    assert (real.stat().st_mtime_ns, real.stat().st_ino) == before
    assert write(File(link, b"new"))
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o644
    assert [p.name for p in real.parent.iterdir()] == ["unit"]


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="file/x/unit"):
        write(File(tmp_path / "file/x/unit", b""))


def test_the_home_is_not_shown() -> None:
    system = System(env={}, home=Path("/home/ann"))
    assert [tilde(system, p) for p in ("/home/ann/x", "/home/ann", "/home/anna/x", "/etc")] == [
        "~/x",
        "~",
        "/home/anna/x",
        "/etc",
    ]


def test_where_a_container_or_wsl_is_the_reason_it_says_so(tmp_path: Path) -> None:
    inside = machine(tmp_path)
    (tmp_path / "root/.dockerenv").write_text("")
    assert services.find(inside) == Hidden("no service manager: systemd does not run in this container")
    kernel = tmp_path / "root/proc/sys/kernel"
    kernel.mkdir(parents=True)
    (kernel / "osrelease").write_text("5.15.167.4-microsoft-standard-WSL2\n")
    found = services.find(inside)
    assert isinstance(found, Hidden)
    assert "/etc/wsl.conf" in found.why
