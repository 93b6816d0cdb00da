"""A leg and a peer written by hand: for what two well-behaved legs never say to each other."""

from __future__ import annotations

from softswitch.call.leg import Leg
from softswitch.call.signal import Accept, Dial, Respond, SendAck, SendRequest
from softswitch.core.effect import Effect
from softswitch.sdp import negotiate
from softswitch.sdp.media import LocalMedia
from softswitch.sip.effect import AckArrived, RequestArrived, ResponseArrived
from softswitch.sip.message import Headers, Request, Response
from softswitch.sip.timing import Timing
from tests.unit.sip.exchange import UDP, ids, request, response

OURS = LocalMedia(("10.0.0.2", 20000))
THEIRS = LocalMedia(("10.0.0.1", 4000))
SDP = (("Content-Type", "application/sdp"),)
OFFER = negotiate.offer(THEIRS)


def arrived(made: Request, transaction: str = "t1") -> RequestArrived:
    return RequestArrived(transaction, made, UDP)


def invite(body: bytes = OFFER, more: tuple[tuple[str, str], ...] = (), uri: str = "sip:8000@10.0.0.2") -> Request:
    return request(body=body, more=(*(SDP if body else ()), *more), uri=uri)


def offered(made: Request | None = None, trusted: bool = False) -> tuple[Leg, list[Effect]]:
    event = arrived(made or invite())
    leg = Leg.inbound("in", event, OURS, ids(), Timing(), trusted)
    return leg, leg.handle(event, 0.0)


def answered(made: Request | None = None) -> tuple[Leg, Response]:
    """An inbound leg that waits for the ACK, and its 200."""
    leg, _ = offered(made)
    return leg, response_in(leg.handle(Accept(), 0.0))


def up(made: Request | None = None) -> Leg:
    leg, _ = answered(made)
    assert leg.handle(ack(leg), 0.1) == []
    return leg


def ack(leg: Leg, cseq: int = 1, body: bytes = b"") -> AckArrived:
    tags = {"to_tag": leg.local_tag, "from_tag": leg.remote_tag or "their"}
    return AckArrived(request("ACK", **tags, cseq=cseq, body=body, more=SDP if body else ()), UDP)


def inside(
    leg: Leg, method: str, body: bytes = b"", kind: str = "application/sdp", cseq: int = 2, from_tag: str = "their"
) -> list[Effect]:
    """What the leg does on a request in its dialog."""
    more = (("Content-Type", kind),) if body else ()
    tags = {"to_tag": leg.local_tag, "from_tag": from_tag, "call_id": leg.call_id}
    made = request(method, body=body, cseq=cseq, more=more, **tags)  # type: ignore[arg-type]
    return leg.handle(arrived(made, f"t{cseq}"), 1.0)


def response_in(effects: list[Effect]) -> Response:
    (found,) = [effect.response for effect in effects if isinstance(effect, Respond)]
    return found


def status_in(effects: list[Effect]) -> int:
    return response_in(effects).status


def requests_in(effects: list[Effect]) -> list[Request]:
    """The requests that the leg sends, as the endpoint would: with a Via."""
    made = [effect.request for effect in effects if isinstance(effect, (SendRequest, SendAck))]
    for one in made:
        one.headers.prepend("Via", "SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKx")
    return made


def calling(**more: object) -> tuple[Leg, Request]:
    """An outbound leg, and the INVITE that it has sent."""
    leg = Leg.outbound(
        "out", to_uri="sip:13800138000@trunk", from_uri="sip:400@us", from_display="", flow=UDP, local=OURS,
        ids=ids(), timing=Timing(), **more,  # type: ignore[arg-type]
    )  # fmt: skip
    (sent,) = requests_in(leg.handle(Dial(), 0.0))
    return leg, sent


def answer(
    leg: Leg, to: Request, status: int, tag: str = "x", body: bytes = b"", more: tuple[tuple[str, str], ...] = ()
) -> list[Effect]:
    made = response(to, status, tag, (*more, ("Contact", f"<sip:{tag}@10.0.0.1>"), *(SDP if body else ())))
    made = Response(status, made.reason, Headers(made.headers), body)
    return leg.handle(ResponseArrived("out", "t", made, UDP), 1.0)


def established() -> tuple[Leg, Request]:
    leg, sent = calling()
    answer(leg, sent, 200, body=OFFER)
    return leg, sent
