"""What a waiting caller is told, and when; moments are numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from softswitch.acd.estimate import Interval
from softswitch.acd.model import ExpectedWaitRose
from softswitch.acd.told import AGENTS_LEFT, Basis, Told
from softswitch.contact.order import Directory
from softswitch.contact.treatment import Sound, Treatment
from softswitch.contact.visit import FIRST_ANNOUNCEMENT_S, LONGEST_SPEECH_S, LOOK_S, Visit
from softswitch.core.effect import Effect
from softswitch.ivr.model import CallbackOffer, EnterQueue, Prompt

PLAIN = EnterQueue("orders", None, 0.0, "en")
ORDER = replace(PLAIN, offer=CallbackOffer(20.0, "1"))
NUMBER = "13800138000"
BASIS = Basis("orders", 3, 0, 2, 180.0)
POSITION = Treatment(30.0, 10.0, position=True)


@dataclass
class Line:
    """What a visit may look up."""

    heard: Treatment = POSITION
    place: int | None = 3
    wait: Interval | None = None
    cause: str = ""
    promises: bool = True
    formers: list[Told | None] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)

    def treatment(self, queue: str) -> Treatment:
        return self.heard

    def can_promise(self, number: str, queue: str) -> bool:
        return self.promises and number == NUMBER

    def takes_keyed(self, queue: str) -> bool:
        return self.promises

    def position(self, contact: str) -> int | None:
        return self.place

    def expected(self, contact: str, now: float) -> Interval | None:
        self.looks.append(now)
        return self.wait

    def told(self, contact: str, former: Told | None, now: float) -> Told | None:
        self.formers.append(former)
        before = former.interval if former and self.cause else None
        return None if self.wait is None else Told(self.wait, BASIS, self.cause, before)


@dataclass
class Wait:
    """One caller in the line, from 100 s on."""

    line: Line
    visit: Visit
    facts: list[Effect] = field(default_factory=list)

    def due(self, now: float) -> list[str]:
        """What is said then, heard to its end at once."""
        said = self.visit.due(self._directory, "c1", NUMBER, now)
        self.facts += said.facts
        if said.prompts:
            self.visit.ended(self._directory, now)
        return [one.text or one.file for one in said.prompts]

    def begins(self, now: float) -> list[Prompt]:
        return self.visit.due(self._directory, "c1", NUMBER, now).prompts

    def ends(self, now: float) -> None:
        self.visit.ended(self._directory, now)

    @property
    def _directory(self) -> Directory:
        return cast(Directory, self.line)


def waiting(order: EnterQueue = PLAIN, earlier_s: float = 0.0, **line: object) -> Wait:
    there = Line(**line)  # type: ignore[arg-type]
    return Wait(there, Visit.begin(order, cast(Directory, there), 100.0, earlier_s))


# ---- moments ---------------------------------------------------------------------------------------------------


def test_the_position_is_announced_at_its_moments_and_not_at_once() -> None:
    one = waiting()
    assert one.visit.deadline == 100.0 + FIRST_ANNOUNCEMENT_S
    assert one.due(104.9) == []
    assert one.due(105.0) == ["You are number three in line."]
    assert one.visit.deadline == 135.0
    assert one.due(134.9) == []
    assert one.due(135.0) == ["You are number three in line."]


def test_what_is_said_is_heard_to_its_end_and_then_music_for_a_while() -> None:
    one = waiting()
    one.begins(105.0)
    assert one.visit.deadline == 105.0 + LONGEST_SPEECH_S
    assert one.begins(135.0) == []  # a long message is not cut short by the next
    one.ends(150.0)
    assert one.visit.deadline == 160.0
    assert one.due(160.0) == ["You are number three in line."]


def test_an_end_that_is_never_told_does_not_silence_the_queue_for_ever() -> None:
    one = waiting()
    one.begins(105.0)
    assert one.begins(105.0 + LONGEST_SPEECH_S) != []


def test_without_announcements_and_offer_nothing_is_ever_due() -> None:
    one = waiting(heard=Treatment())
    assert one.visit.deadline is None and one.due(1e9) == [] and not one.visit.accepts("1")


# ---- the position ----------------------------------------------------------------------------------------------


def test_a_position_that_has_risen_is_not_spoken() -> None:
    one = waiting(place=2)
    one.due(105.0)
    one.line.place = 4
    assert one.due(135.0) == []
    one.line.place = 1
    assert one.due(165.0) == ["You are next in line."]


def test_a_position_that_has_not_changed_is_told_again_only_if_that_is_wanted() -> None:
    one = waiting(heard=replace(POSITION, unchanged=False))
    assert one.due(105.0) == ["You are number three in line."]
    assert one.due(135.0) == []
    one.line.place = 2
    assert one.due(165.0) == ["You are number two in line."]


def test_a_far_place_is_told_by_its_limit() -> None:
    """From 20 on is "more than"; who is twenty-first has twenty before him."""
    one = waiting(heard=replace(POSITION, up_to=20, unchanged=False), place=30)
    assert one.due(105.0) == ["There are more than twenty callers before you."]
    one.line.place = 22
    assert one.due(135.0) == []  # nothing new
    one.line.place = 21
    assert one.due(165.0) == ["You are number twenty-one in line."]


def test_somebody_in_no_line_has_no_position() -> None:
    assert waiting(place=None).due(105.0) == []


# ---- the wait --------------------------------------------------------------------------------------------------

WAIT = Treatment(30.0, 10.0, wait=True)
BETWEEN = "The expected wait is between two and four minutes."
LONGER = "The wait has become longer than we told you."


def test_a_wait_never_rises_without_a_cause() -> None:
    one = waiting(heard=WAIT, wait=Interval(130.0, 160.0, 200.0))
    assert one.due(105.0) == [BETWEEN]
    one.line.wait = Interval(130.0, 200.0, 290.0)
    assert one.due(135.0) == []
    one.line.wait = Interval(61.0, 70.0, 119.0)
    assert one.due(165.0) == ["The expected wait is between one and two minutes."]


def test_a_wait_that_rises_with_a_cause_is_told_as_such_and_is_the_new_measure() -> None:
    one = waiting(heard=WAIT, wait=Interval(61.0, 70.0, 119.0))
    one.due(105.0)
    assert one.facts == []
    one.line.wait, one.line.cause = Interval(130.0, 160.0, 200.0), AGENTS_LEFT
    assert one.due(135.0) == [LONGER, BETWEEN]
    assert one.facts == [ExpectedWaitRose("c1", "orders", 70.0, 160.0, AGENTS_LEFT)]
    one.line.wait = Interval(140.0, 170.0, 210.0)
    assert one.due(165.0) == [BETWEEN]  # the same in minutes: nobody need hear that it is longer
    assert [former and former.interval.likely_s for former in one.line.formers] == [None, 70.0, 160.0]
    assert len(one.facts) == 1


def test_a_wait_that_nobody_knows_is_not_told() -> None:
    assert waiting(heard=WAIT).due(105.0) == []


# ---- messages --------------------------------------------------------------------------------------------------


def test_position_wait_and_one_message_are_one_announcement() -> None:
    messages = Sound("thanks.wav", recorded=frozenset({"en"})), Sound(texts={"en": "Thank you.", "zh": "谢谢。"})
    heard = Treatment(30.0, 10.0, position=True, wait=True, messages=messages)
    one = waiting(heard=heard, wait=Interval(130.0, 160.0, 200.0))
    assert one.due(105.0) == ["You are number three in line.", BETWEEN, "thanks.wav"]
    one.line.wait = None
    assert one.due(135.0) == ["You are number three in line.", "Thank you."]
    assert one.due(165.0)[-1] == "thanks.wav"


# ---- the offer -------------------------------------------------------------------------------------------------


def test_the_offer_is_spoken_once_and_only_then_can_be_taken() -> None:
    one = waiting(ORDER, heard=Treatment())
    assert not one.visit.accepts("1")
    (offer,) = one.due(120.0)
    assert "press one" in offer
    assert one.visit.accepts("1") and not one.visit.accepts("2")
    assert one.due(500.0) == []
    one.visit.promise_token = "being written"
    assert not one.visit.accepts("1") and one.visit.deadline is None


def test_no_announcement_cuts_the_offer_short_and_it_cuts_none() -> None:
    one = waiting(replace(PLAIN, offer=CallbackOffer(6.0)))
    one.begins(105.0)
    assert one.begins(106.0) == []
    one.ends(108.0)
    assert one.visit.deadline == 106.0
    (offer,) = one.begins(108.0)
    assert "press one" in offer.text
    assert one.begins(135.0) == []
    one.ends(136.0)
    assert one.visit.deadline == 146.0


@pytest.mark.parametrize(
    ("offer", "line", "at"),
    [
        (CallbackOffer(None, position_above=10), {"place": 11}, 105.0),
        (CallbackOffer(None, position_above=10), {"place": 10}, None),
        (CallbackOffer(None, position_above=10), {"place": None}, None),
        (CallbackOffer(None, expected_above_s=300.0), {"wait": Interval(100.0, 301.0, 700.0)}, 105.0),
        (CallbackOffer(None, expected_above_s=300.0), {"wait": Interval(100.0, 300.0, 700.0)}, None),
        (CallbackOffer(None, expected_above_s=300.0), {"wait": None}, None),
        (CallbackOffer(60.0, position_above=10), {"place": 2}, 160.0),
        (CallbackOffer(None, in_s=600.0), {}, 700.0),
        (CallbackOffer(900.0, in_s=600.0), {}, 700.0),
        (CallbackOffer(None, in_s=0.0), {}, 105.0),  # it closes soon already
    ],
)
def test_what_makes_the_offer(offer: CallbackOffer, line: dict[str, object], at: float | None) -> None:
    one = waiting(replace(PLAIN, offer=offer), heard=Treatment(), **line)
    offered = None
    while (due := one.visit.deadline) is not None and due < 2000.0 and offered is None:
        offered = due if one.due(due) else None
    assert offered == at


def test_a_wait_that_becomes_long_makes_the_offer_later() -> None:
    one = waiting(replace(PLAIN, offer=CallbackOffer(None, expected_above_s=300.0)), heard=Treatment())
    assert one.due(105.0) == []
    one.line.wait = Interval(200.0, 400.0, 700.0)
    assert one.visit.deadline == 105.0 + LOOK_S
    assert len(one.due(105.0 + LOOK_S)) == 1
    assert one.visit.deadline is None and one.line.looks == [105.0, 105.0 + LOOK_S]


def test_who_has_waited_before_is_offered_sooner_but_not_at_once() -> None:
    assert waiting(ORDER, 8.0, heard=Treatment()).visit.deadline == 112.0
    assert waiting(ORDER, 500.0, heard=Treatment()).visit.deadline == 105.0


# ---- the rest --------------------------------------------------------------------------------------------------


def test_the_key_that_leaves_the_line() -> None:
    one = waiting(replace(ORDER, exit="0"), earlier_s=30.0).visit
    assert one.leaves("0") and not one.leaves("1") and not waiting().visit.leaves("0")
    assert (one.place.queue, one.place.queued_at) == ("orders", 70.0)
    one.promise_token = "being written"
    assert not one.leaves("0")


def test_the_agent_hears_the_whole_wait() -> None:
    assert waiting(earlier_s=90.0).visit.told("en", 130.0).text == "Call from orders, waited two minutes."


def test_what_was_told_does_not_rise_over_leaving_the_line_and_coming_back() -> None:
    one = waiting(heard=replace(WAIT, position=True), place=3, wait=Interval(61.0, 70.0, 119.0))
    assert len(one.due(105.0)) == 2
    place, line = one.visit.place, cast(Directory, one.line)
    back = Wait(one.line, Visit.back(place, PLAIN, line, 200.0))
    one.line.place, one.line.wait = 4, Interval(130.0, 160.0, 200.0)
    assert back.due(205.0) == []
    one.line.place = 2
    assert back.due(235.0) == ["You are number two in line."]
    assert back.visit.queued_at == 100.0


def test_another_process_goes_on_by_its_own_clock() -> None:
    one = waiting(ORDER)
    one.begins(105.0)
    one.visit.promise_token = "being written"
    one.visit.moved(1000.0)
    assert one.visit.joined_at == 1100.0
    assert one.visit.deadline == 1120.0  # the offer, since nobody tells that process the end of what was said
    assert not one.visit.promise_token
