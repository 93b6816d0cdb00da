"""Two ends and a link between them, on a virtual clock: endpoints and legs without a driver, messages as octets.

The link is a function from a random generator to delays: no delay is a loss, two are a duplicate, and different ones
overtake each other. Everything is drawn from one seed.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from softswitch.call.leg import Leg
from softswitch.call.signal import (
    Answered,
    Command,
    Dial,
    Digit,
    Failed,
    Finished,
    Offered,
    Progress,
    Released,
    Respond,
    SendAck,
    SendCancel,
    SendRequest,
    Updated,
)
from softswitch.core.effect import Effect
from softswitch.core.ids import Ids
from softswitch.sdp.media import LocalMedia
from softswitch.sip.effect import (
    AckArrived,
    CancelArrived,
    RequestArrived,
    ResponseArrived,
    Send,
    TransactionFailed,
)
from softswitch.sip.endpoint import Endpoint, Stray
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request, Response, parse, render
from softswitch.sip.response import respond
from softswitch.sip.timing import Timing

Link = Callable[[random.Random], list[float]]
Signal = Offered | Progress | Answered | Updated | Digit | Released | Failed | Finished


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
    address: tuple[str, int]
    ids: Ids
    timing: Timing
    local: LocalMedia
    endpoint: Endpoint
    legs: dict[str, Leg] = field(default_factory=dict)
    every: list[Leg] = field(default_factory=list)
    signals: list[tuple[float, Signal]] = field(default_factory=list)
    strays: int = 0
    invites: dict[str, str] = field(default_factory=dict)  # server transaction -> leg

    def said(self, kind: type | None = None) -> list[Signal]:
        return [signal for _, signal in self.signals if kind is None or isinstance(signal, kind)]

    def find(self, request: Request) -> Leg | None:
        for leg in self.legs.values():
            if (leg.call_id, leg.local_tag) == (request.call_id, request.to.tag):
                return leg
        return None


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
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._serial = 0
        timing = timing or Timing()
        self.sides = {name: self._side(name, number, timing) for number, name in enumerate("ab", 1)}
        self.a, self.b = self.sides["a"], self.sides["b"]

    def _side(self, name: str, number: int, timing: Timing) -> Side:
        ids = Ids(random.Random(self.rng.random()).getrandbits)
        local = LocalMedia((f"10.0.0.{number}", 20000 + number))
        return Side(name, (f"10.0.0.{number}", 5060), ids, timing, local, Endpoint(ids, timing))

    # ---- scenes ------------------------------------------------------------------------------------------------

    def flow(self, side: str) -> Flow:
        other = "b" if side == "a" else "a"
        return Flow("udp", self.sides[side].address, self.sides[other].address)

    def dial(self, **more: object) -> Leg:
        a = self.a
        leg = Leg.outbound(
            "out", to_uri="sip:8000@10.0.0.2", from_uri="sip:1001@10.0.0.1", from_display="Ann", flow=self.flow("a"),
            local=a.local, ids=a.ids, timing=a.timing, **more,  # type: ignore[arg-type]
        )  # fmt: skip
        a.legs[leg.id] = leg
        a.every.append(leg)
        self._perform(a, leg.handle(Dial(), self.now))
        return leg

    def at(self, time: float, do: Callable[[], None]) -> None:
        self._serial += 1
        heapq.heappush(self._queue, (time, self._serial, do))

    def tell(self, side: str, command: Command) -> None:
        one = self.sides[side]
        for leg in list(one.legs.values()):
            self._perform(one, leg.handle(command, self.now))

    # ---- the clock ---------------------------------------------------------------------------------------------

    def run(self, until: float) -> None:
        while (moment := self._next()) is not None and moment <= until:
            self.now = max(self.now, moment)
            if self._queue and self._queue[0][0] <= self.now:
                heapq.heappop(self._queue)[2]()
                continue
            for side in self.sides.values():
                self._perform(side, side.endpoint.tick(self.now))
                for leg in list(side.legs.values()):
                    if leg.deadline is not None and leg.deadline <= self.now:
                        self._perform(side, leg.tick(self.now))
        self.now = until

    def _next(self) -> float | None:
        moments = [self._queue[0][0]] if self._queue else []
        for side in self.sides.values():
            moments += [side.endpoint.deadline] if side.endpoint.deadline is not None else []
            moments += [leg.deadline for leg in side.legs.values() if leg.deadline is not None]
        return min(moments, default=None)

    # ---- the driver in small -----------------------------------------------------------------------------------

    def _perform(self, side: Side, effects: list[Effect]) -> None:
        for effect in effects:
            self._perform(side, self._one(side, effect))

    def _one(self, side: Side, effect: Effect) -> list[Effect]:
        match effect:
            case Send(message, flow):
                return self._send(side, message, flow)
            case SendRequest(leg, request, flow):
                return side.endpoint.request(request, flow, leg, self.now)
            case SendAck(request, flow):
                return side.endpoint.ack(request, flow)
            case SendCancel(leg):
                return side.endpoint.cancel(leg, self.now)
            case Respond(transaction, response):
                return side.endpoint.respond(transaction, response, self.now)
            case Stray():
                side.strays += 1
                return []
            case _:
                return self._report(side, effect)

    def _report(self, side: Side, effect: Effect) -> list[Effect]:
        """To the leg that it is for; a signal to the scene."""
        match effect:
            case RequestArrived():
                return self._arrived(side, effect)
            case AckArrived(request):
                leg = side.find(request)
            case CancelArrived(transaction):
                leg = side.legs.get(side.invites.get(transaction, ""))
            case ResponseArrived(owner) | TransactionFailed(owner):
                leg = side.legs.get(owner)
            case _:
                return self._signal(side, effect)  # type: ignore[arg-type]
        return leg.handle(effect, self.now) if leg else []

    def _arrived(self, side: Side, arrived: RequestArrived) -> list[Effect]:
        request = arrived.request
        if request.to.tag is None and request.method == "INVITE":
            name = f"in{len(side.every)}"
            leg = Leg.inbound(name, arrived, side.local, side.ids, side.timing)
            side.legs[name] = leg
            side.every.append(leg)
            side.invites[arrived.transaction] = name
        else:
            found = side.find(request)
            if found is None:
                return side.endpoint.respond(arrived.transaction, respond(request, 481), self.now)
            leg = found
        return leg.handle(arrived, self.now)

    def _signal(self, side: Side, signal: Signal) -> list[Effect]:
        side.signals.append((round(self.now, 3), signal))
        if isinstance(signal, Finished):
            del side.legs[signal.leg]
        for delay, name, command in self.hear(side.name, signal):
            self.at(self.now + delay, lambda name=name, command=command: self.tell(name, command))  # type: ignore[misc]
        return []

    def _send(self, side: Side, message: Message, flow: Flow) -> list[Effect]:
        self.wire.append((round(self.now, 3), side.name, spoken(message)))
        if self.drop(side.name, message):
            return []
        data = render(message)
        for delay in self.link(self.rng):
            self.at(self.now + delay, lambda: self._deliver(side, data))
        return []

    def _deliver(self, sender: Side, data: bytes) -> None:
        to = self.b if sender is self.a else self.a
        message = parse(data)
        self.mangle(sender.name, message)
        self._perform(to, to.endpoint.received(message, self.flow(to.name), self.now))

    def ladder(self) -> list[str]:
        """The wire as ``a INVITE``, in order."""
        return [f"{who} {what}" for _, who, what in self.wire]

    def times(self, who: str, what: str) -> list[float]:
        return [at for at, side, said in self.wire if (side, said) == (who, what)]


def is_response(message: Message, status: int, method: str) -> bool:
    return isinstance(message, Response) and message.status == status and message.cseq.method == method
