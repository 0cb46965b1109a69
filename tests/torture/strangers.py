"""Text and folders of people who mean harm: what an SSID, a domain or a DHCP string says is printed, logged and compared, never
obeyed; what belongs to another user is refused with a sentence."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from roamrc import cli
from roamrc.formats import saved
from roamrc.formats.ini import Document

from .desk import NETWORKS, PLAIN, Desk, environment
from .rubbish import quiet

TEXTS = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[H",
    "a\nproxy=http://evil.example:1",
    "a\r\nregistry=http://evil.example/",
    "a\x00b",
    "; rm -rf ~",
    "${HOME}",
    "$(id)",
    "`id`",
    "#",
    "=",
    "[sect]",
    '"',
    "'",
    "\\",
    "a" * 255,
    "é" * 85,
    "\u202egnp.exe",
    "\u2066x\u2069",
    "\u200f\u200e",
    "\u2028line",
    "\x85line",
    "\ufeff",
    "\U000e0041tag",
    "\udc80\udcff",
    "%s%n",
    "*",
    "[!a]*",
    "../../../etc/passwd",
    " ",
    "\t",
    "\x9b31m",
    "\x7f",
    "null",
    "true",
    "🙂" * 60,
    "{{7*7}}",
    "-rf",
    "--force",
    "\x08" * 40,
    "\x0e\x0f",
    "A" * 4096,
)
"""255 bytes is the most that a DHCP option or a domain holds, 32 an SSID; a prankster's access point may send anything."""


def shouting(text: str) -> dict[str, Any]:
    """The office's network, where everything that others can name says `text`."""
    return {
        **NETWORKS["office"],
        "ssid": text,
        "kind": "wifi",
        "dns_suffixes": [text, "corp.example", f"{text}.example"],
        "interface": text,
        "bssid": text,
        "vpn": [{"name": text, "default": False, "mesh": True}],
        "via": {"ssid": text},
    }


def hostile(folder: Path, text: str, n: int) -> str | None:
    """One hostile text through facts, decision, status, log, explain and npm's file; what it broke, or None."""
    desk = Desk(folder / f"h{n}", "existing")
    desk.lay()
    profiles = desk.home / ".config/roamrc/profiles"
    # a control character in a profile is a fault of the profile; what the network says is not held to that
    because = json.dumps(text[:60] if text.isprintable() and text.strip() else "-", ensure_ascii=False)
    (profiles / "office.yaml").write_text(
        "priority: 9\nwhen: [{ssid: '*', dns_suffix: corp.example}]\napply: {proxy: 'http://proxy.corp.example:8080'}\n"
        f"because: {because}\n"
    )
    try:
        network = saved.from_json(shouting(text), "hostile")
        desk.go("home", force=True)
        for _ in range(2):
            desk.go("office", network=network)
            desk.go("home")
        desk.go("office", network=network)
        hidden = saved.from_json({**NETWORKS["office"], "gateway_mac": {"hidden": text}, "ssid": {"hidden": text}}, "hostile")
        desk.go("office", network=hidden)
        desk.go("office", network=network)
        facts = desk.home / "facts.json"
        facts.write_text(json.dumps(saved.to_json(network)))
        for argv in (
            ("status",),
            ("log",),
            ("explain", "--facts", str(facts)),
            ("status", "--json"),
            ("log", "--json"),
            ("prompt",),
        ):
            if wrong := quiet(desk, argv):
                return wrong
        lines = (desk.state / "log.jsonl").read_bytes().split(b"\n")
        if any(not isinstance(json.loads(line), dict) for line in lines if line) or any(
            c < 32 or c > 126 for line in lines for c in line
        ):
            return "the log has a line that is none"
        raw = (desk.state / "status.json").read_bytes()
        if any(c > 126 or (c < 32 and c != 10) for c in raw):
            return "the status holds raw control characters"
        now = desk.text() or b""
        wanted = {"registry", "//npm.example/:_authToken", "proxy", "noproxy", "fund", "https-proxy"}
        if set(Document(now).keys()) != wanted:
            return f"npm's file has other keys than those wanted: {Document(now).keys()}"
        if desk.uninstall() or desk.text() != PLAIN:
            return f"uninstall leaves {desk.text()!r:.300}"
        return None
    finally:
        desk.away()


def run_hostile(folder: Path) -> tuple[int, list[str]]:
    """Texts tried and those that broke something."""
    failures = []
    for n, text in enumerate(TEXTS):
        try:
            wrong = hostile(folder, text, n)
        except Exception:
            wrong = traceback.format_exc()[-1200:]
        if wrong:
            failures.append(f"{text!r:.60}: {wrong}")
    shutil.rmtree(folder, ignore_errors=True)
    return len(TEXTS), failures


# ---- who may do what -----------------------------------------------------------------------------------------------------------

ANYONE = 65534
"""nobody's uid."""


def as_user(uid: int, work: Callable[[], str]) -> str:
    """What `work` says in a child that is this user; needs root."""
    told, say = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(told)
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            text = work()
        except BaseException:
            text = traceback.format_exc()
        os.write(say, text.encode("utf-8", "replace")[:60_000])
        os._exit(0)
    os.close(say)
    with os.fdopen(told, "rb") as f:
        text = f.read().decode("utf-8", "replace")
    os.waitpid(pid, 0)
    return text


def outcome(desk: Desk) -> str:
    """What `use home` says, with its exit code in front."""
    out, err = io.StringIO(), io.StringIO()
    env = {**desk.system.env, "ROAMRC_ROOT": str(desk.home / "root"), "ROAMRC_LAST": "1"}
    with environment(env), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(["use", "home"])
    return f"{code} {out.getvalue()}{err.getvalue()}"


def given(desk: Desk, uid: int) -> None:
    """The whole home belongs to this user."""
    for path in (desk.home, *desk.home.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)


def trespasses(folder: Path) -> Iterator[tuple[str, Callable[[Desk], str], str]]:
    """Name, what is done (it returns what roamrc said), and the words that must be in it."""

    def others_state(d: Desk) -> str:
        d.state.parent.mkdir(parents=True)
        given(d, ANYONE)
        d.state.mkdir()  # root's
        os.chmod(d.state, 0o777)
        return as_user(ANYONE, lambda: outcome(d))

    def link_for_state(d: Desk) -> str:
        (d.home / "elsewhere").mkdir()
        d.state.parent.mkdir(parents=True)
        d.state.symlink_to(d.home / "elsewhere")
        given(d, ANYONE)
        return as_user(ANYONE, lambda: outcome(d))

    def planted(name: str) -> Callable[[Desk], str]:
        def plant(d: Desk) -> str:
            d.state.mkdir(parents=True)
            (d.home / "victim").write_bytes(b"precious")
            (d.state / name).symlink_to(d.home / "victim")
            given(d, ANYONE)
            return as_user(ANYONE, lambda: outcome(d))

        return plant

    def temp(d: Desk) -> str:
        (d.home / "victim").write_bytes(b"precious")
        (d.home / "..npmrc.roamrc~").symlink_to(d.home / "victim")
        given(d, ANYONE)
        return as_user(ANYONE, lambda: outcome(d))

    def temp_folder(d: Desk) -> str:
        (d.home / "..npmrc.roamrc~").mkdir()
        given(d, ANYONE)
        return as_user(ANYONE, lambda: outcome(d))

    def others_file(d: Desk) -> str:
        given(d, ANYONE)
        os.chown(d.npmrc, 0, 0)
        os.chmod(d.npmrc, 0o666)
        return as_user(ANYONE, lambda: outcome(d))

    def open_to_all(name: str) -> Callable[[Desk], str]:
        def loosen(d: Desk) -> str:
            path = d.home / ".config/roamrc" / name
            if not path.exists():
                path.write_text("ssid: {command: /bin/false}\nhand_edits: overwrite\n")
            given(d, ANYONE)
            path.chmod(0o777 if path.is_dir() else 0o666)
            return as_user(ANYONE, lambda: outcome(d))

        return loosen

    def anothers(name: str) -> Callable[[Desk], str]:
        def give(d: Desk) -> str:
            given(d, ANYONE)
            os.chown(d.home / ".config/roamrc" / name, ANYONE + 1, ANYONE + 1)
            return as_user(ANYONE, lambda: outcome(d))

        return give

    def sudo(d: Desk) -> str:
        given(d, ANYONE)
        return as_user(0, lambda: outcome(d))

    def sudo_without_file(d: Desk) -> str:
        d.npmrc.unlink()
        d.state.mkdir(parents=True)
        given(d, ANYONE)
        for p in (d.state, d.state / "backup", d.state / "inbox"):
            p.mkdir(exist_ok=True)
            os.chown(p, 0, 0)
        return as_user(0, lambda: outcome(d))

    yield "another user's state folder", others_state, "belongs to another user"
    yield "a symlink for the state folder", link_for_state, "is no folder"
    yield "a symlink for the lock", planted("lock"), "symlink"
    yield "a symlink for the ledger", planted("ledger.json"), "symlink"
    yield "a symlink for the status", planted("status.json"), "symlink"
    yield "a symlink for the override", planted("override.json"), "symlink"
    yield "a symlink for the key", planted("key"), "symlink"
    yield "a symlink for the log", planted("log.jsonl"), "symlink"
    yield "a symlink for the temporary file", temp, "nothing"
    yield "a folder for the temporary file", temp_folder, "something else stands where its temporary file goes"
    yield "another user's file that anyone may write", others_file, "belongs to another user"
    yield "a profile that anyone may write", open_to_all("profiles/home.yaml"), "others may write it"
    yield "a folder of profiles that anyone may write", open_to_all("profiles"), "others may write it"
    yield "a folder of settings that anyone may write", open_to_all(""), "others may write it"
    yield "another user's profile", anothers("profiles/home.yaml"), "belongs to another user"
    yield "another user's folder of profiles", anothers("profiles"), "belongs to another user"
    yield "settings that anyone may write", open_to_all("config.yaml"), "others may write it"
    yield "root with another's home", sudo, "belongs to another user"
    yield "root with another's home, no file yet", sudo_without_file, "belongs to another user"


def run_rights(folder: Path) -> tuple[int, list[str]]:
    """Trespasses tried (root only) and those that were not refused with a sentence, or that changed what is not ours."""
    failures, tried = [], 0
    warm = Desk(folder / "warm", "existing")
    warm.lay()
    outcome(warm)  # another user may not be able to import what this one can
    for name, deed, words in trespasses(folder):
        tried += 1
        desk = Desk(folder / f"t{tried}", "existing")
        os.chmod(folder, 0o711)
        desk.lay()
        said = deed(desk)
        if "Traceback" in said or said[:1] == "3":
            failures.append(f"{name}: {said[-1500:]}")
        elif words != "nothing" and words not in said:
            failures.append(f"{name}: said {said!r:.600}")
        if words != "nothing" and (desk.text() or PLAIN) != PLAIN and "log" not in name and "status" not in name:
            failures.append(f"{name}: npm's file was written all the same: {said!r:.300}")
        if (desk.home / "victim").exists() and (desk.home / "victim").read_bytes() != b"precious":
            failures.append(f"{name}: the symlink's target was written")
        if name.startswith("root") and any(
            p.lstat().st_uid == 0 and "roamrc" not in str(p.relative_to(desk.home)) for p in desk.home.rglob("*")
        ):
            failures.append(f"{name}: root left something in that home")
        desk.away()
    shutil.rmtree(folder, ignore_errors=True)
    return tried, failures


def missing() -> str | None:
    """Why rights can't be tried here, or None."""
    return None if sys.platform == "linux" and os.geteuid() == 0 else "only root can be somebody else"
