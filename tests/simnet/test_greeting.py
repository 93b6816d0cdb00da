"""A greeting that is said again, thrown away, or too short: the caller goes on, and nothing is left of it."""

from __future__ import annotations

import pytest

from softswitch.contact.event import ContactFinished
from softswitch.contact.mailbox import GreetingChanged, MailboxRules
from softswitch.switch.event import UnitFailed
from tests.simnet.house import House
from tests.simnet.phone import Call

RULES = MailboxRules(boxes=frozenset({"1001"}), own_phone_free=True)


def recorded(house: House, call: Call, seconds: float) -> None:
    """A greeting of so many seconds, since the phone was told to speak."""
    house.world.run_until(lambda: house.world.media.recordings)
    house.world.run(seconds)
    house.alice.press(call, "#")
    house.world.run(0.5)


@pytest.mark.parametrize(("keys", "used"), [("21", 1), ("221", 1), ("2*", 0), ("*", 0)])
def test_only_the_greeting_in_use_is_kept(keys: str, used: int) -> None:
    house = House(mailboxes=RULES, features={"*97": "voicemail"})
    call = house.alice.call("*97")
    house.world.run_until(lambda: call.state == "talking")
    for key in "31":
        house.alice.press(call, key)
        house.world.run(0.3)
    recorded(house, call, 3.0)
    for key in keys:
        house.alice.press(call, key)
        if key == "2":
            recorded(house, call, 3.0)
        house.world.run(0.5)
    assert call.state == "talking" and not house.world.facts(UnitFailed)
    house.alice.hang_up(call)
    house.world.run(5)
    (record,) = [fact.record for fact in house.world.facts(ContactFinished)]
    greetings = [fact.greeting.file for fact in house.world.facts(GreetingChanged)]
    assert len(greetings) == used and record.recording == ",".join(greetings)
    made = keys.count("2") + 1
    assert len(house.world.media.erased) == made - used
