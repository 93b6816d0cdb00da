"""kill -9 of control and of media while promises are given and kept. ``tests.bench.kill`` does it a thousand times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.kill import Options, run, wrong

pytestmark = [pytest.mark.real]
KILLS, PROMISES = 6, 60


async def test_no_promise_is_lost_and_none_dialled_twice(tmp_path: Path) -> None:
    found = await run(Options(KILLS, PROMISES), tmp_path)
    assert wrong(found) == 0, found
    assert found["promised"] == PROMISES and found["rows_without_a_call"] == 0, found
    assert found["kept_of_promised"] >= PROMISES, found  # who did not hear the answer calls again
    assert found["kills"] == KILLS and found["attempts"] > PROMISES, found  # or nothing was at stake
