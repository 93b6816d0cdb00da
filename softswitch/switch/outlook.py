"""What dialplans may ask of the switch while a caller is there: how it looks in a queue, and who has called before.

How long a caller would wait is a guess: as many agents as are logged in, each busy for as long as conversations of this
queue have lasted lately, with everybody who waits taken first. Of former calls the last ``CALLS`` of each of the last
``NUMBERS`` numbers are known; a new process begins with the latest records of the store.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from softswitch.call.record import CallRecord
from softswitch.callback.number import normalise
from softswitch.ivr.outlook import no_history

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

NUMBERS = 20_000  # that are remembered; who has not called for longest is forgotten first
CALLS = 50  # of each
RESTORED = 2_000  # records that are read at the start
WITHIN_S = 30 * 86_400.0
TALK_S = 180.0  # how long a conversation lasts where there was none yet
NEVER_S = 86_400.0  # nobody is logged in
_LATELY = 0.1  # weight of the last conversation


@dataclass(slots=True)
class _Caller:
    last: CallRecord
    ended: deque[float] = field(default_factory=lambda: deque(maxlen=CALLS))  # Unix s


class SwitchOutlook:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._callers: OrderedDict[str, _Caller] = OrderedDict()
        self._talk_s: dict[str, float] = {}  # by queue

    @property
    def region(self) -> str:
        return self._switch.configuration.region

    # ---- what happens ------------------------------------------------------------------------------------------

    def restore(self, records: Iterable[CallRecord]) -> None:
        for record in sorted(records, key=lambda one: one.ended_at):
            self.finished(record)

    def finished(self, record: CallRecord) -> None:
        """A contact is over."""
        if record.queue and record.connected_at:
            took, lately = record.ended_at - record.connected_at, self._talk_s.get(record.queue)
            self._talk_s[record.queue] = took if lately is None else lately + _LATELY * (took - lately)
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
        found = normalise(number, self.region)
        return found.dial or ("" if found.why == "withheld" else number)

    # ---- what is asked -----------------------------------------------------------------------------------------

    def queue(self, name: str) -> Mapping[str, Any] | None:
        acd = self._switch.acd
        try:
            waiting = len(acd.waiting(name, self._switch.now))
            free, logged_in = acd.free_agents(name), acd.logged_in(name)
        except LookupError:
            return None
        wait_s = 0.0
        if not logged_in:
            wait_s = NEVER_S
        elif free <= waiting:
            wait_s = (waiting - free + 1) * self._talk_s.get(name, TALK_S) / logged_in
        return {"waiting": waiting, "free": free, "logged_in": logged_in, "expected_wait": round(wait_s)}

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
