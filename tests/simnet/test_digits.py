"""Keys on their way through the switch: each once, from one side to the other, in the form of the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.call.press import Form
from softswitch.ivr.model import Prompt
from tests.simnet.house import House, configuration, plans
from tests.simnet.phone import Call, SimPhone

PLAN = """
dialplan: keys
numbers: ["7000"]
language: en
start: code
steps:
  code: {collect: {say: Code?, save: code, min: 4, max: 4, timeout: 3s, tries: 1}, next: right?, failed: bye}
  right?: {when: {if: code == "1123", then: open}, else: engaged}
  open: {press: "9#", next: ring}
  ring: {dial: {user: "1001", hears: ringing}}
  engaged: {tone: {name: busy, for: 2s}, next: bye}
  bye: {hangup: normal}
"""


def house(**digits: str) -> House:
    """``p1001="info"``: how that user takes keys; ``tones`` likewise of a country."""
    users = configuration().users
    changed = {
        name: replace(user, digits=digits.get(f"p{name}", "auto"), tones=digits.get(f"tones{name}", ""))
        for name, user in users.items()
    }
    return House(login=False, users=changed, plans=plans(PLAN))


def up(house: House, called: str = "1001") -> tuple[Call, Call]:
    """A call of the desk to a colleague."""
    call = house.desk.call(called)
    house.world.run_until(lambda: call.state == "talking" and bool(house.alice.talking))
    house.world.run(0.5)
    return call, house.alice.talking[-1]


@pytest.mark.parametrize("heard", [Form.EVENT, Form.INFO, Form.TONE])
@pytest.mark.parametrize("taken", ["auto", "info", "tone"])
def test_a_key_goes_to_the_other_side_in_its_form(heard: Form, taken: str) -> None:
    place = house(p1001=taken)
    left, right = up(place)
    place.desk.press(left, "5", heard)
    place.world.run(1.0)
    place.desk.press(left, "#", heard)
    place.world.run(1.0)
    media = place.world.media
    sent = [(digits, form) for stream, digits, form in media.pressed if stream == media.stream_of(right.rtp)]
    assert right.keys == ("5#" if taken == "info" else "")
    if taken == "info" or (taken == "tone" and heard is Form.TONE):  # a tone goes with the sound
        assert sent == []
    else:
        assert sent == [(digit, Form.EVENT if taken == "auto" else Form.TONE) for digit in "5#"]
    assert left.keys == "" and len(media.pressed) == len(sent)


def code(place: House, phone: SimPhone, *presses: tuple[str, Form]) -> Call:
    call = phone.call("7000")
    place.world.run_until(lambda: call.state == "talking")
    place.world.run(0.3)
    for digit, form in presses:
        phone.press(call, digit, form)
        place.world.run(0.05)
    place.world.run(1.0)
    return call


def test_a_phone_that_says_each_key_in_two_forms_is_counted_once() -> None:
    """And the plan presses keys for it, and it hears ringing until somebody answers."""
    place = house()
    place.alice.answer_after = None
    call = code(place, place.desk, *((digit, form) for digit in "1123" for form in (Form.EVENT, Form.INFO)))
    media = place.world.media
    assert [(digits, form) for _, digits, form in media.pressed] == [("9#", Form.EVENT)]
    ringing = [prompt for _, prompt in media.said if prompt.tone]
    assert ringing == [Prompt("CN", tone="ringback", silence_s=30.0)]
    place.desk.hang_up(call)


def test_a_wrong_code_hears_the_busy_tone_of_the_listeners_country() -> None:
    place = house(tones1004="DE")
    call = code(place, place.desk, *((digit, Form.INFO) for digit in "1111"))
    assert [prompt for _, prompt in place.world.media.said if prompt.tone] == [Prompt("DE", tone="busy", silence_s=2.0)]
    place.world.run_until(lambda: call.state == "ended")


def test_keys_reach_a_network_that_speaks_before_anybody_answers() -> None:
    place = House()
    place.carrier.ring_status, place.carrier.answer_after = 183, None
    call = place.desk.call("913900000000")
    place.world.run_until(lambda: call.status == 183)
    place.desk.press(call, "7")
    place.world.run(0.5)
    assert [(digits, form) for _, digits, form in place.world.media.pressed] == [("7", Form.EVENT)]


def test_what_a_side_leaves_behind_is_gone_with_it() -> None:
    place = house()
    left, _ = up(place)
    place.desk.press(left, "5")
    place.desk.hang_up(left)
    place.world.run(60)
    calls = place.world.switch.calls
    assert not calls.keys._presses and not calls.keys._events and not calls._peers
