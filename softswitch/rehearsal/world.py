"""A world for one call: the clock, the driver's ports, and a log of all that happens."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable

from softswitch.core.effect import DomainEvent
from softswitch.core.ids import Ids
from softswitch.ivr.model import Fetch
from softswitch.rehearsal.ear import Ear
from softswitch.rehearsal.happening import Happening
from softswitch.rehearsal.internet import Internet
from softswitch.rehearsal.keeper import Forgetful
from softswitch.rehearsal.script import HttpAnswers
from softswitch.rehearsal.site import Site
from softswitch.sip.flow import Flow
from softswitch.sip.locate import Wish
from softswitch.sip.message import Message, parse, render
from softswitch.switch.configuration import Configuration
from softswitch.switch.driver import Switch
from softswitch.switch.ports import Arrived, Clock, Ports, Resolved, WorldInput
from softswitch.switch.restart import Kept

SWITCH = ("127.0.0.1", 5060)
WIRE_S = 0.001
SEED = 1  # the same call goes the same way each time


class World:
    """``configuration`` is the switch's; ``epoch`` is Unix time at the beginning."""

    def __init__(
        self,
        configuration: Configuration,
        epoch: float,
        heard: Callable[..., None],
        sent: Callable[[str, str], None],
        unanswered: Callable[[Fetch], HttpAnswers | None],
    ) -> None:
        self.now = 0.0
        self.happened: list[Happening] = []
        self.unforeseen: list[str] = []
        self.sites: dict[tuple[str, int], Site] = {}
        self.ids = Ids(random.Random(SEED).getrandbits)
        self._heap: list[tuple[float, int, Callable[[], object]]] = []
        self._serial = itertools.count()
        self._alarm = 0
        self.ear = Ear(self, heard, sent)
        self.internet = Internet(self, unanswered)
        ports = Ports(self, self.ear, Forgetful(self), self.internet, self)
        self.switch = Switch(configuration, ports, self.ids, Clock(lambda: self.now, epoch), self._rearm)

    def begin(self, listener: Callable[[DomainEvent, float], None]) -> None:
        self.switch.listen(listener)
        self.switch.restore(Kept())
        self.switch.begin()

    def feed(self, event: WorldInput) -> None:
        self.switch.feed(event)

    def note(self, happening: Happening) -> None:
        self.happened.append(happening)

    # ---- time --------------------------------------------------------------------------------------------------

    def after(self, delay_s: float, work: Callable[[], object]) -> None:
        heapq.heappush(self._heap, (self.now + max(0.0, delay_s), next(self._serial), work))

    def step(self, until: float) -> bool:
        """Do the next thing that is due before ``until``; False: there is none, and it is that late now."""
        if not self._heap or self._heap[0][0] > until:
            self.now = max(self.now, until)
            return False
        moment, _, work = heapq.heappop(self._heap)
        self.now = max(self.now, moment)
        work()
        return True

    def _rearm(self, deadline: float | None) -> None:
        """One alarm at a time: a new one takes the place of the last."""
        self._alarm += 1
        alarm = self._alarm
        if deadline is not None:
            self.after(deadline - self.now, lambda: self._tick(alarm))

    def _tick(self, alarm: int) -> None:
        if alarm == self._alarm:
            self.switch.tick()

    # ---- the network -------------------------------------------------------------------------------------------

    def send(self, message: Message, flow: Flow) -> None:
        self.carry(message, flow.local, flow.remote)

    def carry(self, message: Message, source: tuple[str, int], destination: tuple[str, int]) -> None:
        data = render(message)
        self.after(WIRE_S, lambda: self._deliver(data, Flow("udp", destination, source)))

    def _deliver(self, data: bytes, flow: Flow) -> None:
        if flow.local == SWITCH:
            self.feed(Arrived(parse(data), flow))
        elif flow.local in self.sites:
            self.sites[flow.local].received(parse(data), flow)

    def resolve(self, name: str, wish: Wish) -> None:
        self.after(WIRE_S, lambda: self.feed(Resolved(name, None, "there are no name servers in a rehearsal")))
