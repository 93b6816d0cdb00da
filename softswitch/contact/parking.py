"""Parking places: which call is in which slot, so that any phone can take it from there.

A machine beside the contacts, as the ACD is. A parked call keeps its contact; whoever takes it gives his phone to it,
and his own call is over with that. What a slot is called is the plan's business; how long a call stays in it is known
to its contact.
"""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.core.effect import DomainEvent, Effect


@dataclass(frozen=True, slots=True)
class Place:
    """Where a contact is parked: what outlives the process, as plain data."""

    slot: str
    since: float  # monotonic seconds
    until: float
    by: str = ""  # user who sent the call there; "" nobody did


# ---- inputs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Park:
    contact: str
    slots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unpark:
    """The contact is parked no longer. One that is not may say so too."""

    contact: str


@dataclass(frozen=True, slots=True)
class Retrieve:
    contact: str  # who wants to have it
    slot: str


ParkingInput = Park | Unpark | Retrieve

# ---- orders, facts ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TellParking(Effect):
    event: ParkingInput


@dataclass(frozen=True, slots=True)
class ParkAnswer(Effect):
    contact: str
    slot: str  # "": all are taken


@dataclass(frozen=True, slots=True)
class RetrieveRefused(Effect):
    contact: str
    why: str  # "empty", "forbidden"


@dataclass(frozen=True, slots=True)
class Retrieved(Effect):
    """``taker`` is to give its leg to ``contact``, which has its slot until then."""

    contact: str
    taker: str


@dataclass(frozen=True, slots=True)
class CallParked(DomainEvent):
    contact: str
    slot: str
    by: str  # user; "" nobody


@dataclass(frozen=True, slots=True)
class CallUnparked(DomainEvent):
    contact: str
    slot: str
    why: str  # "retrieved", "timeout", "hung up"
    seconds: float


class Parking:
    """All slots of a node."""

    def __init__(self) -> None:
        self._contact_in: dict[str, str] = {}  # by slot
        self._slot_of: dict[str, str] = {}  # by contact

    def handle(self, event: ParkingInput) -> list[Effect]:
        match event:
            case Park(contact, slots):
                slot = next((slot for slot in slots if slot not in self._contact_in), "")
                if slot:
                    self._contact_in[slot], self._slot_of[contact] = contact, slot
                return [ParkAnswer(contact, slot)]
            case Unpark(contact):
                self._free(contact)
                return []
            case Retrieve(taker, slot):
                parked = self._contact_in.get(slot)
                return [RetrieveRefused(taker, "empty") if parked is None else Retrieved(parked, taker)]

    def contact_in(self, slot: str) -> str:
        """Who is parked there; "" nobody."""
        return self._contact_in.get(slot, "")

    def _free(self, contact: str) -> None:
        slot = self._slot_of.pop(contact, None)
        if slot is not None:
            del self._contact_in[slot]
