"""Callers whom a queue turns away go where the queue's overflow says, as the same contact and at their age."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from softswitch.acd.model import Condition, LogOut, Move, Need, QueueJoined, QueueLeft, QueueSpec, WrapUp
from softswitch.callback.model import Policy, PromiseChanged, PromiseState
from softswitch.contact.event import ContactFinished
from softswitch.contact.inbound import InboundContact
from softswitch.contact.mailbox import MailboxRules, VoicemailLeft
from softswitch.contact.order import Key, TellAcd
from softswitch.contact.overflow import Way, Ways
from softswitch.ivr.model import StepEntered
from softswitch.switch.event import UnitFailed
from tests.simnet.house import House, configuration, plans
from tests.simnet.phone import Call

PLAN = """
dialplan: shop
numbers: ["8000"]
language: en
start: orders
steps:
  orders:
    queue: {name: orders, priority: 5s, offer_callback: {after: 500s, key: 1}, exit: {key: 0, to: aside}}
    next: thanks
    promised: promised
    left: left
    full: full
    timeout: timeout
    no_agents: nobody
    failed: bye
  aside: {wait: 10s, next: thanks}
  thanks: {hangup: normal}
  promised: {hangup: normal}
  left: {hangup: normal}
  full: {hangup: normal}
  timeout: {hangup: normal}
  nobody: {hangup: normal}
  bye: {hangup: normal}
"""


def house_with(
    overflow: dict[str, Ways], login: bool = True, policies: tuple[Policy, ...] | None = None, **orders: Any
) -> House:
    """``orders``: of the spec of the queue of that name."""
    base = configuration()
    policies = base.policies if policies is None else policies
    first = replace(base.queues[0], wrap_up=WrapUp.timed(1), **orders)
    third = QueueSpec("spare", (Need("service", 1),), wrap_up=WrapUp.timed(1), max_waiting=0)
    queues = (first, base.queues[1], third)
    boxes = MailboxRules(frozenset({"orders", "service"}))
    return House(queues=queues, overflow=overflow, plans=plans(PLAN), mailboxes=boxes, policies=policies,
                 login=login)  # fmt: skip


def caller(house: House) -> Call:
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.2)
    return call


def steps(house: House) -> list[str]:
    return [fact.step for fact in house.world.facts(StepEntered) if fact.step != "orders"]


def said(house: House) -> list[str]:
    """To the one caller."""
    return [prompt.text for _, prompt in house.world.media.said]


def joined(house: House) -> list[tuple[str, str, str]]:
    return [(fact.queue, fact.why, fact.old) for fact in house.world.facts(QueueJoined)]


def over(house: House, call: Call) -> None:
    house.world.run_until(lambda: call.state == "ended", 60)
    house.world.run(1)
    assert not house.world.facts(UnitFailed)


def test_a_full_queue_sends_callers_to_another_at_their_age() -> None:
    house = house_with({"orders": {"full": Way("service")}}, max_waiting=0)
    house.world.switch.control.set_paused("alice", "lunch")
    call = caller(house)
    house.world.run_until(lambda: house.agent("bob") == "talking")
    assert joined(house) == [("service", "overflow", "orders")]
    house.carrier.hang_up(call)
    house.world.run(5)
    (finished,) = house.world.facts(ContactFinished)
    assert (finished.record.queue, finished.record.outcome, finished.record.agent) == ("service", "answered", "bob")
    assert not house.world.facts(PromiseChanged), "he was not lost"


def test_after_the_longest_wait_the_age_goes_along_and_the_contact_is_the_same() -> None:
    house = house_with({"orders": {"timeout": Way("service")}}, max_wait_s=20.0)
    for agent in ("alice", "bob"):
        house.world.switch.control.set_paused(agent, "lunch")
    call = caller(house)
    house.world.run(30)
    assert joined(house) == [("orders", "", ""), ("service", "overflow", "orders")]
    (waiting,) = house.world.switch.acd.waiting("service", house.world.now)
    assert waiting.waited_s == pytest.approx(30.2, abs=1.0)
    assert [(fact.queue, fact.why) for fact in house.world.facts(QueueLeft)] == [("orders", "timeout")]
    (view,) = house.world.switch.control.calls()
    assert (view.state, view.queue) == ("queued", "service")
    house.world.switch.control.set_ready("bob")
    house.world.run_until(lambda: house.agent("bob") == "talking")
    assert {fact.contact for fact in house.world.facts(QueueJoined)} == {view.contact}
    assert call.state == "talking"


def test_from_queue_to_queue_and_then_the_dialplans_own_way_out() -> None:
    overflow = {"orders": {"full": Way("spare")}, "spare": {"full": Way("orders")}}
    house = house_with(overflow, max_waiting=0)
    for agent in ("alice", "bob"):
        house.world.switch.control.set_paused(agent, "lunch")
    call = house.carrier.call("8000")
    over(house, call)
    assert steps(house) == ["full"], "to no queue twice, were it written so"


def test_who_overflows_is_called_back_once_that_can_be_promised() -> None:
    house = house_with({"orders": {"timeout": Way(callback=True)}}, max_wait_s=20.0)
    house.world.switch.control.set_paused("alice", "lunch")
    call = caller(house)
    over(house, call)
    assert steps(house) == ["promised"]
    assert any("call you back" in text for text in said(house))
    promises = house.world.switch.control.promises()
    assert [(one.queue, one.stage, one.state) for one in promises] == [
        ("orders", "accepted-offer", PromiseState.DUE),
    ]
    (finished,) = house.world.facts(ContactFinished)
    assert finished.record.outcome == "callback"


def test_a_promise_that_cannot_be_made_is_not_said() -> None:
    house = house_with({"orders": {"timeout": Way(callback=True)}}, policies=(), max_wait_s=20.0)
    house.world.switch.control.set_paused("alice", "lunch")
    call = caller(house)
    over(house, call)
    assert steps(house) == ["timeout"]
    assert not any("call you back" in text for text in said(house))


def test_who_hangs_up_while_the_promise_is_written_is_in_the_ledger_all_the_same() -> None:
    house = house_with({"orders": {"full": Way(callback=True)}}, max_waiting=0)
    house.world.switch.control.set_paused("alice", "lunch")
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.carrier.hang_up(call)
    house.world.run(5)
    assert [one.losses for one in house.world.switch.control.promises()]
    assert not house.world.facts(UnitFailed)


def test_who_overflows_to_the_mailbox_is_told_so_and_leaves_a_message() -> None:
    house = house_with({"orders": {"no agents": Way(voicemail=True)}}, login=False,
                       join_unless=frozenset({Condition.NO_AGENTS}))  # fmt: skip
    call = caller(house)
    house.world.run_until(lambda: any("leave a message" in text for text in said(house)))
    house.world.run(15)
    house.carrier.press(call, "#")
    over(house, call)
    assert steps(house) == ["left"]
    (left,) = house.world.facts(VoicemailLeft)
    assert left.message.mailbox == "orders"
    assert not house.world.facts(QueueJoined)


def test_over_a_crash_he_is_asked_for_his_message_again_and_does_not_wait_anew() -> None:
    house = house_with({"orders": {"timeout": Way(voicemail=True)}}, max_wait_s=20.0)
    house.world.switch.control.set_paused("alice", "lunch")
    call = caller(house)
    while not any("leave a message" in text for text in said(house)):
        house.world.run(0.1)
    house.world.crash()  # he has heard half of it
    house.world.run(1)
    house.world.start()
    house.world.run_until(lambda: any("leave a message" in text for text in said(house)), 15)
    house.world.run(15)
    house.carrier.press(call, "#")
    over(house, call)
    assert [left.message.mailbox for left in house.world.facts(VoicemailLeft)] == ["orders"]
    assert joined(house) == [("orders", "", "")]


def test_the_mailbox_is_that_of_the_queue_in_which_he_ended() -> None:
    overflow: dict[str, Ways] = {"orders": {"full": Way("service")}, "service": {"timeout": Way(voicemail=True)}}
    house = house_with(overflow, max_waiting=0)
    for agent in ("alice", "bob"):
        house.world.switch.control.set_paused(agent, "lunch")
    call = caller(house)
    house.world.run(1800)
    house.world.run(20)
    house.carrier.press(call, "#")
    over(house, call)
    (left,) = house.world.facts(VoicemailLeft)
    assert left.message.mailbox == "service"


@pytest.mark.parametrize("how", ["overflow", "moved"])
def test_over_a_crash_the_longest_wait_there_counts_from_the_change(how: str) -> None:
    house = house_with({"orders": {"timeout": Way("service")}}, max_wait_s=20.0 if how == "overflow" else 1000.0)
    world = house.world
    world.configuration = replace(
        world.configuration,
        queues=tuple(
            replace(one, max_wait_s=30.0) if one.name == "service" else one for one in world.configuration.queues
        ),
    )
    for agent in ("alice", "bob"):
        world.switch.control.set_paused(agent, "lunch")
    call = caller(house)
    world.run(20)
    if how == "moved":
        (view,) = world.switch.control.calls()
        world.switch.command(lambda: [TellAcd(Move(view.contact, "service"))])
    world.run(5)
    assert joined(house)[-1][0] == "service"
    world.crash()
    world.run(1)
    world.start()
    world.run(18)
    assert len(world.switch.acd.waiting("service", world.now)) == 1, "not as if he had come to it 44 s ago"
    over(house, call)
    assert steps(house) == ["timeout"]


def test_the_last_agent_who_logs_out_sends_those_who_wait_to_their_branch() -> None:
    house = house_with({}, leave_if=frozenset({Condition.NO_AGENTS}))
    house.world.switch.control.set_paused("alice", "lunch")
    call = caller(house)
    house.world.run(5)
    assert call.state == "talking"
    house.world.switch.control.log_out("alice")
    over(house, call)
    assert steps(house) == ["nobody"]
    assert [(fact.queue, fact.why) for fact in house.world.facts(QueueLeft)] == [("orders", "no agents")]


def test_who_leaves_the_line_in_the_moment_in_which_he_is_turned_away_goes_his_own_way() -> None:
    house = house_with({"orders": {"no agents": Way("service")}}, leave_if=frozenset({Condition.NO_AGENTS}))
    switch = house.world.switch
    switch.control.set_paused("alice", "lunch")
    call = caller(house)
    (view,) = switch.control.calls()
    contact = switch.calls.contacts[view.contact]
    assert isinstance(contact, InboundContact)
    key = Key(contact.leg, "0")
    switch.command(lambda: [TellAcd(LogOut("alice")), *switch.calls.to_contact(view.contact, key)])
    over(house, call)
    assert steps(house) == ["aside", "thanks"]
    assert [fact.queue for fact in house.world.facts(QueueJoined)] == ["orders"]


def test_a_supervisors_move_is_followed_by_record_and_view() -> None:
    house = house_with({})
    house.world.switch.control.set_paused("alice", "lunch")
    call = caller(house)
    (view,) = house.world.switch.control.calls()
    house.world.switch.command(lambda: [TellAcd(Move(view.contact, "service"))])
    house.world.run_until(lambda: house.agent("bob") == "talking")
    assert joined(house) == [("orders", "", ""), ("service", "moved", "orders")]
    house.carrier.hang_up(call)
    house.world.run(5)
    (finished,) = house.world.facts(ContactFinished)
    assert finished.record.queue == "service"
    assert not house.world.facts(UnitFailed)


def test_a_policy_of_another_queue_is_not_his() -> None:
    """The promise is one of the queue in which he ended."""
    overflow: dict[str, Ways] = {"orders": {"full": Way("service")}, "service": {"timeout": Way(callback=True)}}
    house = house_with(overflow, max_waiting=0)
    for agent in ("alice", "bob"):
        house.world.switch.control.set_paused(agent, "lunch")
    call = caller(house)
    house.world.run(1801)
    over(house, call)
    assert steps(house) == ["timeout"], "nobody of service is called back"
