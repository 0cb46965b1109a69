"""Every test stands in a home of its own with a clean environment; tests of the lab share one Lab, put back before each."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from lab import Lab, missing

LAB_REQUIRED = pytest.StashKey[bool]()
LAB_TESTS = Path(__file__).parent / "lab"


FOR_TESTS = {"ROAMRC_LAB", "ROAMRC_RECORDINGS", "ROAMRC_SLOW", "ROAMRC_GUEST"}
"""What a run of the tests is told by its environment; roamrc itself reads neither."""


def ours(name: str) -> bool:
    """Whether a variable of the tests' own shell would be read by roamrc or npm."""
    if name in FOR_TESTS:
        return False
    low = name.lower()
    return (
        low.startswith(("npm_config_", "pnpm_config_"))
        or low.endswith("_proxy")
        or low == "proxy"
        or name.startswith(("XDG_", "ROAMRC_"))
    )


@pytest.fixture(scope="session", autouse=True)
def _clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No proxy, npm or roamrc setting of the machine is seen, nor its home: by fixtures of any scope."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if ours(n)]:
            patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HOME is the test's own folder."""
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="session")
def lab_session() -> Iterator[Lab]:
    if reason := missing():
        pytest.skip(reason)
    with Lab() as lab:
        yield lab


@pytest.fixture
def lab(lab_session: Lab) -> Iterator[Lab]:
    """The session's Lab: offline, no VPN, every network honest, an empty home."""
    lab_session.reset()
    yield lab_session
    lab_session.reset()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LAB_REQUIRED] = os.environ.get("ROAMRC_LAB") == "required"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked `slow` run with ROAMRC_SLOW=1, or where -m names them: left out, not skipped, for ROAMRC_LAB=required."""
    if os.environ.get("ROAMRC_SLOW") == "1" or "slow" in str(config.getoption("-m")):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With ROAMRC_LAB=required a skip of a test marked `lab` is a failure: a run that must prove it can't pass by skipping."""
    report = yield
    if item.get_closest_marker("lab"):
        refuse_skip(report, item.config)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file of tests/lab that skips itself."""
    report = yield
    if collector.path.is_relative_to(LAB_TESTS):
        refuse_skip(report, collector.config)
    return report


def refuse_skip(report: pytest.TestReport | pytest.CollectReport, config: pytest.Config) -> None:
    if report.skipped and config.stash[LAB_REQUIRED] and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"ROAMRC_LAB=required, but {reason}"
