"""What came of promises and is not durable yet outlives control, though the database may be away.

A customer has talked to an agent, the database does not answer, and control dies: the next process would find an
attempt that may be under way, wait until it is quiet, and call him again; or other nodes would, which lead the promise
when our lease is over. So that he was served is written beside the calls at once, and struck out when the store has it.
The next process tells the ledger of each, whoever leads it by then; what follows, the ledger knows (``Served``).

So it is with who has called in himself and reached an agent: his promise is withdrawn, or to be withdrawn when the
attempt in flight is over. Others who lead it by then are told in their turn, which nobody answers: that is struck out
when something is durable that was given to the store after it.

Who is lost again meanwhile has a promise that is written nowhere. As long as it is open what is written of the one
before is taken back, and so a next process calls him for that one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from softswitch.callback.ending import REACHED_AGENT, by_himself
from softswitch.callback.model import OPEN, Persist, Promise, PromiseChanged, PromiseState, Withdraw
from softswitch.callback.node import Elsewhere, KeepServed, Served
from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.legible import to_json
from softswitch.switch.ports import Stored

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

RECORD = "kept "  # before the name of a record; no contact is called so
log = logging.getLogger("softswitch.switch")


@dataclass(slots=True)
class _Unwritten:
    promise: Promise  # as he was served for it
    token: str = ""  # of its last write, if that is on its way


class Outcomes:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._unwritten: dict[str, _Unwritten] = {}  # by promise
        self._same: dict[tuple[str, str], set[str]] = {}  # number, group -> them
        self._told: set[str] = set()  # of these: others were told, and nothing has been given to the store since
        self._behind: dict[str, set[str]] = {}  # token of what was given to it then -> them
        self._found: dict[str, bytes] = {}  # promise -> as it was when it was kept
        switch.listen(self._hear)

    def _hear(self, event: DomainEvent, unix: float) -> None:
        """Also while nothing is given to the store, as it is known not to answer."""
        if not isinstance(event, PromiseChanged) or event.old is None:  # who was over before the store had him was put
            return
        promise, kept = event.promise, self._unwritten.get(event.promise.id)
        if not _is_over(promise):
            if kept is not None and promise.losses > kept.promise.losses:
                self._strike_out(promise.id)  # he was lost again, and is owed a call
        elif kept is None or promise.state is not event.old:
            self._keep(_Unwritten(promise))

    def put(self, order: Persist | KeepServed) -> None:
        promise, kept = order.promise, self._unwritten.get(order.promise.id)
        if kept is not None and _is_over(promise):
            kept.token = order.token
        elif kept is None and _is_over(promise):
            self._keep(_Unwritten(promise, order.token))
        if kept is None and (same := self._same.get((promise.number, promise.key))):
            self._lost_again(promise, same - {promise.id})
        if self._told:
            self._behind[order.token], self._told = self._told, set()

    def passed_on(self, order: Elsewhere) -> None:
        if isinstance(order.what, Withdraw) and order.what.promise in self._unwritten:
            self._told.add(order.what.promise)

    def stored(self, event: Stored) -> None:
        """Where it was refused, as others lead the promise, it is told otherwise (``KeepServed``)."""
        behind = self._behind.pop(event.token, set())
        if not event.ok:
            self._told |= behind
            return
        if (kept := self._unwritten.get(event.key)) is not None and kept.token == event.token:
            behind.add(event.key)
        for id in behind & self._unwritten.keys():
            self._strike_out(id)

    def restore(self, records: Mapping[str, bytes]) -> dict[str, bytes]:
        """What the former process has kept; returned are the records that are none of these."""
        self._found = {name.removeprefix(RECORD): octets for name, octets in records.items() if name.startswith(RECORD)}
        return {name: octets for name, octets in records.items() if not name.startswith(RECORD)}

    def told(self) -> list[Effect]:
        """To the ledger, which has been given what is its own."""
        effects: list[Effect] = []
        found, self._found = self._found, {}
        for id, octets in found.items():
            if (promise := _read(id, octets)) is None:
                log.error("what is written of promise %s cannot be read; he may be called again who was served", id)
                self._strike_out(id)
                continue
            log.warning("promise %s was kept when control ended; the store may not know it", id)
            self._remember(_Unwritten(promise))
            served = promise.state is PromiseState.KEPT
            said = Served(promise) if served else Withdraw(id, REACHED_AGENT, losses=promise.losses)
            follows = self._switch.offices.to_ledger(said)
            if not follows:  # it is owed to him again, or nobody has it
                self._strike_out(id)
            effects += follows
        return effects

    def _lost_again(self, promise: Promise, before: set[str]) -> None:
        """Or that came to nothing: he has reached an agent all the same, or nobody was promised anything."""
        journal = self._switch.ports.journal
        for id in before:
            if promise.state not in OPEN:
                journal.keep(RECORD + id, to_json(self._unwritten[id].promise))
            elif promise.losses:  # else an agent has said that he is to be called again
                journal.forget(RECORD + id)
        journal.flush()

    def _keep(self, unwritten: _Unwritten) -> None:
        self._remember(unwritten)
        self._switch.ports.journal.keep(RECORD + unwritten.promise.id, to_json(unwritten.promise))
        self._switch.ports.journal.flush()

    def _remember(self, unwritten: _Unwritten) -> None:
        promise = unwritten.promise
        self._unwritten[promise.id] = unwritten
        self._same.setdefault((promise.number, promise.key), set()).add(promise.id)

    def _strike_out(self, id: str) -> None:
        if (kept := self._unwritten.pop(id, None)) is not None:
            same = self._same[kept.promise.number, kept.promise.key]
            same.discard(id)
            if not same:
                del self._same[kept.promise.number, kept.promise.key]
        self._switch.ports.journal.forget(RECORD + id)
        self._switch.ports.journal.flush()


def _is_over(promise: Promise) -> bool:
    """Nobody is to call him for it any more, whatever the store knows."""
    return promise.state is PromiseState.KEPT or by_himself(promise)


def _read(id: str, octets: bytes) -> Promise | None:
    try:
        promise = msgspec.json.decode(octets, type=Promise)
    except msgspec.MsgspecError:
        return None
    return promise if promise.id == id and _is_over(promise) else None
