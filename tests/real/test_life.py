"""What is heard when control or a media process goes; ``tests/bench/life.py`` has the same for 200 calls."""

from __future__ import annotations

import pytest

from tests.bench import life

pytestmark = pytest.mark.real

CALLS = 10


async def test_a_new_control_adopts_calls_without_a_gap_or_a_new_source() -> None:
    heard = await life.adoption(CALLS)
    assert len(heard) == 2 * CALLS
    assert life.gaps(heard)[1] < 0.15  # a late tick on a busy machine, and far less than the 0.3 s without a control
    assert {(one.sources, one.breaks, one.jumps) for one in heard} == {(1, 0, 0)}


async def test_calls_go_on_after_the_media_process_was_killed() -> None:
    heard = await life.kill_media(CALLS, with_spare=False)
    assert life.gaps(heard)[1] < 2.5
    assert min(one.packets for one in heard) > 20
