"""We ask a peer to call somebody else: our REFER, its answer, its NOTIFYs, and what is no NOTIFY of that kind."""

from __future__ import annotations

import pytest

from softswitch.call.leg import Leg
from softswitch.call.memory import memory
from softswitch.call.signal import ReferPeer, Referred, Release, SendRequest
from softswitch.core.effect import Effect
from softswitch.sip.effect import ResponseArrived, TransactionFailed
from softswitch.sip.message import Request
from tests.unit.call.peer import ack, answered, arrived, invite, requests_in, status_in, up
from tests.unit.sip.exchange import UDP, request, response

ABLE = (("Allow", "INVITE, ACK, BYE, REFER"),)
EVENT = (("Event", "refer"), ("Subscription-State", "active;expires=60"))


def asked() -> tuple[Leg, Request]:
    leg = up(invite(more=ABLE))
    (refer,) = requests_in(leg.handle(ReferPeer("1002"), 1.0))
    return leg, refer


def notify(leg: Leg, body: bytes, more: tuple[tuple[str, str], ...] = EVENT, cseq: int = 2) -> list[Effect]:
    tags = {"to_tag": leg.local_tag, "from_tag": "their", "call_id": leg.call_id}
    made = request("NOTIFY", cseq=cseq, more=more, body=body, **tags)  # type: ignore[arg-type]
    return leg.handle(arrived(made, f"t{cseq}"), 2.0)


def outcomes(effects: list[Effect]) -> list[int]:
    return [effect.status for effect in effects if isinstance(effect, Referred)]


def test_the_number_is_at_the_domain_that_the_peer_has_named_itself_by() -> None:
    leg, refer = asked()
    host = leg.leg.dialog.remote.partition("@")[2].partition(">")[0]  # type: ignore[union-attr]
    assert refer.headers.get("Refer-To") == f"<sip:1002@{host}>"
    assert (refer.headers.get("Referred-By") or "").startswith("<sip:")


@pytest.mark.parametrize("who", ["<sip:anonymous@anonymous.invalid>;tag=their", "<tel:+8613800138000>;tag=their"])
def test_a_peer_without_a_domain_is_sent_to_where_it_is(who: str) -> None:
    leg = up(invite(more=ABLE))
    assert leg.leg.dialog is not None
    leg.leg.dialog.remote = who
    (refer,) = requests_in(leg.handle(ReferPeer("1002"), 1.0))
    assert (refer.headers.get("Refer-To") or "").partition("@")[2].rstrip(">") in leg.leg.dialog.remote_target


def test_it_waits_for_the_ack() -> None:
    leg, _ = answered(invite(more=ABLE))
    assert leg.handle(ReferPeer("1002"), 0.05) == []
    (refer,) = requests_in(leg.handle(ack(leg), 0.1))
    assert refer.method == "REFER"


def test_the_first_final_status_is_the_last_word() -> None:
    leg, refer = asked()
    assert leg.handle(ResponseArrived(leg.id, "t", response(refer, 202), UDP), 1.1) == []
    effects = notify(leg, b"SIP/2.0 180 Ringing\r\n")
    assert (status_in(effects), outcomes(effects)) == (200, [])
    effects = notify(leg, b"SIP/2.0 200 OK", cseq=3)
    assert (status_in(effects), outcomes(effects)) == (200, [200])
    assert status_in(notify(leg, b"SIP/2.0 200 OK\r\n", cseq=4)) == 481


def test_a_notify_may_come_before_the_answer() -> None:
    leg, refer = asked()
    assert outcomes(notify(leg, b"SIP/2.0 486 Busy Here\r\n")) == [486]
    assert leg.handle(ResponseArrived(leg.id, "t", response(refer, 202), UDP), 2.1) == []


def test_a_refusal_and_no_answer_at_all() -> None:
    leg, refer = asked()
    assert outcomes(leg.handle(ResponseArrived(leg.id, "t", response(refer, 603), UDP), 1.1)) == [603]
    leg, refer = asked()
    failed = TransactionFailed(leg.id, "t", "REFER", "timeout", refer)
    assert outcomes(leg.handle(failed, 33.0)) == [408]
    (again,) = leg.handle(ReferPeer("1003"), 40.0)
    assert isinstance(again, SendRequest)


@pytest.mark.parametrize("body", [b"", b"SIP/2.0", b"SIP/2.0 999 X", b"\xff\xfe", b"OK", b"SIP/2.0 2000 OK"])
def test_a_body_that_says_nothing_changes_nothing(body: bytes) -> None:
    leg, _ = asked()
    effects = notify(leg, body)
    assert (status_in(effects), outcomes(effects)) == (200, [])
    assert outcomes(notify(leg, b"SIP/2.0 200 OK\r\n", cseq=3)) == [200]


@pytest.mark.parametrize("event", [(), (("Event", "dialog"),)])
def test_another_event_is_not_ours(event: tuple[tuple[str, str], ...]) -> None:
    leg, _ = asked()
    assert status_in(notify(leg, b"SIP/2.0 200 OK\r\n", event)) == 489


def test_whom_it_cannot_be_asked_of() -> None:
    assert outcomes(up().handle(ReferPeer("1002"), 1.0)) == [405]
    leg, _ = asked()
    assert outcomes(leg.handle(ReferPeer("1003"), 1.5)) == [405]  # one at a time
    leg = up(invite(more=ABLE))
    leg.handle(Release(), 1.0)
    assert outcomes(leg.handle(ReferPeer("1002"), 1.1)) == [405]
    assert memory(asked()[0], 0.0) is not None
