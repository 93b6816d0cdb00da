"""The audit of the ACD, while the switch runs: a round each minute, a few milliseconds at a time.

Decided here: when, and which contacts there are. What is proved and repaired is the ACD's affair; a repair is a defect
of ours, and a fact: logged as an error, and stored. While no agent is at work and nobody waits there is nothing to
prove, and no round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from softswitch.acd.audit import AT_ONCE, Repair, Repaired
from softswitch.acd.model import AcdInput
from softswitch.contact.supervision import Supervision
from softswitch.core.effect import Effect

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

EVERY_S = 60.0
PAUSE_S = 0.05  # between two parts of a round


class Auditing:
    """``audited_at``: Unix seconds of the end of the last round; 0 before the first."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._armed = False
        self._phones: list[str] = []  # agents whose phones are still to be looked at in this round
        self._doubted: set[AcdInput] = set()  # what the ACD ought to have been told by the round before
        self._untold: set[AcdInput] = set()  # by this one
        self.audited_at = 0.0

    def worked(self) -> None:
        """The ACD has done something."""
        if not self._armed:
            self._arm(EVERY_S)

    def due(self) -> Sequence[Effect]:
        """The next part: of the ACD, and after all of it of what it was told about phones."""
        self._armed = False
        if self._phones:
            effects, over = self._part_of_phones()
        else:
            effects, over = self._switch.acd.audit_part(self._switch.now, self._alive())
            if over:
                self._phones = [spec.name for spec in self._switch.configuration.agents]
                over = not self._phones
        if not over:
            self._arm(PAUSE_S)
        else:
            self.audited_at = self._switch.unix
            if self._switch.acd.at_work:
                self._arm(EVERY_S)
        return effects

    def _part_of_phones(self) -> tuple[list[Effect], bool]:
        """What was not told in two rounds running is told now; a binding may just have come to its end."""
        effects: list[Effect] = []
        chosen, self._phones = self._phones[-AT_ONCE:], self._phones[:-AT_ONCE]
        still = {spec.name for spec in self._switch.configuration.agents}  # a reload may have come between
        for untold in (one for agent in chosen if agent in still for one in self._switch.workplaces.untold(agent)):
            self._untold.add(untold)
            if untold in self._doubted:
                effects.append(Repaired(Repair.PHONE.value, untold.agent))
                effects += self._switch.workplaces.tell(untold)
        if not self._phones:
            self._doubted, self._untold = self._untold, set()
        return effects, not self._phones

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
