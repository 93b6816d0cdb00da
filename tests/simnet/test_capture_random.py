"""Whatever a caller presses and whenever he hangs up: one call is one loss at most, and who was served is none."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from softswitch.contact.event import ContactFinished
from softswitch.contact.mailbox import MailboxRules, VoicemailLeft
from softswitch.contact.overflow import Way, Ways
from softswitch.switch.event import UnitFailed
from tests.simnet.house import House
from tests.simnet.test_capture import ALWAYS, NEVER, QUEUES, centre, promised, refused
from tests.simnet.test_capture_keyed import OFFERED

PLAN = OFFERED.replace("later: {callback: orders,", "later: {callback: {queue: orders, ask: true},")
PLAN = PLAN.replace("tries: 1", "tries: 6")
OVERFLOW: tuple[dict[str, Ways], ...] = (
    {},
    {"orders": {"full": Way(callback=True), "timeout": Way(queue="service")}},
    {"orders": {"full": Way(voicemail=True), "timeout": Way(callback=True)}},
)


def house_of(dice: random.Random) -> House:
    orders = replace(QUEUES[0], max_waiting=dice.choice((0, 5)), max_wait_s=dice.choice((15.0, 60.0)))
    house = centre(
        PLAN,
        dice.choice((ALWAYS, ALWAYS, NEVER)),
        queues=(orders, QUEUES[1]),
        overflow=dice.choice(OVERFLOW),
        mailboxes=MailboxRules(frozenset({"orders", "1001"})),
    )
    house.desk.answer_after = dice.choice((None, 2.0))
    return house


@pytest.mark.parametrize("seed", range(30))
def test_one_call_is_one_loss_at_most(seed: int) -> None:
    dice = random.Random(seed)
    house = house_of(dice)
    if dice.random() < 0.2:
        house.carrier.user = "anonymous"
    call = house.carrier.call("8000")
    house.world.run(dice.choice((0.5, 2.5, 4.0, 6.0)))
    for _ in range(dice.randrange(0, 14)):
        if dice.random() < 0.15:
            house.world.switch.control.set_ready(dice.choice(("alice", "bob")))
        for key in dice.choice(("1", "1", "2", "4", "5", "9", "0", "3", "#", "213900001111#1")):
            if any(media and media.remote == call.rtp for media in house.world.media.streams.values()):
                house.carrier.press(call, key)  # we are there to hear it
            house.world.run(0.2)
        house.world.run(dice.choice((0.3, 1.0, 5.0, 12.0)))
    if call.state != "ended":
        house.carrier.hang_up(call)
    house.world.run(5)
    assert not house.world.facts(UnitFailed)
    (record,) = [fact.record for fact in house.world.facts(ContactFinished) if fact.record.caller != "1004"][:1]
    made = promised(house)
    assert sum(one.losses for one in made) <= 1, made
    assert len(made) + len(refused(house)) <= 1, refused(house)
    spoken = any("We will call you back" in prompt.text for _, prompt in house.world.media.said)
    if not spoken and (house.world.facts(VoicemailLeft) or record.connected_at):
        assert not [one for one in made if one.stage not in ("abandoned", "accepted-offer", "keyed")], made
