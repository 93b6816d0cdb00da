"""Streams with a coder: what they say comes out of the jitter buffer whole, whatever happens to packets on the way."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from softswitch.audio import WIDE_FRAME, WIDE_HZ, codec
from softswitch.audio.codec import CodecError
from softswitch.audio.tone import sine, strength
from softswitch.media.ear import Packet, Pcm
from softswitch.media.transcode import Transcoder
from softswitch.rtp.jitter import Jitter

ROW, HZ = 3, 700
FEC = "useinbandfec=1"
CODECS = [("G722", 8000), ("opus", 48000), ("L16", 8000), ("L16", 16000)]


class Line:
    """A peer that speaks a tone, what it sends, and a row that hears it."""

    def __init__(self, name: str, clock_hz: int, ptime_ms: int = 20, fmtp: str = FEC, first: int = 65530) -> None:
        self.peer, self.house, self.jitter = Transcoder(1), Transcoder(8), Jitter(8)
        self.peer.agree(0, name, clock_hz, fmtp, ptime_ms)
        self.house.agree(ROW, name, clock_hz, fmtp, ptime_ms)
        self.clock, self.sequence, self.timestamp = clock_hz, first, (1 << 32) - 3 * clock_hz // 50
        self.heard: list[Pcm] = []
        self.missing = 0
        self.tone = sine(HZ, 4.0, rate_hz=WIDE_HZ).reshape(-1, WIDE_FRAME)

    def speaks(self, tick: int) -> list[Packet]:
        """The packets of a tick."""
        packets = []
        for spoken in self.peer.say([0], self.tone[tick][None]):
            timestamp = (self.timestamp + spoken.offset) & 0xFFFFFFFF
            packets.append(Packet(self.sequence & 0xFFFF, timestamp, 77, spoken.payload))
            self.sequence += 1
        self.timestamp += self.clock // 50
        return packets

    def hears(self, packets: list[Packet]) -> None:
        for packet in packets:
            self.house.take(ROW, packet)
        self.house.hand_over(self.jitter)
        present = self.jitter.play(8)[ROW]
        self.missing += not present
        self.heard.append(self.jitter.wide[self.jitter.slot, ROW] * np.int16(present))
        self.jitter.advance(8)

    def settled(self) -> Pcm:
        return np.concatenate(self.heard[20:])


@pytest.mark.parametrize(("name", "clock_hz"), CODECS)
@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 40, 60])
def test_a_tone_goes_through_at_every_packet_time(name: str, clock_hz: int, ptime_ms: int) -> None:
    line = Line(name, clock_hz, ptime_ms)
    for tick in range(150):
        line.hears(line.speaks(tick))
    assert strength(line.settled(), HZ, WIDE_HZ) == pytest.approx(0.3, rel=0.1)
    assert line.jitter.totals()["late"] == line.jitter.totals()["reordered"] == 0
    assert line.missing <= 5 and all(abs(int(a[-1]) - int(b[0])) < 6500 for a, b in pairwise(line.heard[20:]))


@pytest.mark.parametrize(("name", "clock_hz"), CODECS)
def test_packets_are_decoded_in_the_order_in_which_they_were_sent(name: str, clock_hz: int) -> None:
    """Pairs that are swapped on the way cost nothing at all."""
    straight, swapped = Line(name, clock_hz), Line(name, clock_hz)
    for tick in range(0, 100, 2):
        first, second = straight.speaks(tick), straight.speaks(tick + 1)
        for packets in (first, second):
            straight.hears(packets)
        first, second = swapped.speaks(tick), swapped.speaks(tick + 1)
        for packets in (second, first) if tick else (first, second):
            swapped.hears(packets)
    shift = next(at for at in range(4) if np.array_equal(swapped.heard[40], straight.heard[40 - at]))
    assert np.array_equal(np.concatenate(swapped.heard[30:]), np.concatenate(straight.heard[30 - shift : 100 - shift]))
    assert swapped.jitter.totals()["late"] == 0


def test_a_lost_packet_of_opus_is_restored_by_the_next_one() -> None:
    line = Line("opus", 48000)
    for tick in range(150):
        packets = line.speaks(tick)
        line.hears([] if tick > 20 and tick % 7 == 0 else packets)
    assert line.missing <= 3 and line.house.counters()["codec_mended"] == 19
    assert strength(line.settled(), HZ, WIDE_HZ) == pytest.approx(0.3, rel=0.3)


def test_of_a_burst_the_last_is_restored_and_some_are_made_up_if_there_is_time() -> None:
    line = Line("opus", 48000)
    for tick in range(60):
        packets = line.speaks(tick)
        line.hears([] if 40 <= tick < 42 else packets)
    assert line.house.counters()["codec_mended"] >= 1 and line.missing <= 4


def test_a_lost_packet_of_g722_is_left_to_the_loop() -> None:
    line = Line("G722", 8000)
    for tick in range(60):
        packets = line.speaks(tick)
        line.hears([] if tick == 40 else packets)
    assert line.house.counters()["codec_mended"] == 0 and line.missing == 3  # two at the beginning, to fill the buffer
    assert strength(np.concatenate(line.heard[45:]), HZ, WIDE_HZ) == pytest.approx(0.3, rel=0.1)


def test_a_duplicate_is_dropped_and_a_late_one_too() -> None:
    line = Line("opus", 48000)
    kept: list[Packet] = []
    for tick in range(60):
        packets = line.speaks(tick)
        kept += packets if tick == 20 else []
        line.hears([] if tick == 20 else packets + packets + (kept if tick == 30 else []))
    assert line.jitter.totals()["duplicate"] == line.jitter.totals()["late"] == 0 and line.missing <= 2


@pytest.mark.parametrize("change", [{"ssrc": 78, "sequence": 9}, {"sequence": 30000}, {"timestamp": 1}])
def test_a_sender_that_starts_over_is_followed(change: dict[str, int]) -> None:
    line = Line("opus", 48000)
    for tick in range(100):
        packets = line.speaks(tick)
        if tick == 50:
            line.sequence = change.get("sequence", line.sequence)
            line.timestamp = change.get("timestamp", line.timestamp)
        if tick > 50:
            packets = [packet._replace(ssrc=change.get("ssrc", 77)) for packet in packets]
        line.hears(packets)
    assert strength(np.concatenate(line.heard[60:]), HZ, WIDE_HZ) == pytest.approx(0.3, rel=0.1) and line.missing <= 10


def test_rubbish_is_counted_and_the_stream_goes_on() -> None:
    line = Line("opus", 48000)
    for tick in range(100):
        packets = line.speaks(tick)
        if tick % 10 == 5:
            packets = [packet._replace(payload=b"\xff\xff\xff") for packet in packets]
        line.hears(packets)
    assert line.house.counters()["codec_undecodable"] == 10
    assert strength(line.settled(), HZ, WIDE_HZ) > 0.2


@pytest.mark.parametrize(("name", "clock_hz"), CODECS)
def test_any_packets_are_survived(name: str, clock_hz: int) -> None:
    line, rng = Line(name, clock_hz), np.random.default_rng(1)
    for _ in range(200):
        for _ in range(3):
            sequence, timestamp, ssrc, size = (int(rng.integers(0, most)) for most in (70, 1 << 32, 2, 1460))
            line.house.take(ROW, Packet(sequence, timestamp, ssrc, rng.bytes(size)))
        line.hears([])
    for size in range(1, 9):
        line.house.take(ROW, Packet(100 + size, size, 9, bytes(size)))
        line.hears([])
    assert len(line.house) == 1


def test_rows_are_apart_and_forgotten_ones_are_gone() -> None:
    house, jitter = Transcoder(4), Jitter(4)
    house.agree(0, "G722", 8000, "", 20)
    house.agree(2, "opus", 48000, "", 20)
    assert house.rows.tolist() == [True, False, True, False] and [house.clock(row) for row in range(3)] == [
        8000,
        8000,
        48000,
    ]
    spoken = list(house.say([0, 2], np.stack([sine(HZ, 0.02, rate_hz=WIDE_HZ), np.zeros(WIDE_FRAME, np.int16)])))
    assert [(one.row, one.offset) for one in spoken] == [(0, 0), (2, 0)] and len(spoken[0].payload) == 160
    house.take(0, Packet(1, 160, 5, spoken[0].payload))
    house.take(2, Packet(1, 960, 5, spoken[1].payload))
    house.hand_over(jitter)
    assert jitter.totals()["received"] == 2
    for row in (0, 1):
        house.forget(row)
    assert house.rows.tolist() == [False, False, True, False] and len(house) == 1


def test_an_agreement_that_says_the_same_keeps_the_memory_of_the_codec() -> None:
    """A hold and its end must not be heard as a click; another packet time is no other codec."""
    one, other = Transcoder(1), Transcoder(1)
    for house in (one, other):
        house.agree(0, "G722", 8000, "", 20)
        list(house.say([0], sine(HZ, 0.02, rate_hz=WIDE_HZ)[None]))
    one.agree(0, "G722", 8000, "", 20)
    assert list(one.say([0], sine(HZ, 0.02, rate_hz=WIDE_HZ)[None])) == list(
        other.say([0], sine(HZ, 0.02, rate_hz=WIDE_HZ)[None])
    )
    one.agree(0, "G722", 8000, "", 40)
    assert list(one.say([0], sine(HZ, 0.02, rate_hz=WIDE_HZ)[None])) == []
    assert [len(spoken.payload) for spoken in one.say([0], sine(HZ, 0.02, rate_hz=WIDE_HZ)[None])] == [320]


def test_times_of_packets_are_told_on_the_house_s_clock_across_their_wrap() -> None:
    house = Transcoder(2)
    house.agree(0, "opus", 48000, "", 20)
    rows, last = np.array([0, 1]), (1 << 32) - 480
    before = house.house_times(rows, np.array([last, 5], np.uint32))
    after = house.house_times(rows, np.array([480, 6], np.uint32))
    assert (after - before).tolist() == [160, 1]


def test_what_is_none_of_our_codecs_is_refused() -> None:
    with pytest.raises(CodecError):
        Transcoder(1).agree(0, "G729", 8000, "", 20)


def test_packet_times_are_those_that_the_codec_has() -> None:
    sizes = {name: [codec.make(name, clock).packet_ms(ms) for ms in (10, 20, 30, 50, 60)] for name, clock in CODECS[:2]}
    assert sizes == {"G722": [10, 20, 30, 50, 60], "opus": [10, 20, 20, 40, 60]}
    assert codec.make("L16", 16000).packet_ms(60) == 40 and codec.make("L16", 8000).packet_ms(60) == 60
