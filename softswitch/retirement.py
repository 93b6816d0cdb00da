"""The end of a control process: by a signal, or because it was drained and nobody is left.

That it drains is noted in a file, which the next control process finds should this one die meanwhile, so that a crash
does not bring a switch back that is being taken out of service. The note is one of this life of the supervisor, which
removes it when it starts.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from pathlib import Path

import msgspec

from softswitch.supervisor import drain_note
from softswitch.switch.driver import Switch

log = logging.getLogger("softswitch.retirement")


class Retirement:
    """``switch`` has taken over what there is of the former process, and hears nothing yet."""

    def __init__(self, var: Path, switch: Switch) -> None:
        self._switch = switch
        self._note = drain_note(var)
        self._over = asyncio.Event()
        draining = switch.offices.draining
        draining.keep, draining.over = self._keep, self._over.set
        if self._note.exists():
            try:
                draining.restore(self._note.read_bytes())
            except (OSError, msgspec.MsgspecError) as error:
                log.error("%s cannot be read, new calls are taken: %s", self._note, error)

    def _keep(self, octets: bytes) -> None:
        try:
            if octets:
                new = self._note.with_suffix(".new")
                new.write_bytes(octets)
                new.replace(self._note)
            else:
                self._note.unlink(missing_ok=True)
        except OSError as error:
            log.error("%s cannot be written, a crash would not be followed by what was ordered: %s", self._note, error)

    async def due(self, stop: asyncio.Event) -> bool:
        """Return when the process is to end; True: it is drained."""
        waits = [asyncio.create_task(event.wait()) for event in (stop, self._over)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()
        return self._over.is_set()

    def let_go(self) -> None:
        """Of everybody who is left. Who waits, or has not come to anybody yet, is lost by it, and written down."""
        switch = self._switch
        for contact in list(switch.calls.contacts):
            switch.command(partial(switch.calls.hang_up, contact, True))
        switch.command(switch.offices.draining.let_go)
        while switch.signalling.unread:
            switch.command(switch.signalling.write_down)
