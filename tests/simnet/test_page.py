"""Pages, groups, and calls that are announced, through the whole control plane in virtual time."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Renegotiate
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request
from tests.simnet.house import plans
from tests.simnet.meeting_house import MeetingHouse

PAGE = """
dialplan: page
numbers: ["8000"]
language: en
start: page
steps:
  page: {page: {users: ["1001", "1002", "1003", "1004"], ring: 4s%s}, next: done, nobody: nobody}
  done: {say: "Done.", next: bye}
  nobody: {say: "Nobody.", next: bye}
  bye: {hangup: normal}
"""


def house(options: str = "") -> MeetingHouse:
    return MeetingHouse(login=False, plans=plans(PAGE % options))


def test_all_free_phones_hear_the_caller_and_nobody_else() -> None:
    meeting = house()
    seen: list[Request] = []
    receive = meeting.alice._receive

    def look(message: Message, flow: Flow) -> None:
        seen.extend([message] if isinstance(message, Request) and message.method == "INVITE" else [])
        receive(message, flow)

    meeting.world.peers[meeting.alice.address] = look
    (call,) = meeting.calls(meeting.desk)
    meeting.world.run(2)
    assert meeting.states() == ["paging"]
    alice, bob, carl = (phone.talking[0] for phone in (meeting.alice, meeting.bob, meeting.carl))
    assert len(meeting.desk.calls) == 1  # who pages is not paged
    for one in (alice, bob, carl):
        assert meeting.hear(one, call)
    assert meeting.hear(call)
    (invite,) = seen
    assert invite.headers.get("Answer-Mode") == "Auto" and "answer-after=0" in (invite.headers.get("Call-Info") or "")
    assert "alert-autoanswer" in (invite.headers.get("Alert-Info") or "")
    meeting.bob.hang_up(bob)  # has heard enough
    meeting.desk._tell(call, Renegotiate("sendonly"))
    meeting.world.run(1)
    assert meeting.hear(alice)  # not the music of the caller's phone
    meeting.desk._tell(call, Renegotiate("sendrecv"))
    meeting.world.run(1)
    assert meeting.hear(alice, call)
    meeting.desk.press(call, "#")
    meeting.world.run_until(lambda: "Done." in meeting.said())
    meeting.world.run(0.5)
    assert alice.state == carl.state == "ended" and meeting.over() == ["paged"]


@pytest.mark.parametrize("how", ["caller", "time"])
def test_a_page_ends_with_the_caller_or_its_time(how: str) -> None:
    meeting = house(", max: 20s")
    (call,) = meeting.calls(meeting.desk)
    meeting.world.run(3)
    if how == "caller":
        meeting.desk.hang_up(call)
    else:
        meeting.world.run_until(lambda: "Done." in meeting.said(), 30)
    meeting.world.run(0.5)
    assert not (meeting.alice.talking or meeting.bob.talking or meeting.carl.talking)
    meeting.over()


def test_phones_that_are_busy_or_do_not_answer_by_themselves_are_left_alone() -> None:
    meeting = house()
    talk = meeting.alice.call("1002")
    meeting.world.run_until(lambda: bool(meeting.bob.talking))
    meeting.carl.answer_after = None
    meeting.desk.call("8000")
    meeting.world.run(1.5)
    assert len(meeting.alice.calls) == len(meeting.bob.calls) == 1 and meeting.carl.calls[0].state == "ringing"
    meeting.world.run_until(lambda: "Nobody." in meeting.said(), 10)
    meeting.world.run(0.5)
    assert meeting.carl.calls[0].state == "ended"
    meeting.alice.hang_up(talk)
    meeting.over()


def test_there_is_nobody_to_page() -> None:
    meeting = MeetingHouse(login=False, plans=plans(PAGE.replace('"1001", "1002", "1003", "1004"', '"1004"') % ""))
    meeting.desk.call("8000")
    meeting.world.run_until(lambda: "Nobody." in meeting.said(), 10)
    assert meeting.over() == ["completed"]


@pytest.mark.parametrize("status", [486, 603])
def test_who_declines_a_page_spoils_it_for_nobody(status: int) -> None:
    meeting = house()
    meeting.alice.reject = status
    meeting.calls(meeting.desk)
    meeting.world.run(2)
    assert meeting.bob.talking and meeting.carl.talking


def test_a_text_is_heard_by_all_and_the_caller_waits() -> None:
    meeting = house(', say: "The shop closes."')
    meeting.carl.answer_after = 2.0
    (call,) = meeting.calls(meeting.desk)
    assert meeting.hears(call) == ["music"]
    meeting.world.run_until(lambda: "Done." in meeting.said(), 20)
    assert meeting.said().count("The shop closes.") == 3
    assert meeting.over() == ["paged"]


def test_a_page_ends_when_control_is_killed_and_nobody_is_left_in_it() -> None:
    meeting = house()
    meeting.calls(meeting.desk)
    meeting.world.run(2)
    meeting.carl.answer_after = None
    meeting.kill()
    meeting.world.run(5)
    assert not (meeting.alice.talking or meeting.bob.talking or meeting.carl.talking)
    meeting.over()
