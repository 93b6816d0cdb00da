"""The store as a ledger sees it that shares promises with others: ``SharedPromises`` of the switch's ports."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import partial

from softswitch.callback.model import Promise, Withdraw
from softswitch.callback.node import Claim, Elsewhere, GiveBack, Meet, WithdrawNumber
from softswitch.store import word
from softswitch.store.database import Database
from softswitch.store.fence import Me
from softswitch.store.membership import Hears, Membership
from softswitch.store.node import connections
from softswitch.store.pulse import Pulse
from softswitch.store.statement import Change
from softswitch.store.writer import Writer


class Connections:
    """How those of one process are called, where the database has names for them."""

    def __init__(self, node: str) -> None:
        self.prefix = f"softswitch {node}/"
        self.name = f"{self.prefix}{secrets.token_hex(4)}" if node else ""


class Shared:
    """Until ``join`` it belongs to no node, and what is written is not fenced."""

    def __init__(self, database: Database, writer: Writer, connections: Connections, file: str) -> None:
        """``file``: that of SQLite, which one process has to itself."""
        self._database, self._writer = database, writer
        self._connections, self._file = connections, file
        self._member: Membership | None = None
        self._pulse: Pulse | None = None

    @property
    def me(self) -> Me | None:
        return None if self._member is None else self._member.me

    @property
    def node(self) -> str:
        return "" if self.me is None else self.me.node

    @property
    def alone(self) -> bool:
        """A file of SQLite is one process's."""
        return bool(self._file)

    async def join(self, node: str, quiet_s: float, now: Callable[[], float] = time.time) -> list[Promise]:
        """Lead promises as this node, for which the store was opened; what it has left from before.

        ``quiet_s``: how long an attempt may ring from its intent on. Raises ``NodeTaken`` where one of that name lives.
        """
        member = Membership(self._database, node, self._file, now)
        member.quiet_s, member.idle = quiet_s, lambda: self._writer.idle
        rows = await member.join(partial(connections, prefix=self._connections.prefix, but=self._connections.name))
        self._member = member
        return rows

    @property
    def healthy(self) -> bool:
        """Did the last transaction succeed, and is the lease renewed? Who only claims writes nothing of his own."""
        return self._writer.healthy and (self._member is None or self._member.healthy)

    def start(self, hears: Hears, taken: Callable[[str, str], None]) -> None:
        """``hears`` is told what the ledger is to hear; ``taken``, instead of ``on_stored``, of a promise that was
        refused as there is one for its number: (key, token)."""
        if self._member is not None:
            self._writer.on_taken = taken
            hears(self._member.leased)
            self._member.start(hears)
            self._pulse = Pulse(lambda: self.healthy, hears)

    def rings(self, quiet_s: float) -> None:
        """How long an attempt may ring from now on."""
        if self._member is not None:
            self._member.quiet_s = quiet_s

    async def leave(self) -> None:
        if self._pulse is not None:
            self._pulse.stop()
        if self._member is not None:
            await self._member.leave()

    # ---- orders of the ledger --------------------------------------------------------------------------------------

    def claim(self, order: Claim) -> None:
        if self._member is not None:
            self._member.claim(order)

    def meet(self, order: Meet) -> None:
        if self._member is not None:
            self._member.meet(order)

    def elsewhere(self, order: Elsewhere) -> None:
        changes = [Change(*one) for one in word.elsewhere(order.what, self.node, time.time())]
        self._writer.put(changes, disowns=isinstance(order.what, Withdraw | WithdrawNumber))

    def give_back(self, order: GiveBack) -> None:
        if self.me is not None:
            self._writer.put([Change(*one) for one in word.give_back(order.promise, self.me.node)], fence=self.me)
