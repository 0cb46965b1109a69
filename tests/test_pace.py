"""The rhythm of looks: free at first, spaced in a flood, settled after quiet; times are plain numbers."""

from __future__ import annotations

from roamrc.daemon.diary import Diary
from roamrc.rules.pace import FREE, GAP_LIMIT, LADDER, PATIENT, QUIET, REST, Pace


def flood(pace: Pace, seconds: float, every: float, *, urgent: bool = False) -> int:
    """Looks that a flood of events brings: one whenever the pace allows, and a last one."""
    looks, due, now = 0, None, 0.0
    while now < seconds:
        wait = pace.stirred(now, network=True, urgent=urgent)
        due = now + wait if due is None else min(due, now + wait)
        if due <= now:
            pace.looking(now)
            looks, due = looks + 1, None
        now += every
    return looks + (due is not None)


def test_a_roam_is_looked_at_at_once() -> None:
    pace = Pace(0.0)
    for n in range(FREE):
        assert pace.stirred(n * 0.02, network=True, urgent=False) == 0
        pace.looking(n * 0.02)


def test_a_flood_costs_few_looks_and_ends_with_one() -> None:
    assert flood(Pace(0.0), 0.25, 0.0005) <= 10
    assert flood(Pace(0.0), 20.0, 0.02) <= FREE + 5 + 20 / GAP_LIMIT


def test_a_link_that_went_is_never_hidden_by_a_flood() -> None:
    pace = Pace(0.0)
    flood(pace, 1.0, 0.001)
    assert pace.stirred(1.001, network=True, urgent=False) > 0
    assert pace.stirred(1.002, network=True, urgent=True) == 0


def test_calm_makes_the_next_look_free_again() -> None:
    pace = Pace(0.0)
    flood(pace, 1.0, 0.001)
    assert pace.stirred(2.0, network=False, urgent=False) == 0


def test_things_settle_after_quiet_and_in_the_end_anyway() -> None:
    pace = Pace(0.0)
    assert not pace.looking(QUIET - 0.01)
    assert pace.looking(QUIET)
    pace.stirred(5.0, network=False, urgent=False)
    assert pace.looking(5.0)
    now = 6.0
    while now < 6.0 + PATIENT - 0.1:
        pace.stirred(now, network=True, urgent=False)
        assert not pace.looking(now)
        now += 0.5
    assert pace.looking(6.0 + PATIENT)


def test_the_ladder_is_climbed_once_a_rung_and_begins_anew_with_an_event() -> None:
    pace = Pace(0.0)
    now, steps = 0.0, []
    for _ in range(8):
        assert pace.rung_due(now)
        assert not pace.rung_due(now)
        steps.append(pace.ask_again - now)
        now = pace.ask_again
    assert steps == [*LADDER, LADDER[-1], LADDER[-1]]
    pace.stirred(now, network=True, urgent=False)
    assert pace.rung_due(now)
    assert pace.ask_again - now == LADDER[0]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_sooner_appointment_counts_and_a_look_keeps_them_all() -> None:
    clock = Clock()
    diary = Diary(clock, Pace(-REST))
    assert diary.times() == []
    assert not diary.due(0.0)
    diary.again(5.0)
    diary.again(2.0)
    diary.again(3.0)
    assert diary.times() == [2.0]
    clock.now = 2.0
    assert diary.due(2.0)
    diary.begin()
    assert (diary.times(), diary.due(9.0)) == ([], False)


def test_what_waits_for_quiet_is_put_off_by_a_flood_and_kept_after_it() -> None:
    clock, pace = Clock(), Pace(-REST)
    diary = Diary(clock, pace)
    diary.when_quiet(REST)
    looks = 0
    for n in range(300):
        clock.now = n * 0.01
        pace.stirred(clock.now, network=True, urgent=False)
        looks += diary.due(clock.now)
    assert looks == 0
    clock.now += REST + 0.01
    assert diary.due(clock.now)
