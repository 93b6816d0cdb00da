"""Being called: what is offered, what is refused, and the late offer."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Accept, Answered, Failed, Finished, Offered, Reject, Release, Respond, Ring, Updated
from softswitch.core.errors import UsageError
from softswitch.sdp import negotiate
from softswitch.sip.effect import CancelArrived
from softswitch.sip.message import Request
from tests.support.headers import without
from tests.unit.call.peer import (
    OFFER,
    OURS,
    THEIRS,
    ack,
    answered,
    arrived,
    inside,
    invite,
    offered,
    requests_in,
    response_in,
    status_in,
    up,
)
from tests.unit.sip.exchange import UDP, request


def test_trying_comes_first_and_has_no_tag() -> None:
    _, effects = offered()
    assert [type(effect) for effect in effects] == [Respond, Offered]
    trying = response_in(effects)
    assert (trying.status, trying.to.tag) == (100, None)


def test_the_200_makes_the_dialog() -> None:
    leg, ok = answered(invite(more=(("Record-Route", "<sip:p;lr>"),)))
    assert ok.to.tag == leg.local_tag
    assert ok.contact is not None
    assert str(ok.contact.uri) == "sip:softswitch@10.0.0.2:5060;transport=udp"
    assert ok.headers.all("Record-Route") == ["<sip:p;lr>"]
    assert "BYE" in (ok.headers.get("Allow") or "")
    assert negotiate.accept(ok.body, THEIRS).remote == OURS.address


def test_ringing_and_answer_have_the_same_tag() -> None:
    leg, _ = offered()
    ringing = response_in(leg.handle(Ring(), 0.0))
    ok = response_in(leg.handle(Accept(), 1.0))
    assert ringing.to.tag == ok.to.tag == leg.local_tag


PAI = (("P-Asserted-Identity", '"Bob" <sip:+861380013@trunk>'),)


@pytest.mark.parametrize(
    ("more", "trusted", "caller", "name"),
    [
        (PAI, True, "+861380013", "Bob"),
        (PAI, False, "1001", ""),
        ((*PAI, ("Privacy", "id")), True, "", ""),
        ((("Privacy", "none"),), False, "1001", ""),
        ((("P-Asserted-Identity", "???"),), True, "1001", ""),
    ],
)
def test_who_calls(more: tuple[tuple[str, str], ...], trusted: bool, caller: str, name: str) -> None:
    _, effects = offered(invite(more=more), trusted)
    (said,) = [effect for effect in effects if isinstance(effect, Offered)]
    assert (said.caller, said.caller_name) == (caller, name)


def test_what_is_no_text_leaves_as_text() -> None:
    """Hostile octets are lone surrogates in a message, which no database and no JSON takes."""
    made = invite(uri="sip:80%00\udcff@10.0.0.2")
    made.headers.replace_first("From", '"A\udcfe\x00n" <sip:10%ff01@10.0.0.1>;tag=their')
    _, effects = offered(made)
    said = effects[1]
    assert isinstance(said, Offered)
    assert (said.caller, said.caller_name, said.called) == ("10\ufffd01", "A\ufffd\ufffdn", "80\ufffd\ufffd")


@pytest.mark.parametrize("withheld", ["sip:anonymous@anonymous.invalid", "sip:x@anonymous.invalid", "sip:10.0.0.1"])
def test_a_withheld_number_is_empty(withheld: str) -> None:
    made = invite()
    made.headers.replace_first("From", f"<{withheld}>;tag=their")
    _, effects = offered(made)
    assert isinstance(effects[1], Offered)
    assert effects[1].caller == ""


def without_contact() -> Request:
    made = invite()
    made.headers = without(made.headers, "Contact")
    return made


@pytest.mark.parametrize(
    ("made", "status", "header", "value"),
    [
        (invite(OFFER.replace(b"0 8", b"4").replace(b"PCM", b"G7")), 488, "Warning", "305"),
        (invite(b"hello"), 400, "Server", "softswitch"),
        (request(body=b"x", more=(("Content-Type", "text/plain"),)), 415, "Accept", "application/sdp"),
        (invite(more=(("Require", "100rel, foo"),)), 420, "Unsupported", "foo"),
        (without_contact(), 400, "Server", "softswitch"),
        (invite(uri="nonsense"), 400, "Server", "softswitch"),
    ],
    ids=["no codec", "no SDP", "not SDP", "extension", "no Contact", "no URI"],
)
def test_what_cannot_be_served_is_refused_at_once(made: Request, status: int, header: str, value: str) -> None:
    leg, effects = offered(made)
    refusal = response_in(effects)
    assert refusal.status == status
    assert (refusal.headers.get(header) or "").startswith(value)
    assert [type(effect) for effect in effects] == [Respond, Failed, Finished]
    assert effects[1].by == "us"  # type: ignore[attr-defined]
    assert leg.deadline is None


def test_late_offer() -> None:
    leg, effects = offered(invite(b""))
    assert isinstance(effects[1], Offered)
    assert effects[1].media is None
    effects = leg.handle(Accept(), 0.0)
    ours = response_in(effects).body
    assert effects[1:] == [Answered("in", None)]
    theirs, _ = negotiate.answer(ours, THEIRS)
    (updated,) = leg.handle(ack(leg, body=theirs), 0.1)
    assert isinstance(updated, Updated)
    assert updated.media.remote == THEIRS.address
    assert leg.media == updated.media
    assert leg.deadline == 60.1  # the probe


@pytest.mark.parametrize("body", [b"", b"v=0\r\n", OFFER.replace(b"PCM", b"G7").replace(b"0 8", b"4")])
def test_late_offer_without_a_usable_answer_is_bye(body: bytes) -> None:
    leg, _ = answered(invite(b""))
    effects = leg.handle(ack(leg, body=body), 0.1)
    (bye,) = requests_in(effects)
    assert bye.method == "BYE"
    assert effects[1].by == "us"  # type: ignore[attr-defined]


def test_no_signal_after_released_even_if_the_late_answer_comes() -> None:
    leg, ok = answered(invite(b""))
    leg.handle(Release(), 0.1)
    theirs, _ = negotiate.answer(ok.body, THEIRS)
    effects = leg.handle(ack(leg, body=theirs), 0.2)
    assert [made.method for made in requests_in(effects)] == ["BYE"]
    assert len(effects) == 1


def test_ack_for_another_invite_is_not_the_one() -> None:
    leg, _ = answered()
    assert leg.handle(ack(leg, cseq=2), 0.1) == []
    assert leg.deadline == 0.5


def test_a_second_ack_is_nothing() -> None:
    leg = up()
    assert leg.handle(ack(leg), 0.2) == []


def test_bye_before_the_answer_ends_the_invite_too() -> None:
    leg, _ = offered()
    effects = inside(leg, "BYE")
    answers = [effect.response for effect in effects if isinstance(effect, Respond)]
    assert [(one.status, one.cseq.method) for one in answers] == [(200, "BYE"), (487, "INVITE")]
    assert effects[2:] == [Failed("in", 487, "cancelled", "peer"), Finished("in")]


def test_another_invite_before_the_answer_is_500_with_a_wait() -> None:
    leg, _ = offered()
    refusal = response_in(inside(leg, "INVITE", OFFER))
    assert refusal.status == 500
    assert 0 <= int(refusal.headers.get("Retry-After") or "-1") <= 10


def test_cancel_that_crossed_our_answer_means_nothing() -> None:
    leg, _ = answered()
    assert leg.handle(CancelArrived("t1", request("CANCEL"), UDP), 0.1) == []


@pytest.mark.parametrize("command", [Accept(), Ring(), Reject(486), Release()])
def test_commands_that_cross_the_end_are_dropped(command: Accept | Ring | Reject | Release) -> None:
    leg, _ = offered()
    leg.handle(Reject(486), 0.1)
    assert leg.handle(command, 0.2) == []


def test_accepting_twice_is_a_mistake_of_ours() -> None:
    leg, _ = answered()
    with pytest.raises(UsageError, match="no cell for ACCEPT in ANSWERED"):
        leg.handle(Accept(), 0.2)


def test_a_gone_leg_has_no_dialog_for_the_peer() -> None:
    leg = up()
    inside(leg, "BYE")
    assert status_in(inside(leg, "BYE", cseq=3)) == 481
    assert status_in(inside(leg, "INVITE", OFFER, cseq=4)) == 481


def test_the_flow_is_where_the_peer_was_last_heard() -> None:
    leg = up()
    moved = UDP.__class__("udp", UDP.local, ("10.0.0.1", 7777))
    info = request("OPTIONS", to_tag=leg.local_tag, cseq=2)
    leg.handle(arrived(info).__class__("t2", info, moved), 1.0)
    assert leg.flow == moved
