"""An agent sits down at a phone: what is asked, what comes of it, and who sits where."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from softswitch.acd.model import AgentSpec
from softswitch.contact.seating import DIGIT_S, KEY_S, Seating
from softswitch.contact.seats import SeatRefused, SeatRules, Seats, SeatTaken
from softswitch.core.effect import DomainEvent, Effect
from softswitch.ivr.model import EndCall, PlayEnded, PlayPrompts, Pressed, Start

ALICE = AgentSpec("alice", "1001", (), ("mobile-1001",))
DANA, ERIK = AgentSpec("dana", "", ()), AgentSpec("erik", "", ())
RULES = SeatRules({"501": "dana", "502": "erik"}, {"dana": "7362", "erik": "9184"}, tries=3, failures=5, lock_s=900.0)


def seats() -> Seats:
    return Seats([ALICE, DANA, ERIK], RULES)


class Desk:
    """A call of the login code at phone 1003; what it does becomes true, as the switch would have it."""

    def __init__(self, made: Seats, number: str = "", at: float = 0.0) -> None:
        self.seats, self.now, self.facts, self.ended = made, at, list[DomainEvent](), False
        self.said: list[str] = []
        self.script = Seating(made, "1003", "en", number)
        self._take(self.script.handle(Start("c-1", "1003", "", "*11", "", datetime.now(UTC), "en"), at))

    def type(self, keys: str) -> Desk:
        for key in keys:
            self._take(self.script.handle(Pressed(key), self.now))
        return self

    def heard(self) -> Desk:
        self._take(self.script.handle(PlayEnded(), self.now))
        return self

    def wait(self, s: float) -> Desk:
        self.now += s
        self._take(self.script.tick(self.now))
        return self

    def _take(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case PlayPrompts(prompts):
                    self.said = [prompt.text for prompt in prompts]
                case EndCall():
                    self.ended = True
                case SeatTaken(agent, user):
                    self.facts.append(effect)
                    self.seats.sit(agent, user)
                case SeatRefused(user, who, why):
                    self.facts.append(effect)
                    if why == "pin":
                        self.seats.refused(user, who, self.now)


def test_number_and_pin_are_asked_for_and_the_phone_is_his() -> None:
    desk = Desk(seats())
    assert "number" in desk.said[0]
    desk.heard().type("501#")
    assert "PIN" in desk.said[0]
    desk.type("7362#")
    assert desk.facts == [SeatTaken("dana", "1003")]
    assert desk.seats.users("dana") == ("1003",) and desk.seats.agents_of["1003"] == "dana"
    assert not desk.ended and desk.heard().ended


def test_who_dialled_his_number_is_asked_for_the_pin_only() -> None:
    desk = Desk(seats(), "501")
    assert "PIN" in desk.said[0]
    assert desk.type("7362#").facts == [SeatTaken("dana", "1003")]


def test_the_last_digit_needs_no_hash() -> None:
    desk = Desk(seats(), "501").type("7362").wait(DIGIT_S - 0.1)
    assert desk.facts == []
    assert desk.wait(0.1).facts == [SeatTaken("dana", "1003")]


@pytest.mark.parametrize("number", ["501", "777"])
def test_three_wrong_pins_and_the_call_ends(number: str) -> None:
    """A number that nobody has is answered like one that somebody has."""
    desk, known = Desk(seats()), "dana" if number == "501" else ""
    for n in range(1, 4):
        desk.type(f"{number}#0000#")
        assert desk.facts == [SeatRefused("1003", known, "pin")] * n
        assert "not right" in desk.said[0] and len(desk.said) == (1 if n == 3 else 2)
    assert desk.type("501#7362#").facts[-1] == SeatRefused("1003", known, "pin")  # too late
    assert desk.heard().ended


def test_silence_is_let_go_after_three_questions() -> None:
    desk = Desk(seats())
    for n in range(1, 4):
        desk.heard().wait(KEY_S)
        assert ("not right" in desk.said[0]) == (n == 3)
    assert desk.facts == [] and desk.heard().ended


def test_five_wrong_pins_at_a_phone_close_it_for_a_quarter_of_an_hour_for_everybody() -> None:
    made = seats()
    Desk(made, "501").type("1#2#3#")
    Desk(made, "502", at=60.0).type("1#2#")
    shut = Desk(made, "502", at=70.0)
    assert "later" in shut.said[0] and shut.facts == [SeatRefused("1003", "", "locked")]
    assert "later" in Desk(made, "501", at=959.9).said[0]
    assert Desk(made, "501", at=960.1).type("7362#").facts == [SeatTaken("dana", "1003")]


def test_a_phone_serves_one_agent_at_a_time() -> None:
    made = seats()
    Desk(made, "501").type("7362#")
    desk = Desk(made, "502").type("9184#")
    assert desk.facts == [SeatRefused("1003", "erik", "taken")] and "Somebody else" in desk.said[0]
    assert made.users("erik") == () and made.users("dana") == ("1003",)


def test_an_agent_sits_at_one_phone_only() -> None:
    made = seats()
    made.sit("dana", "1004")
    assert Desk(made, "501").type("7362#").facts == [SeatTaken("dana", "1003", old="1004")]
    assert made.users("dana") == ("1003",) and "1004" not in made.agents_of


def test_refusals() -> None:
    made = seats()
    assert made.refusal("dana", "1001") == made.refusal("dana", "mobile-1001") == "taken"
    assert made.refusal("alice", "1003") == "own phones"
    made.sit("dana", "1003")
    assert made.refusal("dana", "1003") == ""
    assert made.leave("dana") == "1003" and made.refusal("erik", "1003") == ""


def test_own_phones_are_all_of_them() -> None:
    made = seats()
    assert made.users("alice") == ("1001", "mobile-1001")
    assert made.agents_of == {"1001": "alice", "mobile-1001": "alice"}
    assert not made.wanders("alice") and made.wanders("dana") and made.users("nobody") == ()


def test_nobody_is_admitted_without_a_pin_of_his() -> None:
    made = Seats([DANA], SeatRules({"501": "dana"}))
    assert made.admitted("501", "") == made.admitted("501", "1") == made.admitted("", "") == ""


def test_a_reload_keeps_who_sits_where_it_can() -> None:
    made = seats()
    made.sit("dana", "1003")
    made.sit("erik", "1004")
    made.configure([ALICE, DANA, ERIK, AgentSpec("frank", "1004", ())], RULES)
    assert made.users("dana") == ("1003",) and made.users("erik") == ()  # 1004 is frank's own now
    made.configure([DANA], RULES)
    assert made.agents_of == {"1003": "dana"}
    assert made.users("alice") == ("1001", "mobile-1001")  # who may still talk
