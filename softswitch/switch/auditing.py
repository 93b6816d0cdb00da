"""The audit of the ACD, while the switch runs: a round each minute, a few milliseconds at a time.

Decided here: when, and which contacts there are. What is proved and repaired is the ACD's affair; a repair is a defect
of ours, and goes to the log as an error and to the store as a fact. While no agent is at work and nobody waits there
is nothing to prove, and no round.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from softswitch.acd.audit import Repaired
from softswitch.contact.supervision import Supervision
from softswitch.core.effect import Effect

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

log = logging.getLogger("softswitch.switch")

EVERY_S = 60.0
PAUSE_S = 0.05  # between two parts of a round


class Auditing:
    """``audited_at``: Unix seconds of the end of the last round; 0 before the first."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._armed = False
        self.audited_at = 0.0

    def worked(self) -> None:
        """The ACD has done something."""
        if not self._armed:
            self._arm(EVERY_S)

    def due(self) -> Sequence[Effect]:
        """The next part."""
        self._armed = False
        effects, over = self._switch.acd.audit_part(self._switch.now, self._alive())
        for repaired in effects:
            if isinstance(repaired, Repaired):
                log.error(
                    "the audit of the ACD has repaired: %s (agent %r, contact %r, queue %r)",
                    repaired.what, repaired.agent, repaired.contact, repaired.queue,
                )  # fmt: skip
        if not over:
            self._arm(PAUSE_S)
        else:
            self.audited_at = self._switch.unix
            if self._switch.acd.at_work:
                self._arm(EVERY_S)
        return effects

    def _arm(self, after_s: float) -> None:
        self._armed = True
        self._switch.arm(("audit", ""), self._switch.now + after_s)

    def _alive(self) -> set[str]:
        """Every contact, and those under whose names the ACD knows agents who talk in another one."""
        contacts = self._switch.calls.contacts
        alive = set(contacts)
        for contact in contacts.values():
            if not isinstance(contact, Supervision):
                alive.update(known for _, known in contact.agents.values())
        return alive
