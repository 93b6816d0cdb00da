"""Messages to test with: a peer at 10.0.0.1 who calls us at 10.0.0.2."""

from __future__ import annotations

import random

from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.sip.effect import Send
from softswitch.sip.flow import Flow
from softswitch.sip.message import Headers, Message, Request, Response

UDP = Flow("udp", ("10.0.0.2", 5060), ("10.0.0.1", 5060))
TCP = Flow("tcp", ("10.0.0.2", 5060), ("10.0.0.1", 41000), 7)


def ids(seed: int = 1) -> Ids:
    return Ids(random.Random(seed).getrandbits)


def request(
    method: str = "INVITE",
    *,
    uri: str = "sip:8000@10.0.0.2",
    via: str = "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKabc;rport",
    from_tag: str = "their",
    to_tag: str = "",
    call_id: str = "call-1",
    cseq: int = 1,
    more: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
) -> Request:
    items = [
        ("Via", via),
        ("Max-Forwards", "70"),
        ("From", f"<sip:1001@10.0.0.1>;tag={from_tag}"),
        ("To", "<sip:8000@10.0.0.2>" + (f";tag={to_tag}" if to_tag else "")),
        ("Call-ID", call_id),
        ("CSeq", f"{cseq} {method}"),
        ("Contact", "<sip:1001@10.0.0.1:5060>"),
        *more,
    ]
    return Request(method, uri, Headers(item for item in items if item[1]), body)


def response(to: Request, status: int, tag: str = "theirs", more: tuple[tuple[str, str], ...] = ()) -> Response:
    """What a peer answers to a request of ours (which has its Via)."""
    items = [(name, value) for name, value in to.headers if name in ("Via", "From", "Call-ID", "CSeq")]
    at = to.headers.get("To") or ""
    items += [("To", f"{at};tag={tag}" if tag and "tag=" not in at else at), *more]
    return Response(status, "Because", Headers(items))


def sent(effects: list[Effect]) -> list[Message]:
    return [effect.message for effect in effects if isinstance(effect, Send)]
