"""What an event package is to the subscriptions that carry it (RFC 6665 section 5.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Package:
    """``render(content, version)`` makes the body; ``version`` counts the NOTIFYs of one subscription from 0."""

    name: str  # of the Event header
    content_type: str
    gap_s: float  # at least so long between two NOTIFYs that report changes (section 5.4.9)
    render: Callable[[Any, int], bytes]
