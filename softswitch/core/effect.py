"""The two kinds of thing that a machine returns: orders to the driver, and facts for whoever listens."""

from __future__ import annotations

from dataclasses import dataclass


class Effect:
    """An order: something that the driver must do. Subclasses are frozen, slotted dataclasses."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class DomainEvent(Effect):
    """A fact, past tense: it has happened inside a machine and cannot be refused.

    One stream of these feeds the call detail records, the metrics, the event API, the log and the simulator.
    """
