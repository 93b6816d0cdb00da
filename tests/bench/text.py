"""CPU of the text layer: octets to message, message to answer, answer to octets. Part of ``softswitch bench sip``."""

from __future__ import annotations

import itertools
import timeit
from collections.abc import Callable

from softswitch.sdp.media import LocalMedia
from softswitch.sdp.negotiate import offer
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request, parse, render
from softswitch.sip.response import respond, stamp_via
from tests.bench.report import emit, spread

RUNS = 15
COUNT = 2000
FLOW = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.1", 7001))
BODY = offer(LocalMedia(("127.0.0.1", 9000)))
INVITE = (
    b"INVITE sip:1002@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:7001;branch=z9hG4bKb%d;rport\r\n"
    b'Max-Forwards: 70\r\nFrom: "Phone" <sip:1001@softswitch>;tag=t%d\r\nTo: <sip:1002@127.0.0.1>\r\n'
    b"Call-ID: c%d@bench\r\nCSeq: 1 INVITE\r\nContact: <sip:1001@127.0.0.1:7001>\r\nUser-Agent: bench\r\n"
    b"Allow: INVITE, ACK, BYE, CANCEL\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%b"
)
HEADERS = (("Server", "softswitch"), ("Contact", "<sip:softswitch@127.0.0.1:5060>"))


def fresh() -> bytes:
    number = next(_SERIAL)
    return INVITE % (number, number, number, len(BODY), BODY)


_SERIAL = itertools.count()


def answered(data: bytes) -> bytes:
    """What any request costs in text: read it, say where it came from, find its transaction, answer it."""
    request = parse(data)
    assert isinstance(request, Request)
    stamp_via(request, FLOW)
    _ = request.via.branch, request.cseq, request.from_.tag, request.to.tag, request.call_id
    return render(respond(request, 180, to_tag="ours", headers=HEADERS))


def measure(name: str, work: Callable[[bytes], object], note: str) -> None:
    values = []
    for _ in range(RUNS):
        messages = iter([fresh() for _ in range(COUNT)])
        values.append(timeit.timeit(lambda messages=messages: work(next(messages)), number=COUNT) / COUNT * 1e6)  # type: ignore[misc]
    emit(name, min(values), "us", RUNS, spread(values), includes=note)


def main() -> None:
    measure("sip.text.parse_us", parse, "an INVITE of 11 header lines; the best run")
    measure("sip.text.answer_us", answered, "the same, stamped, its transaction's key read, a 180 made and written")


if __name__ == "__main__":
    main()
