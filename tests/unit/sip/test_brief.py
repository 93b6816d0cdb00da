"""A refusal without reading says what a refusal after reading says."""

import pytest

from softswitch.sip import brief
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request, Response, parse, render
from softswitch.sip.response import respond, stamp_via

REMOTE = ("192.0.2.7", 40123)
INVITE = (
    "INVITE sip:8000@softswitch SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKabc;rport\r\n"
    "v: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKdef\r\n"
    "Max-Forwards: 70\r\nFrom: \"A, B\" <sip:138@carrier>;tag=1\r\nt: <sip:8000@softswitch>\r\n"
    "CALL-ID : x@y\r\nCSeq: 7 INVITE\r\nContact: <sip:138@192.0.2.7>\r\nContent-Length: 3\r\n\r\nv=0"
)  # fmt: skip


def slow(text: str) -> Response:
    request = parse(text.encode())
    assert isinstance(request, Request)
    stamp_via(request, Flow("udp", ("192.0.2.1", 5060), REMOTE))
    return respond(request, 503, to_tag="shed", headers=[("Retry-After", "9")])


def quick(text: str) -> Response:
    seen = brief.skim(text.encode(), REMOTE)
    assert seen is not None
    response = parse(seen.refusal(9))
    assert isinstance(response, Response)
    return response


@pytest.mark.parametrize("via", [";rport", "", ";rport;x=1", ";x=1"])
def test_the_answer_is_the_same(via: str) -> None:
    text = INVITE.replace(";branch=z9hG4bKabc;rport", f";branch=z9hG4bKabc{via}", 1)
    ours, theirs = quick(text), slow(text)
    assert (ours.status, ours.reason, ours.call_id, ours.cseq) == (503, theirs.reason, theirs.call_id, theirs.cseq)
    assert (str(ours.from_), str(ours.to)) == (str(theirs.from_), str(theirs.to))
    assert [(one.branch, one.sent_by) for one in ours.vias] == [(one.branch, one.sent_by) for one in theirs.vias]
    assert ours.via.received == REMOTE[0]
    assert dict(ours.via.params).get("rport") == ("40123" if "rport" in via else None)
    assert ours.headers.get("Retry-After") == "9"


def test_it_is_known_by_its_transaction_and_its_call() -> None:
    seen = brief.skim(INVITE.encode(), REMOTE)
    assert seen is not None
    assert (seen.transaction, seen.call_id) == ("z9hG4bKabc|192.0.2.7:5060|INVITE", "x@y")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("t: <sip:8000@softswitch>", "t: <sip:8000@softswitch>;tag=in-dialog"),
        ("CSeq: 7", "CSeq: 7 INVITE\r\nCSeq: 8"),
        ("Max-Forwards: 70", "Max-Forwards:\r\n 70"),
        ("CSeq: 7 INVITE\r\n", ""),
        ("Max-Forwards: 70", "X: y\r\n" * 80 + "Max-Forwards: 70"),
        ("\r\n\r\nv=0", "\r\n"),
        (" SIP/2.0\r\nVia", " SIP/3.0\r\nVia"),
        ("192.0.2.7:5060;branch=z9hG4bKabc;rport", "a;branch=z9hG4bKabc, SIP/2.0/UDP b"),
    ],
)
def test_what_is_unusual_is_read_in_full(old: str, new: str) -> None:
    assert old in INVITE
    assert brief.skim(INVITE.replace(old, new, 1).encode(), REMOTE) is None


def test_the_ack_to_it_is_known_again() -> None:
    ack = f"ACK sip:a SIP/2.0\r\nTo: {quick(INVITE).to}\r\n\r\n".encode()
    assert brief.acknowledges(ack)
    assert not brief.acknowledges(ack.replace(b"tag=shed", b"tag=other"))
    assert not brief.acknowledges(render(quick(INVITE)))
