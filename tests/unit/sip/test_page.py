"""RFC 3428: a text in, a text out, and what counts as delivered."""

from __future__ import annotations

import pytest

from softswitch.core.errors import PeerError
from softswitch.sip.header import NameAddr
from softswitch.sip.message import Request, parse, render
from softswitch.sip.page import MOST_BYTES, PLAIN, Page, Text, compose, read
from softswitch.sip.uri import Uri
from tests.unit.sip.exchange import ids, request


def message(body: bytes = b"hello", **headers: str) -> Request:
    more = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return request("MESSAGE", more=more, body=body)


def test_a_text_is_what_came_with_its_type() -> None:
    assert read(message(Content_Type="text/html; charset=utf-8")) == Text("text/html; charset=utf-8", b"hello")
    assert read(message(b"")) == Text("", b"")
    assert read(message(b"x" * MOST_BYTES, Content_Type="text/plain")).body == b"x" * MOST_BYTES


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"x" * (MOST_BYTES + 1), {"Content_Type": "text/plain"}, 413),
        (b"x", {}, 400),
        (b"x", {"Content_Type": "text"}, 400),
        (b"x", {"Content_Type": "text/plain/" + "x" * 200}, 400),
        (b"x", {"Content_Type": "text/plain", "Content_Encoding": "gzip"}, 415),
    ],
)
def test_what_is_no_text_is_refused(body: bytes, headers: dict[str, str], status: int) -> None:
    with pytest.raises(PeerError) as refused:
        read(message(body, **headers))
    assert refused.value.status == status


def test_a_message_of_ours_forms_no_dialog() -> None:
    writer = NameAddr('Ann "A"', Uri("sip", "1001", "10.0.0.2"))
    made = compose("sip:1002@10.0.0.3", "sip:1002@house", writer, Text(PLAIN, b"hi"), ids(), ("<sip:edge;lr>",))
    made.headers.prepend("Via", "SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKx")
    again = parse(render(made))
    assert isinstance(again, Request) and (again.method, again.uri, again.body) == ("MESSAGE", made.uri, b"hi")
    assert again.from_.tag and again.to.tag is None and again.contact is None and str(again.cseq) == "1 MESSAGE"
    assert again.from_.display == 'Ann "A"' and again.headers.all("Route") == ["<sip:edge;lr>"]
    assert again.headers.get("Content-Type") == PLAIN


def test_one_phone_that_takes_it_is_enough() -> None:
    page = Page(3)
    assert page.answered(100) is None and page.answered(486) is None
    assert page.answered(202) == 200


@pytest.mark.parametrize(
    ("statuses", "outcome"), [([408, 503], 480), ([404, 486], 486), ([401], 480), ([480, 603, 486], 603)]
)
def test_when_all_have_refused_the_most_telling_refusal_is_reported(statuses: list[int], outcome: int) -> None:
    page = Page(len(statuses))
    assert [page.answered(status) for status in statuses] == [None] * (len(statuses) - 1) + [outcome]
