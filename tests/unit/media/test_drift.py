"""Two voices whose clocks drift apart, through the whole engine: the bench of ten minutes in short."""

from __future__ import annotations

from pathlib import Path

from tests.bench.drift import APART_S, Way, measure

SECONDS, PPM = 82.0, 300.0  # 49 ms apart at the end, as after four minutes of 100 ppm each way


def test_channels_line_up_and_nothing_is_heard_later_and_later(tmp_path: Path) -> None:
    """The second pair is on hold for a while, and has other SSRCs then; its network is a worse one."""
    ways = Way("plain"), Way("worse", 0.010, 0.02, (15.0, 31.0), 25.0)
    plain, worse = measure(SECONDS, PPM, 1, tmp_path, ways)
    for found in (plain, worse):
        assert found.moments[-1] == 80.0
        assert abs(found.apart[-1]) < APART_S
        assert max(map(abs, found.apart)) < 5 * APART_S  # where nothing is known of the clocks yet
        assert abs(found.placed[-1] - found.placed[0]) < 3 * APART_S
        assert found.heard[-1] < 0.1
    assert 1 <= plain.skipped <= 2  # 24 ms too fast: without that the buffer would fill
