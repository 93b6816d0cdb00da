"""A peer that asks to be transferred: REFER, its answer, the NOTIFYs, the end (RFC 3515, 4488, 5057, 6665)."""

from __future__ import annotations

import pytest

from softswitch.call.leg import Leg
from softswitch.call.signal import Finished, Release, Released, TransferProgress, TransferWanted
from softswitch.call.table import S
from softswitch.core.effect import Effect
from softswitch.sip.effect import ResponseArrived, TransactionFailed
from softswitch.sip.message import Request
from softswitch.sip.refer import Replaces
from tests.unit.call.peer import answered, arrived, established, offered, requests_in, response_in, status_in, up
from tests.unit.sip.exchange import UDP, request, response

TO_BOB = ("Refer-To", "<sip:1002@10.0.0.2>")


def refer(leg: Leg, *more: tuple[str, str], cseq: int = 2, now: float = 1.0) -> list[Effect]:
    tags = {"to_tag": leg.local_tag, "from_tag": "their", "call_id": leg.call_id}
    made = request("REFER", cseq=cseq, more=more or (TO_BOB,), **tags)  # type: ignore[arg-type]
    return leg.handle(arrived(made, f"t{cseq}"), now)


def bye(leg: Leg, cseq: int = 3, now: float = 2.0) -> list[Effect]:
    made = request("BYE", to_tag=leg.local_tag, from_tag="their", call_id=leg.call_id, cseq=cseq)
    return leg.handle(arrived(made, f"t{cseq}"), now)


def tell(leg: Leg, status: int, now: float = 1.0, leave: bool = False) -> list[Effect]:
    return leg.handle(TransferProgress(status, leave), now)


def take(leg: Leg, notify: Request, status: int = 200, now: float = 1.1) -> list[Effect]:
    return leg.handle(ResponseArrived(leg.id, "t", response(notify, status), UDP), now)


def accepted() -> tuple[Leg, Request]:
    """A leg whose peer's REFER was accepted, and the first NOTIFY, which is not answered yet."""
    leg = up()
    refer(leg)
    (notify,) = requests_in(tell(leg, 100))
    return leg, notify


def said(notify: Request) -> tuple[str, str]:
    """Subscription state and fragment."""
    return notify.headers.get("Subscription-State") or "", notify.body.decode().strip()


def test_it_is_asked_for_and_not_answered_by_the_leg() -> None:
    leg = up()
    (wanted,) = refer(leg, TO_BOB, ("Referred-By", "<sip:king@10.0.0.1>"))
    assert wanted == TransferWanted("in", "1002", "10.0.0.2", None)


def test_attended_names_the_other_call() -> None:
    (wanted,) = refer(up(), ("Refer-To", "<sip:1002@10.0.0.2?Replaces=c2%3Bto-tag%3Dt%3Bfrom-tag%3Df>"))
    assert isinstance(wanted, TransferWanted)
    assert wanted.replaces == Replaces("c2", "t", "f")


def test_rfc3515_2_4_4_accepted_is_202_and_a_notify_at_once() -> None:
    leg = up()
    refer(leg)
    effects = tell(leg, 100)
    assert response_in(effects[:1]).status == 202
    (notify,) = requests_in(effects)
    assert (notify.method, notify.to.tag, notify.from_.tag) == ("NOTIFY", "their", leg.local_tag)
    assert notify.headers.get("Event") == "refer;id=2"
    assert notify.headers.get("Content-Type") == "message/sipfrag;version=2.0"
    assert notify.contact is not None
    assert said(notify) == ("active;expires=200", "SIP/2.0 100 Trying")


def test_one_notify_at_a_time_and_the_newest_state_next() -> None:
    leg, first = accepted()
    assert tell(leg, 180, 2.0) == tell(leg, 183, 3.0) == []
    (second,) = requests_in(take(leg, first, now=4.0))
    assert said(second) == ("active;expires=197", "SIP/2.0 183 Session Progress")
    assert second.cseq.number == first.cseq.number + 1
    assert take(leg, second, 100) == take(leg, second) == []
    (third,) = requests_in(tell(leg, 486, 9.0))
    assert said(third) == ("terminated;reason=noresource", "SIP/2.0 486 Busy Here")
    assert take(leg, third) == []
    assert tell(leg, 200) == []
    assert leg.state is S.UP


def test_after_the_last_word_the_leg_leaves() -> None:
    leg, first = accepted()
    assert tell(leg, 200, leave=True) == []
    (last,) = requests_in(take(leg, first))
    effects = take(leg, last, now=1.2)
    assert [made.method for made in requests_in(effects)] == ["BYE"]
    assert effects[-1] == Released("in", "us", "released")


def test_a_peer_that_does_not_answer_the_last_word_is_left_all_the_same() -> None:
    leg, _ = accepted()
    tell(leg, 200, 10.0, leave=True)
    assert leg.deadline == 14.0
    assert leg.tick(13.9) == []
    assert [made.method for made in requests_in(leg.tick(14.0))] == ["BYE"]
    assert leg.leg.refer is None


def test_a_peer_that_says_bye_itself_is_not_left_twice() -> None:
    leg, first = accepted()
    tell(leg, 200, leave=True)
    (last,) = requests_in(take(leg, first))
    assert bye(leg)[-1] == Released("in", "peer", "bye")
    assert take(leg, last, now=2.1) == [Finished("in")]


def test_rfc5057_the_subscription_outlives_the_call() -> None:
    leg, first = accepted()
    bye(leg)
    assert leg.state is S.ENDED
    assert take(leg, first) == []
    (last,) = requests_in(tell(leg, 200, 5.0))
    assert said(last)[1] == "SIP/2.0 200 OK"
    assert leg.tick(5.0) == []
    take(leg, last, now=5.1)
    assert leg.deadline == 5.1
    assert leg.tick(5.1) == [Finished("in")]


def test_but_not_its_deadline() -> None:
    leg, first = accepted()
    take(leg, first)
    bye(leg)
    assert leg.deadline == 201.0
    effects = leg.tick(201.0)
    (last,) = requests_in(effects)
    assert said(last) == ("terminated;reason=timeout", "SIP/2.0 408 Request Timeout")
    assert effects[-1] == Finished("in")


def test_nobody_answers_the_refer() -> None:
    leg = up()
    refer(leg)
    assert status_in(leg.tick(201.0)) == 500
    assert tell(leg, 200) == []


@pytest.mark.parametrize("status", [403, 404, 480, 603])
def test_a_refusal_is_the_answer_and_no_subscription(status: int) -> None:
    leg = up()
    refer(leg)
    effects = tell(leg, status)
    assert status_in(effects) == status
    assert not requests_in(effects)
    assert isinstance(refer(leg, cseq=3)[0], TransferWanted)


def test_one_refer_at_a_time() -> None:
    leg, _ = accepted()
    assert status_in(refer(leg, cseq=3)) == 491


def test_rfc3515_2_4_6_refers_are_told_apart() -> None:
    leg, first = accepted()
    tell(leg, 486)
    (last,) = requests_in(take(leg, first))
    take(leg, last)
    refer(leg, cseq=7)
    (notify,) = requests_in(tell(leg, 100))
    assert notify.headers.get("Event") == "refer;id=7"


def test_rfc4488_without_a_subscription() -> None:
    leg = up()
    refer(leg, TO_BOB, ("Refer-Sub", "false"))
    effects = tell(leg, 100)
    assert (status_in(effects), response_in(effects).headers.get("Refer-Sub")) == (202, "false")
    assert not requests_in(effects)
    assert tell(leg, 180) == []
    assert [made.method for made in requests_in(tell(leg, 200, leave=True))] == ["BYE"]


@pytest.mark.parametrize("status", [401, 481, 500])
def test_rfc6665_a_notify_that_is_not_taken_ends_the_subscription(status: int) -> None:
    leg, first = accepted()
    assert take(leg, first, status) == []
    assert tell(leg, 180) == []
    assert leg.state is S.UP
    assert [made.method for made in requests_in(tell(leg, 200, leave=True))] == ["BYE"]


def test_a_notify_that_gets_no_answer_ends_no_call() -> None:
    leg, _ = accepted()
    assert leg.handle(TransactionFailed("in", "t", "NOTIFY", "timeout"), 33.0) == []
    assert (leg.state, leg.leg.refer) == (S.UP, None)


@pytest.mark.parametrize(
    ("made", "status"),
    [(lambda: offered()[0], 491), (lambda: answered()[0], 491), (lambda: released(), 481)],
    ids=["ringing", "no ACK yet", "released"],
)
def test_only_an_established_call_can_be_transferred(made: object, status: int) -> None:
    assert status_in(refer(made())) == status  # type: ignore[operator]


def released() -> Leg:
    leg = up()
    leg.handle(Release(), 1.0)
    return leg


@pytest.mark.parametrize("value", ["<tel:110>", "<sips:1@h>", "<sip:1@h;method=BYE>", "nonsense", ""])
def test_what_cannot_be_a_target_troubles_nobody(value: str) -> None:
    effects = refer(up(), ("Refer-To", value))
    assert status_in(effects) in (400, 403, 416)
    assert len(effects) == 1


def test_an_outbound_leg_too() -> None:
    leg, _ = established()
    made = request("REFER", to_tag=leg.local_tag, from_tag="x", call_id=leg.call_id, cseq=1, more=(TO_BOB,))
    assert isinstance(leg.handle(arrived(made), 2.0)[0], TransferWanted)
    (notify,) = requests_in(tell(leg, 100, 2.0))
    assert notify.to.tag == "x"
