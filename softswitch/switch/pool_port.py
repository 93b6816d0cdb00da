"""The pool, and other nodes, as the driver sees them: orders of the ledger go out, what it is to hear comes in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from softswitch.callback.model import LedgerInput
from softswitch.callback.node import Claim, Elsewhere, GiveBack, Meet, NodeInput


@dataclass(frozen=True, slots=True)
class Shared:
    """What the ledger is to hear of promises that it shares with other nodes."""

    event: NodeInput | LedgerInput


class SharedPromises(Protocol):
    """What follows from an order comes as ``Shared``."""

    @property
    def node(self) -> str:
        """Whose promises are led here; "": nobody else has any, and nothing of this is used."""

    @property
    def alone(self) -> bool:
        """Nobody else can come to lead them."""

    def claim(self, order: Claim) -> None: ...

    def meet(self, order: Meet) -> None: ...

    def elsewhere(self, order: Elsewhere) -> None: ...

    def give_back(self, order: GiveBack) -> None: ...

    def rings(self, quiet_s: float) -> None:
        """How long an attempt may ring from its intent on, at most."""


class NotShared:
    """For who has all promises in memory."""

    node = ""
    alone = True

    def claim(self, order: Claim) -> None: ...

    def meet(self, order: Meet) -> None: ...

    def elsewhere(self, order: Elsewhere) -> None: ...

    def give_back(self, order: GiveBack) -> None: ...

    def rings(self, quiet_s: float) -> None: ...
