"""Whatever peers send, the engine goes on, counts it, and those beside them are heard as before."""

from __future__ import annotations

import tracemalloc

import pytest

from tests.support.hostile_call import SECOND, HostileCall

MOST_GROWTH = 300_000  # octets


@pytest.mark.parametrize("seed", [3550, 4733])
def test_nothing_that_peers_send_stops_the_engine(seed: int) -> None:
    call = HostileCall(seed)
    call.run(6 * SECOND)
    counters = call.counters()
    for name in ("malformed", "strangers", "srtp_refused", "codec_undecodable", "noise_packets", "rtcp_malformed",
                 "jitter_overrun", "jitter_source_change", "concealed"):  # fmt: skip
        assert counters[name] > 0, name
    call.plane.close()


def test_nothing_that_peers_send_stays() -> None:
    call = HostileCall(3389)
    call.run(2 * SECOND)
    tracemalloc.start()
    try:
        call.run(SECOND)
        before, _ = tracemalloc.get_traced_memory()
        call.run(2 * SECOND)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    call.plane.close()
    assert after - before < MOST_GROWTH
