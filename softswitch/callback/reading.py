"""Whose numbers those are that are written without country or area, and which may be dialled: as settings say.

It is carried from there to who reads numbers; what a number is, ``number`` decides.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """How numbers are read, and which of them may be dialled."""

    region: str = "CN"  # ISO 3166: numbers without a country are those of this one
    area_code: str = ""  # of local numbers, "10" in Beijing; "": nobody can know whose they are
    countries: tuple[str, ...] = ()  # whose numbers may be dialled; none: those of ``region``
    services: bool = False  # may numbers of services be dialled?
    internal: str = ""  # regex of whole numbers that are no outside numbers and yet dialled, as they are; "": none
