"""Which counters a fact raises. Labels are few, whatever peers make up: never a number, a call or an address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from softswitch.acd.audit import Repaired
from softswitch.acd.decision import Decided
from softswitch.acd.model import AgentStateChanged, ExpectedWaitRose, QueueJoined, QueueLeft
from softswitch.callback.model import LossNotRecorded, PromiseChanged
from softswitch.contact.conference import ConferenceEntered, ConferenceLeft
from softswitch.contact.event import (
    ContactConnected,
    ContactFinished,
    ContactStarted,
    RecordingStarted,
    SurveyAnswered,
    TransferEnded,
)
from softswitch.contact.mailbox import MailboxOpened, MailboxRefused, VoicemailLeft
from softswitch.contact.outbox import WebhookDropped, WebhookTried
from softswitch.contact.parking import CallParked, CallUnparked
from softswitch.contact.seats import SeatRefused, SeatTaken
from softswitch.contact.supervision import SupervisionBegan, SupervisionChanged, SupervisionEnded, SupervisionRefused
from softswitch.core.effect import DomainEvent
from softswitch.ivr.model import StepEntered, StepFailed, StepLeft
from softswitch.sip.registrar import Registered, Unregistered
from softswitch.sip.registration import TrunkNotRegistered, TrunkRegistered
from softswitch.sip.subscription import SubscriptionEnded
from softswitch.switch.event import (
    AuthenticationFailed,
    Banned,
    CallResumed,
    CallShed,
    CertificateChanged,
    ConnectionEnded,
    HttpAnswered,
    MediaRestarted,
    MessageDropped,
    RecordingFailed,
    Reloaded,
    ReloadRefused,
    StreamNoted,
    UnitFailed,
)
from softswitch.switch.oversight import AgentForced, ContactMoved, OversightRefused, PriorityChanged
from softswitch.switch.texts import TextEnded
from softswitch.switch.trunk_line import TrunkDown, TrunkUp

# name without prefix and without _total, what it counts, labels
COUNTERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("sip_messages_dropped", "What arrived and could not be used", ("transport", "reason")),
    ("sip_connections_ended", "Connections of peers that we ended or refused, and why", ("transport", "reason")),
    ("certificate_changes", "Changes of certificate files, taken over or not", ("of", "result")),
    ("sip_authentication_failures", "Requests with wrong credentials", ("transport", "method")),
    ("sip_bans", "Sources banned for guessing passwords", ()),
    ("sip_calls_shed", "New calls refused for want of room, and why", ("why",)),
    ("registration_changes", "Bindings made, refreshed and gone, and why", ("change",)),
    ("subscriptions_ended", "Subscriptions that ended, and why", ("package", "why")),
    ("text_messages", "Texts to users, and what became of them", ("outcome",)),
    ("voicemails_left", "Messages left in mailboxes", ()),
    ("mailboxes_opened", "Mailboxes opened by phone", ()),
    ("mailboxes_refused", "Mailboxes that were not opened by phone, and why", ("why",)),
    ("survey_answers", "Answers to surveys", ("survey",)),
    ("webhooks", "Tries to tell web services of events: sent, failed, dead (the last one)", ("hook", "outcome")),
    ("webhooks_dropped", "Events that no web service will be told of, and why", ("hook", "why")),
    ("stream_events", "What was noticed about the sound of streams", ("what",)),
    ("units_failed", "Units of work that a defect of ours ended", ("where",)),
    ("trunk_changes", "Times a trunk came up or went down, and why", ("trunk", "change")),
    ("trunk_registrations", "Registrations with carriers, by what they answered", ("trunk", "result")),
    ("reloads", "Times that what was written was read again, taken over or refused", ("result",)),
    ("media_restarts", "Times the media process was replaced", ()),
    ("contacts_resumed", "Contacts of a former process, and what became of them", ("outcome",)),
    ("contacts_started", "Contacts begun", ("kind",)),
    ("contacts_connected", "Contacts in which two people came to talk", ()),
    ("contacts_finished", "Contacts ended", ("kind", "outcome")),
    ("recordings_started", "Recordings begun", ()),
    ("recordings_failed", "Recordings that could not be begun or ended early, and why", ("kind",)),
    ("transfers", "Transfers that came to an end, or were refused", ("kind", "outcome")),
    ("calls_parked", "Calls that were parked", ()),
    ("calls_unparked", "Calls that were parked no longer, and why", ("why",)),
    ("conferences_entered", "Callers who came into a conference room", ("role",)),
    ("conferences_left", "Callers who left a conference room or were not let in, and why", ("why",)),
    ("supervisions", "Supervisors who came to hear a call, by how they began", ("mode",)),
    ("supervision_changes", "Changes of what a supervisor does", ("mode",)),
    ("supervisions_ended", "Supervisors who hear a call no longer, and why", ("why",)),
    ("supervisions_refused", "Supervisions that were refused, and why", ("why",)),
    ("desks_taken", "Agents who sat down at a phone that is not their own", ()),
    ("desks_refused", "Agents who could not sit down, and why", ("why",)),
    ("oversight", "What supervisors have set, or were not allowed to", ("what",)),
    ("queue_joined", "Contacts that entered a queue", ("queue", "kind")),
    ("queue_wait_rises", "Callers who were told a longer wait than before, and why", ("queue", "cause")),
    ("queue_left", "Contacts that left a queue, and why", ("queue", "kind", "why")),
    ("routing_decisions", "Routing decisions", ("queue", "result")),
    ("acd_repairs", "What the audit of the ACD found amiss and repaired: 0, or a defect", ("what",)),
    ("agent_state_changes", "Agents that entered a state", ("state",)),
    ("promise_changes", "Promises that entered a state", ("queue", "state")),
    ("promises_made", "New promises, by the stage at which the caller was lost", ("queue", "stage")),
    ("losses_not_recorded", "Losses that led to no promise, and why", ("queue", "stage", "why")),
    ("dialplan_steps", "Dialplan steps entered", ("plan", "verb")),
    ("http_steps", "What http steps of dialplans have asked, by what came of it", ("outcome",)),
    ("dialplan_hangups", "Callers who hung up in a step", ("plan", "verb")),
    ("dialplan_steps_failed", "Dialplan steps that failed", ("plan",)),
)


Count = tuple[str, ...]  # name of a counter, then the values of its labels in the order of ``COUNTERS``
E = TypeVar("E", bound=DomainEvent)


def counted(event: DomainEvent) -> Sequence[Count]:
    """Which counters a fact raises."""
    counts = _COUNTED.get(type(event))
    return counts(event) if counts is not None else ()


def _one(
    kind: type[E], name: str, labels: Callable[[E], Count] = lambda _: ()
) -> tuple[type[DomainEvent], Callable[[Any], Sequence[Count]]]:
    """A kind of fact that raises one counter."""
    return kind, lambda event: ((name, *labels(event)),)


def _promise(event: PromiseChanged) -> Sequence[Count]:
    promise = event.promise
    entered = [("promise_changes", promise.queue, promise.state.value)] if promise.state is not event.old else []
    made = [("promises_made", promise.queue, promise.stage)] if event.old is None else []
    return [*entered, *made]


def _left(event: StepLeft) -> Sequence[Count]:
    return [("dialplan_hangups", event.plan, event.verb)] if event.exit == "hangup" else []


_COUNTED: dict[type[DomainEvent], Callable[[Any], Sequence[Count]]] = dict(
    [
        # SIP
        _one(MessageDropped, "sip_messages_dropped", lambda event: (event.transport, event.reason)),
        _one(ConnectionEnded, "sip_connections_ended", lambda event: (event.transport, event.reason)),
        _one(CertificateChanged, "certificate_changes", lambda event: (event.of, "in_use" if event.ok else "refused")),
        _one(AuthenticationFailed, "sip_authentication_failures", lambda event: (event.transport, event.method)),
        _one(Banned, "sip_bans"),
        _one(CallShed, "sip_calls_shed", lambda event: (event.why,)),
        _one(Registered, "registration_changes", lambda event: ("new" if event.new else "refreshed",)),
        _one(Unregistered, "registration_changes", lambda event: (event.why,)),
        _one(SubscriptionEnded, "subscriptions_ended", lambda event: (event.package, event.why)),
        _one(TextEnded, "text_messages", lambda event: (event.outcome,)),
        # trunks
        _one(TrunkUp, "trunk_changes", lambda event: (event.trunk, "up")),
        _one(TrunkDown, "trunk_changes", lambda event: (event.trunk, event.why)),
        _one(TrunkRegistered, "trunk_registrations", lambda event: (event.trunk, "ok")),
        _one(TrunkNotRegistered, "trunk_registrations", lambda event: (event.trunk, "failed")),
        # contacts
        _one(CallResumed, "contacts_resumed", lambda event: (event.outcome,)),
        _one(ContactStarted, "contacts_started", lambda event: (event.kind,)),
        _one(ContactConnected, "contacts_connected"),
        _one(ContactFinished, "contacts_finished", lambda event: (event.record.kind, event.record.outcome)),
        _one(VoicemailLeft, "voicemails_left"),
        _one(MailboxOpened, "mailboxes_opened"),
        _one(MailboxRefused, "mailboxes_refused", lambda event: (event.why,)),
        _one(SurveyAnswered, "survey_answers", lambda event: (event.survey,)),
        _one(WebhookTried, "webhooks", lambda event: (event.hook, event.outcome)),
        _one(WebhookDropped, "webhooks_dropped", lambda event: (event.hook, event.why)),
        _one(RecordingStarted, "recordings_started"),
        _one(RecordingFailed, "recordings_failed", lambda event: (event.kind,)),
        _one(TransferEnded, "transfers", lambda event: (event.kind, event.outcome)),
        _one(ConferenceEntered, "conferences_entered", lambda event: ("moderator" if event.moderator else "member",)),
        _one(CallParked, "calls_parked"),
        _one(CallUnparked, "calls_unparked", lambda event: (event.why,)),
        _one(ConferenceLeft, "conferences_left", lambda event: (event.why,)),
        _one(StepEntered, "dialplan_steps", lambda event: (event.plan, event.verb)),
        _one(HttpAnswered, "http_steps", lambda event: (event.outcome,)),
        (StepLeft, _left),
        _one(StepFailed, "dialplan_steps_failed", lambda event: (event.plan,)),
        _one(SupervisionBegan, "supervisions", lambda event: (event.mode,)),
        _one(SupervisionChanged, "supervision_changes", lambda event: (event.mode,)),
        _one(SupervisionEnded, "supervisions_ended", lambda event: (event.why,)),
        _one(SupervisionRefused, "supervisions_refused", lambda event: (event.why,)),
        _one(SeatTaken, "desks_taken"),
        _one(SeatRefused, "desks_refused", lambda event: (event.why,)),
        _one(AgentForced, "oversight", lambda event: (event.state,)),
        _one(ContactMoved, "oversight", lambda event: ("move",)),
        _one(PriorityChanged, "oversight", lambda event: ("priority",)),
        _one(OversightRefused, "oversight", lambda event: ("refused",)),
        # queues and agents
        _one(QueueJoined, "queue_joined", lambda event: (event.queue, event.kind)),
        _one(ExpectedWaitRose, "queue_wait_rises", lambda event: (event.queue, event.cause)),
        _one(QueueLeft, "queue_left", lambda event: (event.queue, event.kind, event.why)),
        _one(AgentStateChanged, "agent_state_changes", lambda event: (event.new.value,)),
        _one(Repaired, "acd_repairs", lambda event: (event.what,)),
        _one(Decided, "routing_decisions", lambda event: (event.queue, "nobody" if event.agent is None else "offered")),
        # promises
        (PromiseChanged, _promise),
        _one(LossNotRecorded, "losses_not_recorded", lambda event: (event.queue, event.stage, event.why)),
        # ourselves
        _one(UnitFailed, "units_failed", lambda event: (event.where,)),
        _one(MediaRestarted, "media_restarts"),
        _one(Reloaded, "reloads", lambda event: ("done",)),
        _one(ReloadRefused, "reloads", lambda event: ("refused",)),
        _one(StreamNoted, "stream_events", lambda event: (event.what,)),
    ]
)
