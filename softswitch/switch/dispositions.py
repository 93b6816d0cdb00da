"""How conversations ended, by the code that the agent gives: which call he means, and whether his code is one.

A call is remembered from the moment at which the customer and the agent talk, so that its code may be given in it or
after it. By phone that is while he talks or is in wrap-up; by the API it may be later, as long as both this and the
ledger remember the call.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from softswitch.acd.model import AgentState
from softswitch.call.record import CallRecord
from softswitch.callback.campaign import Campaign, Disposition
from softswitch.callback.model import Disposed
from softswitch.contact.order import NeverCall, TellLedger
from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.switch.campaign_view import DisposedView
from softswitch.switch.view import Refused

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

REMEMBERED = 1000  # calls that are over
_AT_IT = frozenset({AgentState.TALKING, AgentState.WRAP_UP})


@dataclass(frozen=True, slots=True)
class DispositionSet(DomainEvent):
    contact: str
    promise: str
    campaign: str
    code: str
    agent: str
    by: str


@dataclass(frozen=True, slots=True)
class Talk:
    contact: str
    promise: str
    agent: str


class Dispositions:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._talks: dict[str, Talk] = {}  # of calls that are over, by contact, the oldest first
        self._last: dict[str, str] = {}  # agent -> his last contact, whatever it was

    def over(self, record: CallRecord) -> None:
        """A call has ended."""
        if record.agent:
            self._last[record.agent] = record.contact
        if record.promise and record.agent:
            self._talks[record.contact] = Talk(record.contact, record.promise, record.agent)
            if len(self._talks) > REMEMBERED:
                del self._talks[next(iter(self._talks))]

    def restore(self, records: Iterable[CallRecord]) -> None:
        """Of a former process, the latest first."""
        for record in sorted(records, key=lambda one: one.ended_at):
            self.over(record)

    def dispose(self, contact: str, code: str, by: str) -> DisposedView:
        """Raises ``LookupError``, and ``Refused``."""
        talk = self._talk(contact)
        if talk is None:
            raise LookupError(f"no such call: {contact}")
        campaign = self._campaign(talk)
        found = campaign.disposition(code)
        if found is None:
            codes = [one.code for one in campaign.dispositions]
            raise Refused("unknown code", f"{campaign.name} has no disposition {code!r}{did_you_mean(code, codes)}")
        self._switch.command(lambda: self._orders(talk, campaign, found, by))
        return DisposedView(contact, talk.promise, campaign.name, found.code)

    def dialled(self, agent: str, digit: str) -> tuple[list[Effect], str] | None:
        """By the agent's phone: the orders, and the code. None: he has no such call, or no such code."""
        state = self._switch.acd.agent(agent).state
        talk = self._latest(agent) if state in _AT_IT and digit else None
        try:
            campaign = self._campaign(talk) if talk else None
        except Refused:
            campaign = None
        found = campaign.by_digit(digit) if campaign else None
        if talk is None or campaign is None or found is None:
            return None
        return list(self._orders(talk, campaign, found, f"agent {agent}")), found.code

    def _orders(self, talk: Talk, campaign: Campaign, found: Disposition, by: str) -> Iterable[Effect]:
        yield TellLedger(Disposed(talk.promise, found.code, by, found.retry_s))
        if found.do_not_call:
            promise = self._switch.ledger.glance.promise(talk.promise)
            if promise is not None:
                yield NeverCall(promise.number, f"disposition {found.code}", by)
        yield DispositionSet(talk.contact, talk.promise, campaign.name, found.code, talk.agent, by)

    def _talk(self, contact: str) -> Talk | None:
        live = self._switch.calls.contacts.get(contact)
        if live is not None and live.record.promise and live.record.agent:
            return Talk(contact, live.record.promise, live.record.agent)
        return self._talks.get(contact)

    def _latest(self, agent: str) -> Talk | None:
        """Of the call that he is in, or has been in last; None where that was no promise."""
        live = [one.id for one in self._switch.calls.contacts.values() if one.record.agent == agent]
        contact = live[-1] if live else self._last.get(agent, "")
        return self._talk(contact)

    def _campaign(self, talk: Talk) -> Campaign:
        """Raises ``Refused``."""
        promise = self._switch.ledger.glance.promise(talk.promise)
        if promise is None:
            raise Refused("forgotten", f"{talk.contact} is too long ago: nothing can be said of it any more")
        campaign = self._switch.configuration.campaigns.get(promise.campaign)
        if campaign is None:
            raise Refused("no campaign", f"{talk.contact} was no call of a campaign")
        return campaign
