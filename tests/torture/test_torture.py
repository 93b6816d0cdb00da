"""The torture messages of RFC 4475 and RFC 5118 before the parser: what it keeps of them, and whom it can answer."""

import re

import pytest

from softswitch.sip.message import ParseError, Request, parse, render
from softswitch.sip.response import respond
from tests.support.headers import without
from tests.torture.manifest import TORTURE, Row, rows

ROWS = rows()

pytestmark = pytest.mark.skipif(not ROWS, reason="the torture messages are not here")


@pytest.mark.parametrize("row", [row for row in ROWS if row.wellformed], ids=lambda row: row.name)
def test_a_wellformed_message_survives_being_written(row: Row) -> None:
    message = parse(row.data)
    again = parse(render(message))
    for one in (message, again):
        one.headers = without(one.headers, "Content-Length")  # it moves to the end
    assert again == message


def refused(data: bytes) -> bool:
    try:
        parse(data)
    except ParseError as error:
        return error.status != 0
    return False


REFUSED = [row for row in ROWS if refused(row.data)]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.name)
def test_what_is_refused_can_be_answered(row: Row) -> None:
    with pytest.raises(ParseError) as caught:
        parse(row.data)
    error = caught.value
    assert isinstance(error.partial, Request)
    answer = respond(error.partial, error.status, error.reason, to_tag="x")
    assert re.match(rb"SIP/2.0 [45][0-9][0-9] .+\r\n", render(answer))


def message_of(name: str) -> Request:
    message = parse((TORTURE / f"{name}.dat").read_bytes())
    assert isinstance(message, Request)
    return message


def test_meanings_that_are_easily_lost() -> None:
    assert message_of("wsinv").from_.display == 'J Rosenberg \\"'
    assert message_of("wsinv").via.branch == "390skdjuw"
    assert [via.host for via in message_of("wsinv").vias] == ["192.0.2.2", "spindle.example.com", "192.168.255.111"]
    assert message_of("esc01").target.user == "sips:user@example.com"
    assert message_of("esc01").to.uri.user == "user"
    assert message_of("escnull").headers.all("Contact") == [
        "<sip:%00@host5.example.com>",
        "<sip:%00%00@host5.example.com>",
    ]
    assert message_of("esc02").headers.all("Contact") == [
        "<sip:alias1@host1.example.com>",
        "<sip:alias3@host3.example.com>",
    ]
    assert message_of("semiuri").target.user == "user;par=u@example.net"
    assert message_of("lwsdisp").from_.display == "caller"
    assert message_of("dblreq").body == b""
    assert message_of("inv2543").from_.tag is None
    contact = message_of("cparam01").contact
    assert contact is not None
    assert (contact.uri.params, contact.param("unknownparam")) == ((), "")
    contact = message_of("cparam02").contact
    assert contact is not None
    assert (contact.uri.param("unknownparam"), contact.params) == ("", ())
    contact = message_of("regescrt").contact
    assert contact is not None
    assert contact.uri.headers.startswith("Route=")
    assert message_of("port-ambiguous").target.port is None
    assert message_of("port-unambiguous").target.port == 5070
