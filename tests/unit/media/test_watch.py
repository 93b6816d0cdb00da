"""What is noticed about the sound of streams, and that it is told once."""

from __future__ import annotations

import numpy as np

from softswitch.audio.level import dbov, mean_square
from softswitch.media.watch import Watch
from softswitch.rtp.quality import Reception, Report
from softswitch.rtp.rtcp import Block, Compound

ROWS = 4
ROW = 2


class World:
    """Row 2; the clock goes second by second."""

    def __init__(self, sends: bool = True, receives: bool = True) -> None:
        self.reception, self.report = Reception(ROWS), Report(ROWS)
        self.watch = Watch(ROWS, self.reception, self.report)
        self.now, self.sequence, self.highest = 100.0, 0, 0
        self.watch.agree(ROW, sends, receives, self.now)

    def second(self, came: bool = True, loud: bool = True, report: bool = False, heard: bool = True) -> list[str]:
        self.now += 1.0
        if came:
            self.sequence += 1
            one = np.array([ROW])
            self.reception.note(
                one, one.astype(np.uint16) * 0 + self.sequence, np.array([0], np.uint32), np.array([7], np.uint32),
                np.array([True]), np.array([self.now]),
            )  # fmt: skip
        if report:
            self.highest += heard
            blocks = (Block(99, 0.0, 0, self.highest, 0, 0, 0),) if self.highest else ()
            self.report.take(ROW, 99, Compound(7, None, blocks, frozenset()), self.now, 0)
        said = np.zeros((ROWS, 160), np.int16)
        said[ROW, 5] = -2000 if loud else 20
        self.watch.listen(dbov(mean_square(said)), np.full(ROWS, came), self.now)
        found = list(self.watch.look(ROWS, self.now))
        assert {one.row for one in found} <= {ROW}
        return [one.kind for one in found]

    def seconds(self, count: int, **what: bool) -> list[str]:
        return [kind for _ in range(count) for kind in self.second(**what)]


def test_a_stream_that_goes_well_is_told_of_once() -> None:
    assert World().seconds(60, report=True) == ["first_packet"]


def test_nothing_that_comes_is_told_once_and_its_end_too() -> None:
    world = World()
    assert world.seconds(30, came=False, loud=False) == ["no_media"]
    assert world.seconds(5) == ["first_packet", "resumed"]
    assert world.seconds(20, came=False, loud=False) == ["no_media"]
    assert +world.watch.happened == {"no_media": 2, "first_packet": 1, "resumed": 1}


def test_who_must_not_send_is_not_waited_for() -> None:
    assert World(receives=False).seconds(60, came=False) == []


def test_after_an_offer_and_answer_everything_has_its_time_anew() -> None:
    world = World()
    assert world.seconds(4, came=False) == []
    world.watch.agree(ROW, True, True, world.now)
    assert world.seconds(5, came=False) == []
    assert world.second(came=False) == ["no_media"]


def test_the_peer_hears_us_and_is_not_heard() -> None:
    assert World().seconds(30, came=False, report=True) == ["one_way"]


def test_the_peer_is_heard_and_hears_nothing() -> None:
    world = World()
    assert world.seconds(30, report=True, heard=False) == ["first_packet", "one_way"]
    assert world.seconds(3, report=True) == ["resumed"]


def test_a_trouble_that_becomes_another_one_is_not_over() -> None:
    """As behind a NAT that has forgotten: first the peer still hears us, then not even that."""
    world = World()
    assert world.seconds(5, report=True) == ["first_packet"]
    assert world.seconds(40, came=False, loud=False) == ["one_way", "no_media"]
    assert world.seconds(3, report=True) == ["resumed"]


def test_a_peer_without_reports_is_not_thought_deaf() -> None:
    assert World().seconds(60) == ["first_packet"]
    assert World(sends=False).seconds(60, report=True, heard=False) == ["first_packet"]


def test_packets_without_sound_are_silence() -> None:
    world = World()
    assert world.seconds(60, loud=False) == ["first_packet", "silence"]
    assert world.seconds(5) == []
    assert world.seconds(30, loud=False) == ["silence"]


def test_who_is_away_was_not_loud_just_now() -> None:
    world = World()
    world.watch.listen(np.zeros(ROWS, np.float32), np.arange(ROWS) == ROW, 150.0)
    assert np.flatnonzero(world.watch.loud_at == 150.0).tolist() == [ROW]


def test_a_row_that_was_given_back_says_nothing_and_begins_anew() -> None:
    world = World()
    world.seconds(3)
    for part in (world.watch, world.reception, world.report):
        part.forget(ROW)
    assert world.seconds(30, came=False, loud=False) == []
    assert [one.kind for _ in range(2) for one in world.watch.latched(ROW)] == ["latched", "latched"]
