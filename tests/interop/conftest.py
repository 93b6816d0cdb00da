"""A failing interop test shows the end of the switch's log."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support import tone
from tests.support.switch_process import SwitchProcess


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, SwitchProcess) and value.log.exists():
                report.sections.append((f"switch log {value.log}", value.process.tail(120)))
    return report


@pytest.fixture(scope="session")
def tones(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Wavs of pure tones, by their frequency in Hz: who plays 400 is heard by whoever hears 400."""
    home = tmp_path_factory.mktemp("tones")
    return {hz: tone.tone_wav(home / f"{hz}.wav", hz, seconds=4.0) for hz in (400, 700, 1000)}
