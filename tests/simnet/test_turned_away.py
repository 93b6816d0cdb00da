"""Calls that a plan refuses, sends elsewhere or hangs up on: what leaves on the wire, and what is written down."""

from __future__ import annotations

import pytest

from softswitch.contact.event import ContactFinished
from softswitch.ivr.model import StepFailed
from softswitch.sip.flow import Address
from softswitch.sip.message import Message, Request, Response, parse
from tests.simnet.house import House, plans
from tests.simnet.phone import SimPhone

HEAD = 'dialplan: away\nnumbers: ["8020"]\nlanguage: en\nstart: first\nsteps:\n'
ANSWERED = "  first: {say: hello, next: away}\n  away: "


def house_with(steps: str) -> House:
    return House(plans=plans(HEAD + steps))


def heard(house: House, caller: SimPhone) -> list[Message]:
    """What the caller is told until the call is over."""
    found: list[Message] = []
    carry = house.world.carry

    def watched(data: bytes, source: Address, destination: Address) -> None:
        if destination == caller.address:
            found.append(parse(data))
        carry(data, source, destination)

    house.world.carry = watched  # type: ignore[method-assign]
    call = caller.call("8020")
    house.world.run_until(lambda: call.state == "ended")
    house.world.run(40)
    assert not house.world.switch.calls.legs and not house.world.switch.calls.contacts
    return found


def final(messages: list[Message]) -> Response:
    """The one final response to the INVITE, but for repeats."""
    found = [
        message
        for message in messages
        if isinstance(message, Response) and message.cseq.method == "INVITE" and message.status >= 200
    ]
    answers = {one.status for one in found} - {401, 407}
    assert len(answers) == 1
    return found[-1]


def outcome(house: House) -> str:
    (finished,) = house.world.facts(ContactFinished)
    return finished.record.outcome


@pytest.mark.parametrize(
    ("verb", "status", "reason"),
    [
        ("{reject: 486}", 486, "Busy Here"),
        ("{reject: {code: 410, reason: Number changed}}", 410, "Number changed"),
        ("{reject: {code: 480, reason: 请稍后再拨}}", 480, "请稍后再拨"),
        ("{reject: {code: 499}}", 499, ""),
        ("{hangup: busy}", 486, "Busy Here"),
        ("{hangup: declined}", 603, "Decline"),
    ],
)
def test_a_call_is_refused_with_this_status_and_reason(verb: str, status: int, reason: str) -> None:
    house = house_with(f"  first: {verb}\n")
    response = final(heard(house, house.desk))
    assert response.status == status and (response.reason == reason or not reason)
    assert "Contact" not in response.headers
    assert outcome(house) == "rejected"


def test_a_call_is_sent_elsewhere_the_best_first() -> None:
    house = house_with('  first: {redirect: ["sip:a@b.example;transport=tcp", "tel:+8610", "1002", "+86138"]}\n')
    response = final(heard(house, house.desk))
    domain = "127.0.0.1:5060"  # of the phone, which is ours: as it wrote it
    assert (response.status, response.reason) == (302, "Moved Temporarily")
    assert response.headers.all("Contact") == [
        "<sip:a@b.example;transport=tcp>;q=1.0",
        "<tel:+8610>;q=0.9",
        f"<sip:1002@{domain}>;q=0.8",
        f"<sip:+86138@{domain}>;q=0.7",
    ]
    assert outcome(house) == "redirected"


@pytest.mark.parametrize(
    ("host", "contact"),
    [
        (b"carrier.example", "<sip:4008001234@carrier.example>"),
        (b"anonymous.invalid", "<sip:4008001234@127.0.0.1:5060>"),  # withheld: as it wrote to us
    ],
)
def test_a_trunk_learns_where_to_call_in_its_own_domain(host: bytes, contact: str) -> None:
    house = house_with("  first: {redirect: 4008001234}\n")
    found: list[Message] = []
    carry = house.world.carry

    def from_there(data: bytes, source: Address, destination: Address) -> None:
        if destination == house.carrier.address:
            found.append(parse(data))
        elif source == house.carrier.address:
            data = data.replace(b"From: <sip:13800138000@127.0.0.1", b"From: <sip:13800138000@" + host)
        carry(data, source, destination)

    house.world.carry = from_there  # type: ignore[method-assign]
    house.carrier.call("8020")
    house.world.run(1.0)
    assert final(found).headers.all("Contact") == [contact]


@pytest.mark.parametrize(
    ("verb", "reason"),
    [
        ("{reject: {code: 486, reason: Closed}}", 'SIP;cause=486;text="Closed"'),
        ("{reject: 603}", "SIP;cause=603"),
        ("{hangup: busy}", 'Q.850;cause=17;text="User busy"'),
        ("{hangup: error}", 'Q.850;cause=41;text="Temporary failure"'),
        ("{hangup: normal}", None),
    ],
)
def test_who_talks_to_us_already_is_told_in_the_bye(verb: str, reason: str | None) -> None:
    """RFC 3326."""
    house = house_with(f"{ANSWERED}{verb}\n")
    messages = heard(house, house.desk)
    (bye,) = [message for message in messages if isinstance(message, Request) and message.method == "BYE"]
    assert bye.headers.get("Reason") == reason
    assert final(messages).status == 200 and outcome(house) == "completed"


def test_who_talks_to_us_already_is_redirected_no_more() -> None:
    house = house_with(f"{ANSWERED}{{redirect: 1002, failed: busy}}\n  busy: {{hangup: busy}}\n")
    messages = heard(house, house.desk)
    assert final(messages).status == 200
    (failed,) = house.world.facts(StepFailed)
    assert failed.step == "away" and "answered already" in failed.why


def test_a_call_that_was_answered_by_somebody_else_is_hung_up_on() -> None:
    """The plan has not answered it, so the redirection is ordered; but it is too late."""
    house = house_with(
        '  first: {dial: {user: "1002"}, next: away, busy: away, no_answer: away, failed: away}\n'
        '  away: {redirect: "1001"}\n'
    )
    call = house.desk.call("8020")
    house.world.run_until(lambda: bool(house.bob.talking))
    house.bob.hang_up(house.bob.talking[0])
    house.world.run_until(lambda: call.state == "ended")
    assert outcome(house) == "answered"
