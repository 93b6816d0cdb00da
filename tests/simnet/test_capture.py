"""Who is lost at which stage, and who is not: each through the whole control plane."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.acd.model import Need, QueueSpec
from softswitch.callback.model import LossNotRecorded, Policy, Promise, PromiseState
from softswitch.ivr.calendar import Calendar
from softswitch.ivr.load import World as PlanWorld
from softswitch.ivr.load import load_plans
from softswitch.ivr.plan import Plan
from softswitch.sdp.media import Address
from softswitch.switch.event import UnitFailed
from tests.simnet.house import House, configuration
from tests.simnet.phone import Call

STAGES = (
    "shed", "early-cancel", "ivr", "queue-full", "abandoned", "accepted-offer", "closed", "voicemail-empty", "keyed",
)  # fmt: skip
NUMBER = "+8613800138000"
PLAN = """
dialplan: shop
numbers: ["8000"]
language: en
lost: {to: orders, stages: [shed, early-cancel, ivr, closed, voicemail-empty], after: 2s}
start: ringing
steps:
  ringing: {wait: 3s, next: open?}
  open?: {hours: office, open: welcome, closed: closed}
  welcome: {say: "Welcome.", next: language}
  language:
    menu: {say: "Press 1 for English.", keys: {1: main}, timeout: 20s, tries: 1}
    failed: bye
  main:
    menu:
      say: "Press 1 for orders, 2 for service, 3 for our address, 4 for the desk, 5 for a message."
      keys: {1: orders, 2: service, 3: address, 4: desk, 5: message, 6: broken, 7: status, 8: farewell}
      timeout: 20s
      tries: 1
    failed: bye
  orders: {queue: {name: orders, exit: {key: 0, to: main}}, full: sorry, timeout: sorry, next: after}
  service: {say: "For service please hold the line.", lost_to: service, next: held}
  held: {menu: {say: "Press 1.", keys: {1: main}, timeout: 30s, tries: 1}, failed: bye}
  sorry: {say: "All lines are busy.", next: bye}
  address: {say: "We are at 1 Main Street.", done: true, next: main}
  status: {say: "Your parcel is on its way.", done: true, next: held}
  farewell: {say: "Good day to you.", next: bye}
  desk: {dial: {user: "1004", ring: 20s}, no_answer: nobody, busy: nobody, failed: nobody, next: after}
  nobody: {say: "Nobody is there.", next: bye}
  broken: {set: {parcels: "{{ 1 // (caller.number | length - 11) }}"}, next: menu?}
  menu?: {when: {if: parcels > 1, then: main}, else: main}
  after: {menu: {say: "Press 1 for more.", keys: {1: main}, timeout: 30s, tries: 1}, failed: bye}
  message: {voicemail: {mailbox: "1001", say: "Please speak.", min: 10s}, next: thanks}
  thanks: {say: "Thank you.", next: bye}
  closed: {say: "We are closed. Please leave a message, or press 1 to be called back.", next: night}
  night:
    menu: {say: "Press 5.", keys: {5: message, 9: later}, timeout: 3s, tries: 1}
    failed: bye
  later: {callback: orders, next: bye, failed: bye}
  bye: {hangup: normal}
"""
ALWAYS = Calendar("office", "Asia/Shanghai", dict.fromkeys(range(7), ((0, 1440),)))
NEVER = Calendar("office", "Asia/Shanghai", {})


def shop(text: str = PLAN) -> dict[str, Plan]:
    names = frozenset({"orders", "service"})
    found, problems = load_plans({"shop.yaml": text}, PlanWorld(queues=names, calendars=frozenset({"office"})))
    assert not [problem for problem in problems if problem.level == "error"], problems
    return found


def centre(text: str = PLAN, calendar: Calendar = ALWAYS, **changes: object) -> House:
    policies = tuple(replace(policy, stages=STAGES) for policy in configuration().policies)
    policies += (Policy("service", "carrier", stages=STAGES),)
    kept = {"plans": shop(text), "calendars": {"office": calendar}, "policies": policies, "queues": QUEUES} | changes
    house = House(**kept)
    for agent in ("alice", "bob"):
        house.world.switch.control.set_paused(agent, "break")
    return house


QUEUES = (QueueSpec("orders", (Need("orders", 3),), max_wait_s=30.0), QueueSpec("service"))


def calls(house: House, keys: str = "") -> Call:
    """A caller who comes as far as these keys lead him."""
    call = house.carrier.call("8000")
    if keys:
        house.world.run_until(lambda: call.state == "talking")
        house.world.run(4)
        for key in keys:
            house.carrier.press(call, key)
            house.world.run(0.5)
    return call


def leaves(house: House, call: Call, after_s: float = 0.5) -> None:
    house.world.run(after_s)
    house.carrier.hang_up(call)
    house.world.run(3)
    assert not house.world.facts(UnitFailed)


def promised(house: House) -> list[Promise]:
    return house.world.switch.control.promises()


def told(house: House) -> list[tuple[str, str, str, str]]:
    return [(one.number, one.queue, one.stage, one.step) for one in promised(house)]


def refused(house: House) -> list[tuple[str, str, str]]:
    return [(fact.queue, fact.stage, fact.why) for fact in house.world.facts(LossNotRecorded)]


# ---- the stages ------------------------------------------------------------------------------------------------------


def test_early_cancel_while_the_dialplan_has_not_answered() -> None:
    house = centre()
    call = calls(house)
    leaves(house, call, 2.5)
    assert call.status == 487
    assert told(house) == [(NUMBER, "orders", "early-cancel", "ringing")]


def test_early_cancel_while_a_phone_rings_directly() -> None:
    house = centre(PLAN.replace("{wait: 3s, next: open?}", "{dial: {user: '1004', ring: 20s}, next: open?}"))
    house.desk.answer_after = None
    leaves(house, calls(house), 4)
    assert house.desk.calls and told(house) == [(NUMBER, "orders", "early-cancel", "ringing")]


def test_ivr_in_the_middle_of_the_language_menu() -> None:
    house = centre()
    call = calls(house)
    leaves(house, call, 5.2)
    assert told(house) == [(NUMBER, "orders", "ivr", "language")]
    (promise,) = promised(house)
    assert promise.losses == 1 and house.world.now - 10 < promise.recorded_at - house.world.switch.clock.epoch


def test_ivr_for_the_queue_that_the_way_there_has_named() -> None:
    house = centre()
    leaves(house, calls(house, "12"), 3)
    assert told(house) == [(NUMBER, "service", "ivr", "held")]


def test_ivr_while_a_phone_rings_for_who_talks_to_us_already() -> None:
    house = centre()
    house.desk.answer_after = None
    leaves(house, calls(house, "14"), 2)
    assert told(house) == [(NUMBER, "orders", "ivr", "desk")]


def test_ivr_where_a_phone_was_rung_in_vain_whoever_ends_the_call() -> None:
    house = centre()
    house.desk.answer_after = None
    call = calls(house, "14")
    house.world.run_until(lambda: call.state == "ended")
    house.world.run(1)
    assert told(house) == [(NUMBER, "orders", "ivr", "bye")]


def test_ivr_where_the_plan_is_broken() -> None:
    house = centre()
    call = calls(house, "16")
    house.world.run_until(lambda: call.state == "ended")
    house.world.run(1)
    assert told(house) == [(NUMBER, "orders", "ivr", "broken")]


def test_queue_full_and_turned_away_after_the_longest_wait_keep_the_age() -> None:
    full = centre(queues=(replace(QUEUES[0], max_waiting=0), QUEUES[1]))
    call = calls(full, "11")
    full.world.run_until(lambda: call.state == "ended")
    full.world.run(1)
    assert [(one.stage, one.losses) for one in promised(full)] == [("queue-full", 1)]
    house = centre()
    call = calls(house, "11")
    joined_at = house.world.now
    house.world.run_until(lambda: call.state == "ended")
    house.world.run(1)
    (promise,) = promised(house)
    assert promise.stage == "queue-full" and promise.queue == "orders"
    assert promise.recorded_at - house.world.switch.clock.epoch == pytest.approx(joined_at, abs=1)


@pytest.mark.parametrize("hangs_up", [True, False])
def test_closed_whoever_ends_the_call(hangs_up: bool) -> None:
    house = centre(calendar=NEVER)
    call = calls(house)
    if hangs_up:
        leaves(house, call, 4)
    house.world.run_until(lambda: call.state == "ended")
    house.world.run(1)
    (promise,) = promised(house)
    assert (promise.stage, promise.queue) == ("closed", "orders")


@pytest.mark.parametrize("after_s", [0.3, 4.0], ids=["in the greeting", "too short"])
def test_voicemail_empty(after_s: float) -> None:
    house = centre()
    leaves(house, calls(house, "15"), after_s)
    assert told(house) == [(NUMBER, "orders", "voicemail-empty", "message")]


def test_shed_by_the_limit_of_all_calls() -> None:
    house = centre(max_calls=1)
    first = house.desk.call("8000")
    house.world.run_until(lambda: first.state == "talking")
    call = calls(house)
    house.world.run(1)
    assert call.status == 503 and told(house) == [(NUMBER, "orders", "shed", "")]


def test_shed_where_a_plan_is_broken_before_it_answers() -> None:
    wrong = '{set: {parcels: "{{ 1 // (caller.number | length - 11) }}"}, next: open?}'
    house = centre(PLAN.replace("{wait: 3s, next: open?}", wrong).replace("after: 2s", "after: 0s"))
    call = calls(house)
    house.world.run_until(lambda: call.state == "ended")
    house.world.run(1)
    assert call.status == 500 and told(house) == [(NUMBER, "orders", "shed", "ringing")]


# ---- who is not lost -------------------------------------------------------------------------------------------------


def test_who_hung_up_at_once_is_counted_and_not_called_back() -> None:
    house = centre()
    leaves(house, calls(house), 0.5)
    assert not promised(house) and refused(house) == [("orders", "early-cancel", "short")]


@pytest.mark.parametrize("keys", ["13", "17"], ids=["while it is said", "and later"])
def test_who_heard_what_he_called_for_is_not_lost(keys: str) -> None:
    house = centre()
    leaves(house, calls(house, keys), 2.5)
    assert not promised(house) and not refused(house)


def test_who_wants_more_after_that_is_lost() -> None:
    house = centre()
    call = calls(house, "13")
    house.world.run(3)
    house.carrier.press(call, "1")
    house.world.run(35)
    assert call.state == "ended"
    assert [one.stage for one in promised(house)] == ["queue-full"]


def test_who_hangs_up_in_the_farewell_is_not_lost() -> None:
    house = centre()
    leaves(house, calls(house, "18"), 0.3)
    assert not promised(house) and not refused(house)


def test_whom_the_plan_lets_go_is_not_lost() -> None:
    house = centre()
    call = calls(house, "1")
    house.world.run_until(lambda: call.state == "ended")
    house.world.run(1)
    assert not promised(house) and not refused(house)


def test_who_left_a_message_is_not_lost() -> None:
    house = centre(calendar=NEVER)
    leaves(house, calls(house, "5"), 16)
    assert not promised(house) and not refused(house)


def test_who_has_talked_to_somebody_is_not_lost() -> None:
    house = centre()
    call = calls(house, "14")
    house.world.run_until(lambda: house.desk.talking)
    house.desk.hang_up(house.desk.talking[0])
    leaves(house, call, 3)
    assert not promised(house) and not refused(house)


def test_who_was_promised_it_is_promised_it_once() -> None:
    house = centre(calendar=NEVER)
    call = calls(house, "9")
    house.world.run_until(lambda: call.state == "ended")
    house.world.run(1)
    assert [(one.stage, one.step, one.losses) for one in promised(house)] == [("accepted-offer", "later", 1)]


def test_who_gave_up_after_leaving_the_line_is_lost_once_by_the_queue() -> None:
    house = centre()
    leaves(house, calls(house, "110"), 2)
    assert [(one.stage, one.losses) for one in promised(house)] == [("abandoned", 1)]


def test_our_own_phones_are_lost_only_where_the_policy_says_so() -> None:
    house = centre()
    call = house.desk.call("8000")
    house.world.run(6)
    house.desk.hang_up(call)
    house.world.run(2)
    assert not promised(house)
    own = centre(policies=(Policy("orders", "carrier", stages=STAGES, numbers=r"1\d{3}"),))
    call = own.desk.call("8000")
    own.world.run(6)
    own.desk.hang_up(call)
    own.world.run(2)
    assert [(one.number, one.stage) for one in promised(own)] == [("1004", "ivr")]


def test_a_callback_whose_customer_hangs_up_is_no_loss() -> None:
    house = centre()
    leaves(house, calls(house), 2.5)
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.carrier.talking)
    house.world.run(1)
    house.carrier.hang_up(house.carrier.talking[0])
    house.world.run(5)
    assert [(one.state, one.losses) for one in promised(house)] == [(PromiseState.KEPT, 1)]


def test_what_the_plan_does_not_count_is_no_loss_and_what_the_queue_does_not_is_counted() -> None:
    house = centre(PLAN.replace("[shed, early-cancel, ivr, closed, voicemail-empty]", "[closed]"))
    leaves(house, calls(house), 5.2)
    assert not promised(house) and not refused(house)
    strict = centre(policies=configuration().policies)
    leaves(strict, calls(strict), 5.2)
    assert not promised(strict) and refused(strict) == [("orders", "ivr", "policy")]


# ---- one call is lost once -------------------------------------------------------------------------------------------


def test_a_call_that_is_shed_and_comes_again_is_lost_once() -> None:
    house = centre(max_calls=1)
    first = house.desk.call("8000")
    house.world.run_until(lambda: first.state == "talking")
    calls(house)
    house.world.run(1)
    (shed,) = promised(house)
    assert shed.stage == "shed"
    house.desk.hang_up(first)
    house.world.run(1)
    call = calls(house)
    leaves(house, call, 2.5)
    assert [(one.stage, one.losses) for one in promised(house)] == [("early-cancel", 2)]  # another call of his


def test_the_same_call_shed_and_lost_again_is_one_loss() -> None:
    house = centre(PLAN.replace("timeout: 20s", "timeout: 50s"), max_calls=1)
    first = house.desk.call("1002")
    house.world.run_until(lambda: first.state == "talking")
    again: list[tuple[bytes, Address, Address]] = []
    carry = house.world.carry

    def keeping(data: bytes, source: Address, destination: Address) -> None:
        if data.startswith(b"INVITE") and source == house.carrier.address:
            again.append((data, source, destination))
        carry(data, source, destination)

    house.world.carry = keeping  # type: ignore[method-assign]
    calls(house)
    house.world.run(40)  # its transaction is forgotten
    (data, source, destination) = again[0]
    for _ in range(2):  # refused twice, taken at last
        carry(data.replace(b"branch=", b"branch=z9hG4bKagain"), source, destination)
        house.world.run(40)
    assert [(one.stage, one.losses) for one in promised(house)] == [("shed", 1)]
    house.desk.hang_up(first)
    house.world.run(1)
    carry(data.replace(b"branch=", b"branch=z9hG4bKonce"), source, destination)
    house.world.run(60)  # nobody acknowledges our answer: the line is broken, and the caller is lost once more
    assert [(one.stage, one.losses, one.contact[:2]) for one in promised(house)] == [("ivr", 1, "c-")]
