"""The way of each call through its dialplan: in memory while it goes on, in the store when it is over.

What a long call has come to is written now and then, so that a crash costs little of it. Ways are counted by the hour,
and the counts added to those of the store: a day of 50,000 calls is a few thousand rows, however they are looked at.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from softswitch.contact.inbound import InboundContact
from softswitch.core.effect import Effect
from softswitch.ivr.interpreter import Interpreter
from softswitch.ivr.model import StepEntered, StepLeft
from softswitch.ivr.path import CallPath, Edge, Walk

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

HOUR_S = 3600
WRITE_EVERY_S = 30.0
MOST_WAYS = 20_000  # counted between two writings; more are no dialplan's
AT_ONCE = 50  # paths of long calls that are written in one go, a tenth of a millisecond each
PAUSE_S = 0.2  # between two goes
ENDED = 100  # paths that stay in memory when their calls are over: the store takes a moment, or is away
Way = tuple[int, str, str, str, str]  # hour since 1970, plan, step, exit, the step that follows


class Paths:
    hears = (StepEntered, StepLeft)

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._most = switch.configuration.path_steps
        self._walks: dict[str, Walk] = {}  # by contact
        self._former: dict[str, CallPath] = {}  # of calls that are taken over, by contact
        self._ended: OrderedDict[str, CallPath] = OrderedDict()
        self._touched: set[str] = set()  # have gone on since they were written
        self._ways: Counter[Way] = Counter()

    def restore(self, paths: Iterable[CallPath]) -> None:
        """What a former process has written of calls that went on."""
        self._former = {path.contact: path for path in paths}

    def taken_over(self) -> None:
        """Those of them that go on are contacts now; the others have ended with the former process."""
        for contact in self._former.keys() - self._switch.calls.contacts.keys():
            self._cut_short(contact)

    def _cut_short(self, contact: str) -> None:
        path = self._former.pop(contact, None)
        if path is not None:
            self._switch.ports.keeper.put_path(msgspec.structs.replace(path, over=True))

    def note(self, event: StepEntered | StepLeft) -> None:
        if isinstance(event, StepLeft):
            self._left(event)
        elif (walk := self._walk(event.contact, event.plan, "")) is not None:
            walk.enter(event.plan, event.step, event.verb, self._switch.unix)

    def _left(self, event: StepLeft) -> None:
        unix = self._switch.unix
        if (walk := self._walk(event.contact, event.plan, event.version)) is not None:
            walk.leave(event, unix)
            self._touched.add(event.contact)
        way = (int(unix // HOUR_S), event.plan, event.step, event.exit, event.to)
        if len(self._ways) < MOST_WAYS or way in self._ways:
            self._ways[way] += 1
        if not self._armed:
            self._arm(WRITE_EVERY_S)

    def _walk(self, contact: str, plan: str, version: str) -> Walk | None:
        """None: no paths are kept, or this one's is over."""
        walk = self._walks.get(contact)
        if walk is None:
            known = self._switch.calls.contacts.get(contact)
            if known is None or not self._most:
                return None
            if isinstance(known, InboundContact) and isinstance(known.script, Interpreter):
                plan, version = known.script.plan.name, known.script.plan.version  # and not that of a flow
            walk = self._walks[contact] = Walk(plan, version, self._switch.unix, self._most)
            former = self._former.pop(contact, None)
            if former is not None:
                walk.go_on(former)
        return walk

    def ended(self, contact: str) -> None:
        """The contact is over, and so is its walk."""
        walk = self._walks.pop(contact, None)
        self._touched.discard(contact)
        if walk is None:
            return self._cut_short(contact)
        walk.end(self._switch.unix)
        path = self._ended[contact] = walk.path(contact, self._switch.unix, over=True)
        self._switch.ports.keeper.put_path(path)
        while len(self._ended) > ENDED:
            self._ended.popitem(last=False)

    # ---- who asks ----------------------------------------------------------------------------------------------

    def path(self, contact: str) -> CallPath | None:
        """Of a call that goes on, or has just ended."""
        walk = self._walks.get(contact)
        if walk is not None:
            clock = self._switch.clock
            known = self._switch.calls.contacts.get(contact)
            script = known.script if isinstance(known, InboundContact) else None
            told = script.state.told if isinstance(script, Interpreter) else ()
            return walk.path(contact, clock.monotonic() + clock.epoch, over=False, told=told)
        return self._former.get(contact) or self._ended.get(contact)

    def edges(self, plan: str) -> list[Edge]:
        """Those that the store has not heard of yet."""
        return [Edge(step, exit, to, count) for (_, of, step, exit, to), count in self._ways.items() if of == plan]

    # ---- the store ---------------------------------------------------------------------------------------------

    _armed = False

    def _arm(self, delay_s: float | None) -> None:
        self._armed = delay_s is not None
        self._switch.arm(("paths", ""), None if delay_s is None else self._switch.now + delay_s)

    def due(self) -> list[Effect]:
        """Write what has been counted, and what calls have come to that go on."""
        keeper, unix = self._switch.ports.keeper, self._switch.unix
        ways, self._ways = self._ways, Counter()
        for (hour, plan, step, exit, to), count in ways.items():
            keeper.put_edge(hour, plan, Edge(step, exit, to, count))
        old = [contact for contact in self._touched if unix - self._walks[contact].started_at >= WRITE_EVERY_S]
        for contact in old[:AT_ONCE]:
            self._touched.discard(contact)
            keeper.put_path(self._walks[contact].path(contact, unix, over=False))
        if len(old) > AT_ONCE:
            self._arm(PAUSE_S)
        else:
            self._arm(WRITE_EVERY_S if self._touched else None)
        return []
