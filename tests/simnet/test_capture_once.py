"""One call is lost once, whatever happens to it: sent on, turned away, served after all, broken, killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from softswitch.acd.model import Need, QueueSpec
from softswitch.callback.model import PromiseState
from softswitch.contact.mailbox import MailboxRules
from softswitch.contact.overflow import Way
from softswitch.contact.treatment import Treatment
from softswitch.ivr.interpreter import Interpreter
from softswitch.ivr.model import Pressed, Start
from softswitch.switch.event import UnitFailed
from tests.simnet.house import House
from tests.simnet.phone import Call
from tests.simnet.supervised_house import SupervisedHouse
from tests.simnet.test_capture import NEVER, NUMBER, PLAN, QUEUES, calls, centre, leaves, promised, refused, told
from tests.simnet.transfer_house import TransferHouse

SENT_ON = PLAN.replace('sorry: {say: "All lines are busy.", next: bye}', "sorry: {queue: service, failed: bye}")
INVALID = """callback: orders, next: bye, failed: orders}
  known?: {when: {if: "caller.number == '13'", then: later}, else: ringing"""
FULL = (replace(QUEUES[0], max_waiting=0), QUEUES[1])


def agents(house: House, *ready: str) -> None:
    for agent in ready:
        house.world.switch.control.set_ready(agent)


def ended(house: House, call: Call) -> None:
    house.world.run_until(lambda: call.state == "ended", 200)
    house.world.run(1)


# ---- one way after the other -----------------------------------------------------------------------------------------


def test_who_is_turned_away_and_served_elsewhere_is_not_lost() -> None:
    house = centre(SENT_ON, queues=FULL)
    agents(house, "bob")
    call = calls(house, "11")
    house.world.run_until(lambda: house.bob.talking)
    leaves(house, call, 2)
    assert not promised(house) and not refused(house)


def test_who_is_turned_away_and_gives_up_elsewhere_is_lost_there() -> None:
    house = centre(SENT_ON, queues=FULL)
    leaves(house, calls(house, "11"), 5)
    assert [(one.queue, one.stage, one.losses) for one in promised(house)] == [("service", "abandoned", 1)]


@pytest.mark.parametrize(("speaks_s", "stages"), [(0.5, ["voicemail-empty"]), (20, [])])
def test_the_mailbox_of_a_full_queue(speaks_s: float, stages: list[str]) -> None:
    boxes = MailboxRules(frozenset({"orders"}))
    house = centre(queues=FULL, mailboxes=boxes, overflow={"orders": {"full": Way(voicemail=True)}})
    leaves(house, calls(house, "11"), speaks_s)
    assert [(one.stage, one.queue, one.losses) for one in promised(house)] == [(one, "orders", 1) for one in stages]


def test_a_callback_by_overflow_is_the_only_promise() -> None:
    house = centre(queues=FULL, overflow={"orders": {"full": Way(callback=True)}})
    call = calls(house, "11")
    ended(house, call)
    assert [(one.stage, one.losses) for one in promised(house)] == [("queue-full", 1)]


def test_closed_and_then_an_empty_mailbox_is_one_loss() -> None:
    house = centre(calendar=NEVER)
    leaves(house, calls(house, "5"), 1)
    assert [(one.stage, one.losses) for one in promised(house)] == [("voicemail-empty", 1)]


def test_who_is_lost_on_the_way_and_served_in_another_queue_is_not_called_back() -> None:
    house = centre(SENT_ON, queues=FULL)
    leaves(house, calls(house), 5.2)
    agents(house, "bob")
    calls(house, "11")
    house.world.run_until(lambda: house.bob.talking)
    house.world.run(1)
    assert [(one.state, one.outcome) for one in promised(house)] == [(PromiseState.WITHDRAWN, "reached agent")]


def test_who_has_abandoned_one_queue_is_still_called_by_it_when_another_has_served_him() -> None:
    house = centre(PLAN.replace("lost_to: service, next: held}", "next: line}\n  line: {queue: service, failed: bye}"))
    leaves(house, calls(house, "11"), 5)
    agents(house, "bob")
    calls(house, "12")
    house.world.run_until(lambda: house.bob.talking)
    house.world.run(1)
    assert [(one.state.value, one.stage) for one in promised(house)] == [("due", "abandoned")]


def test_who_calls_again_and_finds_what_he_wanted_is_not_called_back() -> None:
    house = centre()
    leaves(house, calls(house), 5.2)
    leaves(house, calls(house, "13"), 1)
    assert [(one.state, one.stage, one.losses) for one in promised(house)] == [(PromiseState.WITHDRAWN, "ivr", 1)]


def test_who_abandoned_and_calls_again_only_for_the_address_is_called_back_all_the_same() -> None:
    house = centre()
    leaves(house, calls(house, "11"), 5)
    leaves(house, calls(house, "13"), 1)
    assert [(one.state, one.stage) for one in promised(house)] == [(PromiseState.DUE, "abandoned")]


def test_who_cannot_be_called_back_and_gives_up_in_the_queue_is_counted_once() -> None:
    text = PLAN.replace("start: ringing", "start: known?").replace("callback: orders, next: bye, failed: bye", INVALID)
    house = centre(text)
    house.carrier.user = "13"
    call = calls(house)
    house.world.run(2)
    assert house.world.switch.acd.live_waiting("orders") == 1
    leaves(house, call)
    assert refused(house) == [("orders", "accepted-offer", "invalid")] and not promised(house)


def test_closed_without_an_answer_is_closed() -> None:
    text = PLAN.replace("closed: {say", "closed: {reject: 486}\n  other: {say")
    text = text.replace("open: welcome, closed", "open: welcome, failed: other, closed")
    house = centre(text, calendar=NEVER)
    call = calls(house)
    ended(house, call)
    assert call.status == 486 and [(one.stage, one.step) for one in promised(house)] == [("closed", "closed")]


# ---- offers keep the place -------------------------------------------------------------------------------------------

OFFERS = {
    "wait": "after: 20s",
    "position": "position_above: 1",
}


@pytest.mark.parametrize("offer", OFFERS)
def test_an_offer_at_any_threshold_keeps_the_place(offer: str) -> None:
    line = f"{{name: orders, offer_callback: {{{OFFERS[offer]}, key: 1}}}}"
    house = centre(PLAN.replace("{name: orders, exit: {key: 0, to: main}}", line), queues=LONG)
    house.desk.call("8000")  # somebody else, who is before him
    ahead = house.desk.calls[-1]
    house.world.run(7)
    for key in "11":
        house.desk.press(ahead, key)
        house.world.run(0.5)
    call = calls(house, "11")
    joined_at = house.world.now
    stream = house.world.media.stream_of(call.rtp)
    heard: Callable[[], bool] = lambda: any(  # noqa: E731
        name == stream and "keep your place" in prompt.text for name, prompt in house.world.media.said
    )
    house.world.run_until(heard, 100)
    house.carrier.press(call, "1")
    ended(house, call)
    (promise,) = promised(house)
    assert (promise.number, promise.stage, promise.step) == (NUMBER, "accepted-offer", "orders")
    assert promise.recorded_at - house.world.switch.clock.epoch == pytest.approx(joined_at, abs=1)


LONG = (QueueSpec("orders", (Need("orders", 3),), max_wait_s=900.0), QueueSpec("service"))


def test_an_offer_taken_in_the_queue_that_he_was_sent_on_to_keeps_the_age_of_the_first() -> None:
    line = "{name: orders, offer_callback: {after: 40s, key: 1}}"
    overflow = {"orders": {"timeout": Way(queue="service")}}
    house = centre(PLAN.replace("{name: orders, exit: {key: 0, to: main}}", line), overflow=overflow)
    call = calls(house, "11")
    joined_at = house.world.now
    house.world.run(60)
    house.carrier.press(call, "1")
    ended(house, call)
    (promise,) = promised(house)
    assert (promise.queue, promise.stage, promise.losses) == ("service", "accepted-offer", 1)
    assert promise.recorded_at - house.world.switch.clock.epoch == pytest.approx(joined_at, abs=1)


def test_who_lost_the_line_and_takes_the_offer_when_he_is_back_has_one_promise_at_his_old_place() -> None:
    line = "{name: orders, offer_callback: {after: 10s, key: 1}}"
    house = centre(PLAN.replace("{name: orders, exit: {key: 0, to: main}}", line), queues=LONG,
                   treatments={"orders": Treatment(resume_s=300.0)})  # fmt: skip
    call = calls(house, "11")
    joined_at = house.world.now
    leaves(house, call, 5)
    call = calls(house, "11")
    house.world.run(15)
    house.carrier.press(call, "1")
    ended(house, call)
    (promise,) = promised(house)
    assert (promise.stage, promise.losses) == ("accepted-offer", 2)
    assert promise.recorded_at - house.world.switch.clock.epoch == pytest.approx(joined_at, abs=1)


# ---- who did not call us, or talked to somebody ----------------------------------------------------------------------


def test_whom_an_agent_transfers_into_the_dialplan_is_not_lost_there() -> None:
    base = centre()
    configuration = base.world.switch.configuration
    house = TransferHouse(plans=configuration.plans, calendars=configuration.calendars,
                          policies=configuration.policies, queues=configuration.queues)  # fmt: skip
    call = calls(house, "11")
    house.world.run_until(lambda: house.alice.talking)
    house.alice.refer(house.alice.talking[0], "8000")
    house.world.run(6)
    leaves(house, call, 0.5)
    assert not promised(house) and not refused(house)


def test_a_call_of_ours_to_the_outside_is_no_loss() -> None:
    house = centre()
    house.carrier.answer_after = None
    call = house.desk.call("913900001111")
    house.world.run(5)
    house.desk.hang_up(call)
    house.world.run(2)
    assert not promised(house) and not refused(house)


def test_a_supervisor_who_listens_and_hangs_up_is_no_loss() -> None:
    configuration = centre().world.switch.configuration
    house = SupervisedHouse(plans=configuration.plans, calendars=configuration.calendars,
                            policies=configuration.policies, queues=configuration.queues)  # fmt: skip
    calls(house, "11")
    house.world.run_until(lambda: house.alice.talking)
    boss = house.dial("*311001")
    house.boss.hang_up(boss)
    house.world.run(2)
    assert not promised(house) and not refused(house)


@pytest.mark.parametrize("way", [Way(callback=True), Way()], ids=["by overflow", "by the plan"])
def test_a_caller_to_whom_nothing_can_be_promised_is_counted_once(way: Way) -> None:
    sorry = PLAN.replace("full: sorry", "full: later")
    house = centre(sorry, queues=FULL, overflow={"orders": {"full": way}})
    house.carrier.user = "anonymous"
    ended(house, calls(house, "11"))
    assert not promised(house) and [why for _, _, why in refused(house)] == ["withheld"]


def test_whose_phone_we_cannot_hear_is_called_back() -> None:
    house = centre()
    carry = house.world.carry
    house.world.carry = lambda data, source, destination: carry(  # type: ignore[method-assign]
        data.replace(b"RTP/AVP 8 0", b"RTP/AVP 97").replace(b"m=audio", b"m=video")
        if data.startswith(b"INVITE") else data, source, destination,
    )  # fmt: skip
    call = calls(house)
    house.world.run(2)
    assert call.status == 488 and [one.stage for one in promised(house)] == ["shed"]


# ---- defects and crashes ---------------------------------------------------------------------------------------------


def test_a_defect_of_ours_loses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    house = centre()
    handle = Interpreter.handle

    def broken(self: Interpreter, event: object, now: float) -> object:
        if isinstance(event, Pressed):
            raise ZeroDivisionError
        return handle(self, event, now)  # type: ignore[arg-type]

    call = calls(house)
    house.world.run(6)
    monkeypatch.setattr(Interpreter, "handle", broken)
    house.carrier.press(call, "1")
    ended(house, call)
    assert house.world.facts(UnitFailed)
    assert told(house) == [(NUMBER, "orders", "ivr", "language")]


def test_a_defect_of_ours_before_the_first_step_loses_nobody_either(monkeypatch: pytest.MonkeyPatch) -> None:
    house = centre(PLAN.replace("after: 2s", "after: 0s"))

    handle = Interpreter.handle

    def broken(self: Interpreter, event: object, now: float) -> object:
        if isinstance(event, Start):
            raise ZeroDivisionError
        return handle(self, event, now)  # type: ignore[arg-type]

    monkeypatch.setattr(Interpreter, "handle", broken)
    call = calls(house)
    ended(house, call)
    assert house.world.facts(UnitFailed)
    assert [(one.stage, one.queue, one.losses) for one in promised(house)] == [("shed", "orders", 1)]


@pytest.mark.parametrize(("keys", "stages"), [("11", ["queue-full"]), ("17", []), ("12", ["ivr"])])
def test_a_restart_forgets_nothing_of_it(keys: str, stages: list[str]) -> None:
    sorry = 'sorry: {menu: {say: "All lines are busy. Press 1.", keys: {1: bye}, timeout: 50s, tries: 1}, failed: bye}'
    house = centre(PLAN.replace('sorry: {say: "All lines are busy.", next: bye}', sorry), queues=FULL)
    call = calls(house, keys)
    house.world.run(3)
    house.world.crash()
    house.world.run(1)
    house.world.start()
    house.world.run(3)
    leaves(house, call, 0.5)
    assert [one.stage for one in promised(house)] == stages
    assert {one.queue for one in promised(house)} <= {"service" if keys == "12" else "orders"}
