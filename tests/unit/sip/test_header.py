"""Header values (RFC 3261 section 20, 25.1)."""

import time
from contextlib import suppress

import pytest

from softswitch.core.errors import PeerError
from softswitch.sip import header
from softswitch.sip.header import (
    CSeq,
    NameAddr,
    Via,
    parse_cseq,
    parse_name_addr,
    parse_params,
    parse_via,
    quote,
    split_commas,
    unquote,
)
from softswitch.sip.uri import Uri

BOB = Uri("sip", "bob", "example.com")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("sip:bob@example.com", NameAddr("", BOB)),
        ("<sip:bob@example.com>", NameAddr("", BOB)),
        ("sip:bob@example.com;tag=1", NameAddr("", BOB, (("tag", "1"),))),
        ("<sip:bob@example.com;lr>;tag=1", NameAddr("", Uri("sip", "bob", "example.com", None, (("lr", None),)), (("tag", "1"),))),  # noqa: E501
        ("Bob<sip:bob@example.com>", NameAddr("Bob", BOB)),
        ("Bob van Dijk  <sip:bob@example.com> ; tag = 1", NameAddr("Bob van Dijk", BOB, (("tag", "1"),))),
        (r'"Bob \"the, <fox>\" \\" <sip:bob@example.com>;x;y=";"', NameAddr('Bob "the, <fox>" \\', BOB, (("x", None), ("y", '";"')))),  # noqa: E501
        ("sip:bob@example.com;", NameAddr("", BOB)),
    ],
)  # fmt: skip
def test_a_name_addr_is_read(text: str, meant: NameAddr) -> None:
    assert parse_name_addr(text) == meant
    assert parse_name_addr(str(meant)) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        '"Bob <sip:bob@example.com>',
        '"Bob" sip:bob@example.com',
        "<sip:bob@example.com",
        "< sip:bob@example.com >",
        "<sip:bob@example.com> garbage",
        "<sip:bob@example.com>;;tag=1",
        '<sip:bob@example.com>;x="open',
        "Bell, Alexander <sip:a.g.bell@example.com>",
        "sip:bob@example.com?Route=%3Csip:sip.example.com%3E",
    ],
)
def test_a_broken_name_addr_is_refused(text: str) -> None:
    with pytest.raises(PeerError) as caught:
        parse_name_addr(text)
    assert caught.value.status == 400


def test_a_tag_is_found_and_replaced() -> None:
    address = parse_name_addr("<sip:bob@example.com>;TAG=a;x")
    assert address.tag == "a"
    assert address.with_tag("b").tag == "b"
    assert str(address.with_tag("b")) == "<sip:bob@example.com>;x;tag=b"
    assert parse_name_addr("<sip:bob@example.com>").tag is None


def test_commas_inside_quotes_and_brackets_do_not_separate() -> None:
    text = r'"a, \", b" <sip:x@h;y=1,2> ,, <sip:z@h>;q="1,2", sip:w@h'
    assert split_commas(text) == [r'"a, \", b" <sip:x@h;y=1,2>', '<sip:z@h>;q="1,2"', "sip:w@h"]


def test_quoting_is_undone_by_unquoting() -> None:
    assert unquote(quote('say "\\"')) == 'say "\\"'
    assert unquote("bare") == "bare"


def test_a_via_is_read_whatever_its_spacing() -> None:
    via = parse_via("SIP  /   2.0 / udp 192.0.2.2 : 5070 ;branch= z9hG4bK1 ; rport")
    assert via == Via("UDP", "192.0.2.2", 5070, (("branch", "z9hG4bK1"), ("rport", None)))
    assert (via.branch, via.received, via.sent_by) == ("z9hG4bK1", None, "192.0.2.2:5070")


@pytest.mark.parametrize("received", ["[2001:db8::9:255]", "2001:db8::9:255"])
def test_received_is_read_with_and_without_brackets(received: str) -> None:
    via = parse_via(f"SIP/2.0/UDP [2001:db8::9:1]:5060;received={received};branch=z9hG4bKas3-111;rport=9")
    assert (via.host, via.port, via.received) == ("2001:db8::9:1", 5060, "2001:db8::9:255")


@pytest.mark.parametrize(
    "text", ["", "SIP/2.0/UDP", "SIP/3.0/UDP a", "SIP/2.0/UDP a;;b", "SIP/2.0/UDP a:99999", "SIP/2.0/UDP 2001:db8::1"]
)
def test_a_broken_via_is_refused(text: str) -> None:
    with pytest.raises(PeerError):
        parse_via(text)


def test_cseq_has_31_bits() -> None:
    assert parse_cseq("0009  INVITE") == CSeq(9, "INVITE")
    assert parse_cseq("2147483647 BYE").number == 2**31 - 1
    for text in ("2147483648 BYE", "36893488147419103232 BYE", "-1 BYE", "1", "INVITE", "1 A B", "٣ BYE"):
        with pytest.raises(PeerError):
            parse_cseq(text)


def test_parameters_keep_their_spelling() -> None:
    assert parse_params('a=1; B = "x;y=\\"" ;c') == (("a", "1"), ("B", '"x;y=\\""'), ("c", None))
    assert parse_params("a;b;") == (("a", None), ("b", None))
    for text in (";", "a;;b", "=1", '"'):
        with pytest.raises(PeerError):
            parse_params(text)


@pytest.mark.parametrize(
    "hostile",
    ['"' + "\\" * 60000, "SIP/2.0/UDP a" + " " * 60000 + "x", ";" * 60000, '",' * 30000, "<," * 30000, 'a="' * 20000,
     "SIP" + " " * 60000, '"a"' * 20000, "a" * 60000, '"' + "a" * 60000],
)  # fmt: skip
def test_no_text_takes_more_than_linear_time(hostile: str) -> None:
    began = time.process_time()
    for parse in (parse_name_addr, parse_via, parse_params, split_commas, parse_cseq):
        with suppress(PeerError):
            parse(hostile)
    assert time.process_time() - began < 1.0  # quadratic would be minutes


def test_texts_that_are_remembered_are_short() -> None:
    header.forget()
    for size in (10, 5000):
        name = "x" * size
        assert [parse_name_addr(f"{name} <sip:a@b>;tag=t").display for _ in range(2)] == [name, name]
    assert header._name_addr_cached.cache_info().currsize == 1
