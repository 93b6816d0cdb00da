"""What dialplans may ask of the switch while a caller is there: how it looks in a queue, and who has called before.

Of former calls the last ``CALLS`` of each of the last ``NUMBERS`` numbers are known; a new process begins with the
latest records of the store.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from softswitch.acd.estimate import Interval
from softswitch.call.record import CallRecord
from softswitch.callback.number import identified
from softswitch.callback.reading import Reading
from softswitch.ivr.outlook import no_history

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

NUMBERS = 20_000  # that are remembered; who has not called for longest is forgotten first
CALLS = 50  # of each
RESTORED = 2_000  # records that are read at the start
WITHIN_S = 30 * 86_400.0
NEVER_S = 86_400.0  # nobody is at work


_NEVER = Interval(NEVER_S, NEVER_S, NEVER_S)


@dataclass(slots=True)
class _Caller:
    last: CallRecord
    ended: deque[float] = field(default_factory=lambda: deque(maxlen=CALLS))  # Unix s


class SwitchOutlook:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._callers: OrderedDict[str, _Caller] = OrderedDict()
        self._reading = Reading(switch.configuration.region)

    @property
    def region(self) -> str:
        return self._switch.configuration.region

    # ---- what happens ------------------------------------------------------------------------------------------

    def restore(self, records: Iterable[CallRecord]) -> None:
        for record in sorted(records, key=lambda one: one.ended_at):
            self.finished(record)
            if record.queue and record.connected_at:
                self._switch.acd.recall(record.queue, record.ended_at - record.connected_at)

    def finished(self, record: CallRecord) -> None:
        """A contact is over."""
        key = self.key(record.caller) if record.kind in ("inbound", "callback") else ""
        if not key:
            return
        known = self._callers.pop(key, None) or _Caller(record)
        known.last = record
        known.ended.append(record.ended_at)
        self._callers[key] = known
        if len(self._callers) > NUMBERS:
            self._callers.popitem(last=False)

    def key(self, number: str) -> str:
        """One for each way to write a number; "" where it is withheld."""
        found = identified(number, self._reading)
        return found.dial or ("" if found.why == "withheld" else number)

    # ---- what is asked -----------------------------------------------------------------------------------------

    def queue(self, name: str) -> Mapping[str, Any] | None:
        acd = self._switch.acd
        try:
            waiting = len(acd.waiting(name, self._switch.now))
            free, logged_in = acd.free_agents(name), acd.logged_in(name)
            wait = acd.expected_wait(name, self._switch.now) or _NEVER
        except LookupError:
            return None
        return {
            "waiting": waiting, "free": free, "logged_in": logged_in, "expected_wait": round(wait.likely_s),
            "expected_low": round(wait.low_s), "expected_high": round(wait.high_s),
        }  # fmt: skip

    def takes(self, number: str, queue: str) -> bool:
        return self._switch.ledger.can_promise(number, queue)

    def history(self, number: str) -> Mapping[str, Any]:
        found, key = no_history(), self.key(number)
        promises = [one.queue for one in self._switch.ledger.open_for(key)] if key else []
        found["promise"] = promises[0] if promises else ""
        known = self._callers.get(key)
        if known is None:
            return found
        since, last = self._switch.unix - WITHIN_S, known.last
        at = datetime.fromtimestamp(last.ended_at, UTC)
        return found | {
            "calls": sum(1 for ended in known.ended if ended >= since), "at": at, "outcome": last.outcome,
            "queue": last.queue, "agent": last.agent,
        }  # fmt: skip
