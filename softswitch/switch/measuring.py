"""How well the legs of a contact were heard: facts as the media plane finds them, and the numbers in the call record.

A stream's numbers come after its leg has ended, and often after its contact has: the record is written when the contact
ends, with what is known, and once more when the last of its streams has been measured. A media process that died never
measures its streams; so what is waited for is bounded, the oldest goes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from softswitch.call.record import CallRecord, StreamQuality
from softswitch.core.effect import Effect
from softswitch.switch.event import StreamMeasured, StreamNoted
from softswitch.switch.ports import Keeper, Measured, Noted

_MOST = 10_000  # contacts and legs in wait
_MOST_EVENTS = 16  # of one leg: one that comes and goes all the time says no more with each time


class Measuring:
    """``contact_of`` tells whose leg it is; "" nobody's."""

    def __init__(self, keeper: Keeper, contact_of: Callable[[str], str]) -> None:
        self._keeper, self._contact_of = keeper, contact_of
        self._closed: OrderedDict[str, str] = OrderedDict()  # legs that ended and are not measured yet: their contact
        self._due: dict[str, int] = {}  # how many of those a contact has
        self._found: OrderedDict[str, tuple[StreamQuality, ...]] = OrderedDict()  # of contacts that have not ended yet
        self._noted: OrderedDict[str, tuple[str, ...]] = OrderedDict()  # of legs that are not measured yet
        self._records: OrderedDict[str, CallRecord] = OrderedDict()  # of contacts that have, and wait

    def closed(self, leg: str) -> None:
        """Its stream is being closed: the numbers will come."""
        contact = self._contact_of(leg)
        if not contact or leg in self._closed:
            return
        self._closed[leg] = contact
        self._due[contact] = self._due.get(contact, 0) + 1
        if len(self._closed) > _MOST:
            self._no_longer(self._closed.popitem(last=False)[1])

    def noted(self, event: Noted) -> Sequence[Effect]:
        contact = self._contact_of(event.stream)
        if not contact:
            return []
        _put(self._noted, event.stream, (*self._noted.get(event.stream, ()), event.kind)[:_MOST_EVENTS])
        return [StreamNoted(contact, event.stream, event.kind)]

    def measured(self, event: Measured) -> Sequence[Effect]:
        contact, noted = self._closed.pop(event.stream, ""), self._noted.pop(event.stream, ())
        if not contact:
            return []
        one = StreamQuality(event.stream, event.quality, noted)
        record = self._records.get(contact)
        if record is None:
            _put(self._found, contact, (*self._found.get(contact, ()), one))
        else:
            self._records[contact] = replace(record, quality=(*record.quality, one))
        self._no_longer(contact)
        return [StreamMeasured(contact, event.stream, event.quality)]

    def finished(self, record: CallRecord) -> CallRecord:
        """The record with what is known by now."""
        if found := self._found.pop(record.contact, ()):
            record = replace(record, quality=found)
        if record.contact in self._due:
            _put(self._records, record.contact, record)
        return record

    def _no_longer(self, contact: str) -> None:
        """One leg less of this contact is waited for: after the last one its record has all that it will have."""
        left = self._due.pop(contact) - 1
        if left:
            self._due[contact] = left
        elif (record := self._records.pop(contact, None)) is not None:
            self._keeper.put_call(record)


def _put(where: OrderedDict[str, Any], key: str, value: Any) -> None:
    where[key] = value
    if len(where) > _MOST:
        where.popitem(last=False)
