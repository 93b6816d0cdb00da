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

from softswitch.call.signal import Accept, Answered, Dial, Offered, Release, Released
from softswitch.call.table import S
from softswitch.call.user_agent import UserAgent
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.net.udp import UdpListener
from softswitch.process import raise_file_limit
from softswitch.sdp.media import Address, LocalMedia
from softswitch.sip.effect import RequestArrived, Send
from softswitch.sip.flow import Flow
from softswitch.sip.message import Response, parse, render
from softswitch.sip.timing import Timing
from tests.bench.report import emit, spread
from tests.bench.voices import HOST, Heard, Voices
from tests.bench.wire import BRIDGED
from tests.support.ports import free_port
from tests.support.process import eventually
from tests.support.switch_process import SwitchProcess, descendants, sample_users

CALLS = 200
RUNS = 3
_PACE_S = 0.01  # between two calls
_IN_VAIN = 50  # calls that a busy switch may refuse
_ASKED_S = 8.0  # until the new control has asked every peer
_FAST = Timing(0.2, 0.1, 5.0)  # of the peers: who is silent is asked again ten times a second


class Peers:
    """One side of all calls: user agents on one socket. ``legs`` are in the order of their calls."""

    def __init__(self, voices: Voices, first: int) -> None:
        self.legs: list[str] = []
        self.up: set[str] = set()
        self.answered: dict[str, float] = {}  # leg -> when its BYE was answered
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

    async def call(self, caller: str, called: str) -> None:
        """Until it is answered; a switch that has too much to do says so, and is called again."""
        await eventually(lambda: self._tried(caller, called), 60, caller, 0.2)

    async def _tried(self, caller: str, called: str) -> bool:
        leg = self._agent.dial(caller, called, self._local(), None)
        self.legs.append(leg.id)
        self._tell(leg.id, Dial())
        await eventually(lambda: leg.state in (S.UP, S.ENDED, S.FINISHED), 15, caller, _PACE_S)
        return leg.id in self.up

    @property
    def voices(self) -> list[int]:
        """Of those who talk."""
        return [self._first + number for number, leg in enumerate(self.legs) if leg in self.up]

    def hang_up(self, leg: str) -> None:
        self._tell(leg, Release())

    def _local(self) -> LocalMedia:
        return LocalMedia((HOST, self._voices.ports[self._first + len(self.legs)]))

    def _datagram(self, data: bytes, remote: Address) -> None:
        message, now = parse(data), time.monotonic()
        if isinstance(message, Response) and message.cseq.method == "BYE" and message.status == 200:
            leg = next((leg.id for leg in self._agent.legs.values() if leg.call_id == message.call_id), "")
            self.answered.setdefault(leg, now)
        self._run(self._agent.received(message, Flow("udp", self._listener.local, remote), now))

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
        if self._timer is not None:
            self._timer.cancel()
        due = self._agent.deadline
        loop = asyncio.get_running_loop()
        self._timer = None if due is None else loop.call_later(max(0.005, due - time.monotonic()), self._tick)


@dataclass(frozen=True, slots=True)
class Found:
    heard: Sequence[Heard]
    undisturbed: Sequence[Heard]  # the same telephones, in the seconds before
    alive: int
    records: int
    answered_s: float  # from the kill to the first answer to a BYE


def _switch(directory: Path, callee: int) -> SwitchProcess:
    """One of which nothing is bound to a core: all of it shares them, as it does where it works."""
    plans = directory / "plans"
    plans.mkdir()
    (plans / "bridged.yaml").write_text(BRIDGED)
    users = sample_users() | {"2000": {"password": "a-long-password", "contact": f"sip:2000@{HOST}:{callee}"}}
    settings = {"log": {"level": "warning"}, "media": {"ports": "20000-29999"}}
    return SwitchProcess(directory / "switch", users=users, dialplans=plans, settings=settings, rtp_ports=2)


def _control(switch: SwitchProcess) -> int:
    tree = descendants(switch.process.pid)
    return next(pid for pid in tree if b"softswitch.app" in Path(f"/proc/{pid}/cmdline").read_bytes())


async def kill_control(calls: int) -> Found:
    with tempfile.TemporaryDirectory() as directory:
        callee = free_port()
        async with _switch(Path(directory), callee) as switch:
            most = calls + 1 + _IN_VAIN
            voices = Voices(2 * most)
            callers = await Peers.open(switch.trunk_port, switch.sip, voices, 0)
            called = await Peers.open(callee, switch.sip, voices, most)
            try:
                for number in range(calls + 1):
                    await callers.call(f"+86138{number:08}", "7000")
                await eventually(lambda: len(callers.up) == len(called.up) == calls + 1, 10, "all talk")
                await asyncio.sleep(1.0)
                voices.mark()
                await asyncio.sleep(_ASKED_S)
                before = await asyncio.to_thread(voices.report)
                voices.mark()
                os.kill(_control(switch), signal.SIGKILL)
                killed = time.monotonic()
                extra = callers.legs[-1]
                callers.hang_up(extra)
                await eventually(lambda: extra in callers.answered, 30, "BYE is answered")
                await switch.becomes_ready()
                await asyncio.sleep(_ASKED_S)
                heard = await asyncio.to_thread(voices.report)
                shown = await switch.api("GET", "/api/v1/calls")
                talking = sum(call["state"] == "talking" for call in shown)
                alive = min(len(callers.up), len(called.up), talking)
                talking_on = [*callers.voices, *called.voices]
                for leg in callers.legs:
                    callers.hang_up(leg)
                    await asyncio.sleep(0.005)
                await eventually(lambda: not called.up, 20, "all have ended")
                records = "/api/v1/records?limit=1000"
                kept = await switch.eventually(records, lambda kept: len(kept) > calls and kept)
                return Found(
                    [heard[one] for one in talking_on],
                    [before[one] for one in talking_on],
                    alive,
                    len(kept),
                    callers.answered[extra] - killed,
                )
            finally:
                voices.end()
                await callers.close()
                await called.close()


def _breaks(heard: Sequence[Heard]) -> int:
    return sum(one.breaks + one.jumps + (one.sources != 1) for one in heard)


def main() -> None:
    raise_file_limit()
    runs = [asyncio.run(kill_control(CALLS)) for _ in range(RUNS)]
    lost = [CALLS - run.alive for run in runs]
    longest = [max(one.gap_s for one in run.heard) for run in runs]
    medians = [statistics.median(one.gap_s for one in run.heard) for run in runs]
    answers = [run.answered_s for run in runs]
    quiet = [max(one.gap_s for one in run.undisturbed) for run in runs]
    extra = {
        "calls": CALLS,
        "breaks": max(_breaks(run.heard) for run in runs),
        "undisturbed_gap_max_ms": round(1000 * max(quiet), 1),  # which is what strangers on the machine cost
        "undisturbed_breaks": max(_breaks(run.undisturbed) for run in runs),
        "records": min(run.records for run in runs),
    }
    emit("life.kill_control_lost", max(lost), "calls", RUNS, float(max(lost) - min(lost)), **extra)
    emit("life.kill_control_gap_p50_ms", 1000 * statistics.median(medians), "ms", RUNS, spread(medians), **extra)
    emit("life.kill_control_gap_max_ms", 1000 * max(longest), "ms", RUNS, spread(longest), **extra)
    emit("life.kill_control_answers_again_s", statistics.median(answers), "s", RUNS, spread(answers), **extra)


if __name__ == "__main__":
    main()
