"""The torture messages of RFC 4475 and RFC 5118, each judged as the manifest's row says.

What the message layer cannot know (416, 420, 415, 406, 401, 405: the transaction user's answers) is listed in
``LATER``; of those it is only asserted here that they can be read, so that somebody above gets to decide.
"""

import csv
import re
from pathlib import Path

import pytest

from softswitch.core.errors import PeerError
from softswitch.sip.framing import StreamFramer
from softswitch.sip.message import Message, ParseError, Request, Response, parse, render
from softswitch.sip.response import respond
from tests.support.headers import without

TORTURE = Path(__file__).parents[3] / "shared" / "torture"
MANIFEST = TORTURE / "manifest.tsv"
ROWS = (
    list(csv.DictReader(MANIFEST.read_text("utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    if MANIFEST.exists()
    else []
)

LATER = {
    "esc02": "405 or 501 for an unknown method is the transaction user's answer",
    "unkscm": "416 for a Request-URI scheme that is not ours is the transaction user's answer",
    "novelsc": "416 for a Request-URI scheme that is not ours is the transaction user's answer",
    "bext01": "420 for an unknown Require is the transaction user's answer",
    "invut": "415 for an unknown body is the leg's answer",
    "regaut01": "401 for unknown credentials is the desk's answer",
    "zeromf": "483 is a proxy's answer, 200 the transaction user's",
    "sdp01": "406 for an Accept without SDP is the leg's answer",
    "unksm2": "400 for an unreachable contact is the registrar's answer",
    "escruri": "whether headers in a Request-URI are refused is the transaction user's choice; they are never used",
}

pytestmark = pytest.mark.skipif(not ROWS, reason="the torture messages are not here")


def touched(message: Message) -> Message:
    """Read whatever a user agent would read before it acts."""
    _ = message.vias, message.contact, message.from_.tag, message.to.tag, message.call_id, message.cseq
    if isinstance(message, Request):
        _ = message.target
    return message


def judged(data: bytes) -> str:
    """What becomes of a datagram: accept, drop or the status that answers it."""
    try:
        message = touched(parse(data))
    except PeerError as error:
        return str(error.status) if error.status else "drop"
    # A response for which there is no transaction goes no further.
    return "drop" if isinstance(message, Response) else "accept"


def expected(row: dict[str, str]) -> set[str]:
    return set(row["expect"].split(",")) | set(row["also"].split(",")) - {"-"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_each_message_is_judged_as_its_rfc_says(row: dict[str, str]) -> None:
    verdict = judged((TORTURE / row["file"]).read_bytes())
    if row["name"] in LATER:
        assert verdict == "accept", LATER[row["name"]]
    else:
        assert verdict in expected(row), row["note"]


@pytest.mark.parametrize("row", [row for row in ROWS if row["wellformed"] == "yes"], ids=lambda row: row["name"])
def test_a_wellformed_message_survives_being_written(row: dict[str, str]) -> None:
    message = parse((TORTURE / row["file"]).read_bytes())
    again = parse(render(message))
    for one in (message, again):
        one.headers = without(one.headers, "Content-Length")  # it moves to the end
    assert again == message


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_each_message_on_a_stream(row: dict[str, str]) -> None:
    framer = StreamFramer()
    items = framer.feed((TORTURE / row["file"]).read_bytes())
    wanted = set(row["expect_tcp"].split(","))
    if "close" in wanted:
        assert framer.broken or items == []  # clerr: it waits for octets that never come
    elif row["name"] == "dblreq":
        assert [item.method for item in items if isinstance(item, Request)] == ["REGISTER", "INVITE"]
    elif not framer.broken:
        assert [type(item) for item in items] in ([Request], [Response]) or judged(
            (TORTURE / row["file"]).read_bytes()
        ) != "accept"


REFUSED = [row for row in ROWS if judged((TORTURE / row["file"]).read_bytes()).isdigit()]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row["name"])
def test_what_is_refused_can_be_answered(row: dict[str, str]) -> None:
    data = (TORTURE / row["file"]).read_bytes()
    error = fault(data)
    request = error.partial if isinstance(error, ParseError) else parse(data)
    assert isinstance(request, Request)
    assert re.match(rb"SIP/2.0 [45][0-9][0-9] .+\r\n", render(respond(request, error.status, error.reason, to_tag="x")))


def fault(data: bytes) -> PeerError:
    with pytest.raises(PeerError) as caught:
        touched(parse(data))
    return caught.value


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
