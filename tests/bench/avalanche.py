"""After a power cut every phone registers at once: 100,000 of them, with digest, two requests each.

The switch writes to its real store (SQLite, in a directory that is thrown away); the wire is a queue. What is counted
is the CPU of the switch alone: the phones' digests are made between the measurements. ``sip.avalanche_s`` is what the
whole of it takes one core; the issue asks for 60 s. ``sip.binding_bytes`` is what a registered phone keeps resident.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import resource
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

from softswitch.core.ids import Ids
from softswitch.sip.digest import answer
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, parse, render
from softswitch.store.store import Store
from softswitch.switch.configuration import User
from softswitch.switch.driver import Switch
from softswitch.switch.ports import Arrived, Clock, Ports
from softswitch.switch.restart import Kept
from tests.bench.report import emit
from tests.bench.sip import NullMedia
from tests.simnet.house import configuration
from tests.simnet.world import EPOCH, SWITCH

PHONES = 100_000
BATCH = 100  # requests between two turns of the loop, in which the store writes
SERIAL = itertools.count(1)


class Avalanche:
    """A switch whose wire is a queue, and its own CPU."""

    def __init__(self, store: Store) -> None:
        self.wire: deque[bytes] = deque()
        self.cpu_s = 0.0
        users = {f"p{number}": User(f"pw{number}") for number in range(PHONES)}
        ports = Ports(self, NullMedia(), store, self, self)  # type: ignore[arg-type]
        clock = Clock(time.monotonic, EPOCH)
        self.switch = Switch(configuration(users=users, agents=()), ports, Ids(random.Random(1).getrandbits), clock)
        self.switch.restore(Kept())

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **named: None

    def send(self, message: Message, flow: Flow) -> None:
        self.wire.append(render(message))

    def say(self, data: bytes, flow: Flow) -> bytes:
        began = time.thread_time()
        if self.switch.admits(flow):
            self.switch.feed(Arrived(parse(data), flow))
        self.cpu_s += time.thread_time() - began
        return self.wire.pop()

    def register(self, number: int) -> None:
        flow = Flow("udp", SWITCH, (f"127.{number >> 16}.{number >> 8 & 255}.{number & 255}", 5060))
        challenge = parse(self.say(self.text(number, 1, ""), flow)).headers.all("WWW-Authenticate")[0]
        proof = answer(challenge, "REGISTER", "sip:softswitch", f"p{number}", f"pw{number}", f"{next(SERIAL):08x}")
        heard = self.say(self.text(number, 2, f"Authorization: {proof}\r\n"), flow)
        assert heard.startswith(b"SIP/2.0 200"), heard

    def text(self, number: int, cseq: int, extra: str) -> bytes:
        host = f"127.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        return (
            f"REGISTER sip:softswitch SIP/2.0\r\nVia: SIP/2.0/UDP {host}:5060;branch=z9hG4bKa{number}x{cseq};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:p{number}@softswitch>;tag=t{number}\r\nTo: <sip:p{number}@softswitch>\r\n"
            f"Call-ID: {number}@phones\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:p{number}@{host}:5060>\r\n"
            f"User-Agent: bench\r\nExpires: 3600\r\n{extra}Content-Length: 0\r\n\r\n"
        ).encode()


def resident() -> int:
    """Bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def run(directory: Path) -> None:
    store = await Store.open(f"sqlite:///{directory}/avalanche.db")
    bench = Avalanche(store)
    before, began, cpu = resident(), time.monotonic(), time.process_time()
    made = 0.0  # CPU of the loop's turns, which is the store's
    for number in range(PHONES):
        bench.register(number)
        if number % BATCH == BATCH - 1:
            turn = time.process_time()
            bench.switch.tick()
            await asyncio.sleep(0)
            made += time.process_time() - turn
    turn = time.process_time()
    await store.close()
    made += time.process_time() - turn
    assert len(bench.switch.registrar.bindings()) == PHONES
    bench.switch.tick()
    wall_s, cpu_s = time.monotonic() - began, time.process_time() - cpu
    extra = {"store_s": round(made, 2), "per_register_us": round(bench.cpu_s / PHONES * 1e6, 1)}
    whole = {"wall_s": round(wall_s, 1), "cpu_with_phones_s": round(cpu_s, 1)}
    emit("sip.avalanche_s", bench.cpu_s + made, "s", 1, 0.0, phones=PHONES, **extra, **whole)
    emit("sip.binding_bytes", (resident() - before) / PHONES, "bytes", 1, 0.0, phones=PHONES)


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory)))


if __name__ == "__main__":
    main()
