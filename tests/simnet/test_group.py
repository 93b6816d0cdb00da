"""Groups that ring, and calls that are announced before they are connected, through the whole control plane."""

from __future__ import annotations

import pytest

from tests.simnet.house import plans
from tests.simnet.meeting_house import MeetingHouse
from tests.simnet.transfer_house import hear_each_other

PLAN = """
dialplan: group
numbers: ["8000"]
language: en
start: ring
steps:
  ring: {%s, next: done, busy: busy, no_answer: nobody, rejected: no}
  done: {say: "Done %s.", next: bye}
  busy: {say: "Busy.", next: bye}
  nobody: {say: "Nobody.", next: bye}
  no: {say: "No.", next: bye}
  bye: {hangup: normal}
"""


def house(verb: str, saved: str = "") -> MeetingHouse:
    return MeetingHouse(login=False, plans=plans(PLAN % (verb, saved)))


def said(meeting: MeetingHouse, text: str, limit_s: float = 60.0) -> None:
    meeting.world.run_until(lambda: text in meeting.said(), limit_s)


def test_who_of_a_group_has_answered_is_a_variable() -> None:
    meeting = house('dial: {users: ["1001", "1002"], save: who}', "{{ who }}")
    meeting.bob.answer_after = 0.2
    call = meeting.desk.call("8000")
    meeting.world.run_until(lambda: bool(meeting.bob.talking))
    meeting.world.run(1)
    assert hear_each_other(meeting, call, meeting.bob.talking[0]) and not meeting.alice.talking
    meeting.kill()
    meeting.bob.hang_up(meeting.bob.talking[0])
    said(meeting, "Done 1002.")
    meeting.over()


def test_in_series_each_rings_as_long_as_it_says() -> None:
    meeting = house('dial: {users: [{user: "1001", ring: 5s}, "1002", "1003"], parallel: false, ring: 10s}')
    meeting.alice.answer_after = meeting.bob.answer_after = meeting.carl.answer_after = None
    began = meeting.world.now
    meeting.carrier.call("8000")
    rung = []
    for phone in (meeting.alice, meeting.bob, meeting.carl):
        meeting.world.run_until(lambda phone=phone: bool(phone.calls))
        rung.append(round(meeting.world.now - began))
    said(meeting, "Nobody.")
    assert [*rung, round(meeting.world.now - began)] == [0, 5, 15, 25]
    meeting.over()


def test_who_declines_leaves_the_call_to_the_others() -> None:
    meeting = house('dial: {users: ["1001", "1002"]}')
    meeting.alice.reject = 603
    meeting.bob.answer_after = 3.0
    call = meeting.desk.call("8000")
    meeting.world.run_until(lambda: bool(meeting.bob.talking))
    meeting.world.run(1)
    assert hear_each_other(meeting, call, meeting.bob.talking[0])


@pytest.mark.parametrize(("status", "text"), [(486, "Busy."), (603, "No."), (480, "Nobody.")])
def test_each_outcome_has_its_branch(status: int, text: str) -> None:
    meeting = house('dial: {users: ["1001", "1002"], parallel: false}')
    meeting.alice.reject = meeting.bob.reject = status
    meeting.carrier.call("8000")
    said(meeting, text)
    meeting.over()


# ---- announced -------------------------------------------------------------------------------------------------

ATTENDED = 'transfer: {user: "1002", kind: attended}'


def test_who_is_transferred_to_hears_who_comes_and_takes_the_call() -> None:
    meeting = house(ATTENDED)
    meeting.bob.answer_after = 1.0
    (call,) = meeting.calls(meeting.carrier)
    meeting.world.run_until(lambda: bool(meeting.bob.talking))
    bob = meeting.bob.talking[0]
    meeting.world.run(0.3)
    assert meeting.hears(call, bob) == ["music", "prompt"] and "Press one to take it." in meeting.said()[-1]
    meeting.world.run(3)
    assert meeting.hears(call, bob) == ["music", "silence"]
    meeting.bob.press(bob, "2")
    meeting.bob.press(bob, "1")
    meeting.world.run(0.2)
    assert hear_each_other(meeting, call, bob)
    meeting.bob.hang_up(bob)
    said(meeting, "Done .")
    meeting.over()


@pytest.mark.parametrize(("how", "text"), [("hangs up", "No."), ("is silent", "Nobody."), ("is busy", "Busy.")])
def test_a_transfer_that_comes_to_nothing_leaves_the_caller_here(how: str, text: str) -> None:
    meeting = house(ATTENDED)
    meeting.bob.reject = 486 if how == "is busy" else 0
    meeting.carrier.call("8000")
    if how == "hangs up":
        meeting.world.run_until(lambda: bool(meeting.bob.talking))
        meeting.world.run(1)
        meeting.bob.hang_up(meeting.bob.talking[0])
    said(meeting, text)
    meeting.world.run(0.5)
    assert not meeting.bob.talking
    meeting.over()


@pytest.mark.parametrize("verb", [ATTENDED, 'dial: {user: "1002", announce: A customer.}'])  # answered, and not
@pytest.mark.parametrize("how", ["hangs up", "killed"])
def test_nobody_is_left_who_was_asked(verb: str, how: str) -> None:
    meeting = house(verb)
    call = meeting.carrier.call("8000")
    meeting.world.run_until(lambda: bool(meeting.bob.talking))
    meeting.world.run(1)
    if how == "hangs up":
        meeting.carrier.hang_up(call)
    else:
        meeting.kill()
    meeting.world.run(5)
    assert not meeting.bob.talking
    meeting.over()


def test_the_first_of_a_group_who_takes_it_has_the_call() -> None:
    meeting = house('dial: {users: ["1001", "1002", "1003"], announce: "A customer.", accept: "5"}')
    meeting.alice.answer_after, meeting.bob.answer_after, meeting.carl.answer_after = 0.5, 1.0, None
    call = meeting.desk.call("8000")
    meeting.world.run(3)
    alice, bob, carl = meeting.alice.talking[0], meeting.bob.talking[0], meeting.carl.calls[0]
    assert call.state == "ringing" and carl.state == "ringing"
    meeting.bob.press(bob, "5")
    meeting.world.run(1)
    assert hear_each_other(meeting, call, bob)
    assert alice.state == carl.state == "ended"
    meeting.desk.hang_up(call)
    meeting.over()


def test_what_a_network_says_before_is_heard_and_whom_it_asks_is_not() -> None:
    """Early media (RFC 3960), and then the question, which is not for the caller."""
    meeting = house('dial: {number: "4008009999", trunk: carrier, announce: "A customer."}')
    meeting.carrier.ring_status, meeting.carrier.answer_after = 183, 2.0
    call = meeting.desk.call("8000")
    meeting.world.run(1)
    asked = meeting.carrier.calls[0]
    assert meeting.hears(call) == ["talk"]
    meeting.world.run(2)
    assert asked.state == "talking" and meeting.hears(call) == ["music"] and not meeting.voices(asked)
    meeting.carrier.press(asked, "1")
    meeting.world.run(1)
    assert hear_each_other(meeting, call, asked)
    meeting.desk.hang_up(call)
    meeting.over()
