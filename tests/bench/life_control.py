"""kill -9 of control under 200 calls: how many of them are alive afterwards, and what their parties heard meanwhile.

The switch is the real process tree; callers (behind a trunk) and called phones are user agents of this house on two
sockets, their voices a process of its own (``voices``). With the kill one more call is hung up, its BYE repeated every
100 ms, so that the time of its answer shows when control is back. Alive is a call of which both ends and the new
control say so when each end has been asked; all of them then end as they should when their callers hang up, and each
has its record.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softswitch.call.signal import Accept, Answered, Dial, Finished, Offered, Release, Released
from softswitch.call.user_agent import UserAgent
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.net.udp import UdpListener
from softswitch.process import raise_file_limit
from softswitch.sdp.media import Address, LocalMedia
from softswitch.sip.effect import RequestArrived, Send
from softswitch.sip.flow import Flow
from softswitch.sip.message import parse, render
from softswitch.sip.timing import Timing
from tests.bench.report import emit, spread
from tests.bench.voices import HOST, Heard, Voices
from tests.bench.wire import server
from tests.support.process import eventually

CALLS = 200
RUNS = 3
_PACE_S = 0.02  # between two calls
_ASKED_S = 8.0  # until the new control has asked every peer
_FAST = Timing(0.1, 0.1, 5.0)  # of the peers: who is silent is asked again ten times a second


class Peers:
    """One side of all calls: user agents on one socket. ``legs`` are in the order of their calls."""

    def __init__(self, voices: Voices, first: int) -> None:
        self.legs: list[str] = []
        self.up: set[str] = set()
        self.over: dict[str, float] = {}  # leg -> when its BYE was answered, or came
        self._voices, self._first = voices, first
        self._timer: asyncio.TimerHandle | None = None
        self._listener: UdpListener
        self._agent: UserAgent

    @classmethod
    async def open(cls, port: int, switch: Address, voices: Voices, first: int) -> Peers:
        """Their voices are those from ``first`` on."""
        peers = cls(voices, first)
        peers._listener = await UdpListener.bind((HOST, port), peers._datagram)
        ids = Ids(random.Random(port).getrandbits)
        peers._agent = UserAgent(Flow("udp", (HOST, port), switch), ids, _FAST)
        return peers

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self._listener.close()

    def dial(self, caller: str, called: str) -> None:
        leg = self._agent.dial(caller, called, self._local(), None)
        self.legs.append(leg.id)
        self._tell(leg.id, Dial())

    def hang_up(self, leg: str) -> None:
        self._tell(leg, Release())

    def _local(self) -> LocalMedia:
        return LocalMedia((HOST, self._voices.ports[self._first + len(self.legs)]))

    def _datagram(self, data: bytes, remote: Address) -> None:
        self._run(self._agent.received(parse(data), Flow("udp", self._listener.local, remote), time.monotonic()))

    def _tell(self, leg: str, event: Any) -> None:
        self._run(self._agent.tell(leg, event, time.monotonic()))

    def _tick(self) -> None:
        self._run(self._agent.tick(time.monotonic()))

    def _run(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(message, flow):
                    self._listener.send(render(message), flow.remote)
                case RequestArrived():
                    leg = self._agent.take(effect, self._local())
                    self.legs.append(leg.id)
                    self._tell(leg.id, effect)
                case Offered(leg):
                    self._tell(leg, Accept())
                case Answered(leg, media) if media is not None:
                    self.up.add(leg)
                    self._voices.send(self._first + self.legs.index(leg), media.remote)
                case Released(leg):
                    self.up.discard(leg)
                case Finished(leg):
                    self.over[leg] = time.monotonic()
        if self._timer is not None:
            self._timer.cancel()
        due = self._agent.deadline
        loop = asyncio.get_running_loop()
        self._timer = None if due is None else loop.call_later(max(0.005, due - time.monotonic()), self._tick)


@dataclass(frozen=True, slots=True)
class Found:
    heard: Sequence[Heard]
    alive: int
    records: int
    answered_s: float  # from the kill to the first answer to a BYE


async def kill_control(calls: int) -> Found:
    with tempfile.TemporaryDirectory() as directory:
        async with server(Path(directory)) as made:
            switch = made.switch
            voices = Voices(2 * (calls + 1))
            callers = await Peers.open(switch.trunk_port, switch.sip, voices, 0)
            called = await Peers.open(made.callee, switch.sip, voices, calls + 1)
            try:
                for number in range(calls + 1):
                    callers.dial(f"+86138{number:08}", "7000")
                    await asyncio.sleep(_PACE_S)
                await eventually(lambda: len(callers.up) == len(called.up) == calls + 1, 10, "all talk")
                await asyncio.sleep(1.0)
                voices.mark()
                os.kill(made.control, signal.SIGKILL)
                killed = time.monotonic()
                extra = callers.legs[-1]
                callers.hang_up(extra)
                await eventually(lambda: extra in callers.over, 30, "BYE is answered")
                await switch.becomes_ready()
                await asyncio.sleep(_ASKED_S)
                heard = await asyncio.to_thread(voices.report)
                shown = await switch.api("GET", "/api/v1/calls")
                talking = sum(call["state"] == "talking" for call in shown)
                alive = min(len(callers.up), len(called.up), talking)
                for leg in callers.legs:
                    callers.hang_up(leg)
                    await asyncio.sleep(0.005)
                await eventually(lambda: not called.up, 20, "all have ended")
                records = "/api/v1/records?limit=1000"
                kept = await switch.eventually(records, lambda kept: len(kept) > calls and kept)
                rest = [one for number, one in enumerate(heard) if number % (calls + 1) != calls]
                return Found(rest, alive, len(kept), callers.over[extra] - killed)
            finally:
                voices.end()
                await callers.close()
                await called.close()


def main() -> None:
    raise_file_limit()
    runs = [asyncio.run(kill_control(CALLS)) for _ in range(RUNS)]
    lost = [CALLS - run.alive for run in runs]
    longest = [max(one.gap_s for one in run.heard) for run in runs]
    medians = [statistics.median(one.gap_s for one in run.heard) for run in runs]
    answers = [run.answered_s for run in runs]
    breaks = max(sum(one.breaks + one.jumps + (one.sources != 1) for one in run.heard) for run in runs)
    extra = {"calls": CALLS, "breaks": breaks, "records": min(run.records for run in runs)}
    emit("life.kill_control_lost", max(lost), "calls", RUNS, float(max(lost) - min(lost)), **extra)
    emit("life.kill_control_gap_p50_ms", 1000 * statistics.median(medians), "ms", RUNS, spread(medians), **extra)
    emit("life.kill_control_gap_max_ms", 1000 * max(longest), "ms", RUNS, spread(longest), **extra)
    emit("life.kill_control_answers_again_s", statistics.median(answers), "s", RUNS, spread(answers), **extra)


if __name__ == "__main__":
    main()
