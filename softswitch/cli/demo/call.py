"""One call as whoever holds the telephone sees it: it rings, it is up, it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from softswitch.call.signal import Accept, Command, Reject, Release, Ring
from softswitch.cli.demo.voice import Voice

CANCELLED = 487


@dataclass(eq=False)
class Call:
    """``tell`` gives a command to the leg; ``up`` and ``over`` are set by the telephone."""

    leg: str
    voice: Voice
    tell: Callable[[Call, Command], None]
    caller: str = ""
    caller_name: str = ""
    called: str = ""
    up: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    status: int = 0  # SIP status of a call that was never up
    ended_by: str = ""  # "peer", "us" or "network"

    def ring(self) -> None:
        self.tell(self, Ring())

    def accept(self) -> None:
        self._while_alive(Accept())

    def reject(self, status: int) -> None:
        self._while_alive(Reject(status))

    def hang_up(self) -> None:
        self._while_alive(Release())

    def press(self, digit: str) -> None:
        self.voice.press(digit)

    async def ended(self, within_s: float) -> bool:
        """Whether it is over; waits for it no longer than ``within_s``."""
        try:
            await asyncio.wait_for(self.over.wait(), within_s)
        except TimeoutError:
            return False
        return True

    async def answered(self, within_s: float) -> bool:
        """Whether it came up; waits until it did, is over, or ``within_s`` have passed."""
        waits = [asyncio.create_task(event.wait()) for event in (self.up, self.over)]
        try:
            await asyncio.wait(waits, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return self.up.is_set() and not self.over.is_set()

    def _while_alive(self, command: Command) -> None:
        """The peer may have been faster: to a leg that is over there is nothing to say."""
        if not self.over.is_set():
            self.tell(self, command)
