"""Growth: a look and a write with many profiles, long files, many interfaces; processor time, which other programs don't blur.

`python -m bench.growth interfaces N RUNS` is the child that makes its own network and looks at it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .figures import spread

PROFILES, LINES, INTERFACES = (10, 100, 1_000, 10_000), (10, 1_000, 10_000, 100_000), (10, 500, 5_000)
PROFILE = "when: {{dns_suffix: office{n}.test, gateway: 10.{a}.{b}.1}}\napply: {{proxy: 'http://proxy{n}.test:3128'}}\n"


Spreads = Mapping[str, Mapping[str, float]]
"""Measure → the spread of its milliseconds."""


def cpu(work: Callable[[], object], runs: int) -> dict[str, float]:
    """The spread of the milliseconds of processor time that so many runs took."""
    times: list[float | None] = []
    for _ in range(runs):
        begin = time.process_time()
        work()
        times.append((time.process_time() - begin) * 1e3)
    found = spread(times)
    assert found
    return found.json()


def profiles(n: int, runs: int) -> Spreads:
    """`start`: all read; `look`: nothing changed; `edited`: one file changed; `write`: a switch with all of them. As in an agent,
    whose watched folder has not changed but for `edited`."""
    return _grown(n, 10, runs)


def lines(n: int, runs: int) -> Spreads:
    """As `profiles`, with ten of them and an .npmrc of so many lines."""
    return _grown(10, n, runs)


def _grown(many: int, long: int, runs: int) -> Spreads:
    from roamrc import act, look
    from roamrc.model import Link, Network
    from roamrc.reconcile import Wish
    from roamrc.system import System

    def at(n: int) -> Network:
        link = Link("boot", 2, n, 0.0, None)
        return Network(
            True, "eth0", "wired", None, None, (f"office{n}.test",), f"10.{n >> 8}.{n & 255}.1", None, ("10.0.0.9/8",), link=link
        )

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        place = home / ".config/roamrc/profiles"
        place.mkdir(parents=True)
        for n in range(many):
            path = place / f"office{n}.yaml"
            path.write_text(PROFILE.format(n=n, a=n >> 8, b=n & 255))
            os.utime(path, (1e9, 1e9))
        (home / ".npmrc").write_text("".join(f"//r{n}.test/:_authToken=t{n}\n" for n in range(long)))
        setup, _ = look.setup(System(env={}, home=home))
        memory, places = look.Memory(), (at(0), at(1))
        start = cpu(lambda: look.look(setup, memory, network=places[0]), 1)
        memory.watched = True

        def write(turn: list[int]) -> None:
            turn[0] += 1
            report, _ = act.carry_out(look.look(setup, memory, network=places[turn[0] % 2]), Wish())
            assert report.edits, report.problems
            for rescue in report.rescues:
                rescue.close()

        def same() -> None:
            report, _ = act.carry_out(look.look(setup, memory, network=places[turn[0] % 2]), Wish())
            assert not report.edits

        def edited() -> None:
            (place / "office5.yaml").write_text(PROFILE.format(n=5, a=0, b=5) + f"because: {time.monotonic_ns()}\n")
            os.utime(place / "office5.yaml", ns=(10**18, 10**18 + time.monotonic_ns() % 10**9))
            memory.watched = False
            look.look(setup, memory, network=places[0])
            memory.watched = True

        turn = [0]
        write(turn)
        return {
            "start": start,
            "look": cpu(same, runs),
            "edited": cpu(edited, runs),
            "write": cpu(lambda: write(turn), runs),
        }


def interfaces(n: int, runs: int) -> Spreads:
    """A look at a network of so many interfaces (veth pairs), in a namespace of its own; nothing where there can be none."""
    argv = ["unshare", "-n", sys.executable, "-m", "bench.growth", "interfaces", str(n), str(runs)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    ran = subprocess.run(argv, capture_output=True, text=True, timeout=600, check=False, env=env)
    if ran.returncode:
        print(f"{n} interfaces: {(ran.stderr.strip().splitlines() or ['?'])[-1]}", file=sys.stderr)
        return {}
    found: Spreads = json.loads(ran.stdout)
    return found


def _interfaces(n: int, runs: int) -> Spreads:
    from roamrc import probes
    from roamrc.system import System

    batch = [
        "link set lo up",
        "link add eth0 type veth peer name p0",
        "link set eth0 up",
        "link set p0 up",
        "addr add 10.1.1.2/24 dev eth0",
        "route add default via 10.1.1.1",
    ]
    batch += [f"link add v{i} type veth peer name w{i}" for i in range(n // 2)]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(batch) + "\n", text=True, check=True, capture_output=True)
    system = System()
    assert probes.observe(system).interface == "eth0"
    return {"look": cpu(lambda: probes.observe(system), runs)}


def run(runs: int, *, quick: bool) -> dict[str, Any]:
    """{what grows: {how many: {measure: spread of milliseconds}}}."""
    from roamrc.daemon import thrift

    thrift.settle()  # as an agent that has started
    top = 1_000 if quick else 1_000_000
    return {
        "profiles": {n: profiles(n, runs) for n in PROFILES if n <= top},
        "lines": {n: lines(n, runs) for n in LINES if n <= top},
        "interfaces": {n: interfaces(n, runs) for n in INTERFACES if n <= top},
    }


if __name__ == "__main__":
    print(json.dumps(_interfaces(int(sys.argv[2]), int(sys.argv[3]))))
