"""npm's file in every state a user's may be in: what is written, what is refused and with which words, and what never changes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from roamrc import act, journal, look
from roamrc.errors import Refused
from roamrc.formats import saved
from roamrc.memory.ledger import Ledger
from roamrc.memory.state import State
from roamrc.model import Decision, Problem
from roamrc.reconcile import Report, Wish
from roamrc.rules.plan import undo
from roamrc.setup import learn, removal, starters
from roamrc.slotted import replace
from roamrc.system import System
from roamrc.targets import NPM

OFFICE = {
    "online": True,
    "interface": "eth0",
    "dns_suffixes": ["corp.example"],
    "gateway": "10.1.0.1",
    "gateway_mac": "02:00:00:00:00:01",
}
PROXY = "http://proxy.corp.example:8080"
PROFILE = f"when: {{dns_suffix: corp.example}}\napply: {{proxy: '{PROXY}'}}\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / ".config/roamrc/profiles"
    folder.mkdir(parents=True)
    (folder / "office.yaml").write_text(PROFILE)
    return tmp_path


def setup(home: Path, **env: str) -> look.Setup:
    return look.setup(System({"PATH": os.environ["PATH"], **env}, home))[0]


def once(home: Path, network: dict[str, Any] = OFFICE, *, wish: Wish | None = None, **env: str) -> Report:
    seen = look.look(setup(home, **env), look.Memory(), network=saved.from_json(network, "test"))
    report, _ = act.carry_out(seen, wish or Wish())
    for rescue in report.rescues:
        rescue.close()
    return report


def problem(report: Report) -> str:
    assert len(report.problems) == 1, report.problems
    assert report.problems[0].hint
    return report.problems[0].message


def test_a_missing_file_is_made_0600_and_is_gone_again(home: Path) -> None:
    assert once(home).files[0].state == "in-sync"
    assert stat.S_IMODE((home / ".npmrc").stat().st_mode) == 0o600
    removal.npm_files(setup(home))
    assert not (home / ".npmrc").exists()


def test_an_empty_file_stays_one(home: Path) -> None:
    (home / ".npmrc").write_bytes(b"")
    once(home)
    removal.npm_files(setup(home))
    assert (home / ".npmrc").read_bytes() == b""


def test_the_mode_and_the_symlink_are_kept(home: Path) -> None:
    real = home / "dotfiles" / "npmrc"
    real.parent.mkdir()
    real.write_text("fund=false\n")
    real.chmod(0o640)
    (home / ".npmrc").symlink_to("dotfiles/npmrc")
    once(home)
    assert (home / ".npmrc").is_symlink()
    assert PROXY in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def access(uid: int, group: int) -> bytes:
    """An access list as the kernel keeps it: the owner reads and writes, so does one more user, the rest as the mode says."""
    rights = [(0x01, 6, 0xFFFFFFFF), (0x02, 6, uid), (0x04, group, 0xFFFFFFFF), (0x10, 6, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *r) for r in rights)


@pytest.fixture
def labelled(home: Path) -> Path:
    file = home / ".npmrc"
    file.write_text("fund=false\n")
    try:
        os.setxattr(file, "user.origin", b"dotfiles")
        os.setxattr(file, "system.posix_acl_access", access(1234, 4))
    except (OSError, AttributeError):
        pytest.skip("no extended attributes here")
    return file


def test_the_attributes_and_the_access_list_go_on_with_the_file(home: Path, labelled: Path) -> None:
    before = {n: os.getxattr(labelled, n) for n in os.listxattr(labelled)}
    once(home)
    assert PROXY in labelled.read_text()
    assert {n: os.getxattr(labelled, n) for n in os.listxattr(labelled)} == before
    removal.npm_files(setup(home))
    assert {n: os.getxattr(labelled, n) for n in os.listxattr(labelled)} == before


def test_nobody_on_the_access_list_reads_a_login_that_is_lent(home: Path, labelled: Path) -> None:
    login(home)
    before = os.getxattr(labelled, "system.posix_acl_access")
    once(home)
    assert "alice:s3cret@" in labelled.read_text()
    assert b"\x10\x00\x00\x00" in os.getxattr(labelled, "system.posix_acl_access")  # the mask that bounds them all: nothing
    removal.npm_files(setup(home))
    assert os.getxattr(labelled, "system.posix_acl_access") == before


def test_a_folder_s_default_list_lets_nobody_in(home: Path, labelled: Path) -> None:
    os.removexattr(labelled, "system.posix_acl_access")
    os.setxattr(home, "system.posix_acl_default", access(1234, 4))
    labelled.chmod(0o640)
    once(home)
    assert PROXY in labelled.read_text()
    assert "system.posix_acl_access" not in os.listxattr(labelled)


def test_a_link_that_leads_nowhere_makes_its_target(home: Path) -> None:
    (home / ".npmrc").symlink_to("there")
    once(home)
    assert PROXY in (home / "there").read_text()


def folder(home: Path) -> None:
    (home / ".npmrc").mkdir()


def fifo(home: Path) -> None:
    os.mkfifo(home / ".npmrc")


def huge(home: Path) -> None:
    (home / ".npmrc").write_bytes(b"; padding\n" * 500_000)


def read_only(home: Path) -> None:
    (home / ".npmrc").write_text("fund=false\n")
    (home / ".npmrc").chmod(0o444)


def foreign(home: Path) -> None:
    (home / ".npmrc").write_text("fund=false\n")
    os.chown(home / ".npmrc", 4711, 4711)


def circle(home: Path) -> None:
    (home / ".npmrc").symlink_to(".npmrc")


@pytest.mark.parametrize(
    ("make", "words", "state"),
    [
        (folder, "is a folder", "unreadable"),
        (fifo, "is no ordinary file", "unreadable"),
        (huge, "is too large", "unreadable"),
        (read_only, "is read-only", "pending"),
        pytest.param(
            foreign,
            "belongs to another user",
            "pending",
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away"),
        ),
        (circle, "circle", "unreadable"),
    ],
)
def test_what_can_not_be_written_is_a_sentence_and_stays(home: Path, make: Any, words: str, state: str) -> None:
    make(home)
    before = os.lstat(home / ".npmrc")
    report = once(home)
    assert words in problem(report)
    assert report.files[0].state == state
    assert os.lstat(home / ".npmrc") == before
    assert not list(home.glob(".*.roamrc~"))


@pytest.mark.parametrize("make", [folder, fifo, circle])
def test_uninstall_has_nothing_to_give_back_where_nothing_was_ever_written(home: Path, make: Any) -> None:
    make(home)
    once(home)
    assert removal.npm_files(setup(home)) == ([], [])


def test_a_file_of_ours_that_became_a_fifo_is_told_with_its_backup(home: Path) -> None:
    (home / ".npmrc").write_text("fund=false\n")
    once(home)
    (home / ".npmrc").unlink()
    fifo(home)
    plans, problems = removal.npm_files(setup(home))
    backup = Path(problems[0].hint.removeprefix("its backup is "))
    assert (plans, backup.read_text()) == ([], "fund=false\n")


def test_a_setting_that_must_be_absent_is_null_in_status(home: Path) -> None:
    (home / ".config/roamrc/profiles/office.yaml").write_text(PROFILE.replace(f"'{PROXY}'", "direct"))
    once(home)
    assert once(home).files[0].keys == {"proxy": None, "https-proxy": None, "noproxy": "org"}


def test_npm_userconfig_moved_puts_the_old_file_back(home: Path) -> None:
    (home / ".npmrc").write_text("fund=false\n")
    once(home)
    (home / "other").write_text("audit=false\n")
    (home / ".config/roamrc/config.yaml").write_text(f"npm: {{userconfig: {home}/other}}\n")
    once(home)
    assert (home / ".npmrc").read_text() == "fund=false\n"
    assert PROXY in (home / "other").read_text()


def test_what_was_killed_while_it_put_the_old_file_back_is_cleared_away(home: Path) -> None:
    """The temporary file holds all that npm's file held, tokens too, and stood there for good."""
    (home / ".npmrc").write_text("fund=false\n")
    once(home)
    (home / ".config/roamrc/config.yaml").write_text(f"npm: {{userconfig: {home}/other}}\n")
    (home / "..npmrc.roamrc~").write_bytes((home / ".npmrc").read_bytes())
    (home / ".npmrc").write_text("fund=false\n")
    once(home)
    assert not (home / "..npmrc.roamrc~").exists()
    assert (home / ".npmrc").read_text() == "fund=false\n"


def test_an_uninstall_that_was_killed_after_the_file_leaves_no_hand_edit(home: Path) -> None:
    before = "noproxy=intern.example\nhttps-proxy=http://old.example:3128\n"
    (home / ".npmrc").write_text(before)
    (home / ".config/roamrc/profiles/office.yaml").write_text(
        PROFILE.replace("apply: {", "apply: {registry: 'http://r.example/', ")
    )
    once(home, wish=Wish(force=True))
    path, ledger = str(home / ".npmrc"), Ledger(setup(home).state)
    plan = undo(NPM, ledger.file(NPM, path, (home / ".npmrc").read_bytes()), ledger.backup(path), ledger.digest)
    ledger.before(plan)
    assert plan.after == before.encode()
    (home / ".npmrc").write_bytes(plan.after)
    report = once(home)
    assert (report.problems, report.files[0].state, PROXY in (home / ".npmrc").read_text()) == ([], "in-sync", True)
    removal.npm_files(setup(home))
    assert (home / ".npmrc").read_text() == before


def test_a_list_beside_a_section_of_its_name_comes_back_as_it_was(home: Path) -> None:
    """npm reads `noproxy =` as the section's object, which is no entry of the user's."""
    (home / ".npmrc").write_text("noproxy =\na=1\n[noproxy]\nb=1\n")
    (home / ".config/roamrc/profiles/office.yaml").write_text(PROFILE.replace("apply: {", "apply: {no_proxy: [corp.example], "))
    once(home)
    (home / ".npmrc").write_text("z=1\n" + (home / ".npmrc").read_text())
    removal.npm_files(setup(home))
    assert (home / ".npmrc").read_text() == "z=1\nnoproxy =\na=1\n[noproxy]\nb=1\n"


def test_settings_that_are_broken_where_they_name_npms_file_move_nothing(home: Path) -> None:
    (home / ".npmrc").write_text("fund=false\n")
    (home / "other").write_text("audit=false\n")
    settings = home / ".config/roamrc/config.yaml"
    settings.write_text("npm: {userconfig: ~/other}\n")
    once(home)
    held = (home / "other").read_text()
    settings.write_text("npm: {userconfig: ~/other\n")  # one bracket is missing, and no agent remembers the path
    report = once(home)
    assert (report.decision.action, report.files[0].path, report.files[0].state) == ("hold", f"{home}/other", "in-sync")
    assert ((home / ".npmrc").read_text(), (home / "other").read_text()) == ("fund=false\n", held)
    settings.write_text("npm: {userconfig: ~/other}\nnotify: loud\n")
    assert once(home).decision.action == "apply"
    assert ((home / ".npmrc").read_text(), (home / "other").read_text()) == ("fund=false\n", held)
    removal.npm_files(setup(home))
    assert (home / "other").read_text() == "audit=false\n"


def test_a_login_is_taken_back_while_the_settings_are_broken(home: Path) -> None:
    login(home)
    settings = home / ".config/roamrc/config.yaml"
    settings.write_text("npm: {userconfig: ~/other}\n")
    once(home)
    assert "s3cret" in (home / "other").read_text()
    settings.write_text("npm: [\n")
    once(home, {**OFFICE, "gateway_mac": "02:00:00:00:00:02"})
    assert "s3cret" not in (home / "other").read_text()
    assert PROXY in (home / "other").read_text()


def test_the_variable_names_npm_s_file(home: Path) -> None:
    once(home, NPM_CONFIG_USERCONFIG=str(home / "mine"))
    assert PROXY in (home / "mine").read_text()
    assert not (home / ".npmrc").exists()


def login(home: Path) -> None:
    secret = home / "secret"
    secret.write_text("alice:s3cret\n")
    secret.chmod(0o600)
    (home / ".config/roamrc/profiles/office.yaml").write_text(PROFILE.replace("apply: {", "apply: {login: 'file:~/secret', "))


def test_a_password_makes_the_file_0600_and_the_old_mode_comes_back_with_the_old_file(home: Path) -> None:
    login(home)
    (home / ".npmrc").write_text("fund=false\n")
    (home / ".npmrc").chmod(0o644)
    once(home)
    assert "alice:s3cret@" in (home / ".npmrc").read_text()
    assert stat.S_IMODE((home / ".npmrc").stat().st_mode) == 0o600
    once(home, {"online": False})
    assert "alice" not in (home / ".npmrc").read_text()
    assert stat.S_IMODE((home / ".npmrc").stat().st_mode) == 0o600
    removal.npm_files(setup(home))
    assert stat.S_IMODE((home / ".npmrc").stat().st_mode) == 0o644


@pytest.mark.parametrize("ignored", [False, True])
def test_no_login_is_written_into_a_git_work_tree_that_does_not_ignore_the_file(home: Path, ignored: bool) -> None:
    login(home)
    repo = home / "dotfiles"
    subprocess.run(["git", "init", "-q", repo], check=True)
    (repo / "npmrc").write_text("fund=false\n")
    (repo / ".gitignore").write_text("npmrc\n" if ignored else "")
    (home / ".npmrc").symlink_to("dotfiles/npmrc")
    report = once(home)
    assert ("alice" in (repo / "npmrc").read_text()) is ignored
    assert PROXY.partition("//")[2] in (repo / "npmrc").read_text()
    assert [p.code for p in report.problems] == ([] if ignored else ["in-repo"])


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_login_file_that_others_can_read_is_refused(home: Path, mode: int) -> None:
    login(home)
    (home / "secret").chmod(mode)
    assert "chmod 600" in once(home).problems[0].hint
    text = (home / ".npmrc").read_text()
    assert "alice" not in text
    assert PROXY in text


def test_a_profile_deleted_or_made_inactive_while_applied_leaves_things_as_they_are_until_another_one_holds(home: Path) -> None:
    once(home)
    before = (home / ".npmrc").read_bytes()
    (home / ".config/roamrc/profiles/office.yaml").unlink()
    assert once(home).decision.because == "there are no profiles"
    assert (home / ".npmrc").read_bytes() == before
    (home / ".config/roamrc/profiles/home.yaml").write_text("when: {dns_suffix: corp.example}\napply: {proxy: direct}\n")
    once(home)
    assert PROXY not in (home / ".npmrc").read_text()


def test_a_dry_run_writes_nothing_at_all(home: Path) -> None:
    before = sorted(str(p) for p in home.rglob("*"))
    report = once(home, wish=Wish(dry_run=True))
    assert [e.key for e in report.edits] == ["proxy", "https-proxy", "noproxy"]
    assert sorted(str(p) for p in home.rglob("*")) == before


def test_a_file_that_shrank_just_now_is_left_for_a_moment(home: Path) -> None:
    npmrc = home / ".npmrc"
    npmrc.write_text("fund=false\naudit=false\n")
    wish = Wish()
    once(home, wish=wish)
    text = npmrc.read_text()
    npmrc.write_text("")  # a saver that truncates and has not written yet
    report = once(home, wish=wish)
    assert (report.again, report.files[0].state, npmrc.read_text()) == (0.1, "pending", "")
    npmrc.write_text(text.replace("fund=false", "fund=true"))
    os.utime(npmrc, (1, 1))
    assert once(home, wish=wish).again is None
    assert npmrc.read_text() == text.replace("fund=false", "fund=true")


def test_a_lock_that_was_waited_for_in_vain_is_not_waited_for_again(home: Path) -> None:
    """The reconcile waits its ten seconds; status and log, right after it, do not wait another ten."""
    here = setup(home)
    report = Report(
        Decision("hold", None, "busy"), problems=[Problem("state", "another roamrc holds its lock and does not let go")]
    )
    here.state.ready()
    fd = os.open(here.state.folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    waited: list[float] = []

    class Impatient(State):
        def lock(self, timeout: float = 10.0) -> contextlib.AbstractContextManager[None]:
            waited.append(timeout)
            return super().lock(min(timeout, 0.1))

    status = journal.record(replace(here, state=Impatient(here.state.folder)), report, None)
    os.close(fd)
    assert waited == [0.0]
    assert (status["action"], len(report.problems), len(status["problems"])) == ("hold", 1, 1)


def test_lines_from_before_a_ledger_that_was_lost_are_told_at_uninstall(home: Path) -> None:
    """The state folder deleted by hand: what the next look finds in npm's file are our own lines, and not the user's."""
    once(home)
    shutil.rmtree(setup(home).state.folder)
    once(home)
    plans, problems = removal.npm_files(setup(home))
    assert [p.edits for p in plans] == [()]
    assert "held before roamrc is not known any more" in problems[0].message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be in another user's home")
def test_root_leaves_no_folder_in_another_users_home(tmp_path: Path) -> None:
    """`sudo roamrc run` where sudo keeps HOME: ~/.config would be root's for good."""
    os.chown(tmp_path, 4711, 4711)
    places = setup(tmp_path).places
    for deed in (starters.write, lambda p: learn.save(p.profiles / "office.yaml", b"", None)):
        with pytest.raises(Refused, match="belongs to another user"):
            deed(places)
    assert list(tmp_path.iterdir()) == []
