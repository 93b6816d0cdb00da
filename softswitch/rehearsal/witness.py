"""What the switch says happened, in the words of transcripts: facts and what is heard, and to whom."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from softswitch.acd.model import AgentState, AgentStateChanged, QueueJoined
from softswitch.call.signal import Failed, Released
from softswitch.callback.model import PromiseChanged
from softswitch.contact.conference import ConferenceEntered
from softswitch.contact.event import ContactConnected, ContactStarted, SurveyAnswered
from softswitch.contact.mailbox import VoicemailLeft
from softswitch.contact.parking import CallParked
from softswitch.core.effect import DomainEvent
from softswitch.core.units import spoken
from softswitch.ivr.interpreter import Interpreter
from softswitch.ivr.model import Prompt, StepEntered, StepLeft
from softswitch.rehearsal.ear import said
from softswitch.rehearsal.grammar import STATUS
from softswitch.rehearsal.happening import Happening
from softswitch.rehearsal.script import CALLER
from softswitch.rehearsal.site import Line
from softswitch.sip.uri import parse_uri
from softswitch.switch.event import UnitFailed

if TYPE_CHECKING:
    from softswitch.rehearsal.stage import Stage
    from softswitch.rehearsal.world import World

_WORDS = {status: word for word, status in STATUS.items()}


class Witness:
    """Notes in ``world`` what happens from now on. ``steps`` and ``exits`` are for the coverage."""

    def __init__(self) -> None:
        self.world: World
        self.stage: Stage
        self.steps: set[tuple[str, str]] = set()  # plan, step
        self.ways: set[tuple[str, str, str]] = set()  # plan, step, step that followed it there
        self.defects: list[str] = []
        self.plan = self.step = ""  # where the caller is
        self._of: dict[str, str] = {}  # contact -> who

    # ---- who is who --------------------------------------------------------------------------------------------

    def who(self, leg: str) -> str:
        """Who is at the other end of a leg of the switch."""
        known = self.world.switch.calls.legs.get(leg)
        if known is None:
            return ""
        for site in self.world.sites.values():
            for line in site.lines:
                if line.call_id == known.call_id:
                    return line.who
        return ""

    def _note(self, who: str, kind: str, told: str, strict: bool = False, **details: Any) -> None:
        line = told if who in (CALLER, "") else f"{who} {told}"
        self.world.note(Happening(self.world.now, who, kind, line, details, strict and who == CALLER))

    # ---- what is heard -----------------------------------------------------------------------------------------

    def heard(self, stream: str, play: str, prompts: Sequence[Prompt]) -> None:
        who, calls = self.who(stream), self.world.switch.calls
        queued = getattr(calls.contacts.get(calls.contact_at(stream)), "visit", None) is not None
        for prompt in prompts:
            if text := said(prompt):
                told = f"hears {text}" if who == CALLER else f"{who} hears {text}"
                details = {"heard": text, "language": prompt.language}
                now = self.world.now
                self.world.note(Happening(now, who, "hears", told, details, who == CALLER, queued, play))

    def sent(self, stream: str, keys: str) -> None:
        self._note(self.who(stream), "keys", f"is sent keys {keys}", keys=keys)

    def read(self, who: str, text: str) -> None:
        self._note(who, "reads", f"reads {text}", text=text)

    # ---- telephones --------------------------------------------------------------------------------------------

    def rings(self, who: str) -> None:
        self._note(who, "rings", "rings")

    def ended(self, line: Line, signal: Released | Failed) -> None:
        if signal.by == "us":
            return
        if isinstance(signal, Released):
            self._note(line.who, "hung up", "is hung up", True)
        elif 300 <= signal.status < 400 and signal.contacts:
            to = parse_uri(signal.contacts[0])
            self._note(line.who, "redirected", f"is redirected to {to.user}", True, to=to.user)
        elif line.ours:
            status = signal.status
            self._note(line.who, "refused", f"is refused {_WORDS.get(status, status)}", True, status=status)

    # ---- facts -------------------------------------------------------------------------------------------------

    def listen(self, event: DomainEvent, unix: float) -> None:
        match event:
            case StepEntered():
                return self._entered(event)
            case StepLeft():
                return self._left(event)
            case ContactStarted(contact):
                self._whose(contact)
            case QueueJoined(contact, queue):
                self._joined(contact, queue)
            case ContactConnected():
                self._connected(event)
            case AgentStateChanged(agent, _, AgentState.RESERVED, _, contact):
                self.stage.offered(agent, contact or "")
            case UnitFailed(where):
                self.defects.append(f"the switch failed in a unit of work ({where}); the log says how")
            case _:
                self._left_behind(event)
        self._fact(event)

    def _left_behind(self, event: DomainEvent) -> None:
        """What comes of a call, and may be in its transcript."""
        match event:
            case VoicemailLeft(message):
                mailbox = message.mailbox
                self._note(self._whose(message.contact), "message", f"leaves a message in {mailbox}", mailbox=mailbox)
            case PromiseChanged(promise, None):
                text = f"is promised a callback in {promise.queue} to {promise.number} as {promise.stage}"
                queue, number, stage = promise.queue, promise.number, promise.stage
                self._note(CALLER, "promise", text, queue=queue, number=number, stage=stage)
            case SurveyAnswered(contact, _, question, score):
                told = f"rates {question} {score}"
                self._note(self._whose(contact), "rates", told, question=question, score=score)
            case ConferenceEntered(contact, room, moderator):
                told = f"joins conference {room}{' as moderator' if moderator else ''}"
                self._note(self._whose(contact), "conference", told, room=room, moderator=moderator)
            case CallParked(contact, slot):
                self._note(self._whose(contact), "parked", f"is parked in {slot}", slot=slot)

    def variable(self, name: str) -> object:
        """What it is now in the caller's walk; None: it is not set, or no plan leads the caller."""
        for contact, who in self._of.items():
            script = getattr(self.world.switch.calls.contacts.get(contact), "script", None)
            if who == CALLER and isinstance(script, Interpreter):
                return script.state.variables.get(name)
        return None

    def _whose(self, contact: str) -> str:
        """A customer whom we call has a leg only when he has answered."""
        if not self._of.get(contact):
            leg = getattr(self.world.switch.calls.contacts.get(contact), "leg", "")
            self._of[contact] = self.who(leg)
        return self._of[contact]

    def _entered(self, event: StepEntered) -> None:
        who = self._whose(event.contact)
        self.steps.add((event.plan, event.step))
        if who == CALLER:
            self.plan, self.step = event.plan, event.step
        self._note(who, "step", f"reaches {event.step}", step=event.step, plan=event.plan, verb=event.verb)

    def _left(self, event: StepLeft) -> None:
        self.ways.add((event.plan, event.step, event.to))
        for name, value in event.changed.items():
            self._note(self._whose(event.contact), "variable", f"variable {name} is {value}", name=name, value=value)

    def _joined(self, contact: str, queue: str) -> None:
        known = self.world.switch.calls.contacts.get(contact)
        visit = getattr(known, "visit", None)
        if visit is None:
            return
        priority = visit.order.priority_s
        more = f" with priority {spoken(priority)}" if priority else ""
        self._note(self._whose(contact), "queue", f"enters queue {queue}{more}", True, queue=queue, priority=priority)

    def _connected(self, event: ContactConnected) -> None:
        bridge = getattr(self.world.switch.calls.contacts.get(event.contact), "bridge", None)
        if bridge is None:
            return
        left, right = self.who(bridge.left), self.who(bridge.right)
        self._note(left, "talks", f"talks to {right}", True, **{"with": right})
        self._note(right, "talks", f"talks to {left}", True, **{"with": left})

    def _fact(self, event: DomainEvent) -> None:
        values = _values(event)
        for part in [value for value in values.values() if dataclasses.is_dataclass(value)]:
            values = _values(part) | values
        name = type(event).__name__
        shown = " ".join(f"{key}={value}" for key, value in values.items() if isinstance(value, str | int | float))
        self.world.note(Happening(self.world.now, "", "fact", f"fact {name} {shown}", {**values, "name": name}))


def _values(one: Any) -> dict[str, Any]:
    return {field.name: getattr(one, field.name) for field in dataclasses.fields(one)}
