"""What of a contact outlives its process, as plain data; and how a new process goes on with it.

Kept is a contact whose caller was answered: where its script is, whom it talks to, its place in a queue, the message
that is being left, and its record. Not kept is what only rings: who waits in a queue waits again at the old place, a
step of a dialplan that dials takes its way out, and somebody whose transfer was not through yet has the call back.

Times are the former process's clock's; ``Facts.epoch`` tells what they were in Unix seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec

from softswitch.call.record import CallRecord
from softswitch.call.signal import Release
from softswitch.callback.model import CustomerAnswered, NumberBusy
from softswitch.contact.bridge import Bridge
from softswitch.contact.callback import CallbackContact
from softswitch.contact.called import Called, CalledCustomer
from softswitch.contact.conference import Seat
from softswitch.contact.inbound import InboundContact
from softswitch.contact.journey import Facts
from softswitch.contact.order import Directory, HoldMusicTo, TellAcd, TellLedger, TellLeg
from softswitch.contact.parking import Place
from softswitch.contact.reading import Reading, moved
from softswitch.contact.retrieval import Retrieval
from softswitch.contact.script import DirectDial, PutThrough, Script
from softswitch.contact.take import Take
from softswitch.contact.visit import Aside, Visit
from softswitch.core.effect import Effect
from softswitch.ivr.interpreter import Interpreter
from softswitch.ivr.model import AwayEnded, DialEnded, DialOut, QueueEnded
from softswitch.ivr.plan import Plan
from softswitch.ivr.run import Facts as PlanFacts
from softswitch.ivr.run import State


class ScriptMemory(msgspec.Struct, frozen=True, array_like=True):
    plan: str = ""  # "": one of the fixed scripts
    state: State | None = None  # of the plan's interpreter
    dial: DialOut | None = None
    version: str = ""  # of the plan
    reading: Reading | None = None  # a mailbox is heard; the plan, if there is one, waits so long


class Talk(msgspec.Struct, frozen=True, array_like=True):
    """Two who talked before a transfer began that is not through yet."""

    other: str  # leg
    recorded: bool
    held: tuple[str, ...]


class ContactMemory(msgspec.Struct, frozen=True, array_like=True):
    facts: Facts
    leg: str
    language: str
    step: str
    script: ScriptMemory
    queued: bool  # the script waits for the end of a queue, else of a dial, when the bridge is over
    after: tuple[str, int]  # outcome and status of that
    record: CallRecord
    agents: dict[str, tuple[str, str]]
    numbers: tuple[str, ...]  # on the line
    recordings: tuple[str, ...]
    counts: tuple[int, int, int]  # hunts, plays, transfers
    connected_at: float
    bridge: Bridge | None
    talk: Talk | None
    visit: Visit | None
    take: Take | None
    seat: Seat | None = None
    place: Place | None = None
    guests: tuple[str, ...] = ()  # legs that are up and are let go: who was asked, who heard a page
    by: str = ""  # of ``after``
    away: bool = False  # the script waits for the end of neither queue nor dial, when the bridge is over
    recorded: bool | None = None  # what the plan wants of conversations
    aside: Aside | None = None
    settled: bool = False
    turned: Aside | None = None
    called: Called | None = None  # customer first


def legs_of(contact: InboundContact | CallbackContact) -> list[str]:
    """Those without which it cannot go on."""
    if isinstance(contact, CallbackContact):
        legs = [leg for leg in (contact.agent_leg, contact.customer_leg) if leg]
        return [leg for leg in legs if leg not in guests_of(contact)]
    found = {contact.leg: None}
    if contact.bridge is not None:
        found |= {contact.bridge.left: None, contact.bridge.right: None}
    if contact.pending is not None and not contact.pending.gone:
        found[contact.pending.transferor] = None
    return list(found)


def guests_of(contact: InboundContact | CallbackContact) -> tuple[str, ...]:
    """Legs that are up, and without which it goes on."""
    if isinstance(contact, CallbackContact):  # the agent who waits for a customer who is still being greeted
        return (contact.agent_leg,) if contact.agent_leg and contact.customer_leg and contact.bridge is None else ()
    hunt, page = contact.hunt, contact.page
    return (*(page.legs if page is not None else ()), *(hunt.asked if hunt is not None else ()))


def memory(contact: InboundContact | CallbackContact) -> ContactMemory | None:
    """None where nothing of it can outlive the process: it is over, not answered, or no customer is there yet."""
    guests = guests_of(contact)
    if isinstance(contact, CallbackContact):
        if contact.over or not contact.customer_leg:
            return None
        contact = contact.onward() if contact.bridge is not None else contact.without_agent()
    if contact.over or not contact.answered:
        return None
    pending, bridge, talk = contact.pending, contact.bridge, None
    leg, facts, script, after = contact.leg, contact.facts, contact.script, contact.after
    if pending is not None and not pending.gone:
        right = pending.transferor if pending.leg == contact.leg else contact.leg
        leg, facts, script, after = pending.leg, pending.facts, pending.script, pending.after
        talk = Talk(right, pending.recorded, tuple(sorted(pending.held)))
    ended = after if isinstance(after, DialEnded | QueueEnded | AwayEnded) else DialEnded("answered")
    return ContactMemory(
        facts, leg, contact.language, contact.step, _script_memory(script, contact.suspended),
        isinstance(ended, QueueEnded), (ended.outcome, 0 if isinstance(ended, QueueEnded) else ended.status),
        contact.record, contact.agents,
        tuple(contact.numbers), tuple(contact.recordings), (contact.hunts, contact.serial, contact.transfers),
        contact.connected_at, bridge, talk, contact.visit, contact.take, contact.seat,
        contact.place, guests, getattr(ended, "by", ""), isinstance(after, AwayEnded), contact.recorded,
        contact.aside, contact.settled, contact.turned,
        contact.called if isinstance(contact, CalledCustomer) else None,
    )  # fmt: skip


def _script_memory(script: Script, suspended: Script | None = None) -> ScriptMemory:
    match script:
        case Interpreter():
            return ScriptMemory(script.plan.name, script.state, version=script.plan.version)
        case DirectDial():
            return ScriptMemory(dial=script.order)
        case Retrieval() if suspended is not None:
            return msgspec.structs.replace(_script_memory(suspended), reading=script.state)
        case Retrieval():
            return ScriptMemory(reading=script.state)
        case _:
            return ScriptMemory()


# ---- the next process ------------------------------------------------------------------------------------------


def script(kept: ContactMemory, find: Callable[[str, str], Plan], facts: PlanFacts, by: float) -> Script:
    """What led the contact, its times later by ``by``. ``find`` knows plans by name and version; its ``LookupError``
    is passed on."""
    state = kept.script.state
    if state is None and kept.called is not None and kept.script.dial is None:
        return PutThrough(kept.called.promise.queue, kept.language)
    if state is None:
        return DirectDial(kept.script.dial or DialOut())
    state.move(by)
    return Interpreter(find(kept.script.plan, kept.script.version), facts, state)


def remembered(kept: ContactMemory, script: Script, directory: Directory, epoch: float, by: float) -> InboundContact:
    """The contact as it was; ``resumed`` comes next. ``epoch``: Unix seconds at the new process's ``now`` = 0, whose
    clock shows ``by`` more than the former one's. Where the time of day was set meanwhile, the record follows it."""
    facts = msgspec.structs.replace(kept.facts, epoch=epoch)
    if kept.called is not None:
        contact: InboundContact = CalledCustomer(facts, directory, kept.called.moved(by), script, kept.language)
        contact.leg = kept.leg
    else:
        contact = InboundContact(facts, directory, kept.leg, script, kept.language)
    outcome, status = kept.after
    back = AwayEnded if kept.away else DialEnded
    contact.after = QueueEnded(outcome) if kept.queued else back(outcome, status, kept.by)
    contact.answered, contact.step = True, kept.step
    contact.record, contact.agents = _set(kept.record, epoch + by - kept.facts.epoch), dict(kept.agents)
    contact.numbers, contact.recordings = list(kept.numbers), list(kept.recordings)
    contact.hunts, contact.serial, contact.transfers = kept.counts
    contact.connected_at = kept.connected_at + by
    contact.bridge, contact.visit, contact.take = kept.bridge, kept.visit, kept.take
    if contact.visit is not None:
        contact.visit.moved(by)
    contact.settled = kept.settled
    contact.aside, contact.turned = _place_moved(kept.aside, by), _place_moved(kept.turned, by)
    if kept.seat is not None:
        contact.seat = replace(kept.seat, since=kept.seat.since + by)
    if kept.place is not None:
        contact.place = replace(kept.place, since=kept.place.since + by, until=kept.place.until + by)
    if contact.take is not None:
        contact.take.started += by
        contact.take.until += by
    contact.recorded = kept.recorded
    if kept.script.reading is not None:
        contact.suspended = script if kept.script.state is not None else None
        contact.script = Retrieval(moved(kept.script.reading, by, epoch), directory.mailboxes)
    return contact


def resumed(contact: InboundContact, kept: ContactMemory, now: float) -> list[Effect]:
    """What the new process has to be told and asked, so that the contact goes on."""
    orders: list[Effect] = [TellLedger(NumberBusy(number, True)) for number in contact.numbers]
    orders += [TellLeg(leg, Release()) for leg in kept.guests]
    if isinstance(contact, CalledCustomer):
        orders += contact.repeat(now)
    elif contact.record.promise:  # the store may not have heard of it
        orders.append(TellLedger(CustomerAnswered(contact.record.promise)))
    talk, visit, take = kept.talk, contact.visit, contact.take
    if talk is not None:
        return [*orders, *contact.connect(contact.leg, talk.other, talk.recorded, 0.0, now, talk.held)]
    if contact.bridge is not None:
        return [*orders, *contact.bridge.resume()]
    if visit is not None:
        return [*orders, HoldMusicTo(contact.leg, contact.music), TellAcd(visit.join(contact.id, again=True))]
    if take is not None:
        return [*orders, *take.resume(contact.leg, now)]
    if contact.seat is not None:
        return [*orders, *contact.take_seat(contact.seat)]
    if contact.place is not None:
        return [*orders, *contact.stay_parked(contact.place)]
    return [*orders, *contact.resume(now)]


def _place_moved(place: Aside | None, by: float) -> Aside | None:
    return None if place is None else replace(place, queued_at=place.queued_at + by)


def _set(record: CallRecord, by: float) -> CallRecord:
    """The time of day was set by so much."""
    times = (record.started_at, record.answered_at, record.connected_at)
    started, answered, connected = (at and at + by for at in times)
    return replace(record, started_at=started, answered_at=answered, connected_at=connected)
