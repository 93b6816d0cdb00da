"""Refer-To and Replaces, as phones write them and as nobody should (RFC 3515, RFC 3891, RFC 4488)."""

from __future__ import annotations

import pytest

from softswitch.core.errors import PeerError
from softswitch.sip.refer import Replaces, parse_replaces, refer_to, replaces, sipfrag, wants_no_subscription
from softswitch.sip.uri import Uri
from tests.unit.sip.exchange import request


def refer(*values: str, name: str = "Refer-To") -> object:
    return refer_to(request("REFER", more=tuple((name, value) for value in values)))


def test_rfc3515_2_4_2_exactly_one_refer_to() -> None:
    for values in ((), ("<sip:1@h>", "<sip:2@h>")):
        with pytest.raises(PeerError) as error:
            refer(*values)
        assert error.value.status == 400


@pytest.mark.parametrize("name", ["Refer-To", "r", "REFER-TO"])
@pytest.mark.parametrize("value", ["<sip:1002@10.0.0.2>", "sip:1002@10.0.0.2", '"Bob" <sip:1002@10.0.0.2>;x=y'])
def test_the_target_in_every_spelling(name: str, value: str) -> None:
    found = refer(value, name=name)
    assert (found.uri, found.replaces) == (Uri("sip", "1002", "10.0.0.2"), None)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("<tel:+8613800138000>", 416),
        ("<sips:1002@10.0.0.2>", 416),
        ("<http://10.0.0.2/>", 416),
        ("<sip:1002@10.0.0.2;method=BYE>", 403),
        ("<sip:1002@10.0.0.2;method=SUBSCRIBE>", 403),
        ("sip:1002@10.0.0.2?Replaces=x", 400),  # section 2.1: has to stand in <>
        ("<sip:1002@10.0.0.2", 400),
        ("", 400),
        ("<sip:1002@h?Replaces=a%3Bto-tag%3Db>", 400),
        ("<sip:1002@h?Replaces=>", 400),
        ("<sip:1002@h?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc&Replaces=d%3Bto-tag%3De%3Bfrom-tag%3Df>", 400),
    ],
)
def test_what_nobody_is_sent_to(value: str, status: int) -> None:
    with pytest.raises(PeerError) as error:
        refer(value)
    assert error.value.status == status


def test_the_replaces_is_read_and_every_other_header_is_not() -> None:
    wanted = "replaces=a%40b%3Bto-tag%3Dt%3Bfrom-tag%3Df%3Bearly-only"
    value = f"<sip:1002@h?Subject=x%0d%0aVia%3A%20evil&{wanted}&Route=%3Csip%3Ae%3E>"
    assert refer(value).replaces == Replaces("a@b", "t", "f", True)  # type: ignore[attr-defined]


def test_rfc3891_6_1_replaces() -> None:
    assert parse_replaces(" 98732@sip.example.com ;from-tag=r33th4x0r ; to-tag=ff87ff") == Replaces(
        "98732@sip.example.com", "ff87ff", "r33th4x0r"
    )


@pytest.mark.parametrize(
    "text", ["", ";to-tag=a;from-tag=b", "a;to-tag=b", "a;from-tag=b", "a", "a;to-tag=b;;from-tag=c"]
)
def test_rfc3891_6_1_a_call_id_and_both_tags(text: str) -> None:
    with pytest.raises(PeerError) as error:
        parse_replaces(text)
    assert error.value.status == 400


def test_rfc3891_3_more_than_one_replaces_is_400() -> None:
    line = ("Replaces", "a;to-tag=b;from-tag=c")
    assert replaces(request(more=())) is None
    assert replaces(request(more=(line,))) == Replaces("a", "b", "c")
    with pytest.raises(PeerError):
        replaces(request(more=(line, line)))


@pytest.mark.parametrize(("value", "silent"), [("false", True), ("FALSE ;x=y", True), ("true", False), ("", False)])
def test_rfc4488_4_refer_sub(value: str, silent: bool) -> None:
    assert wants_no_subscription(request("REFER", more=(("Refer-Sub", value),))) is silent


def test_rfc3515_5_2_the_fragment_says_the_status_and_no_more() -> None:
    assert sipfrag(180) == b"SIP/2.0 180 Ringing\r\n"
    assert sipfrag(699) == b"SIP/2.0 699 Unknown\r\n"
