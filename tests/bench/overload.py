"""Offered load against calls set up: does a switch that is asked for too much still do what it can?

The real switch, and a carrier on a raw socket in this process: INVITE, repeats after 0.5 s and twice as long each
time, ACK, 200 to BYE. The plan answers and hangs up. First the capacity is found: the most calls a second of which
99 % are set up within a quarter of a second, so that no queue grows. Then twice and ten times as much is offered.
``sip.overload_goodput_2x`` and ``_10x`` are the share of the capacity that is still set up, within 2 s of the first
INVITE.
"""

from __future__ import annotations

import asyncio
import heapq
import re
import select
import socket
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.bench.report import emit
from tests.support.switch_process import SwitchProcess

PLAN = """
dialplan: short
numbers: ["8000"]
language: en
start: hello
steps:
  hello: {answer: {}, next: bye}
  bye: {hangup: normal}
"""
SECONDS = 5.0
IN_TIME_S = 2.0
AT_ONCE_S = 0.25
FIRST, STEP = 400.0, 1.1
_CALL = re.compile(rb"\r\nCall-ID: o(\d+)\r\n")
_TO = re.compile(rb"\r\nTo: ([^\r]+)\r\n")
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"


class Carrier:
    """``offer`` calls for a while; what became of those that it began in that while."""

    def __init__(self, port: int, switch: tuple[str, int]) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.port, self.switch = port, switch
        self.serial = 0
        self.begun: dict[int, float] = {}
        self.final: dict[int, tuple[int, float]] = {}
        self.repeats: list[tuple[float, int, float]] = []

    def offer(self, rate: float, seconds: float, in_time_s: float = IN_TIME_S) -> tuple[float, Counter[int]]:
        """(calls set up in time, a second; final statuses)."""
        self.begun.clear(), self.final.clear(), self.repeats.clear()
        start = time.monotonic()
        while (now := time.monotonic()) < start + seconds:
            while len(self.begun) < rate * (now - start):
                self._begin(now)
            self._serve(now)
        while time.monotonic() < start + seconds + IN_TIME_S:
            self._serve(time.monotonic())
        good = [n for n, (status, at) in self.final.items() if status == 200 and at - self.begun[n] <= in_time_s]
        self._drain()
        return len(good) / seconds, Counter(status for status, _ in self.final.values())

    def _begin(self, now: float) -> None:
        self.serial += 1
        self.begun[self.serial] = now
        heapq.heappush(self.repeats, (now + 0.5, self.serial, 0.5))
        self._say(self._invite(self.serial))

    def _serve(self, now: float) -> None:
        while self.repeats and self.repeats[0][0] <= now:
            _, number, wait_s = heapq.heappop(self.repeats)
            if number in self.begun and number not in self.final and wait_s < 8:
                heapq.heappush(self.repeats, (now + 2 * wait_s, number, 2 * wait_s))
                self._say(self._invite(number))
        select.select([self.socket], [], [], 0.001)
        for _ in range(200):
            try:
                self._heard(self.socket.recv(65536), now)
            except BlockingIOError:
                return

    def _heard(self, data: bytes, now: float) -> None:
        found = _CALL.search(data)
        if found is None:
            return
        number = int(found[1])
        if data.startswith(b"BYE"):
            _, _, rest = data.partition(b"\r\n")
            self._say(b"SIP/2.0 200 OK\r\n" + rest)
            return
        if not data.startswith(b"SIP/2.0 ") or data[8:9] == b"1" or b" INVITE\r\n" not in data:
            return
        status, to = int(data[8:11]), _TO.search(data)
        if number in self.begun:
            self.final.setdefault(number, (status, now))
        branch = "k" if status == 200 else ""
        self._say(self._request("ACK", number, to[1].decode() if to else "", branch))

    def _invite(self, number: int) -> bytes:
        return self._request("INVITE", number, "<sip:8000@softswitch>", "", SDP)

    def _request(self, method: str, number: int, to: str, branch: str, body: str = "") -> bytes:
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{method} sip:8000@softswitch SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bKo{number}{branch};rport\r\nMax-Forwards: 70\r\n"
            f"From: <sip:13800138000@127.0.0.1>;tag=o{number}\r\nTo: {to}\r\nCall-ID: o{number}\r\nCSeq: 1 {method}\r\n"
            f"Contact: <sip:13800138000@127.0.0.1:{self.port}>\r\n{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def _say(self, data: bytes) -> None:
        try:
            self.socket.sendto(data, self.switch)
        except BlockingIOError:
            return

    def _drain(self) -> None:
        """The calls that are left end, and the switch comes to rest."""
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            self._serve(time.monotonic())


def capacity(carrier: Carrier) -> float:
    rate, best = FIRST, 0.0
    while True:
        good, _ = carrier.offer(rate, SECONDS, AT_ONCE_S)
        if good < 0.99 * rate:
            return max(best, good)
        best, rate = good, rate * STEP


async def run(directory: Path) -> None:
    plans = directory / "plans"
    plans.mkdir()
    (plans / "short.yaml").write_text(PLAN)
    limits = {"limits": {"calls": 50_000}}
    switch = SwitchProcess(directory, dialplans=plans, settings=limits, rtp_ports=1600)
    async with switch:
        carrier = Carrier(switch.trunk_port, switch.sip)
        most = capacity(carrier)
        emit("sip.overload_capacity", most, "calls/s", 1, 0.0)
        for factor in (2, 10):
            before = (await switch.metrics())["process_cpu_seconds_total"]
            good, statuses = carrier.offer(factor * most, SECONDS)
            used = (await switch.metrics())["process_cpu_seconds_total"] - before
            told = {str(status): count for status, count in sorted(statuses.items())}
            extra = {"offered": round(factor * most), "final": told, "control_cpu_s": round(used, 2)}
            emit(f"sip.overload_goodput_{factor}x", good / most, "share", 1, 0.0, **extra)
        switch.assert_no_traceback()


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory)))


if __name__ == "__main__":
    main()
