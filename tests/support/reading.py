"""Everything that anybody reads of a message: what hostile octets must pass without harm."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from softswitch.core.errors import PeerError
from softswitch.sip import body, inspection
from softswitch.sip.dialog import Dialog
from softswitch.sip.digest import choose
from softswitch.sip.flow import Flow
from softswitch.sip.framing import StreamFramer
from softswitch.sip.header import parse_cseq, parse_name_addr, parse_params, parse_via
from softswitch.sip.message import Limits, Message, ParseError, Request, parse, render
from softswitch.sip.response import respond, stamp_via, stateless_tag
from softswitch.sip.uri import equivalent, parse_uri

_WIDE = Limits(1 << 20, 1 << 20, 1 << 10)  # what we write has a Content-Length more
FLOW = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.9", 41000))


def read(data: bytes) -> Message | None:
    """The message in ``data``, if it is one, with all of it read. Raises what must not be raised."""
    stream(data)
    try:
        message = parse(data)
    except ParseError as error:
        if error.partial is not None and error.status:
            render(respond(error.partial, error.status, error.reason, to_tag="x"))
        return None
    for reading in _readings(message):
        with contextlib.suppress(PeerError):
            reading()
    again = parse(render(message), _WIDE)
    assert [item for item in again.headers if item[0].lower() not in ("content-length", "l")] == [
        item for item in message.headers if item[0].lower() not in ("content-length", "l")
    ]
    assert again.body == message.body
    return message


def stream(data: bytes) -> None:
    """The same octets as a stream, in two pieces."""
    framer = StreamFramer()
    half = len(data) // 2
    framer.feed(data[:half])
    if not framer.broken:
        framer.feed(data[half:])


def _readings(message: Message) -> Iterator[Callable[[], object]]:
    for name in ("via", "vias", "from_", "to", "call_id", "cseq", "contact"):
        yield lambda name=name: getattr(message, name)  # type: ignore[misc]
    for value in [value for name, _ in message.headers for value in message.headers.all(name)][:200]:
        for parser in (parse_name_addr, parse_via, parse_cseq, parse_params, parse_uri):
            yield lambda parser=parser, value=value: parser(value)  # type: ignore[misc]
    yield lambda: choose(message.headers.all("WWW-Authenticate"))
    yield lambda: body.part(message, (body.SDP,))
    if isinstance(message, Request):
        yield lambda: message.target.number
        yield lambda: inspection.inspect(message)
        yield lambda: inspection.acceptable(message)
        yield lambda: Dialog.uas(message, "us")
        yield lambda: equivalent(message.target, message.to.uri)
        yield lambda: str(message.target)
        yield lambda: stateless_tag(message)
        yield lambda: stamp_via(message, FLOW)
        yield lambda: render(respond(message, 200, to_tag="x"))
