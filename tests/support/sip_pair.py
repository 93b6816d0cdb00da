"""Two ends and a link between them, on a virtual clock: user agents without a driver, messages as octets.

The link is a function from a random generator to delays: no delay is a loss, two are a duplicate, and different ones
overtake each other. Everything is drawn from one seed.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from softswitch.call.leg import Event, Leg
from softswitch.call.signal import (
    Answered,
    Command,
    Dial,
    Digit,
    Failed,
    Finished,
    NotUpdated,
    Offered,
    Progress,
    Released,
    Updated,
)
from softswitch.call.state import SessionPolicy
from softswitch.call.user_agent import UserAgent
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.sdp.media import LocalMedia
from softswitch.sip.effect import RequestArrived, Send
from softswitch.sip.endpoint import Stray
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request, Response, parse, render
from softswitch.sip.timing import Timing

Link = Callable[[random.Random], list[float]]
Signal = Offered | Progress | Answered | Updated | NotUpdated | Digit | Released | Failed | Finished


def perfect(_rng: random.Random) -> list[float]:
    return [0.01]


def lossy(loss: float, twice: float, jitter_s: float) -> Link:
    def link(rng: random.Random) -> list[float]:
        copies = 0 if rng.random() < loss else 2 if rng.random() < twice else 1
        return [0.01 + jitter_s * rng.random() for _ in range(copies)]

    return link


def spoken(message: Message) -> str:
    """``INVITE`` or ``200 INVITE``."""
    return message.method if isinstance(message, Request) else f"{message.status} {message.cseq.method}"


@dataclass
class Side:
    name: str
    flow: Flow
    ids: Ids
    timing: Timing
    local: LocalMedia
    every: list[Leg] = field(default_factory=list)
    signals: list[tuple[float, Signal]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.agent = UserAgent(self.flow, self.ids, self.timing)
        self.endpoint, self.legs = self.agent.endpoint, self.agent.legs

    def said(self, kind: type | None = None) -> list[Signal]:
        return [signal for _, signal in self.signals if kind is None or isinstance(signal, kind)]

    def keep(self, leg: Leg) -> Leg:
        self.every.append(leg)
        return self.agent.add(leg)


class Pair:
    """``a`` calls ``b``. ``hear`` is asked after each signal which commands it leads to: (delay, side, command)."""

    def __init__(self, link: Link = perfect, seed: int = 1, timing: Timing | None = None) -> None:
        self.rng = random.Random(seed)
        self.link = link
        self.now = 0.0
        self.wire: list[tuple[float, str, str]] = []  # sent at, by whom, what
        self.drop: Callable[[str, Message], bool] = lambda _side, _message: False
        self.mangle: Callable[[str, Message], None] = lambda _side, _message: None
        self.hear: Callable[[str, Signal], list[tuple[float, str, Command]]] = lambda _side, _signal: []
        self.policy: dict[str, SessionPolicy] = {}  # of session timers, by side
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._serial = 0
        timing = timing or Timing()
        self.sides = {name: self._side(name, number, timing) for number, name in enumerate("ab", 1)}
        self.a, self.b = self.sides["a"], self.sides["b"]

    def _side(self, name: str, number: int, timing: Timing) -> Side:
        ids = Ids(random.Random(self.rng.random()).getrandbits)
        flow = Flow("udp", (f"10.0.0.{number}", 5060), (f"10.0.0.{3 - number}", 5060))
        return Side(name, flow, ids, timing, LocalMedia((f"10.0.0.{number}", 20000 + number)))

    # ---- scenes ------------------------------------------------------------------------------------------------

    def dial(self, **more: object) -> Leg:
        a = self.a
        leg = Leg.outbound(
            "out", to_uri="sip:8000@10.0.0.2", from_uri="sip:1001@10.0.0.1", from_display="Ann", flow=a.flow,
            local=a.local, ids=a.ids, timing=a.timing, session=self._policy(a), **more,  # type: ignore[arg-type]
        )  # fmt: skip
        self._tell(a, a.keep(leg), Dial())
        return leg

    def _policy(self, side: Side) -> SessionPolicy:
        return self.policy.get(side.name, SessionPolicy())

    def at(self, time: float, do: Callable[[], None]) -> None:
        self._serial += 1
        heapq.heappush(self._queue, (time, self._serial, do))

    def tell(self, side: str, command: Command) -> None:
        one = self.sides[side]
        for leg in list(one.legs.values()):
            self._tell(one, leg, command)

    # ---- the clock ---------------------------------------------------------------------------------------------

    def run(self, until: float) -> None:
        while (moment := self._next()) is not None and moment <= until:
            self.now = max(self.now, moment)
            if self._queue and self._queue[0][0] <= self.now:
                heapq.heappop(self._queue)[2]()
                continue
            for side in self.sides.values():
                self._perform(side, side.agent.tick(self.now))
        self.now = until

    def _next(self) -> float | None:
        moments = [side.agent.deadline for side in self.sides.values()] + [at for at, _, _ in self._queue[:1]]
        return min((moment for moment in moments if moment is not None), default=None)

    # ---- the driver in small -----------------------------------------------------------------------------------

    def _tell(self, side: Side, leg: Leg, event: Event) -> None:
        self._perform(side, side.agent.tell(leg.id, event, self.now))

    def _perform(self, side: Side, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(message):
                    self._send(side, message)
                case RequestArrived():
                    leg = Leg.inbound(
                        f"in{len(side.every)}", effect, side.local, side.ids, side.timing, session=self._policy(side)
                    )
                    self._tell(side, side.keep(leg), effect)
                case _ if not isinstance(effect, Stray):
                    self._signal(side, effect)  # type: ignore[arg-type]

    def _signal(self, side: Side, signal: Signal) -> None:
        side.signals.append((round(self.now, 3), signal))
        for delay, name, command in self.hear(side.name, signal):
            self.at(self.now + delay, lambda name=name, command=command: self.tell(name, command))  # type: ignore[misc]

    def _send(self, side: Side, message: Message) -> None:
        self.wire.append((round(self.now, 3), side.name, spoken(message)))
        if self.drop(side.name, message):
            return
        data = render(message)
        for delay in self.link(self.rng):
            self.at(self.now + delay, lambda: self._deliver(side, data))

    def _deliver(self, sender: Side, data: bytes) -> None:
        to = self.b if sender is self.a else self.a
        message = parse(data)
        self.mangle(sender.name, message)
        self._perform(to, to.agent.received(message, to.flow, self.now))

    def ladder(self) -> list[str]:
        """The wire as ``a INVITE``, in order."""
        return [f"{who} {what}" for _, who, what in self.wire]

    def times(self, who: str, what: str) -> list[float]:
        return [at for at, side, said in self.wire if (side, said) == (who, what)]


def is_response(message: Message, status: int, method: str) -> bool:
    return isinstance(message, Response) and message.status == status and message.cseq.method == method
