"""The agent: waits for anything to stir, looks once, and has the files follow. One thread, no clock while nothing happens. Floor
3.

A wake-up only means "look again", so that none can be wrong; what is waited for has a time in the diary: a fallback's quiet, a
question asked again, an override's end, a source to reopen, an inode to read again.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable

from .. import act, apply, journal, look, show, sources
from ..errors import RoamError
from ..look import Look
from ..memory.past import Past
from ..model import Decision, Problem
from ..reading import config
from ..reconcile import Report, Wish, reconcile
from ..rules.pace import Pace
from ..services import notify
from ..slotted import replace
from ..system import System
from . import handing, renewal, thrift, waiting
from .diary import Diary
from .errands import Errands
from .notices import Notices
from .passing import Passing
from .roaming import Roaming
from .trial import Trial
from .watch import Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Tell = Callable[[str, dict[str, Any] | None], None]


MAC_PATIENCE = 0.1
"""Seconds a look waits for the gateway's MAC where a login hangs on it."""

HALF_SEEN = 0.2
"""Seconds until a half-written resolv.conf is looked at again though nobody tells of it. Every 20 ms used up a burst's free looks
while dhclient had it empty, and the look that mattered came 0.3 s late: npm had read the old proxy by then (bench, feel)."""

STIRS = ("network", "gateway", "resolv", "clock", "woke", "died", "restarted")
"""Words of reasons after which the network may be another one."""


class Agent:
    """State of the loop; `tell` prints a line for whoever runs it in the foreground."""

    def __init__(self, system: System, tell: Tell, hold: renewal.Hold | None = None) -> None:
        self.system, self.tell = system, tell
        self.setup, self.setup_problems = look.setup(system)
        self.manager, self.memory = notify.listener(system.env), look.Memory()
        self.past = Past()
        self.watch: Watch | None = None
        self.stamp: object = None
        self.rescues = apply.Rescues()
        self.errands = Errands(system)
        self.memory.answers = self.errands.answers
        self.pulse: object = None
        self.lent = True  # until a look has said otherwise: one may stand in the file since before a restart
        self.pace = Pace(self.system.monotonic())
        self.diary = Diary(self.system.monotonic, self.pace)
        self.trial = Trial(self.errands, self.pace)
        self.roaming, self.passing = Roaming(), Passing()
        self.status: dict[str, Any] = {}
        self.told = ""
        self.notices = Notices(system)
        self.renewal = renewal.watch(system)
        self.hold = hold

    # ---- life ----------------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Watches until it is told to stop (SIGTERM, SIGINT)."""
        wake, woken = socket.socketpair()
        wake.setblocking(False)
        woken.setblocking(False)
        old_fd = signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        try:
            self._tidy()
            self.open_sources()
            self.look()
            self._requests()  # one that came while an older version became this one
            thrift.settle()
            self.manager.ready(journal.headline(self.status))
            while True:
                with self.renewal.torn():
                    self.step(wake)
        except renewal.Stopped:
            self.manager.stopping()
        finally:
            signal.set_wakeup_fd(old_fd)
            if self.watch:
                self.watch.close()
            self.rescues.close()
            self.errands.close()
            wake.close()
            woken.close()

    def _tidy(self) -> None:
        """What a killed agent left of its own; what it left beside npm's file the first look sees to."""
        with contextlib.suppress(RoamError), self.setup.state.lock():
            self.setup.state.tidy()

    def open_sources(self) -> None:
        here = self.setup.places
        request = self.setup.state.folder / handing.REQUEST
        watched = sources.Watched(here.config, (here.npmrc,), request, release=self.renewal.file)
        self.memory.watched = False
        if self.watch:
            self.watch.close()
        self.watch = Watch(sources.open_sources(self.system, watched), self.system.monotonic())

    # ---- one turn --------------------------------------------------------------------------------------------------------------

    def step(self, wake: socket.socket) -> None:
        """Sleeps until something stirs or is due, then does all of it."""
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        assert self.watch is not None
        for fd in (*self.watch.by_fd(), *self.errands.fds()):
            poll.register(fd, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(self._timeout(self.watch))}
        if wake.fileno() in ready:
            self._signals(wake)
        now = self.system.monotonic()
        self.renewal.check(now)
        reasons = self.watch.reasons(ready, now)
        self.passing.stirred(reasons)
        if self.errands.back(ready):
            self._again()
        if reasons:
            self._stirred(", ".join(reasons), now)
        if self.rescues.look(self.setup.state, now):
            self._again()
        self.notices.show(now)
        if self.diary.due(now):
            self.look()

    def _timeout(self, watch: Watch) -> int | None:
        """Milliseconds until the next thing is due, rounded up; None: nothing is, sleep until something stirs."""
        times = [*self.diary.times(), *self.rescues.due(), *watch.next_due(), *self.renewal.due(), *self.notices.due()]
        if not times:
            return None
        return max(0, int((min(times) - self.system.monotonic()) * 1000) + 1)

    def _signals(self, wake: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            if any(n in (signal.SIGTERM, signal.SIGINT) for n in wake.recv(64)):
                raise renewal.Stopped
        self.memory.watched = False
        self._again()  # SIGHUP: look again, at everything

    def _again(self) -> None:
        """A whole look now, for another reason than the network."""
        self.passing.elsewhere = True
        self.diary.again(0.0)

    def _stirred(self, reason: str, now: float) -> None:
        """Something happened: a look is due, at once unless this is a flood."""
        if "profiles" in reason:
            self.memory.watched = False
        if "override" in reason:
            self._requests()
            if reason == "override":
                return
        network = any(word in reason for word in STIRS)
        urgent = network and self.lent and self._pulse() != self.pulse
        self.diary.again(self.pace.stirred(now, network=network, urgent=urgent))

    # ---- looking ---------------------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Looks, decides, and has the files follow; plans when to look next."""
        self.diary.begin()
        if self.hold is not None:
            self.hold.keep(self.tell)
        self._settings()
        now = self.system.monotonic()
        settled = self.pace.looking(now)
        before = replace(self.memory, answers=dict(self.memory.answers)) if self.lent else None
        seen = look.look(self.setup, self.memory, settled=settled)
        if before and (rest := self.roaming.rest(before, self.memory, now)):
            self.diary.again(rest)
            return
        self.memory.watched = self.watch is not None and self.watch.alive("profiles")
        self.errands.system = self.notices.system = seen.setup.system  # it withholds passwords from children
        if self.memory.moved:
            self._forget()
        self.pulse = self._pulse() if self.lent or waiting.needs_login(seen.decision) else None
        if look.half_seen(seen.network) and not settled:
            if self.memory.moved:  # what was lent to the old link must go before the new one can be told apart
                held = replace(seen, decision=Decision("hold", None, "resolv.conf is being written"))
                report, _ = self._wait(held, Wish(past=self.past))
                self._note(report, now)
            self.diary.again(max(HALF_SEEN, self.pace.gap()))  # what it becomes is an event of its own
            return
        if waiting.hangs_on_mac(seen):
            seen = look.look(self.setup, self.memory, patience=MAC_PATIENCE, settled=settled)
        lend = waiting.may_lend(seen, settled)
        rest = self.pace.rest(now) if self.status else 0.0
        if rest and self.passing.nothing_new(seen, self.lent):
            self.diary.when_quiet(rest)
            return
        wish = Wish(lend=lend, login=self.trial.rotated, past=self.past, fetch=self.errands.login)
        self._carry_out(seen, wish, passing=rest > 0)

    def _forget(self) -> None:
        """The link is another one: what was learned on the old one says nothing any more."""
        self.errands.forget()
        self.trial.forget()

    def _pulse(self) -> object:
        """How often the uplink lost its carrier: what no flood of noise may hide while a login stands in npm's file."""
        name = self.memory.network.interface if self.memory.network else None
        return self.system.read(f"/sys/class/net/{name}/carrier_down_count", 32) if isinstance(name, str) else None

    def _settings(self) -> None:
        """Reads config.yaml anew; where npm's file or a folder moved, the sources watch the new one."""
        places, stamp = self.setup.places, config.stamp(self.setup.places.config_file)
        if stamp == self.stamp:
            return
        self.stamp = stamp
        self.setup, self.setup_problems = look.setup(self.system, None if self.setup.unsure else self.setup.config)
        if self.setup.places != places:
            self.open_sources()

    def _carry_out(self, seen: Look, wish: Wish, passing: bool = False) -> Report:
        wish.private = self.errands.inside()
        look.keep(seen)
        seen = self.trial.before(seen, wish.force, self.system.monotonic())
        if seen.decision.waits:
            report, status = self._wait(seen, wish)
        else:
            report, status = act.carry_out(seen, wish, self._problems(seen), passing=passing)
        self.status = status or self.status
        now = self.system.monotonic()
        if passing and not status:
            self.diary.when_quiet(self.pace.rest(now))
        self._note(report, now)
        self.passing.carried_out(report)
        if self.status and (journal.headline(self.status) != self.told or report.edits):
            self.told = journal.headline(self.status)
            self.tell(self.told, self.status)
            self.manager.status(self.told)
        self.notices.seen(self.status, self.setup.config.notify)
        self._plan_next(seen, report)
        return report

    def _note(self, report: Report, now: float) -> None:
        """What is to be known of a report after it: files to look back at, and whether a login of ours stands in npm's."""
        self.rescues.add(report.rescues, now)
        # without a plan nobody knows: the disk may have failed right after the rename (EIO of the folder's fsync)
        self.lent = not report.plans or report.plans[-1].record.lent is not None

    def _wait(self, seen: Look, wish: Wish) -> tuple[Report, dict[str, Any]]:
        """A fallback waits for quiet: nothing changes yet and nothing is noted, but a login that was lent is taken back."""
        return reconcile(seen.setup, seen.loaded.profiles, seen.network, seen.decision, wish), self.status

    def _plan_next(self, seen: Look, report: Report) -> None:
        now = self.system.monotonic()
        if self.watch is not None and self.watch.mind(seen.network):
            self.diary.when_quiet(self.pace.rest(now))
        if not self.pace.settled and (seen.decision.waits or waiting.needs_login(seen.decision)):
            self.diary.when_quiet(max(0.0, self.pace.settles_at() - now))
        if report.again is not None:
            self.diary.again(report.again)
        if seen.override and seen.override.until is not None:
            self.diary.again(max(0.0, seen.override.until - self.system.now()) + 0.001)
        insiders = waiting.inside_questions(report) if self.setup.config.no_proxy_auto else ()
        if any(q not in self.errands.answers for q in insiders) and (rest := self.pace.rest(now)):
            self.diary.when_quiet(rest)
            insiders = ()
        trial = self.trial.after(report, now)
        if trial is not None:
            self.diary.when_quiet(trial) if trial else self.diary.again(0.0)
        late = self.trial.late or waiting.still_open(seen, report) or self.errands.unsure(insiders)
        again = late and self.pace.rung_due(now)
        self.errands.ask((*seen.decision.questions, *insiders), seen.network, again=again)
        if late:
            self.diary.again(max(0.0, self.pace.ask_again - now) + 0.001)

    def _problems(self, seen: Look) -> tuple[Problem, ...]:
        """The agent's own: faults of the settings, sources that are dead, the applied profile's proxy where it is."""
        tried = self.trial.problem(seen.decision)
        return (*self.setup_problems, *(self.watch.problems() if self.watch else ()), *((tried,) if tried else ()))

    # ---- requests ------------------------------------------------------------------------------------------

    def _requests(self) -> None:
        self.renewal.check(self.system.monotonic(), urgent=True)
        handing.serve(self.setup.state, self._request)

    def _request(self, verb: str, args: dict[str, Any], dry: bool) -> dict[str, Any]:
        """Does what a command asked for, `dry` without a trace; the status after it and the edits."""
        if verb not in act.VERBS:
            raise RoamError(f'the agent does not know "{show.line(verb)}"', "restart it: it may be of another version")
        self._settings()
        self.memory.watched = False
        memory = replace(self.memory, answers=dict(self.memory.answers)) if dry else self.memory
        seen = act.prepare(self.setup, memory, verb, args, dry_run=dry)
        force = verb == "use" or bool(args.get("force"))
        if dry:
            wish = Wish(force=force, dry_run=True, past=Past(dict(self.past.sizes)), private=self.errands.inside())
            report, status = act.carry_out(self.errands.once_alive(seen, force, again=False)[0], wish, self._problems(seen))
        else:
            if self.memory.moved:
                self._forget()
            fetch = self.errands.login_now
            report = self._carry_out(seen, Wish(force=force, login=True, past=self.past, fetch=fetch))
            status = self.status
        return {"status": status, "edits": journal.edits_json(report.edits)}


def run(system: System, tell: Tell) -> int:
    """`roamrc run`: one agent at a time; a second one says so and that is all right."""
    here, _ = look.setup(system)
    hold = renewal.hold(here.state, system, handing.REQUEST)
    if hold is None:
        tell(f"an agent is running already (pid {here.state.agent_pid() or 'unknown'})", None)
        return 0
    try:
        Agent(system, tell, hold).run()
    except renewal.Renewed as e:
        renewal.become(e.argv, hold.fd)
    finally:
        os.close(hold.fd)
    return 0
