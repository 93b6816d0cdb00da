"""Campaigns as the face sees them: what is imported for them, which are paused, and what agents say of their calls.

A campaign is paused by the configuration, or by somebody for a while; either holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from softswitch.call.record import CallRecord
from softswitch.callback.campaign import STAGE, Campaign, PauseSet
from softswitch.callback.model import Paused
from softswitch.callback.node import Elsewhere
from softswitch.callback.repeat import first_priority_s
from softswitch.callback.rule import Rules
from softswitch.callback.sheet.row import Import
from softswitch.contact.order import TellLedger
from softswitch.core.effect import DomainEvent, Effect
from softswitch.store.campaign import Pause
from softswitch.switch.campaign_view import CampaignView, DisposedView
from softswitch.switch.dispositions import Dispositions
from softswitch.switch.view import Refused

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

CONFIGURED = "the configuration"


@dataclass(frozen=True, slots=True)
class CampaignPaused(DomainEvent):
    """By a supervisor; ``paused`` False: it goes on."""

    campaign: str
    paused: bool
    by: str


@dataclass(frozen=True, slots=True)
class ListImported(DomainEvent):
    """As far as it was read: ``refused`` are rows that were not taken, by reason."""

    campaign: str
    rows: int
    added: int
    refused: tuple[tuple[str, int], ...]
    by: str


def importing(campaign: Campaign, rules: Rules, now: float, consent: str = "", round_: str = "") -> Import:
    """What the rows of a list have in common; ``now`` is Unix seconds."""
    policy = rules.policy(campaign.name)
    return Import(
        campaign=campaign,
        key=policy.key,
        reading=rules.reading(campaign.name),
        priority_s=first_priority_s(policy, STAGE),
        expiry_s=policy.expiry_s,
        zone=policy.window.zone,
        now=now,
        listed=rules.barred,
        consent=consent,
        round=round_,
    )


class Campaigns:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._paused: dict[str, str] = {}  # by whom
        self.dispositions = Dispositions(switch)

    @property
    def _all(self) -> Mapping[str, Campaign]:
        return self._switch.configuration.campaigns

    def restore(self, pauses: Iterable[Pause], records: Iterable[CallRecord]) -> list[Effect]:
        """What a former process was told, and the calls of which something may be said yet."""
        self._paused = {one.campaign: one.by for one in pauses}
        self.dispositions.restore(records)
        return [self.told()]

    def told(self) -> Effect:
        """What the ledger is to know, whenever something of it has changed."""
        return TellLedger(self._stopped())

    def _stopped(self) -> Paused:
        return Paused(frozenset({name for name, one in self._all.items() if one.paused} | self._paused.keys()))

    def imported(self, name: str, rows: int, added: int, refused: Mapping[str, int], by: str) -> None:
        fact = ListImported(name, rows, added, tuple(sorted(refused.items())), by)
        self._switch.command(lambda: [fact])

    def may_pause(self, name: str, paused: bool) -> None:
        """Raises ``LookupError``, and ``Refused`` where the configuration says otherwise."""
        if self._known(name).paused and not paused:
            raise Refused("configured", f"{name} is paused by campaigns.yaml")

    def pause(self, name: str, paused: bool, by: str) -> None:
        self.may_pause(name, paused)
        said = PauseSet(name, paused, by)
        elsewhere = [Elsewhere(said)] if self._switch.ports.shared.node else []
        self._switch.command(lambda: [TellLedger(self.heard(said)), *elsewhere, CampaignPaused(name, paused, by)])

    def heard(self, said: PauseSet) -> Paused:
        """Here, or at another node; what the ledger is to know."""
        if said.paused:
            self._paused[said.campaign] = said.by
        else:
            self._paused.pop(said.campaign, None)
        return self._stopped()

    def dispose(self, contact: str, code: str, by: str) -> DisposedView:
        return self.dispositions.dispose(contact, code, by)

    def importing(self, name: str, consent: str, round_: str) -> Import:
        """What the rows of a list have in common. Raises ``LookupError``."""
        now = self._switch.clock.monotonic() + self._switch.clock.epoch
        return importing(self._known(name), self._switch.ledger.glance.rules, now, consent, round_)

    def _known(self, name: str) -> Campaign:
        """Raises ``LookupError``."""
        if name not in self._all:
            raise LookupError(f"no such campaign: {name}")
        return self._all[name]

    def views(self) -> list[CampaignView]:
        return [self._view(campaign) for campaign in self._all.values()]

    def _view(self, campaign: Campaign) -> CampaignView:
        switch, name = self._switch, campaign.name
        now = switch.clock.monotonic() + switch.clock.epoch
        glance = switch.ledger.glance
        wait = glance.standstill(name, now)
        tally = glance.tally(name, now)
        policy = glance.rules.policy(name)
        return CampaignView(
            campaign=name,
            queue=campaign.queue,
            plan=campaign.plan,
            paused_by=CONFIGURED if campaign.paused else self._paused.get(name, ""),
            stopped_by=wait.why,
            until=wait.until if wait.until != float("inf") else 0.0,
            answered=tally.answered,
            dropped=tally.dropped,
            abandon_limit=policy.abandon_limit,
            dispositions=[one.code for one in campaign.dispositions],
            variables=dict(campaign.variables),
        )
