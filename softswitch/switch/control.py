"""``view.Control`` over the driver: reads the machines, and feeds commands as units of work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from softswitch.acd.glance import Glance
from softswitch.acd.model import AcdInput, AgentState, AskWrapUp, ExtendWrapUp, LogOut, SetPaused, SetReady
from softswitch.acd.story import Story
from softswitch.acd.view import AgentNow
from softswitch.callback.model import Promise
from softswitch.contact.inbound import InboundContact
from softswitch.contact.mailbox import Message
from softswitch.contact.order import TellAcd
from softswitch.contact.supervision import Supervision
from softswitch.core.effect import Effect
from softswitch.ivr.calendar import Override
from softswitch.ivr.path import CallPath, Edge
from softswitch.sip.page import PLAIN, Text
from softswitch.sip.registrar import Binding
from softswitch.switch.ban import Ban
from softswitch.switch.calls import Contact
from softswitch.switch.campaigns import Campaigns
from softswitch.switch.do_not_call import DoNotCallList
from softswitch.switch.promise_desk import Desk
from softswitch.switch.supervisions import Wish
from softswitch.switch.tracebook import Trace
from softswitch.switch.view import (
    AgentView,
    AgentWish,
    CalendarView,
    CallView,
    DialplanView,
    DrainView,
    QueueView,
    Refused,
    StatisticsView,
    TrunkView,
    WebhookView,
)

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch


class SwitchControl:
    """``parts`` says which parts of the world are fit for work, ``lost`` what they had to drop; the app sets both."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self.parts: Callable[[], dict[str, bool]] = dict
        self.lost: Callable[[], dict[str, int]] = dict
        self._started = switch.clock.monotonic()
        self._desk = Desk(switch)

    # ---- looking -----------------------------------------------------------------------------------------------

    def calls(self) -> list[CallView]:
        return [self._call(contact) for contact in self._switch.calls.contacts.values()]

    def _call(self, contact: Contact) -> CallView:
        now = self._switch.clock.monotonic() + self._switch.clock.epoch
        plan = self._switch.dialplans.of(contact)
        return CallView(
            contact.id, contact.facts.kind, contact.facts.caller, contact.facts.called, contact.state,
            contact.record.queue, contact.agent or contact.record.agent, contact.step,
            now - contact.record.started_at, plan.name if plan else "", plan.version if plan else "",
            contact.place_name if isinstance(contact, InboundContact) else "",
        )  # fmt: skip

    def agents(self) -> list[AgentView]:
        now = self._switch.clock.monotonic()
        views = []
        for spec in self._switch.acd.agents():
            agent, phones = self._switch.acd.agent(spec.name), self._switch.directory.agent_users(spec.name)
            views.append(
                AgentView(
                    spec.name, next(iter(phones), ""), agent.state.value, agent.reason, agent.reachable,
                    now - max(agent.since, self._started),
                    agent.contact or "", dict(spec.skills), agent.room, phones[1:],
                    None if agent.wrap_up_until is None else max(0.0, agent.wrap_up_until - now), _wants(agent),
                )
            )  # fmt: skip
        return views

    def queues(self) -> list[QueueView]:
        acd, now = self._switch.acd, self._switch.clock.monotonic()
        views = []
        for name in acd.queues():
            waits = [one.waited_s for one in acd.waiting(name, now) if one.kind == "call"]
            views.append(
                QueueView(
                    name, len(waits), max(waits, default=0.0), acd.free_agents(name), acd.logged_in(name),
                    self._switch.ledger.open_count(name), acd.expected_wait(name, now), acd.calibrated(name),
                )
            )  # fmt: skip
        return views

    def promises(self) -> list[Promise]:
        return self._switch.ledger.durable()

    def do_not_call(self) -> DoNotCallList:
        return self._switch.do_not_call

    def campaigns(self) -> Campaigns:
        return self._switch.offices.campaigns

    def promise_desk(self) -> Desk:
        return self._desk

    def dialplans(self) -> list[DialplanView]:
        return self._switch.dialplans.views()

    def version(self) -> str:
        return self._switch.acd.version

    def registrations(self) -> list[Binding]:
        return self._switch.registrar.bindings()

    def trunks(self) -> list[TrunkView]:
        clock, glance = self._switch.clock, self._switch.ledger.glance
        views = (line.view(clock.monotonic(), clock.epoch) for line in self._switch.trunks.lines.values())
        return [replace(view, left_alone=glance.left_alone(view.trunk, view.group)) for view in views]

    def calendars(self) -> list[CalendarView]:
        return self._switch.hours.views()

    def calendar(self, name: str, at: datetime | None = None) -> CalendarView:
        return self._switch.hours.view(name, at)

    def voicemails(self) -> list[Message]:
        return self._switch.mailboxes.messages()

    def webhooks(self) -> list[WebhookView]:
        outbox = self._switch.outbox
        waiting = sorted(outbox.waiting.values(), key=lambda one: (one.created_at, one.id))
        return [
            WebhookView(
                one.id, one.hook, one.event, one.contact, one.state, one.created_at, one.attempts, one.next_at,
                one.error,
            )
            for one in (*waiting, *outbox.dead.values())
        ]  # fmt: skip

    def messages(self) -> dict[str, Mapping[tuple[str, str, str], int]]:
        return {"received": self._switch.wire.received, "sent": self._switch.wire.sent}

    def subscriptions(self) -> dict[str, int]:
        return self._switch.lamps.counts()

    def story(self, contact: str) -> Story | None:
        return self._switch.decisions.book.story(contact)

    def stories(self, most: int) -> list[str]:
        return self._switch.decisions.book.latest(most)

    def glance(self, contact: str) -> Glance | None:
        return self._switch.acd.glance(contact, self._switch.clock.monotonic())

    def decision_octets(self) -> int:
        return self._switch.decisions.book.octets

    def bans(self) -> list[Ban]:
        return self._switch.door.bans.all(self._switch.clock.monotonic() + self._switch.clock.epoch)

    def unban(self, source: str) -> None:
        self._switch.door.bans.lift(source)

    def audited_at(self) -> float:
        return self._switch.offices.auditing.audited_at

    def pressure(self) -> float:
        return self._switch.overload.pressure

    def trace(self, name: str) -> Trace:
        return self._switch.wire.book.trace(name)

    def statistics(self, of_agents: bool) -> StatisticsView:
        return self._switch.figures.view(of_agents)

    def path(self, contact: str) -> CallPath | None:
        return self._switch.paths.path(contact)

    def edges(self, plan: str) -> list[Edge]:
        return self._switch.paths.edges(plan)

    def draining(self) -> DrainView:
        return self._switch.offices.draining.view()

    def ready(self) -> dict[str, bool]:
        return self.parts()

    def losses(self) -> dict[str, int]:
        forgotten = self._switch.decisions.book.forgotten
        return {"facts": self._switch.deaf_listeners, "decisions": forgotten, **self.lost()}

    # ---- ordering ----------------------------------------------------------------------------------------------

    def log_in(self, agent: str, ready: bool = True, phone: str = "", by: str = "") -> None:
        self._command(*self._switch.workplaces.log_in(agent, phone, ready, by))

    def log_out(self, agent: str) -> None:
        self._agent(agent, LogOut(agent))

    def set_ready(self, agent: str) -> None:
        self._switch.workplaces.expect(agent)
        self._agent(agent, SetReady(agent))

    def set_paused(self, agent: str, reason: str) -> None:
        self._switch.workplaces.expect(agent)
        self._agent(agent, SetPaused(agent, reason))

    def force(self, agent: str, state: str, reason: str, by: str) -> None:
        self._command(*self._switch.oversight.force(agent, state, reason, by))

    def move(self, contact: str, queue: str, by: str) -> None:
        self._command(*self._switch.oversight.move(contact, queue, by))

    def reprioritise(self, contact: str, priority_s: float, by: str) -> None:
        self._command(*self._switch.oversight.reprioritise(contact, priority_s, by))

    def ask_wrap_up(self, agent: str) -> bool:
        talks = any(work.state is AgentState.TALKING for work in self._switch.acd.agent(agent).works)
        self._agent(agent, AskWrapUp(agent))
        return talks

    def extend_wrap_up(self, agent: str, by_s: float) -> bool:
        until = self._switch.acd.agent(agent).wrap_up_until
        self._agent(agent, ExtendWrapUp(agent, by_s))
        return until is not None

    def override(self, name: str, open: bool, since: float, until: float, note: str, by: str) -> Override:
        return self._switch.hours.order(name, open, since, until, note, by)

    def take_back_override(self, name: str, id: str, by: str) -> Override:
        return self._switch.hours.take_back(name, id, by)

    def drain(self, within_s: float | None, by: str) -> DrainView:
        self._switch.offices.draining.order(within_s, by)
        return self.draining()

    def take_back_drain(self, by: str) -> DrainView:
        self._switch.offices.draining.take_back(by)
        return self.draining()

    def voicemail_heard(self, voicemail: str) -> None:
        self._command(*self._switch.mailboxes.heard(voicemail))  # raises LookupError

    def delete_voicemail(self, voicemail: str) -> None:
        self._command(*self._switch.mailboxes.delete(voicemail))  # raises LookupError

    def retry_webhook(self, id: str) -> None:
        if id not in self._switch.outbox.dead:
            raise LookupError(f"no such dead webhook: {id}")
        self._switch.command(lambda: self._switch.outbox.retry(id))

    def send_text(self, user: str, text: str, done: Callable[[int], None]) -> None:
        if user not in self._switch.configuration.users:
            raise LookupError(f"no such user: {user}")
        self._switch.command(lambda: self._switch.texts.send(user, Text(PLAIN, text.encode()), done))

    def hang_up(self, contact: str) -> None:
        if contact not in self._switch.calls.contacts:
            raise LookupError(f"no such call: {contact}")
        self._switch.command(lambda: self._switch.calls.hang_up(contact))

    def supervise(self, target: str, supervisor: str, mode: str, by: str) -> CallView:
        told: list[Supervision | Refused] = []
        wish = Wish(target, supervisor, mode, by)
        self._switch.command(lambda: self._switch.supervisions.wanted(wish, told.append))
        (outcome,) = told
        if isinstance(outcome, Refused):
            raise LookupError(str(outcome)) if outcome.why == "unknown" else outcome
        return self._call(outcome)

    def pause_recording(self, contact: str, reason: str | None) -> bool:
        known = self._switch.calls.contacts.get(contact)
        if known is None:
            raise LookupError(f"no such call: {contact}")
        orders = known.pause_recording(reason)
        self._switch.journal.touch(contact)
        self._command(*orders, *self._switch.supervisions.pause_recording(contact, reason))
        return bool(orders)

    def _agent(self, agent: str, event: AcdInput) -> None:
        self._switch.acd.agent(agent)  # raises LookupError
        self._command(TellAcd(event))

    def _command(self, *orders: Effect) -> None:
        def work() -> Iterable[Effect]:
            return orders

        self._switch.command(work)


def _wants(agent: AgentNow) -> AgentWish | None:
    """None: to be what he is, or ready after what he has in hand."""
    expected = AgentState.READY if agent.works else agent.state
    return None if agent.wish is expected else AgentWish(agent.wish.value, agent.wish_reason)
