"""What came of promises and is not durable yet outlives control, though the database may be away.

A customer has talked to an agent, the database does not answer, and control dies: the next process would find an
attempt that may be under way, wait until it is quiet, and call him again. So that he was served is written beside the
calls at once, and struck out when the store has it. The next process tells the ledger as if it came now.

It is of use to a process of the same machine, for the attempt that the store knows: a node that was away for longer
than its lease has lost its promises to others, and they do not hear of this.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from softswitch.callback.model import OPEN, AgentFound, CustomerAnswered, Persist, Promise, PromiseChanged, PromiseState
from softswitch.core.effect import DomainEvent, Effect
from softswitch.switch.ports import Stored

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

RECORD = "kept "  # before the name of a record; no contact is called so
log = logging.getLogger("softswitch.switch")


class Outcomes:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._unwritten: dict[str, str] = {}  # promise -> token of its last write, if it is on its way
        self._found: dict[str, str] = {}  # promise -> the Call-ID by which it was kept
        switch.listen(self._hear)

    def _hear(self, event: DomainEvent, unix: float) -> None:
        """Also while nothing is given to the store, as it is known not to answer."""
        if not isinstance(event, PromiseChanged) or event.promise.state is not PromiseState.KEPT:
            return
        promise = event.promise
        if promise.id not in self._unwritten:
            self._unwritten[promise.id] = ""
            self._switch.ports.journal.keep(RECORD + promise.id, promise.call_id.encode())
            self._switch.ports.journal.flush()

    def put(self, order: Persist) -> None:
        if order.promise.id in self._unwritten and order.promise.state is PromiseState.KEPT:
            self._unwritten[order.promise.id] = order.token

    def stored(self, event: Stored) -> None:
        if self._unwritten.get(event.key) == event.token and (event.ok or event.taken):
            self._strike_out(event.key)

    def restore(self, records: Mapping[str, bytes]) -> dict[str, bytes]:
        """What the former process has kept; returned are the records that are none of these."""
        self._found = {
            name.removeprefix(RECORD): octets.decode("utf-8", "replace")
            for name, octets in records.items()
            if name.startswith(RECORD)
        }
        return {name: octets for name, octets in records.items() if not name.startswith(RECORD)}

    def told(self, promises: Iterable[Promise]) -> list[Effect]:
        """To the ledger, which has been given these promises."""
        effects: list[Effect] = []
        found, self._found = self._found, {}
        self._unwritten |= dict.fromkeys(found, "")
        for promise in promises:
            if promise.state in OPEN and found.get(promise.id) == promise.call_id != "":
                log.warning("promise %s was kept when control died; the store did not know it", promise.id)
                del found[promise.id]
                effects += self._switch.offices.to_ledger(CustomerAnswered(promise.id))
                effects += self._switch.offices.to_ledger(AgentFound(promise.id, ""))  # where the customer was first
        for id in found:
            self._strike_out(id)
        return effects

    def _strike_out(self, id: str) -> None:
        self._unwritten.pop(id, None)
        self._switch.ports.journal.forget(RECORD + id)
        self._switch.ports.journal.flush()
