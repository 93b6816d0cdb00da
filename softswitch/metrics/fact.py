"""Which counters a fact raises. Labels are few, whatever peers make up: never a number, a call or an address."""

from __future__ import annotations

from softswitch.acd.model import AgentStateChanged, Decided, QueueJoined, QueueLeft
from softswitch.callback.model import LossNotRecorded, PromiseChanged
from softswitch.contact.event import (
    ContactConnected,
    ContactFinished,
    ContactStarted,
    RecordingStarted,
    TransferEnded,
)
from softswitch.contact.mailbox import VoicemailLeft
from softswitch.core.effect import DomainEvent
from softswitch.ivr.model import StepEntered, StepFailed
from softswitch.sip.registrar import Registered, Unregistered
from softswitch.sip.registration import TrunkNotRegistered, TrunkRegistered
from softswitch.sip.subscription import SubscriptionEnded
from softswitch.switch.event import (
    AuthenticationFailed,
    Banned,
    CallShed,
    CertificateChanged,
    ConnectionEnded,
    MediaRestarted,
    MessageDropped,
    RecordingFailed,
    StreamNoted,
    UnitFailed,
)
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
    ("stream_events", "What was noticed about the sound of streams", ("what",)),
    ("units_failed", "Units of work that a defect of ours ended", ("where",)),
    ("trunk_changes", "Times a trunk came up or went down, and why", ("trunk", "change")),
    ("trunk_registrations", "Registrations with carriers, by what they answered", ("trunk", "result")),
    ("media_restarts", "Times the media process was replaced", ()),
    ("contacts_started", "Contacts begun", ("kind",)),
    ("contacts_connected", "Contacts in which two people came to talk", ()),
    ("contacts_finished", "Contacts ended", ("kind", "outcome")),
    ("recordings_started", "Recordings begun", ()),
    ("recordings_failed", "Recordings that could not be begun or ended early, and why", ("kind",)),
    ("transfers", "Transfers that came to an end, or were refused", ("kind", "outcome")),
    ("queue_joined", "Contacts that entered a queue", ("queue", "kind")),
    ("queue_left", "Contacts that left a queue, and why", ("queue", "kind", "why")),
    ("routing_decisions", "Routing decisions", ("queue", "result")),
    ("agent_state_changes", "Agents that entered a state", ("state",)),
    ("promise_changes", "Promises that entered a state", ("queue", "state")),
    ("promises_made", "New promises, by the stage at which the caller was lost", ("queue", "stage")),
    ("losses_not_recorded", "Losses that led to no promise, and why", ("queue", "stage", "why")),
    ("dialplan_steps", "Dialplan steps entered", ("plan", "verb")),
    ("dialplan_steps_failed", "Dialplan steps that failed", ("plan",)),
)


def counted(event: DomainEvent) -> list[tuple[str, ...]]:
    """Which counters a fact raises: (name, label values in the order of ``COUNTERS``)."""
    kinds = (
        _counted_sip,
        _counted_wire,
        _counted_trunk,
        _counted_media,
        _counted_contact,
        _counted_acd,
        _counted_promise,
    )
    for of_kind in kinds:
        if found := of_kind(event):
            return found
    return []


def _counted_sip(event: DomainEvent) -> list[tuple[str, ...]]:
    match event:
        case AuthenticationFailed(transport, method):
            return [("sip_authentication_failures", transport, method)]
        case Banned():
            return [("sip_bans",)]
        case CallShed(why):
            return [("sip_calls_shed", why)]
        case Registered(new=new):
            return [("registration_changes", "new" if new else "refreshed")]
        case Unregistered(why=why):
            return [("registration_changes", why)]
        case SubscriptionEnded(package=package, why=why):
            return [("subscriptions_ended", package, why)]
        case TextEnded():
            return [("text_messages", event.outcome)]
        case UnitFailed(where):
            return [("units_failed", where)]
    return []


def _counted_wire(event: DomainEvent) -> list[tuple[str, ...]]:
    match event:
        case MessageDropped(transport, reason):
            return [("sip_messages_dropped", transport, reason)]
        case ConnectionEnded(transport, reason):
            return [("sip_connections_ended", transport, reason)]
        case CertificateChanged(of, ok):
            return [("certificate_changes", of, "in_use" if ok else "refused")]
    return []


def _counted_trunk(event: DomainEvent) -> list[tuple[str, ...]]:
    match event:
        case TrunkUp(trunk):
            return [("trunk_changes", trunk, "up")]
        case TrunkDown(trunk, why):
            return [("trunk_changes", trunk, why)]
        case TrunkRegistered(trunk):
            return [("trunk_registrations", trunk, "ok")]
        case TrunkNotRegistered(trunk):
            return [("trunk_registrations", trunk, "failed")]
    return []


def _counted_media(event: DomainEvent) -> list[tuple[str, ...]]:
    match event:
        case MediaRestarted():
            return [("media_restarts",)]
        case RecordingStarted():
            return [("recordings_started",)]
        case RecordingFailed(kind=kind):
            return [("recordings_failed", kind)]
        case StreamNoted(what=what):
            return [("stream_events", what)]
    return []


def _counted_contact(event: DomainEvent) -> list[tuple[str, ...]]:
    match event:
        case ContactStarted(kind=kind):
            return [("contacts_started", kind)]
        case ContactConnected():
            return [("contacts_connected",)]
        case ContactFinished(record):
            return [("contacts_finished", record.kind, record.outcome)]
        case VoicemailLeft():
            return [("voicemails_left",)]
        case TransferEnded():
            return [("transfers", event.kind, event.outcome)]
        case StepEntered(plan=plan, verb=verb):
            return [("dialplan_steps", plan, verb)]
        case StepFailed(plan=plan):
            return [("dialplan_steps_failed", plan)]
    return []


def _counted_acd(event: DomainEvent) -> list[tuple[str, ...]]:
    match event:
        case QueueJoined(queue=queue, kind=kind):
            return [("queue_joined", queue, kind)]
        case QueueLeft(queue=queue, kind=kind, why=why):
            return [("queue_left", queue, kind, why)]
        case AgentStateChanged(new=new):
            return [("agent_state_changes", new.value)]
        case Decided(queue=queue, agent=agent):
            return [("routing_decisions", queue, "nobody" if agent is None else "offered")]
    return []


def _counted_promise(event: DomainEvent) -> list[tuple[str, ...]]:
    match event:
        case PromiseChanged(promise, old):
            made = [("promises_made", promise.queue, promise.stage)] if old is None else []
            entered = [("promise_changes", promise.queue, promise.state.value)] if promise.state is not old else []
            return [*entered, *made]
        case LossNotRecorded(queue, stage, why):
            return [("losses_not_recorded", queue, stage, why)]
    return []
