"""Others who write npm's file at the same time: npm itself, editors, dotfile managers, a second roamrc. No line is lost."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from roamrc import act, apply, look
from roamrc.errors import RoamError
from roamrc.formats import saved
from roamrc.formats.ini import Document
from roamrc.reconcile import LOST, Setup, Wish
from roamrc.terminal import asking

from .desk import NETWORKS, Desk

START = b"# mine\nfund=false\n//npm.example/:_authToken=t0ken\n"
PLACES = ("office", "home", "lab", "cafe")
URLS = {"office": "http://alice:s3cret@proxy.corp.example:8080", "lab": "http://lab.example:3128", "home": None, "cafe": None}


# ---- those who write -----------------------------------------------------------------------------------------------------------


def add(text: bytes, line: bytes) -> bytes:
    return text + (b"" if text.endswith(b"\n") or not text else b"\n") + line + b"\n"


def like_npm(path: str, line: bytes, r: random.Random) -> None:
    """Reads, truncates in place, writes a moment later: npm config set, npm login (fs.writeFile; 1 to 3 ms measured)."""
    text = add(_read(path), line)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    time.sleep(r.choice((0, 0, 0.0005, 0.002, 0.003)))
    cut = r.randrange(len(text))
    os.write(fd, text[:cut])
    os.write(fd, text[cut:])
    os.close(fd)


def like_editor(path: str, line: bytes, r: random.Random) -> None:
    """Writes a new file beside it and renames it over the old one: editors, chezmoi, our own kind."""
    text = add(_read(path), line)
    with open(path + ".new", "wb") as f:
        f.write(text)
        f.flush()
        time.sleep(r.choice((0, 0.0005, 0.002)))
    os.rename(path + ".new", path)


def like_backup_editor(path: str, line: bytes, r: random.Random) -> None:
    """Renames the old file away, writes a new one in its place, removes the old: vim with backupcopy=no."""
    text = add(_read(path), line)
    with contextlib.suppress(FileNotFoundError):
        os.rename(path, path + "~")
    with open(path, "wb") as f:
        f.write(text)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path + "~")


def _read(path: str) -> bytes:
    """As a careful program does: a file that is empty for a moment is read again."""
    for _ in range(200):
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as f:
            if text := f.read():
                return text
        time.sleep(0.001)
    return b""


WRITERS: dict[str, Callable[[str, bytes, random.Random], None]] = {
    "npm": like_npm,
    "editor": like_editor,
    "backup editor": like_backup_editor,
}


# ---- roamrc --------------------------------------------------------------------------------------------------------------


class Agent:
    """The agent's half that writes: looks with a memory, rescues at 20 and 200 ms, as agent.py does."""

    def __init__(self, desk: Desk, rescue: bool = True) -> None:
        self.desk, self.rescue = desk, rescue
        self.wish = Wish()
        self.memory = look.Memory()
        self.rescues = apply.Rescues()
        self.saved = 0

    def look(self, place: str) -> bool:
        """One look; whether the file is now as this place wants it."""
        setup, trouble = look.setup(self.desk.system)
        seen = look.look(setup, self.memory, network=saved.from_json(NETWORKS[place], "race"))
        report, _ = act.carry_out(seen, Wish(past=self.wish.past), trouble)
        if self.rescue:
            self.rescues.add(report.rescues, time.monotonic())
        else:
            for rescue in report.rescues:
                rescue.close()
        self.due(setup)
        return report.again is None and all(f.state == "in-sync" for f in report.files)

    def due(self, setup: Setup, until: float | None = None) -> None:
        """The rescues that are due, or all of them, waited for."""
        while self.rescues.all:
            self.saved += self.rescues.look(setup.state, time.monotonic())
            if until is None or time.monotonic() > until:
                return
            time.sleep(0.002)

    def settle(self, place: str) -> bool:
        """The last look of all, after the last rescue; False where a hand edit stands against it."""
        setup, _ = look.setup(self.desk.system)
        self.due(setup, time.monotonic() + 1)
        end = time.monotonic() + 5
        while not self.look(place) and time.monotonic() < end:
            time.sleep(0.02)
        self.due(setup, time.monotonic() + 1)
        return self.look(place)


@dataclass(slots=True)
class Raced:
    """What came of a race: saves made, lines lost, saves rescued, looks made, and what must never be."""

    saves: int = 0
    lost: int = 0
    rescued: int = 0
    looks: int = 0
    wrong: tuple[str, ...] = ()


def race(
    folder: Path, writer: str, rounds: int, seed: int, *, rescue: bool = True, second: bool = False, pause: float = 0.03
) -> Raced:
    """A writer that adds a line `rounds` times while an agent roams without a rest; `second`: and a command beside it."""
    desk = Desk(folder / f"race-{writer.replace(' ', '-')}-{seed}", "new")
    desk.lay()
    desk.npmrc.write_bytes(START)
    agent = Agent(desk, rescue)
    agent.look("office")
    children = [fork(lambda: write(desk, writer, rounds, seed, pause))]
    if second:
        children.append(fork(lambda: command(desk, seed, rescue)))
    r, looks = random.Random(seed), 0
    while not reaped(children[:1]):
        agent.look(r.choice(PLACES))
        looks += 1
        time.sleep(r.random() * pause)
    for pid in children[1:]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)  # and its lock goes with it
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
    if not agent.settle("office"):  # a save held over two roams, ours and the command's, counts as a hand edit: no line is lost
        desk.go("office", force=True)
    out = judged(desk, rounds)
    out.rescued, out.looks = agent.saved, looks
    desk.away()
    return out


def write(desk: Desk, writer: str, rounds: int, seed: int, pause: float) -> None:
    r = random.Random(seed + 1)
    for n in range(rounds):
        WRITERS[writer](str(desk.npmrc), b"x%d=1" % n, r)
        time.sleep(pause + r.random() * pause)


def command(desk: Desk, seed: int, rescue: bool) -> None:
    """`roamrc use` and `apply` typed again and again, until killed; a command remembers no size, and looks back once."""
    r = random.Random(seed + 2)
    while True:
        with contextlib.suppress(RoamError):
            setup, trouble = look.setup(desk.system)
            seen = look.look(setup, look.Memory(), network=saved.from_json(NETWORKS[r.choice(PLACES)], "race"))
            report, _ = act.carry_out(seen, Wish(force=r.random() < 0.5), trouble)
            if rescue:
                asking.finish(setup, report)
            else:
                for found in report.rescues:
                    found.close()
        time.sleep(r.random() * 0.05)


def fork(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(99)
    return pid


def reaped(pids: list[int]) -> bool:
    for pid in pids:
        done, status = os.waitpid(pid, os.WNOHANG)
        if not done:
            return False
        if status:
            raise AssertionError(f"a writer ended with {os.waitstatus_to_exitcode(status)}")
    return True


def judged(desk: Desk, rounds: int) -> Raced:
    """Lines lost, and whether the file is whole: every line is one that somebody wrote."""
    text = desk.npmrc.read_bytes()
    doc = Document(text)
    lost = [n for n in range(rounds) if doc.get(f"x{n}") is None]
    wrong = [f"{START!r} is not whole"] if any(line not in text for line in START.splitlines()) else []
    known = {"fund", "//npm.example/:_authToken", "proxy", "https-proxy", "noproxy", "registry", "cafile", "strict-ssl"}
    strange = [k for k in doc.keys() if k not in known and not (k[:1] == "x" and k[1:].isdigit())]  # noqa: SIM118 - no mapping
    wrong += [f"a torn line: {k!r}" for k in strange]
    if doc.get("proxy") != "http://alice:s3cret@proxy.corp.example:8080":
        wrong.append(f"proxy is {doc.get('proxy')!r} in the end")
    if len(doc.keys()) != len([ln for ln in text.splitlines() if b"=" in ln and not ln.startswith(b"#")]):
        wrong.append(f"doubled lines: {text[-600:]!r}")
    return Raced(rounds, len(lost), wrong=tuple(wrong))


def real_npm(folder: Path, rounds: int, seed: int) -> Raced:
    """npm config set itself, with a roam in the quarter of a second that it takes."""
    desk = Desk(folder / f"npm-{seed}", "new")
    desk.lay()
    desk.npmrc.write_bytes(START)
    agent = Agent(desk)
    agent.look("office")
    r, looks, then, wrong = random.Random(seed), 0, "office", list[str]()
    env = {"HOME": str(desk.home), "PATH": os.environ["PATH"], "npm_config_update_notifier": "false"}
    for n in range(rounds):
        argv = ["npm", "config", "set", f"//h{n}.example/:_authToken=1", "--userconfig", str(desk.npmrc)]
        child = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        begin = time.monotonic()
        moves, moved = begin + r.random() * 0.4, 0.0
        place, then = then, r.choice([p for p in PLACES if p != then])
        while child.poll() is None:  # one roam in its life: npm writes back what it read before that (plan.lost_update)
            if time.monotonic() < moves:
                agent.look(place)
            else:
                moved = moved or time.monotonic()
                agent.look(then)
            looks += 1
            time.sleep(0.01)
            assert time.monotonic() - begin < 60, "npm does not end"
        late = bool(moved) and time.monotonic() - moved > LOST * 0.75  # a loaded machine: then it counts as a hand edit
        agent.settle(then)
        if late:
            desk.go(then, force=True)
            continue
        if (doc := Document(desk.npmrc.read_bytes())).get("proxy") != URLS[then] or doc.get("strict-ssl") != (
            "false" if then == "lab" else None
        ):
            wrong.append(f"round {n}, moved to {then}: {doc.text!r}")
    agent.settle("office")
    doc = Document(desk.npmrc.read_bytes())
    lost = sum(doc.get(f"//h{n}.example/:_authToken") is None for n in range(rounds))
    out = Raced(rounds, lost, agent.saved, looks, tuple(wrong))
    if doc.get("proxy") != "http://alice:s3cret@proxy.corp.example:8080" or doc.get("//npm.example/:_authToken") != "t0ken":
        out.wrong = (*out.wrong, f"in the end: {doc.text!r}")
    desk.away()
    shutil.rmtree(desk.home, ignore_errors=True)
    return out
