"""The caller's side is asked to call somebody else itself (REFER), and what follows where it does or does not."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from softswitch.call.signal import ReferPeer
from softswitch.contact.event import ContactFinished
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request, render
from softswitch.sip.response import respond
from tests.simnet.house import CARRIER_PORT, plans
from tests.simnet.meeting_house import MeetingHouse
from tests.simnet.phone import SimPhone
from tests.simnet.transfer_house import hear_each_other
from tests.simnet.world import SWITCH

PLAN = """
dialplan: move
numbers: ["8000"]
language: en
start: move
steps:
  move: {transfer: {%s, refer: true, ring: 20s}, next: done, failed: no}
  done: {say: "Done.", next: bye}
  no: {say: "No.", next: bye}
  bye: {hangup: normal}
"""


@dataclass
class ReferredPhone(SimPhone):
    """Says ``status`` to a REFER, and ``told`` by NOTIFY, one a second; then it hangs up, if it is of that kind."""

    status: int = 202
    told: tuple[str, ...] = ("100 Trying", "200 OK")
    hangs_up: bool = False
    referred: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)  # to its NOTIFYs

    def _receive(self, message: Message, flow: Flow) -> None:
        if isinstance(message, Request) and message.method == "REFER":
            self._refer(message)
        elif not isinstance(message, Request) and message.cseq.method == "NOTIFY":
            self.answers.append(message.status)
        else:
            super()._receive(message, flow)

    def _refer(self, request: Request) -> None:
        self.referred.append(request.headers.get("Refer-To") or "")
        self.world.carry(render(respond(request, self.status)), self.address, SWITCH)
        for after_s, status in enumerate(self.told if self.status < 300 else (), 1):
            self.world.after(after_s, lambda status=status: self._notify(status))
        if self.hangs_up:
            self.world.after(len(self.told) + 0.5, lambda: self.hang_up(self.calls[0]))

    def _notify(self, status: str) -> None:
        leg = self.agent.legs[self.calls[0].leg]
        dialog = leg.leg.dialog
        assert dialog is not None
        headers = (("Contact", f"<sip:{self.user}@127.0.0.1:{self.port}>"), ("Event", "refer"),
                   ("Subscription-State", "active;expires=60"), ("Content-Type", "message/sipfrag"))  # fmt: skip
        request = dialog.request("NOTIFY", headers, f"SIP/2.0 {status}\r\n".encode())
        via = f"SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{self.world.random.getrandbits(64):x};rport"
        data = render(request).replace(b"\r\n", f"\r\nVia: {via}\r\n".encode(), 1)
        self.world.carry(data, self.address, SWITCH)


def house(target: str) -> tuple[MeetingHouse, ReferredPhone]:
    meeting = MeetingHouse(login=False, plans=plans(PLAN % target))
    meeting.carrier = ReferredPhone(meeting.world, "13800138000", CARRIER_PORT)  # type: ignore[assignment]
    return meeting, meeting.carrier  # type: ignore[return-value]


OUTSIDE = 'number: "4008009999", trunk: carrier'


@pytest.mark.parametrize("hangs_up", [False, True])
def test_the_callers_side_calls_there_itself(hangs_up: bool) -> None:
    meeting, carrier = house(OUTSIDE)
    carrier.hangs_up = hangs_up
    call = carrier.call("8000")
    meeting.world.run_until(lambda: call.state == "ended")
    assert carrier.referred == ["<sip:4008009999@127.0.0.1>"] and carrier.answers == [200, 200]
    assert len(carrier.calls) == 1  # nobody was called by us
    assert meeting.over() == ["transferred"]


@pytest.mark.parametrize(("status", "told"), [(603, ()), (202, ("100 Trying", "486 Busy Here")), (202, ())])
def test_where_it_does_not_the_two_are_connected_here(status: int, told: tuple[str, ...]) -> None:
    meeting, carrier = house(OUTSIDE)
    carrier.status, carrier.told = status, told
    call = carrier.call("8000")
    meeting.world.run_until(lambda: len(carrier.calls) == 2, 70)
    meeting.world.run(2)
    assert hear_each_other(meeting, call, carrier.calls[1])
    carrier.hang_up(call)
    assert meeting.over() == ["answered"]


@pytest.mark.parametrize("late", ["486 Busy Here", "200 OK"])
def test_what_the_callers_side_says_too_late_changes_nothing(late: str) -> None:
    """The plan has dialled for itself meanwhile, in vain, and the caller waits in a queue."""
    steps = PLAN.replace("ring: 20s", "ring: 5s").replace('no: {say: "No.",', "no: {queue: {name: orders},")
    meeting = MeetingHouse(login=False, plans=plans(steps % OUTSIDE))
    carrier = meeting.carrier = ReferredPhone(meeting.world, "13800138000", CARRIER_PORT)  # type: ignore[assignment]
    carrier.told, carrier.answer_after = (), None
    call = carrier.call("8000")
    meeting.world.run_until(lambda: meeting.states() == ["queued"], 80)
    carrier._notify(late)
    meeting.world.run(2)
    assert carrier.answers == [200] and call.state == "talking" and meeting.states() == ["queued"]
    carrier.hang_up(call)
    assert meeting.over() == ["abandoned"]


def test_who_was_being_sent_away_when_control_was_killed_goes_on_with_failed() -> None:
    meeting, carrier = house(OUTSIDE)
    carrier.told = ()
    call = carrier.call("8000")
    meeting.world.run_until(lambda: bool(carrier.referred))
    meeting.world.run(1)
    meeting.kill()
    carrier._notify("200 OK")  # of which the new process knows nothing
    meeting.world.run(0.5)
    assert "No." in meeting.said()
    assert carrier.answers == [481] and call.state == "talking"
    assert meeting.over() == ["completed"]


def test_a_phone_of_ours_is_sent_to_a_user_and_who_hangs_up_meanwhile_leaves_nothing() -> None:
    meeting = MeetingHouse(login=False, plans=plans(PLAN % 'user: "1002"'))
    phone = ReferredPhone(meeting.world, "1004", 6004, "pw-1004", registered=True)
    phone.told = ()
    call = phone.call("8000")
    meeting.world.run_until(lambda: bool(phone.referred))
    assert phone.referred[0].startswith("<sip:1002@")
    phone.hang_up(call)
    meeting.over()
    assert not meeting.bob.calls


def test_a_caller_from_outside_is_not_sent_to_a_user() -> None:
    meeting, carrier = house('user: "1002"')
    call = carrier.call("8000")
    meeting.world.run_until(lambda: bool(meeting.bob.talking))
    meeting.world.run(1)
    assert hear_each_other(meeting, call, meeting.bob.talking[0]) and not carrier.referred


def test_a_notify_that_nobody_has_asked_for_is_refused() -> None:
    meeting, carrier = house('user: "1002"')
    call = carrier.call("8000")
    meeting.world.run_until(lambda: bool(meeting.bob.talking))
    meeting.world.run(1)
    carrier._notify("200 OK")
    meeting.world.run(1)
    assert carrier.answers == [481] and call.state == "talking"


def test_a_peer_that_knows_no_refer_is_not_asked() -> None:
    meeting, carrier = house(OUTSIDE)
    carrier.told = ()
    carrier.call("8000")
    meeting.world.run_until(lambda: bool(carrier.referred))
    (leg,) = meeting.world.switch.calls.legs.values()
    leg.leg.referring, leg.leg.allows = False, frozenset({"INVITE"})
    (referred,) = leg.handle(ReferPeer("4008009999"), meeting.world.now)
    assert (referred.status, leg.leg.referring) == (405, False)  # type: ignore[attr-defined]
    assert not meeting.world.facts(ContactFinished)
