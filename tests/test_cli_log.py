"""The log: bounded, crash-safe to read, told in words and in JSON."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from home import Ran
from roamrc import cli
from roamrc.commands import log
from roamrc.memory import glance
from roamrc.memory.state import State


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(Path(glance.state()))


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*argv: str) -> Ran:
        code = cli.main(("log", *argv))
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return run


def entry(at: str, **more: Any) -> dict[str, Any]:
    return {
        "at": at,
        "from": "home",
        "to": "office",
        "because": "dns_suffix corp.example",
        "keys": ["proxy", "https-proxy"],
        **more,
    }


def test_nothing_yet(call: Any, state: State) -> None:
    assert (call().out, call().code) == ("no switches yet\n", 0)
    assert call("--json").out == ""
    assert call("--since", "2h").out == "no switches since then\n"
    assert not state.folder.exists()


def test_in_words(call: Any, state: State) -> None:
    state.log(entry("2026-01-31T09:00:00Z"))
    state.log(entry("2026-01-31T10:00:00Z", to="hold", keys=[], **{"from": None}))
    state.log(entry("2026-01-31T11:00:00Z", lost={"proxy": "http://al:***@old:3128"}))
    assert call().out == (
        "2026-01-31T09:00:00Z  home → office: dns_suffix corp.example (proxy, https-proxy)\n"
        "2026-01-31T10:00:00Z  hold: dns_suffix corp.example (nothing to write)\n"
        "2026-01-31T11:00:00Z  home → office: dns_suffix corp.example (proxy, https-proxy)\n"
        "    your proxy gave way: http://al:***@old:3128 (kept in backup/)\n"
    )


def test_json_is_an_object_a_line(call: Any, state: State) -> None:
    state.log(entry("2026-01-31T09:00:00Z"))
    state.log(entry("2026-01-31T10:00:00Z"))
    lines = call("--json").out.splitlines()
    assert [list(json.loads(line)) for line in lines] == [["at", "from", "to", "because", "keys"]] * 2


@pytest.mark.parametrize(
    ("argv", "hours"),
    [
        ((), range(4, 24)),
        (("-n", "2"), (22, 23)),
        (("-n", "0"), ()),
        (("-n", "999"), range(24)),
        (("--since", "2026-01-31T21:00:00Z"), (21, 22, 23)),
        (("--since", "2026-01-31T22:00:00+01:00"), (21, 22, 23)),
        (("--since", "2026-01-31T21:00:00Z", "-n", "1"), (23,)),
        (("--since", "2026-01-30"), range(24)),
        (("--since", "1d"), ()),
        (("--since", "2999-01-01"), ()),
    ],
    ids=str,
)
def test_which_ones(call: Any, state: State, argv: tuple[str, ...], hours: Any) -> None:
    for hour in range(24):
        state.log(entry(f"2026-01-31T{hour:02}:00:00Z"))
    shown = [json.loads(line)["at"] for line in call("--json", *argv).out.splitlines()]
    assert shown == [f"2026-01-31T{hour:02}:00:00Z" for hour in hours]


@pytest.mark.parametrize("text", ["", " ", "yesterday", "-2h", "2026-13-01", "99999999999h", "\x00"])
def test_what_is_no_time(call: Any, text: str) -> None:
    r = call(f"--since={text}")
    assert (r.code, "is no time" in r.err, "hint: roamrc log --since 2h" in r.err) == (2, True, True)


def test_a_log_torn_by_a_crash_is_read_around_the_tear(call: Any, state: State) -> None:
    state.log(entry("2026-01-31T09:00:00Z"))
    path = Path(state.path("log.jsonl"))
    with path.open("ab") as f:
        f.write(b'{"at": "2026-01-31T09:30:00Z", "from": "ho')
    assert call().out.count("\n") == 1
    state.log(entry("2026-01-31T10:00:00Z"))
    assert [line[:20] for line in call().out.splitlines()] == ["2026-01-31T09:00:00Z", "2026-01-31T10:00:00Z"]


HOSTILE = (
    b"\xff\xfe\n", b"[1]\n", b"7\n", b'{"to": "x"}\n', b'{"at": 7}\n', b"[" * 100_000 + b"\n", b"\0\0\0\n", b"\n\n",
    b'{"at":"x","keys":7,"lost":[1],"from":{"a":1},"to":null,"because":[]}\n',
    b'{"at":"\\u001b[2J","keys":["\\u0007"],"lost":{"\\n":"\\u202e"},"to":"\\u001b","from":"\\u009b","because":"\\r"}\n',
)  # fmt: skip


@pytest.mark.parametrize("line", HOSTILE, ids=lambda b: repr(b[:24]))
def test_a_line_of_any_kind_hurts_nobody(call: Any, state: State, line: bytes) -> None:
    state.log(entry("2026-01-31T09:00:00Z"))
    with open(state.path("log.jsonl"), "ab") as f:
        f.write(line)
    for argv in ((), ("--json",)):
        r = call(*argv)
        assert (r.code, r.err, "2026-01-31T09:00:00Z" in r.out) == (0, "", True)
        assert all(x.isprintable() for x in r.out.splitlines())


def test_it_is_bounded_and_turned_over(call: Any, state: State) -> None:
    for n in range(3000):
        state.log(entry("2026-01-31T09:00:00Z", because=f"{n:04} " + "x" * 400))
    size = sum(os.path.getsize(state.path(n)) for n in ("log.jsonl", "log.1.jsonl") if os.path.exists(state.path(n)))
    assert size < (1 << 20) + 1000
    kept = [json.loads(line)["because"][:4] for line in call("--json", "-n", "100000").out.splitlines()]
    assert kept == [f"{n:04}" for n in range(3000 - len(kept), 3000)]
    assert len(kept) > 1000


def test_follow_misses_nothing_when_the_log_is_turned_over(state: State) -> None:
    path = state.path("log.jsonl")
    state.log(entry("old"))
    news = log.follow(path, pause=0.001)
    assert next(news) is None
    wanted = [f"n{n}" for n in range(6)]
    state.log(entry("n0"))
    with open(path, "ab") as f:
        f.write(b'{"at": "n1", "to"')  # the writer is in the middle of it
    got = [e["at"] for e in (next(news), next(news)) if e]
    with open(path, "ab") as f:
        f.write(b': "x"}\nno json\n')
    state.log(entry("n2"))
    os.replace(path, state.path("log.1.jsonl"))
    state.log(entry("n3"))
    state.log(entry("n4"))
    end = time.monotonic() + 20
    while len(got) < 5 and time.monotonic() < end:
        new = next(news)
        got += [new["at"]] if new else []
    Path(path).write_bytes(b"")  # cut to nothing by somebody
    state.log(entry("n5"))
    while len(got) < 6 and time.monotonic() < end:
        new = next(news)
        got += [new["at"]] if new else []
    assert got == wanted


def test_follow_waits_for_a_log_that_is_not_there_yet(state: State) -> None:
    news = log.follow(state.path("log.jsonl"), pause=0.001)
    assert (next(news), next(news)) == (None, None)
    state.log(entry("first"))
    end = time.monotonic() + 20
    got = next(news)
    while got is None and time.monotonic() < end:
        got = next(news)
    assert got is not None
    assert got["at"] == "first"
