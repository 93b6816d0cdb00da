"""CPU of the control plane per unit of signalling: on real sockets (``wire``), and here parse, decide, render alone.

The world is a null one: what the driver sends is parsed by a scripted peer that answers at once. So the figures are the
cost of the whole of ``switch`` and below per OPTIONS, per REGISTER with digest and per B2BUA call (INVITE to BYE).
"""

from __future__ import annotations

import itertools
import random
import resource
from collections import deque
from typing import Any

from softswitch.core.ids import Ids
from softswitch.process import spare_the_long_lived
from softswitch.sdp.media import LocalMedia
from softswitch.sdp.negotiate import answer as sdp_answer
from softswitch.sdp.negotiate import offer as sdp_offer
from softswitch.sip.digest import answer
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request, Response, parse, render
from softswitch.sip.response import respond
from softswitch.switch.driver import Switch
from softswitch.switch.ports import Arrived, Clock, Ports
from softswitch.switch.restart import Kept
from tests.bench import text, wire
from tests.bench.report import emit, spread
from tests.simnet.house import configuration
from tests.simnet.world import EPOCH, SWITCH
from tests.support.memory import Memory

CALLER = Flow("udp", SWITCH, ("127.0.0.1", 7001))
CALLEE = Flow("udp", SWITCH, ("127.0.0.1", 7002))
RUNS = 5


class NullMedia:
    def __init__(self) -> None:
        self._ports = itertools.count(20000, 2)

    def open(self, stream: str) -> tuple[str, int]:
        return "127.0.0.1", next(self._ports)

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **named: None


class Bench:
    """A switch whose wire is a queue; ``changes`` are to its configuration."""

    def __init__(self, **changes: Any) -> None:
        self.wire: deque[tuple[bytes, Flow]] = deque()
        self.now = 0.0
        ports = Ports(self, NullMedia(), Memory(), self, self)  # type: ignore[arg-type]
        ids = Ids(random.Random(1).getrandbits)
        self.switch = Switch(configuration(**{"probe_s": 0.0, **changes}), ports, ids, Clock(lambda: self.now, EPOCH))
        self.switch.restore(Kept())
        self.switch.begin()

    def send(self, message: Message, flow: Flow) -> None:
        self.wire.append((render(message), flow))

    def say(self, text: bytes, flow: Flow) -> None:
        self.now += 0.002  # no faster than any limit allows
        self.switch.feed(Arrived(parse(text), flow))

    def last(self) -> Message:
        return parse(self.wire.pop()[0])

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.switch.tick()
        self.wire.clear()


def request(method: str, uri: str, user: str, number: int, extra: str = "", body: str = "", tag: str = "",
            call_id: str = "", cseq: int = 1, to_tag: str = "") -> bytes:  # fmt: skip
    to_tag = f";tag={to_tag}" if to_tag else ""
    port = 7001 if user != "1002" else 7002
    return (
        f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bKb{number}x{cseq}{method};rport\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:{user}@softswitch>;tag={tag or f't{number}'}\r\n"
        f"To: <{uri}>{to_tag}\r\nCall-ID: {call_id or f'c{number}@bench'}\r\nCSeq: {cseq} {method}\r\n"
        f"Contact: <sip:{user}@127.0.0.1:{port}>\r\nUser-Agent: bench\r\nAllow: INVITE, ACK, BYE, CANCEL\r\n{extra}"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def options(bench: Bench, count: int) -> None:
    for _ in range(count):
        bench.say(request("OPTIONS", "sip:ping@127.0.0.1", "1001", next(SERIAL)), CALLER)
        assert b"SIP/2.0 200" in bench.wire.pop()[0][:12]
    bench.pass_time(60)


def register(bench: Bench, count: int, user: str = "1001", flow: Flow = CALLER) -> None:
    """With a fresh challenge each time: two requests, as an avalanche after a power cut would be."""
    for number in range(count):
        serial = next(SERIAL)  # a branch that has been used is a repetition, answered from memory
        name = f"r{serial}"
        extra = "Expires: 3600\r\n"
        bench.say(request("REGISTER", "sip:softswitch", user, serial, extra, call_id=name).replace(
            b"To: <sip:softswitch>", f"To: <sip:{user}@softswitch>".encode()), flow)  # fmt: skip
        challenge = bench.last().headers.all("WWW-Authenticate")[0]
        proof = answer(challenge, "REGISTER", "sip:softswitch", user, f"pw-{user}", f"{number:08x}")
        extra += f"Authorization: {proof}\r\n"
        bench.say(request("REGISTER", "sip:softswitch", user, serial, extra, call_id=name, cseq=2).replace(
            b"To: <sip:softswitch>", f"To: <sip:{user}@softswitch>".encode()), flow)  # fmt: skip
        assert b"SIP/2.0 200" in bench.wire.pop()[0][:12]
    bench.pass_time(60)


SERIAL = itertools.count(1)
LOCAL = LocalMedia(("127.0.0.1", 9000))


def b2bua(bench: Bench, count: int) -> None:
    """A trunk calls phone 1002 by way of the carrier's plan-less route: INVITE to BYE on both legs, digest included."""
    offer = sdp_offer(LOCAL).decode()
    for _ in range(count):
        number = next(SERIAL)
        one_call(bench, number, offer)
        if number % 200 == 0:
            bench.pass_time(70)
    bench.pass_time(70)
    assert not bench.switch.calls.legs, "a call did not end"


def one_call(bench: Bench, number: int, offer: str) -> None:
    sdp = "Content-Type: application/sdp\r\n"
    uri = "sip:1002@127.0.0.1"
    bench.say(request("INVITE", uri, "1001", number, sdp, offer), CALLER)
    challenge = next(m for m in drain(bench) if isinstance(m, Response) and m.status == 401)
    bench.say(request("ACK", uri, "1001", number, to_tag=challenge.to.tag or ""), CALLER)
    proof = answer(challenge.headers.all("WWW-Authenticate")[0], "INVITE", uri, "1001", "pw-1001", f"{number:08x}")
    bench.say(request("INVITE", uri, "1001", number, f"{sdp}Authorization: {proof}\r\n", offer, cseq=2), CALLER)
    invite = next(m for m in drain(bench) if isinstance(m, Request) and m.method == "INVITE")
    bench.say(render(respond(invite, 180, to_tag="callee")), CALLEE)
    body, _ = sdp_answer(invite.body, LOCAL)
    contact = (("Contact", "<sip:1002@127.0.0.1:7002>"),)
    bench.say(render(respond(invite, 200, to_tag="callee", headers=contact, body=body,
                             content_type="application/sdp")), CALLEE)  # fmt: skip
    answered = next(m for m in drain(bench) if isinstance(m, Response) and m.status == 200)
    tag = answered.to.tag or ""
    bench.say(request("ACK", uri, "1001", number, cseq=2, to_tag=tag), CALLER)
    bench.say(request("BYE", uri, "1001", number, cseq=3, to_tag=tag), CALLER)
    bye = next(m for m in drain(bench) if isinstance(m, Request) and m.method == "BYE")
    bench.say(render(respond(bye, 200)), CALLEE)
    bench.wire.clear()


def drain(bench: Bench) -> list[Message]:
    messages = [parse(data) for data, _ in bench.wire]
    bench.wire.clear()
    return messages


def cpu_s() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime + resource.getrusage(resource.RUSAGE_SELF).ru_stime


def measure(name: str, work: Any, count: int, note: str) -> None:
    bench = Bench()
    register(bench, 1)
    register(bench, 1, "1002", CALLEE)
    work(bench, count // 10)  # warm
    spare_the_long_lived()
    values = []
    for _ in range(RUNS):
        before = cpu_s()
        work(bench, count)
        values.append((cpu_s() - before) / count * 1e6)
    emit(name, sorted(values)[RUNS // 2], "us", RUNS, spread(values), includes=note)


def main() -> None:
    text.main()
    measure("sip.null.options_us", options, 2000, "the peer's request is made and parsed, our answer rendered")
    measure("sip.null.register_us", register, 500, "challenge and answer, the peer's digest too")
    measure("sip.null.b2bua_call_us", b2bua, 200, "13 messages, digest, both peers' parsing and rendering too")
    wire.main()


if __name__ == "__main__":
    main()
