"""How long each caller will wait, from what is known of the moment and what was learnt (``experience``).

Where a ``pool`` is separate, QLr: those ahead by rank, the pool's agents at work, how long they are in hand for one
contact, how fast callers leave. Elsewhere HOL on the one scale of ranks: the first in line is the frontier of service,
and whoever ranks so many seconds behind it is served when it has come so far, which takes as long. What the first in
line has waited is less than he will have: his own turn comes on top, and takes about as long as lies between two of
those who wait (the refinement of Ibrahim and Whitt, by the line as it is instead of a rate of service that is nobody's
to know). A rank that priority or an old promise has made is no wait, and the frontier leaps where nobody stands: then
it takes no longer than if the queue's own agents had to serve all who are ahead anywhere.

In both cases the ringing comes on top, and the ``calibration`` of the queue corrects what has turned out to be wrong.

Each fact costs the same however many wait: the number of agents at work is counted again only when one came or went.
Knows no formulas (``estimate``), and not what was said to whom (``told``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.calibration import Calibrated
from softswitch.acd.contact import Contact, Line, Order
from softswitch.acd.demand import Signature
from softswitch.acd.estimate import Interval, Spread, exponential, turn
from softswitch.acd.experience import Experience
from softswitch.acd.floor import Standing
from softswitch.acd.pool import Pool
from softswitch.acd.state import State, Step
from softswitch.acd.told import Basis, Told, retold

_AWAY = (Standing.LOGGED_OUT, Standing.PAUSED, Standing.UNREACHABLE)
_SERVES = np.array([standing not in _AWAY for standing in Standing])  # by standing
_LAST = "\U0010ffff"  # as a contact's name: behind everybody of the same rank
_STEPS = 2.0  # callers, one step of all agents apart, for whom the formula counts until many wait
_INSTANT_S = 0.001
_FRONT = 8  # places at the head of a line that are searched for a caller: callbacks are as old as their promise


class Prospects:
    def __init__(self, state: State) -> None:
        self._state = state
        self.experience = Experience(state)
        self._staff: dict[Signature | str, tuple[int, int]] = {}  # agents at work and paused, until that changes

    def furnish(self, now: float) -> None:
        """Agents and queues have changed."""
        self.experience.furnish(now)
        self.restaffed()

    def restaffed(self) -> None:
        """Somebody began or ended work, or his phone was heard of or lost."""
        self._staff.clear()

    def observe(self, this: Step) -> None:
        """All that one step has done."""
        if this.restaffed:
            self.restaffed()
        for contact in self.experience.observe(this.effects, this.now):
            self._predict(contact, this.now)

    def _predict(self, contact: str, now: float) -> None:
        """What a caller is to expect who is not served at once, to be judged when his wait is over."""
        it = self._state.contacts.get(contact)
        if it is None or it.lane is None or it.lane.preferred is not None or not it.live:
            return
        spread = self._of_contact(it, now)
        if spread is not None:
            self.experience.visits[contact].prediction = self.experience.calibration(it.queue).predict(spread)

    def of_newcomer(self, queue: str, now: float) -> Interval | None:
        """Of a caller without needs or priority of his own; 0 where an agent is free. Raises ``LookupError``."""
        it, pool = self._state.queues[queue], self.experience.pools[queue]
        reserve = it.spec.reserve
        kept = 0 if reserve is None or reserve.priority_s <= 0 else reserve.agents
        if self._state.floor.count_free(it.signatures[0].eligible) > kept:
            return Interval(0.0, 0.0, 0.0)
        spread = self._spread(pool, queue, (now - it.spec.priority_s, _LAST), None, now)
        return self._corrected(queue, spread)

    def of_contact(self, contact: Contact, now: float) -> Interval | None:
        """What is left of its wait."""
        return self._corrected(contact.queue, self._of_contact(contact, now))

    def _corrected(self, queue: str, spread: Spread | None) -> Interval | None:
        return None if spread is None else self.experience.calibration(queue).predict(spread).told

    def told(self, contact: Contact, former: Told | None, now: float) -> Told | None:
        """What to say to it, of which ``former`` was said last; None: nothing, since nobody is at work, or what was
        said is not so any more, or it waits for one agent alone, and nobody knows when he will be free. While an agent
        is rung for it there is nothing new to say: he may not answer."""
        if contact.agents:
            return former
        if contact.lane is not None and contact.lane.preferred is not None:
            return None
        honest = self.of_contact(contact, now)
        if honest is None:
            return None
        pool = self.experience.pools[contact.queue]
        serving, paused = self._staff_for(contact.queue, self._own(contact))
        lines = (self._state.queues[name].line for name in pool.queues if name in self._state.queues)
        own = [self._state.queues[contact.queue].line]
        ahead = sum(line.position(contact.order) - 1 for line in (lines if pool.separate else own))
        basis = Basis(contact.queue, serving, paused, ahead, pool.handling.mean_s(now))
        return retold(former, honest, basis)

    def calibrated(self, queue: str) -> Calibrated:
        return self.experience.calibration(queue).calibrated()

    def _of_contact(self, contact: Contact, now: float) -> Spread | None:
        pool = self.experience.pools[contact.queue]
        if contact.agents:
            return exponential(pool.ringing.mean_s(now))
        return self._spread(pool, contact.queue, contact.order, self._own(contact), now)

    def _own(self, contact: Contact) -> Signature | None:
        return None if contact.needs is None else self._state.signature(contact)

    def _spread(self, pool: Pool, queue: str, order: Order, own: Signature | None, now: float) -> Spread | None:
        serving, _ = self._staff_for(queue, own)
        if not serving:
            return None
        ringing = exponential(pool.ringing.mean_s(now))
        served_per_s = serving / pool.cycle_s(now)
        if pool.separate and own is None:
            return self._turn(pool, order, served_per_s, now) + ringing
        lines = (self._state.queues[queue].line,) if own is None else own.busy
        found, seen = self._behind_head(queue, lines, order, serving, pool.cycle_s(now), now)
        if not seen:
            found = min(found, self._turn(pool, order, served_per_s, now), key=lambda spread: spread.mean_s)
        return found + ringing

    def _turn(self, pool: Pool, order: Order, served_per_s: float, now: float) -> Spread:
        """QLr, and how far its rates can be trusted: by so much as the mean follows from each."""
        found = turn(pool.ahead(order), served_per_s, 1 / pool.leaving.mean_s(now))
        share = served_per_s * found.variance / found.mean_s  # d ln mean / d ln mu; the rest of 1 is that of theta
        doubt = share**2 * pool.handling.doubt + (1 - share) ** 2 * pool.leaving.doubt
        return Spread(found.mean_s, found.variance + found.mean_s**2 * doubt)

    def _behind_head(
        self, queue: str, lines: Sequence[Line], order: Order, serving: int, cycle_s: float, now: float
    ) -> tuple[Spread, bool]:
        """HOL, and the turn of the first in line; and whether somebody has really waited so long. The place ``order``
        need not be taken."""
        ahead, head = 0, order
        for line in lines:
            ahead += line.position(order) - 1
            head = min(head, self._first_caller(line, order))
        lag_s, waited_s = order[0] - head[0], math.inf
        last = self.experience.answered.get(queue)
        if head is not order:
            waited_s = now - self._state.contacts[head[1]].joined_at
        elif not ahead and last is not None and now - last.at <= last.waited_s:
            lag_s, waited_s = last.lag_s - (now - order[0]), last.waited_s
        lag_s = max(0.0, lag_s)
        step_s = cycle_s / serving
        turn_s = min(cycle_s, max(step_s, (lag_s + _STEPS * step_s) / (ahead + _STEPS)))
        variance = lag_s**2 * 2 / (ahead + 1) + 2 * turn_s**2  # of his turn, and of one's own
        return Spread(lag_s + turn_s, variance), lag_s <= waited_s + _INSTANT_S

    def _first_caller(self, line: Line, otherwise: Order) -> Order:
        for order in line.places[:_FRONT]:
            if self._state.contacts[order[1]].live:
                return order
        return otherwise

    def _staff_for(self, queue: str, own: Signature | None) -> tuple[int, int]:
        """How many of those who may ever serve it are at work, and how many are paused."""
        key = queue if own is None else own
        known = self._staff.get(key)
        if known is None:
            numbers = self._state.queues[queue].admitted if own is None else own.eligible
            known = self._staff[key] = self._count(numbers)
        return known

    def _count(self, numbers: NDArray[np.intp]) -> tuple[int, int]:
        standings = self._state.floor.standings.take(numbers)
        serving = int(np.count_nonzero(_SERVES.take(standings)))
        return serving, int(np.count_nonzero(standings == int(Standing.PAUSED)))
