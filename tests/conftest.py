"""On CI nothing is skipped: with ``CI=true`` a skipped test, or a skipped file, fails the session and is listed.

Property tests have no deadline per example: how long one takes depends on what else the machine does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support import postgres

# As the media process has it, and before numpy is there: a second thread only takes the core of another worker.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("house")

_skipped: list[str] = []


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Postgres]:
    with postgres.running() as server:
        if server is None:
            if os.environ.get("CI"):
                pytest.fail("PostgreSQL is not installed, and CI skips nothing")
            pytest.skip("PostgreSQL is not installed")
        yield server


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _skipped.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if _on_ci() and _skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _on_ci() and _skipped:
        terminalreporter.section("skipped on CI, which is a failure", red=True)
        for nodeid in _skipped:
            terminalreporter.line(nodeid)


def _on_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("true", "1")
