"""Whether a queue is worth waiting for: somebody is there who could serve it, not all are paused, the wait is bearable.

Asked when somebody joins, of ``join_unless`` and of ``leave_if`` alike: who would have to leave at once is not let in.
Not asked of callbacks, which wait without a line, nor of who had his place before: he was let in once.

Of those who wait, that nobody is there, or that all are paused, is asked in a step in which an agent came, went or is
paused, and in no other, since nothing else makes it true. An expected wait changes with every contact that comes and
goes and would send people away for a moment's jam, so it is asked every ``LOOK_S`` seconds, of the last in line first:
whoever leaves makes it shorter for nobody before him. Who is being rung for stays.

Somebody is at work where he is logged in, whatever he does and whether his phone can be reached: that comes and goes.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from softswitch.acd.contact import Contact, joined
from softswitch.acd.floor import Standing
from softswitch.acd.model import Condition, Join, Needs
from softswitch.acd.prospect import Prospects
from softswitch.acd.roster import Numbers
from softswitch.acd.state import Queue, State, Step
from softswitch.core.timers import Deadlines

LOOK_S = 30.0  # as often as an announcement
_STAFF = (Condition.NO_AGENTS, Condition.ALL_PAUSED)


class Conditions:
    def __init__(self, state: State, prospects: Prospects) -> None:
        self._state = state
        self._prospects = prospects
        self._looks = Deadlines()  # of queues that those whose wait is too long are to leave
        self.furnish()

    def furnish(self) -> None:
        """Queues and agents have changed."""
        leave_if = {name: queue.spec.leave_if for name, queue in self._state.queues.items()}
        self._of_staff = [name for name, conditions in leave_if.items() if conditions & {*_STAFF}]
        self._of_wait = {name for name, conditions in leave_if.items() if Condition.LONG_WAIT in conditions}
        self._changed = True

    @property
    def deadline(self) -> float | None:
        return self._looks.next()

    # ---- at joining ------------------------------------------------------------------------------------------------

    def against(self, event: Join, queue: Queue, now: float) -> Condition | None:
        """Why nobody may join there now."""
        spec = queue.spec
        asked = spec.join_unless | spec.leave_if
        if not asked:
            return None
        if (found := self._of(asked, self._could_serve(queue, event.needs))) is not None:
            return found
        if Condition.LONG_WAIT not in asked:
            return None
        limits = (
            (Condition.LONG_WAIT in spec.join_unless, spec.expected_above_s),
            (Condition.LONG_WAIT in spec.leave_if, spec.leave_above_s),
        )
        too_long = self._too_long(event, queue, min(above_s for counts, above_s in limits if counts), now)
        return Condition.LONG_WAIT if too_long else None

    def _too_long(self, event: Join, queue: Queue, above_s: float, now: float) -> bool:
        """At the place that he would have, with his priority and needs; not where somebody is free for him."""
        would_be = joined(event, queue.spec, now)
        would_be.relax(now)
        if self._state.lane(would_be, now).is_open(self._state.floor):
            return False
        expected = self._prospects.of_contact(would_be, now)
        return expected is not None and expected.likely_s > above_s

    def _could_serve(self, queue: Queue, needs: Needs | None) -> Numbers:
        """Now or when the needs are relaxed."""
        return queue.admitted if needs is None else self._state.demand.signature(needs).eligible

    def _of(self, asked: Iterable[Condition], agents: Numbers) -> Condition | None:
        """Of those about the staff."""
        logged_in = self._state.floor.count_logged_in(agents)
        if not logged_in:
            return Condition.NO_AGENTS if Condition.NO_AGENTS in asked else None
        if Condition.ALL_PAUSED not in asked:
            return None
        paused = np.count_nonzero(self._state.floor.standings.take(agents) == int(Standing.PAUSED))
        return Condition.ALL_PAUSED if paused == logged_in else None

    # ---- of those who wait -----------------------------------------------------------------------------------------

    def gone(self, this: Step) -> list[tuple[Contact, Condition]]:
        """Who is to leave after what has happened in this step."""
        for contact in this.arrived:
            if contact.queue in self._of_wait and self._looks.of(contact.queue) is None:
                self._looks.set(contact.queue, this.now + LOOK_S)
        if not (this.restaffed or self._changed):
            return []
        if self._changed:
            self._look_at_those_who_wait(this.now)
        self._changed = False
        return [one for name in self._of_staff if name in self._state.queues for one in self._without_staff(name)]

    def _look_at_those_who_wait(self, now: float) -> None:
        """Where a reload has brought the condition about the wait."""
        for name in self._of_wait:
            if self._state.queues[name].live_waiting and self._looks.of(name) is None:
                self._looks.set(name, now + LOOK_S)

    def _without_staff(self, name: str) -> list[tuple[Contact, Condition]]:
        queue = self._state.queues[name]
        known: dict[Needs | None, Condition | None] = {}
        found = []
        for contact in self._waiting(queue):
            if contact.needs not in known:
                agents = self._could_serve(queue, contact.needs)
                known[contact.needs] = self._of(queue.spec.leave_if, agents)
            if (why := known[contact.needs]) is not None:
                found.append((contact, why))
        return found

    def _waiting(self, queue: Queue) -> list[Contact]:
        """Callers for whom nobody is being rung."""
        if not queue.live_waiting:
            return []
        contacts = (self._state.contacts[order[1]] for order in queue.line.places)
        return [contact for contact in contacts if contact.live and not contact.agents]

    def due(self, now: float) -> list[tuple[Contact, Condition]]:
        """Whose wait has become too long."""
        found = []
        for key in self._looks.due(now):
            queue = self._state.queues.get(str(key))
            if queue is None or not queue.live_waiting or queue.spec.name not in self._of_wait:
                continue
            for contact in reversed(self._waiting(queue)):
                expected = self._prospects.of_contact(contact, now)
                if expected is None or expected.likely_s <= queue.spec.leave_above_s:
                    break
                found.append((contact, Condition.LONG_WAIT))
            self._looks.set(key, now + LOOK_S)
        return found
