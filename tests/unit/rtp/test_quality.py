"""Reception and reports of streams as arrays (RFC 3550 section 6.4, appendix A), and their score."""

import random

import numpy as np
import pytest

from softswitch.rtp.quality import UNKNOWN, Quality, Reception, Report, measure
from softswitch.rtp.rtcp import Block, Compound, Sent, middle, ntp
from softswitch.rtp.xr import Echo, Extended, Voip

ROWS = 8


class Stream:
    """A sender of 20 ms packets to row 3."""

    def __init__(self, first: int = 65000, ssrc: int = 7) -> None:
        self.reception = Reception(ROWS)
        self.first, self.ssrc = first, ssrc

    def came(self, *packets: int, late_ms: float = 0.0) -> None:
        for number in packets:
            self.came_at(number, 100.0 + 0.02 * number + late_ms / 1000)

    def came_at(self, number: int, at: float) -> None:
        one = np.array([3])
        sequence = np.array([(self.first + number) & 0xFFFF], np.uint16)
        timestamp = np.array([(160 * number - 4000) & 0xFFFFFFFF], np.uint32)
        self.reception.note(
            one, sequence, timestamp, np.array([self.ssrc], np.uint32), np.array([True]), np.array([at])
        )

    @property
    def quality(self) -> Quality:
        return measure(self.reception, Report(ROWS), 3, 0, 0, 40.0)


def test_a_perfect_stream() -> None:
    stream = Stream()
    stream.came(*range(2000))  # the sequence number goes round
    quality = stream.quality
    assert (quality.packets_in, quality.lost_in, quality.mos_in) == (2000, 0, 4.41)
    assert quality.jitter_in_ms == pytest.approx(0.0, abs=0.2)
    assert (quality.mos_out, quality.jitter_out_ms, quality.round_trip_ms) == (UNKNOWN, UNKNOWN, UNKNOWN)


def test_a_stream_of_which_nothing_is_known() -> None:
    assert Stream().quality == Quality()


def test_lost_packets_are_those_that_never_come() -> None:
    stream = Stream()
    stream.came(0, 1, 2, 5, 6, 9, 3)  # 4, 7 and 8 are lost, 3 is late
    assert (stream.quality.packets_in, stream.quality.lost_in) == (7, 3)
    block = stream.reception.block(3, 1, 2)
    assert block == Block(7, 0.3, 3, 65009, int(stream.reception.jitter[3]), 1, 2)
    stream.came(10, 11)
    assert stream.reception.block(3, 0, 0).fraction == 0.0
    stream.came(13)
    assert stream.reception.block(3, 0, 0).fraction == 0.5


def test_repeated_packets_hide_no_loss_below_zero() -> None:
    stream = Stream()
    stream.came(0, 1, 1, 1, 2)
    assert stream.quality.lost_in == 0 and stream.reception.block(3, 0, 0).lost == -2


def test_loss_in_bursts_is_scored_lower_than_the_same_loss_at_random() -> None:
    scattered, bursts = Stream(), Stream()
    scattered.came(*[number for number in range(1000) if number % 5 != 3])
    bursts.came(*[number for number in range(1000) if not 50 <= number % 100 < 70])
    assert scattered.quality.lost_in == bursts.quality.lost_in == 200
    assert bursts.quality.mos_in < scattered.quality.mos_in - 1.0 < 2.0


def test_jitter_is_the_mean_deviation_of_appendix_a8() -> None:
    stream, draw = Stream(), random.Random(8)
    expected, before = 0.0, None
    for number in range(500):
        late_s = draw.uniform(0, 0.03)
        stream.came_at(number, 100.0 + 0.02 * number + late_s)
        transit = int((100.0 + 0.02 * number + late_s) * 8000) - 160 * number
        if before is not None:
            expected += (abs(transit - before) - expected) / 16
        before = transit
    assert stream.quality.jitter_in_ms == pytest.approx(expected / 8, rel=1e-9)
    assert 5 < stream.quality.jitter_in_ms < 15


def test_events_whose_time_stands_still_are_no_jitter() -> None:
    stream = Stream()
    stream.came(*range(10))
    before = float(stream.reception.jitter[3])
    one = np.array([3])
    for number in range(10, 20):
        sequence = np.array([stream.first + number], np.uint16)
        at = 100.0 + 0.02 * number
        stream.reception.note(
            one, sequence, np.array([0], np.uint32), np.array([7], np.uint32), np.array([False]), np.array([at])
        )
    assert float(stream.reception.jitter[3]) == before and stream.quality.packets_in == 20


def test_a_new_source_or_a_leap_of_the_number_is_no_loss() -> None:
    stream = Stream()
    stream.came(0, 1, 3)
    stream.ssrc = 8
    stream.came(0, 1)
    stream.first = 20000
    stream.came(2, 3)
    assert (stream.quality.packets_in, stream.quality.lost_in) == (7, 1)


def test_many_packets_of_many_rows_in_one_go_are_as_if_they_came_singly() -> None:
    draw = random.Random(1)
    rows = np.array([draw.randrange(ROWS) for _ in range(200)])
    seen: dict[int, int] = {}
    sequence = np.array([seen.update({row: seen.get(row, -1) + 1}) or seen[row] for row in rows.tolist()], np.uint16)
    timestamp, ssrc, timed = sequence.astype(np.uint32) * 160, np.full(200, 5, np.uint32), np.ones(200, np.bool_)
    at = 9.0 + 0.02 * sequence + 0.001 * rows
    whole, singly = Reception(ROWS), Reception(ROWS)
    whole.note(rows, sequence, timestamp, ssrc, timed, at)
    for index in range(200):
        one = slice(index, index + 1)
        singly.note(rows[one], sequence[one], timestamp[one], ssrc[one], timed[one], at[one])
    for name, array in vars(whole).items():
        np.testing.assert_array_equal(array, vars(singly)[name], name)


def test_the_peers_report_tells_the_round_trip_and_how_we_are_heard() -> None:
    report, reception = Report(ROWS), Reception(ROWS)
    sent_at, came_at = ntp(1000.0), ntp(1000.150)
    block = Block(99, 0.1, 50, 1000, 80, middle(sent_at), round(0.1 * 65536))
    report.take(
        3, 99, Compound(7, Sent(sent_at, 0, 1, 1), (Block(1, 0, 9, 9, 9, 9, 9), block), frozenset()), 5.0, came_at
    )
    quality = measure(reception, report, 3, 1000, 0, 40.0)
    assert quality.round_trip_ms == pytest.approx(50, abs=0.1)
    assert (quality.lost_out, quality.jitter_out_ms, quality.reports) == (50, 10.0, 1)
    assert 3.4 < quality.mos_out < 4.2
    assert report.due(3, 6.5) == (middle(sent_at), round(1.5 * 65536))


def test_what_the_peer_could_not_play_and_how_long_it_waits_is_in_the_score() -> None:
    """By RFC 3611; of another source it tells nothing of us."""
    block = Block(99, 0.0, 0, 1000, 0, 0, 0)
    scores = []
    for voip in ((), (Voip(99, 0.05, 40),), (Voip(99, 0.05, 400),), (Voip(98, 0.5, 900),)):
        report = Report(ROWS)
        report.take(3, 99, Compound(7, None, (block,), extended=Extended(voip=voip)), 5.0, ntp(1000.0))
        scores.append(measure(Reception(ROWS), report, 3, 1000, 0, 40.0).mos_out)
    assert scores[0] == scores[3] > scores[1] > scores[2]


def test_who_sends_nothing_gets_the_round_trip_by_asking() -> None:
    asks, answers = Report(ROWS), Report(ROWS)
    asked = Compound(7, None, (), extended=Extended(middle(ntp(1000.0))))
    answers.take(3, 99, asked, 50.0, ntp(2000.0))
    echo = answers.echo(3, 50.5)
    assert echo == Echo(7, middle(ntp(1000.0)), 32768)
    assert answers.echo(3, 51.0) is None  # once
    answered = Compound(99, None, (), extended=Extended(echoes=(Echo(8, 1, 1), echo)))
    asks.take(3, 7, answered, 9.0, ntp(1000.6))
    assert float(asks.round_trip[3]) == pytest.approx(0.1, abs=0.001)


def test_nonsense_in_reports_is_not_believed() -> None:
    report = Report(ROWS)
    hostile = Block(99, 1.0, -(2**23), 2**32 - 1, 2**32 - 1, 1, 2**32 - 1)
    report.take(3, 99, Compound(7, None, (hostile,), frozenset({7})), 5.0, ntp(1000.0))
    quality = measure(Reception(ROWS), report, 3, 1, 0, 40.0)
    assert quality.round_trip_ms == UNKNOWN and quality.lost_out == 0 and 1.0 <= quality.mos_out <= 4.5
    assert report.due(3, 6.0) == (0, 0)


def test_a_row_that_was_given_back_is_as_new() -> None:
    stream, report = Stream(), Report(ROWS)
    stream.came(0, 5)
    stream.reception.forget(3)
    extended = Extended(7, (Echo(1, 5, 5),), (Voip(1, 0.5, 50),))
    report.take(3, 1, Compound(7, Sent(1 << 40, 0, 0, 0), (Block(1, 0, 0, 1, 1, 1, 1),), extended=extended), 1.0, 5)
    report.forget(3)
    for mine, fresh in ((stream.reception, Reception(ROWS)), (report, Report(ROWS))):
        for name, array in vars(mine).items():
            np.testing.assert_array_equal(array, vars(fresh)[name], name)
