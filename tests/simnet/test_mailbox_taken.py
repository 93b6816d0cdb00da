"""Somebody takes the place of an owner who calls back from the own mailbox: it is not theirs."""

from __future__ import annotations

import pytest

from softswitch.contact.mailbox import MailboxOpened, MailboxRules
from softswitch.ivr.load import World as PlanWorld
from softswitch.ivr.load import load_plans
from tests.simnet.meeting_house import MeetingHouse
from tests.simnet.phone import Call
from tests.simnet.transfer_phone import TransferPhone

RULES = MailboxRules(boxes=frozenset({"1001", "1002"}), pins={"1001": "4711"}, own_phone_free=True)
PLAN = """
dialplan: box
numbers: ["8000", "8001"]
language: en
start: which
steps:
  which: {when: [{if: "called == '8000'", then: leave}], else: hear}
  leave: {voicemail: {mailbox: "1001", say: Speak., min: 1s}, next: bye}
  hear: {mailbox: "{{ caller.number }}", next: bye, failed: again}
  again: {mailbox: "{{ caller.number }}", next: bye, failed: bye}
  bye: {hangup: normal}
"""


def answering(number: str) -> tuple[MeetingHouse, Call]:
    """Alice listens to a message of bob and calls him back."""
    plans, problems = load_plans({"box.yaml": PLAN}, PlanWorld(users=frozenset({"1001"})))
    assert not [problem for problem in problems if problem.level == "error"], problems
    house = MeetingHouse(login=False, plans=plans, mailboxes=RULES, features={"*97": "voicemail"})
    message = house.bob.call("8000")
    house.world.run(4)
    house.bob.press(message, "#")
    house.world.run_until(lambda: message.state == "ended")
    call = house.alice.call(number)
    house.world.run_until(lambda: call.state == "talking")
    for key in "15":
        house.world.run(1)
        house.alice.press(call, key)
    house.world.run_until(lambda: house.bob.talking)
    house.world.run(1)
    house.world.media.said.clear()
    return house, call


def taken(house: MeetingHouse, call: Call, by: TransferPhone) -> Call:
    """Who takes Alice's place, a second after bob has hung up."""
    other = by.take_over(house.alice.replaces(call))
    house.world.run_until(lambda: call.state == "ended")
    house.world.run(1)
    house.bob.hang_up(house.bob.talking[-1])
    house.world.run(1)
    return other


@pytest.mark.parametrize("number", ["*97", "8001"])
def test_it_is_closed_to_somebody_else(number: str) -> None:
    house, call = answering(number)
    taken(house, call, house.desk)
    assert house.said() == ([] if number == "*97" else ["Please enter your PIN, followed by hash."])
    assert len(house.world.facts(MailboxOpened)) == 1
    house.over()


def test_another_phone_of_the_owner_goes_on() -> None:
    house, call = answering("*97")
    other = TransferPhone(house.world, "1001", 6011, "pw-1001")
    other.register()
    house.world.run_until(lambda: other.registered)
    mine = taken(house, call, other)
    assert house.said()[0].startswith("To hear it again press 1")
    other.hang_up(mine)
    house.over()
