"""The numbers of streams find the record of their contact, whichever ends first."""

from __future__ import annotations

import pytest

from softswitch.call.record import CallRecord, StreamQuality
from softswitch.rtp.quality import Quality
from softswitch.switch import measuring
from softswitch.switch.event import StreamMeasured, StreamNoted
from softswitch.switch.measuring import Measuring
from softswitch.switch.ports import Measured, Noted
from tests.support.memory import Memory

ONE, TWO = Quality(packets_in=1), Quality(packets_in=2)
RECORD = CallRecord("c-1", "inbound", "1", "2", "", "", "", "", 1.0, 2.0, 3.0, 4.0, "answered", "us", "", "")
LEGS = {"leg-a": "c-1", "leg-b": "c-1", "leg-z": "c-2"}


class Kept(Memory):
    """Of calls, what was written, in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[CallRecord] = []

    def put_call(self, record: CallRecord) -> None:
        self.written.append(record)


class Desk(Measuring):
    def __init__(self) -> None:
        kept = Kept()
        self.written = kept.written
        super().__init__(kept, lambda leg: LEGS.get(leg, ""))


def qualities(record: CallRecord) -> dict[str, Quality]:
    return {one.leg: one.quality for one in record.quality}


def test_streams_that_are_measured_first_are_in_the_record_at_once() -> None:
    desk = Desk()
    desk.closed("leg-a")
    assert desk.measured(Measured("leg-a", ONE)) == [StreamMeasured("c-1", "leg-a", ONE)]
    assert desk.finished(RECORD).quality == (StreamQuality("leg-a", ONE),)
    assert desk.written == []


def test_a_record_is_written_again_when_the_last_of_its_streams_is_measured() -> None:
    desk = Desk()
    for leg in ("leg-a", "leg-b", "leg-z"):
        desk.closed(leg)
    assert desk.finished(RECORD).quality == ()
    desk.measured(Measured("leg-a", ONE))
    assert desk.written == []
    desk.measured(Measured("leg-b", TWO))
    assert [qualities(record) for record in desk.written] == [{"leg-a": ONE, "leg-b": TWO}]


def test_nobodys_stream_is_passed_over() -> None:
    desk = Desk()
    desk.closed("leg-x")
    assert desk.measured(Measured("leg-x", ONE)) == [] == desk.measured(Measured("leg-a", ONE))
    assert desk.noted(Noted("leg-x", "silence")) == []
    assert desk.noted(Noted("leg-a", "silence")) == [StreamNoted("c-1", "leg-a", "silence")]


def test_what_happened_to_the_sound_of_a_leg_is_in_the_record_in_its_order() -> None:
    desk = Desk()
    for kind in ("first_packet", "no_media", "resumed"):
        desk.noted(Noted("leg-a", kind))
    desk.closed("leg-a")
    desk.measured(Measured("leg-a", ONE))
    assert desk.finished(RECORD).quality == (StreamQuality("leg-a", ONE, ("first_packet", "no_media", "resumed")),)


def test_a_sound_that_comes_and_goes_fills_no_record() -> None:
    desk = Desk()
    for kind in ("first_packet", *("no_media", "resumed") * 1000):
        desk.noted(Noted("leg-a", kind))
    desk.closed("leg-a")
    desk.measured(Measured("leg-a", ONE))
    (found,) = desk.finished(RECORD).quality
    assert found.events == ("first_packet", *("no_media", "resumed") * 1000)[: measuring._MOST_EVENTS]


def test_what_is_never_measured_is_given_up() -> None:
    desk = Desk()
    for number in range(measuring._MOST + 5):
        LEGS[f"m{number}"] = f"c-{number}"
        desk.closed(f"m{number}")
    assert desk.measured(Measured("m3", ONE)) == [] and desk.measured(Measured("m9", ONE)) != []


def test_a_leg_that_is_given_up_keeps_no_record_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "_MOST", 2)
    desk = Desk()
    for leg in ("leg-a", "leg-b", "leg-z"):
        desk.closed(leg)
    assert desk.measured(Measured("leg-a", ONE)) == []  # the oldest was given up
    assert desk.finished(RECORD).quality == ()
    desk.measured(Measured("leg-b", TWO))
    assert [qualities(record) for record in desk.written] == [{"leg-b": TWO}]


def test_a_record_whose_last_leg_is_given_up_is_written_with_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "_MOST", 2)
    desk = Desk()
    for leg in ("leg-a", "leg-b"):
        desk.closed(leg)
    desk.finished(RECORD)
    desk.measured(Measured("leg-b", TWO))
    assert desk.written == []
    for leg in ("leg-z", "leg-y"):
        LEGS[leg] = "c-2"
        desk.closed(leg)
    assert [qualities(record) for record in desk.written] == [{"leg-b": TWO}]
