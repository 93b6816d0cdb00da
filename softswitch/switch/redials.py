"""The places that are kept for those who call again: whose number it is, and that a new process has them too.

Who was told that he will be called back has the place of that promise, as long as it is open; the ledger knows it.

A number is one however it is written; withheld ones are nobody's. Each place is a record of its own among those of the
calls, so that it survives what the calls survive.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from softswitch.contact.order import ForgetPlace, KeepPlace
from softswitch.contact.redial import Kept, KeptPlaces, Key
from softswitch.core.effect import Effect
from softswitch.core.timers import earliest

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

log = logging.getLogger("softswitch.switch")

RECORD = "place "  # before the name of a record; no contact is called so


class _Record(msgspec.Struct, frozen=True, array_like=True):
    number: str
    queue: str
    place: Kept


_DECODER = msgspec.msgpack.Decoder(_Record)


class Redials:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._places = KeptPlaces()
        switch.directory.kept_place = self.find

    def handlers(self) -> dict[type[Effect], Callable[[Any], Sequence[Effect]]]:
        return {KeepPlace: self._keep, ForgetPlace: self._forget}

    def find(self, number: str, queue: str) -> float | None:
        """Since when somebody who calls from there has waited, in Unix seconds."""
        place = self._places.find(self._key(number, queue), self._switch.unix) if self._places else None
        return earliest(self._switch.ledger.earned_at(number, queue), None if place is None else place.queued_at)

    def due(self) -> Iterable[Effect]:
        self._gone(self._places.tick(self._switch.unix))
        return ()

    def restore(self, records: Mapping[str, bytes]) -> dict[str, bytes]:
        """What the former process has kept; returned are the records that are none of these."""
        for name, octets in records.items():
            if not name.startswith(RECORD):
                continue
            try:
                record = _DECODER.decode(octets)
            except msgspec.MsgspecError:
                log.warning("a place that was kept cannot be read, and is lost")
                self._switch.ports.journal.forget(name)
                continue
            self._gone(self._places.keep((record.number, record.queue), record.place))
        self.due()
        return {name: octets for name, octets in records.items() if not name.startswith(RECORD)}

    def _key(self, number: str, queue: str) -> Key:
        return self._switch.outlook.key(number), queue

    def _keep(self, order: KeepPlace) -> Sequence[Effect]:
        key = self._key(order.number, order.queue)
        if not key[0]:
            return []
        self.due()  # what is over is nobody's older place
        gone = self._places.keep(key, Kept(order.queued_at, order.until))
        if (kept := self._places.find(key, self._switch.unix)) is not None:
            record = msgspec.msgpack.encode(_Record(*key, kept))
            self._switch.ports.journal.keep(_name(key), record)
        self._gone(gone)
        return []

    def _forget(self, order: ForgetPlace) -> Sequence[Effect]:
        self._gone(self._places.forget(self._key(order.number, order.queue)))
        return []

    def _gone(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._switch.ports.journal.forget(_name(key))
        self._switch.ports.journal.flush()
        self._switch.arm_unix(("redials", ""), self._places.deadline)


def _name(key: Key) -> str:
    return f"{RECORD}{key[0]} {key[1]}"
