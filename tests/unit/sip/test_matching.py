"""Keys: equal for what belongs together, and for nothing else (by sections of RFC 3261 in tests/rfc)."""

from __future__ import annotations

import pytest

from softswitch.sip.matching import answers, client_key, merge_key, server_key
from softswitch.sip.message import Request
from tests.unit.sip.exchange import request, response

VIA = "SIP/2.0/UDP Phone.example:5060;branch=z9hG4bKabc"
OLD = "SIP/2.0/UDP phone.example:5060;branch=1"


def test_ack_and_cancel_ask_for_the_invite() -> None:
    keys = {server_key(request(method, via=VIA), "INVITE") for method in ("INVITE", "ACK", "CANCEL")}
    assert len(keys) == 1


def test_the_case_of_the_host_does_not_count() -> None:
    assert server_key(request(via=VIA), "INVITE") == server_key(request(via=VIA.replace("Phone", "phone")), "INVITE")


@pytest.mark.parametrize("via", [OLD, "SIP/2.0/UDP phone.example:5060"])
def test_an_old_client_is_known_by_more_than_its_branch(via: str) -> None:
    assert server_key(request(via=via), "INVITE") != server_key(request(via=via, cseq=2), "INVITE")
    assert server_key(request(via=via), "INVITE") == server_key(request("ACK", via=via, to_tag="t"), "INVITE")


def test_a_cancel_of_ours_is_another_transaction_of_the_same_branch() -> None:
    assert client_key("z9hG4bKabc", "INVITE") != client_key("z9hG4bKabc", "CANCEL")


def test_an_answer_has_our_via_alone() -> None:
    asked = request(via=VIA)
    assert answers(response(asked, 200), asked)
    other = response(asked, 200)
    other.headers.replace_first("Via", VIA.replace("5060", "5062"))
    assert not answers(other, asked)
    assert not answers(response(asked, 200, more=(("Via", OLD),)), asked)


@pytest.mark.parametrize(
    ("other", "merged"),
    [(request(via=OLD), True), (request(cseq=2), False), (request(from_tag="x"), False), (request("MESSAGE"), False)],
)
def test_one_request_by_two_ways_is_known_without_its_via(other: Request, merged: bool) -> None:
    assert (merge_key(other) == merge_key(request())) is merged
