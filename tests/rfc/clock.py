"""A transaction layer and its clock: what it sends and reports of itself, and when."""

from __future__ import annotations

from softswitch.core.effect import Effect
from softswitch.sip.effect import RequestArrived, Send
from softswitch.sip.endpoint import Endpoint
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request
from softswitch.sip.response import respond
from softswitch.sip.timing import Timing
from tests.unit.sip.exchange import UDP, ids, request, response

Said = list[tuple[float, Effect]]


class Layer:
    """One endpoint; each step gives its effects."""

    def __init__(self, flow: Flow = UDP, timing: Timing | None = None) -> None:
        self.endpoint = Endpoint(ids(), timing or Timing())
        self.flow = flow
        self.now = 0.0
        self.key = ""  # of the server transaction

    # ---- as client -----------------------------------------------------------------------------------------------

    def asks(self, method: str = "INVITE", **named: str) -> Request:
        (sent,) = self.endpoint.request(request(method, via="", **named), self.flow, "tu", self.now)  # type: ignore[arg-type]
        assert isinstance(sent, Send) and isinstance(sent.message, Request)
        return sent.message

    def hears(self, to: Request, status: int, tag: str = "theirs") -> list[Effect]:
        return self.endpoint.received(response(to, status, tag), self.flow, self.now)

    # ---- as server -----------------------------------------------------------------------------------------------

    def takes(self, message: Request | None = None) -> list[Effect]:
        effects = self.endpoint.received(message or request(), self.flow, self.now)
        self.key = next((one.transaction for one in effects if isinstance(one, RequestArrived)), self.key)
        return effects

    def says(self, status: int, method: str = "INVITE", tag: str = "ours") -> list[Effect]:
        return self.endpoint.respond(self.key, respond(request(method), status, to_tag=tag), self.now)

    # ---- the clock -----------------------------------------------------------------------------------------------

    def passes(self, until: float) -> Said:
        said: Said = []
        while (moment := self.endpoint.deadline) is not None and moment <= until:
            self.now = moment
            said += [(round(moment, 3), effect) for effect in self.endpoint.tick(moment)]
        self.now = until
        return said

    @property
    def alive(self) -> bool:
        return len(self.endpoint) > 0

    def ends(self, most: float = 200.0) -> float:
        """When the last transaction is gone."""
        while self.alive and self.now < most:
            moment = self.endpoint.deadline
            assert moment is not None, "it never ends"
            self.passes(moment)
        return round(self.now, 3)


def repeats(said: Said) -> list[float]:
    """When something was sent."""
    return [at for at, effect in said if isinstance(effect, Send)]


def wire(effects: list[Effect]) -> list[str]:
    return [_spoken(effect.message) for effect in effects if isinstance(effect, Send)]


def _spoken(message: Message) -> str:
    return message.method if isinstance(message, Request) else str(message.status)
