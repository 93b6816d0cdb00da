"""What every contact has: legs, a hunt, a bridge, and the record that is written when it is over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec

from softswitch.acd.model import ContactEnded
from softswitch.call.identity import UNKNOWN, Origin
from softswitch.call.record import CallRecord
from softswitch.call.signal import Failed, Release, Released, SendText, Texted, Updated
from softswitch.callback.model import NumberBusy
from softswitch.contact.bridge import Bridge
from softswitch.contact.event import (
    ContactConnected,
    ContactDisconnected,
    ContactFinished,
    ContactStarted,
    HoldChanged,
    RecordingStarted,
)
from softswitch.contact.hunt import Hunt
from softswitch.contact.order import (
    Closed,
    Directory,
    EraseRecording,
    Key,
    PauseRecording,
    PressKeys,
    TellAcd,
    TellLedger,
    TellLeg,
)
from softswitch.core.effect import Effect
from softswitch.sip.reason import Reason

# What follows from each kind of event or order: a method of the contact. One for all contacts, so that none carries it.
Table = Mapping[type, Callable[..., list[Effect]]]


class Facts(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a contact when it begins."""

    contact: str
    kind: str  # "inbound", "internal", "outbound", "callback"
    caller: str
    caller_name: str
    called: str
    trunk: str  # "" for a registered phone
    plan: str = ""
    epoch: float = 0.0  # Unix seconds at ``now`` = 0
    origin: Origin = UNKNOWN
    shed_as: str = ""  # as whom this very call was lost, if it was turned away at the door before


class Journey:
    """Base of the contacts. ``now`` is monotonic; ``unix(now)`` is what records and promises keep."""

    def __init__(self, facts: Facts, directory: Directory) -> None:
        self.facts = facts
        self.id = facts.contact
        self.directory = directory
        self.hunt: Hunt | None = None
        self.bridge: Bridge | None = None
        self.agents: dict[str, tuple[str, str]] = {}  # leg -> agent, and the contact under which the ACD knows the two
        self.over = False
        self.causes: tuple[Reason, ...] = ()  # what a peer says of the end that is being passed on
        self.hunts = 0
        self.recordings: list[str] = []
        self.recorded: bool | None = None  # what the plan wants of conversations; None: as their queues have it
        self.connected_at = 0.0
        self.numbers: list[str] = []  # numbers that the ledger must not dial while this contact lasts
        self.record = CallRecord(
            contact=facts.contact, kind=facts.kind, caller=facts.caller, called=facts.called, trunk=facts.trunk,
            plan=facts.plan, queue="", agent="", started_at=0.0, answered_at=0.0, connected_at=0.0, ended_at=0.0,
            outcome="", ended_by="", recording="", promise="",
        )  # fmt: skip

    def continues(self, former: Journey) -> None:
        """Take over what ``former``, which is the same contact, has come to."""
        self.hunt, self.bridge, self.agents, self.record = former.hunt, former.bridge, former.agents, former.record
        self.hunts, self.connected_at = former.hunts, former.connected_at
        self.recordings, self.numbers = former.recordings, former.numbers

    def hear_causes(self, event: object) -> None:
        """Whoever is released because of this event is told what the peer said of it."""
        self.causes = event.causes if isinstance(event, Failed | Released) else ()

    @property
    def agent(self) -> str:
        """Whose time this contact takes; "" nobody's."""
        return next((agent for agent, _ in reversed(self.agents.values())), "")

    def unix(self, now: float) -> float:
        return now + self.facts.epoch

    def begun(self, now: float) -> list[Effect]:
        self.record.started_at = self.unix(now)
        facts = self.facts
        return [ContactStarted(self.id, facts.kind, facts.caller, facts.called, facts.trunk)]

    def new_prefix(self, purpose: str) -> str:
        """Leg names of a hunt: readable, and new for each hunt."""
        self.hunts += 1
        return f"{self.id}.{purpose}{self.hunts}."

    @property
    def room(self) -> str:
        """Where two legs of this contact hear each other."""
        return f"room-{self.id}"

    def connect(
        self, left: str, right: str, recorded: bool, waited_s: float, now: float, held: Collection[str] = ()
    ) -> list[Effect]:
        """Two people talk: from here on it is a bridge. ``held``: legs that have put whoever they talk to on hold."""
        wanted = recorded if self.recorded is None else self.recorded
        recording = self.recorded_as(self.id) if wanted else ""
        self.bridge = Bridge(self.room, left, right, recording, music=self.music)
        self.connected_at = now
        connected_at, agent = self.record.connected_at or self.unix(now), self.agent or self.record.agent
        self.record.connected_at = connected_at
        self.record.agent = agent
        self.record.outcome = "answered"
        facts: list[Effect] = [ContactConnected(self.id, self.agent, waited_s)]
        if recording:
            facts.append(RecordingStarted(self.id, recording))
        orders = self.bridge.connect(held)
        return [*orders, *facts, *(self._hold_changed(leg, True) for leg in sorted(self.bridge.held_by))]

    def updated(self, event: Updated, now: float) -> list[Effect]:
        """A side has renegotiated: hold or resume."""
        bridge = self.bridge
        if bridge is None:
            return []
        before, orders = bridge.held_by, bridge.updated(event.leg, event.media)
        changed = bridge.held_by != before
        return [*orders, self._hold_changed(event.leg, event.media.held)] if changed else orders

    def _hold_changed(self, leg: str, held: bool) -> HoldChanged:
        agent, _ = self.agents.get(leg, ("", ""))
        return HoldChanged(self.id, agent, held)

    def recorded_as(self, stem: str) -> str:
        """A file name for the next recording of this contact, and its entry in the call record."""
        number = f"-{len(self.recordings) + 1}" if self.recordings else ""
        file = f"{stem}{number}{self.directory.recording_ending()}"
        self.recordings.append(file)
        self.record.recording = ",".join(filter(None, (self.record.recording, file)))
        return file

    def erased(self, file: str) -> list[Effect]:
        """Nothing is kept of this recording; its name is not used again."""
        self.record.recording = ",".join(one for one in self.record.recording.split(",") if one != file)
        return [EraseRecording(file)]

    @property
    def music(self) -> str:
        """What is heard on hold."""
        return self.directory.hold_music(self.record.queue)

    def pause_recording(self, reason: str | None) -> list[Effect]:
        """None: go on. Nothing where the two who talk are not recorded, or nobody talks."""
        recorded = self.bridge is not None and bool(self.bridge.recording)
        return [PauseRecording(self.room, reason)] if recorded else []

    def disconnect(self, now: float, by: str = "") -> list[Effect]:
        """Take the bridge down; every agent's part in it is over. ``by`` as ``ContactDisconnected`` has it."""
        return [*self.part(now, by), *self.agents_free()]

    def part(self, now: float, by: str) -> list[Effect]:
        """Take the bridge down, and nobody is free by that."""
        if self.bridge is None:
            return []
        orders = self.bridge.disconnect()
        orders.append(ContactDisconnected(self.id, self.facts.kind, self.agent, now - self.connected_at, by))
        self.bridge = None
        return orders

    def agents_free(self) -> list[Effect]:
        return [effect for leg in list(self.agents) for effect in self.agent_free(leg)]

    def agent_free(self, leg: str) -> list[Effect]:
        """The part of whoever is at ``leg`` is over; nothing where that is no agent."""
        agent, contact = self.agents.pop(leg, ("", ""))
        return [TellAcd(ContactEnded(contact, agent))] if agent else []

    def texted(self, event: Texted, now: float) -> list[Effect]:
        """What one side of a conversation writes, the other reads."""
        reader = self.reader_of(event.leg)
        return [TellLeg(reader, SendText(event.content_type, event.body))] if reader else []

    def reader_of(self, leg: str) -> str:
        """The leg that reads what this one writes; "" nobody: a dialplan does not, nor who waits."""
        if self.bridge is None or leg not in (self.bridge.left, self.bridge.right):
            return ""
        return self.bridge.other(leg)

    def keyed(self, event: Key, now: float) -> list[Effect]:
        """A key that one side of a conversation presses goes to the other; while a network speaks, to that."""
        if self.bridge is not None:
            there = event.leg in (self.bridge.left, self.bridge.right)
            return [PressKeys(self.bridge.other(event.leg), event.digit, event.form)] if there else []
        early = self.hunt.ringing if self.hunt is not None and self.hunt.early else ()
        return [PressKeys(leg, event.digit, event.form) for leg in early if leg != event.leg]

    @property
    def ringing(self) -> list[str]:
        """The legs of phones that ring for it."""
        return list(self.hunt.ringing) if self.hunt else []

    def cancel_hunt(self) -> list[Effect]:
        orders = self.hunt.cancel(self.causes) if self.hunt else []
        self.hunt = None
        return orders

    def hunt_on(self, event: Failed) -> tuple[list[Effect], Hunt | None]:
        """A leg has failed: what the hunt does next, and the hunt itself where it is over with that."""
        hunt = self.hunt
        if hunt is None or event.leg not in hunt.ringing:
            return [], None
        orders = hunt.failed(event, self.directory)
        if not hunt.exhausted:
            return orders, None
        self.hunt = None
        return orders, hunt

    def release(self, *legs: str) -> list[Effect]:
        return [TellLeg(leg, Release(causes=self.causes)) for leg in legs if leg]

    def occupy(self, number: str) -> Effect:
        """This contact has that number on the line, or is about to: the ledger must not dial it meanwhile."""
        self.numbers.append(number)
        return TellLedger(NumberBusy(number, True))

    def finish(self, outcome: str, by: str, now: float) -> list[Effect]:
        """The last effects of a contact: its record, and ``Closed``. Only once."""
        if self.over:
            return []
        self.over = True
        record = self.record
        record.outcome, record.ended_by = record.outcome or outcome, record.ended_by or by
        record.ended_at = self.unix(now)
        return self.last_orders()

    def last_orders(self) -> list[Effect]:
        """What ``finish`` says; said once more where a defect of ours has lost it."""
        free = [TellLedger(NumberBusy(number, False)) for number in self.numbers]
        return [ContactFinished(self.record), *free, Closed(self.id)]
