"""Who talked with this number last: for queues whose callers are to be asked back to the same agent.

Read from the records of calls that have ended, at the start from those that the store gives back; so a call is known
when it is over. A number is one however it is written; withheld ones are nobody's.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from softswitch.call.record import CallRecord
from softswitch.contact.event import ContactFinished

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

MOST = 100_000  # numbers; of those the ones that called last


class LastAgents:
    hears = (ContactFinished,)

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._served: OrderedDict[str, tuple[str, float]] = OrderedDict()  # number -> agent, Unix s; the latest last
        switch.directory.last_agent = self.find

    def find(self, number: str, queue: str) -> tuple[str, float] | None:
        """(agent, for how many seconds he alone is asked), if this queue does so and he served it not too long ago."""
        rule = self._switch.configuration.last_agents.get(queue)
        found = None if rule is None else self._served.get(self._switch.outlook.key(number))
        if rule is None or found is None or self._switch.unix - found[1] > rule.within_s:
            return None
        return found[0], rule.for_s

    def note(self, event: ContactFinished) -> None:
        self._finished(event.record)

    def restore(self, records: Iterable[CallRecord]) -> None:
        for record in sorted(records, key=lambda record: record.ended_at):
            self._finished(record)

    def _finished(self, record: CallRecord) -> None:
        if not (record.agent and record.queue and record.connected_at):
            return
        number = self._switch.outlook.key(record.called if record.kind == "callback" else record.caller)
        if number:
            self._served[number] = record.agent, record.ended_at
            self._served.move_to_end(number)
            if len(self._served) > MOST:
                self._served.popitem(last=False)
