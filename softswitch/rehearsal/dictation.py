"""A transcript from the path of a real call: the call is made once more in a rehearsal, by what the path tells.

The path says which keys were pressed in which step, what web services answered by, how long the caller waited and what
became of it. It does not say what was heard: that says the rehearsal, which is led through the same steps. What the
path does not tell is lost: the words that web services answered, which of several phones did what, the pace of keys,
and what others did in conferences, at parking places and pages; where it comes to one of those the transcript ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from softswitch.contact.visit import Visit
from softswitch.core.units import spoken
from softswitch.ivr.model import Fetch
from softswitch.rehearsal.happening import Happening
from softswitch.rehearsal.performance import together
from softswitch.rehearsal.playing import Parted, Playing
from softswitch.rehearsal.script import (
    CALLER,
    CalendarIs,
    From,
    HangUp,
    HttpAnswers,
    Is,
    Let,
    OthersWait,
    Picks,
    Press,
)
from softswitch.rehearsal.stage import Scene
from softswitch.switch.configuration import Configuration

PATIENCE_S = 3600.0  # until the rehearsal comes to the next step
RING_S = 2.0  # of an agent who is free
SHORT_S = 1.5  # of waiting that is not worth a line
LONGEST_PROMPT = 60  # characters of what was heard that are written down
FLOW = "flow"
CANNOT = {
    "conference": "who met whom", "park": "who took the call", "retrieve": "whose call it was", "page": "who heard it",
    "transfer": "who was there", "mailbox": "which messages there were",
}  # fmt: skip
DIALLED = {"busy": "is busy", "no answer": "does not answer", "rejected": "declines", "failed": "is away"}
_PICKS = {"busy": 486, "no answer": 0, "rejected": 603, "failed": 480}
_PRESSED = re.compile(r"pressed ([0-9*#A-D]+)")
_SECRET = re.compile(r"pressed \*{2,}")
_OUTCOME = "answered|callback|exit|full|timeout|busy|no answer|rejected|failed"
_ENDED = re.compile(rf"({_OUTCOME})(?: \(\d+\))? after ([\d.]+) s")
_ANSWERED = re.compile(r"(\d{3}|timeout|\w+) after ([\d.]+) s")
_RECORDED = re.compile(r"([\d.]+) s recorded")


@dataclass(frozen=True, slots=True)
class Walked:
    """One step of the path."""

    step: str
    verb: str
    exit: str
    to: str
    seconds: float
    inputs: tuple[str, ...]
    at: float = 0.0  # s since the path began
    changed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of the real call beside its path."""

    contact: str
    caller: str
    called: str
    trunk: str
    started_at: float  # Unix s
    agent: str = ""
    connected_at: float = 0.0  # Unix s; to the agent
    steps: tuple[Walked, ...] = ()


@dataclass(slots=True)
class Written:
    scene: list[str] = field(default_factory=list)
    play: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)  # what is not in it, and why


class Dictation(Playing):
    def __init__(self, call: Call, configuration: Configuration) -> None:
        zone = ZoneInfo(configuration.zone)
        self._at = datetime.fromtimestamp(call.started_at // 60 * 60, UTC).astimezone(zone)
        self._call = call
        self.written = Written()
        caller = From(call.caller, "", call.called, call.trunk)
        scene = Scene(caller=caller, to=call.called, others=list(_full(call.steps, configuration)))
        scene.calendars = dict(_calendars(call, configuration, self._at))
        super().__init__(scene, configuration, call.called, self._at.timestamp())
        self._position = 0  # of the step at which the real call was
        self._here: Walked | None = None  # and the rehearsal is
        self._deed_at: int | None = None  # the line of what was done last: what is to be so by then stands above it

    def write(self) -> str:
        """The text of one call."""
        scene, written = self.scene, self.written
        through = f" through {self._call.trunk}" if self._call.trunk else ""
        written.scene.append(f"at {self._at:%Y-%m-%d %H:%M}")
        written.scene.append(f"from {self._call.caller} to {self._call.called}{through}")
        written.scene += [_said_of(one) for one in scene.calendars.values()]
        written.scene += [f"{one.count} callers wait in {one.queue}" for one in scene.others]
        try:
            self.begin()
            self.start()
            for position, step in enumerate(self._call.steps):
                if step.verb != FLOW:  # its own steps come before it
                    self._walk(position, step)
            self._end()
        except (Parted, ValueError) as error:
            written.lost.append(f"the rest, as the rehearsal went another way: {str(error).splitlines()[0]}")
            self._note()
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"call: {self._call.contact} of {self._at:%Y-%m-%d %H:%M}"
        yield from (f"  # not recorded: {one}" for one in dict.fromkeys(self.written.lost))
        yield from (f"  {line}" for line in self.written.scene)
        yield ""
        yield from (f"  {line}" for line in self.written.play or ["..."])
        yield ""

    # ---- step by step ------------------------------------------------------------------------------------------

    def _walk(self, position: int, step: Walked) -> None:
        if not self.flow(PATIENCE_S, lambda: self._entered(step) or not self.lines(CALLER)):
            raise Parted(f"nobody comes to {step.step}")
        if not self._entered(step):
            raise Parted(f"the real call came to {step.step}, and this one does not: the dialplan is another")
        if why := CANNOT.get(step.verb):
            raise Parted(f"in {step.step} ({step.verb}) the path does not tell {why}")
        self._position, begun = position, self.world.now
        for said in step.inputs:
            self._again(step, said, begun)
        if step.verb == "record" and not step.inputs:  # how long it was is the rest of the time
            self.listen()
            self._speak(step.seconds - (self.world.now - begun), step)

    def _entered(self, step: Walked) -> bool:
        """The rehearsal has come to this step; each time that it did counts once."""
        if self._here is step:
            return True
        for one in self.world.happened:
            if one.kind == "step" and one.who == CALLER and not one.used and one.details["verb"] != FLOW:
                if one.details["step"] != step.step:
                    return False
                one.used = True
                self._here = step
                return True
        return False

    def _again(self, step: Walked, said: str, begun: float) -> None:
        if _SECRET.fullmatch(said):
            raise Parted(f"what was pressed in {step.step} is secret")
        if pressed := _PRESSED.fullmatch(said):
            self._keys(pressed[1])
        elif said == "hung up":
            if step.verb == "queue":
                self._talk(step)
            self._wait(step.seconds - (self.world.now - begun))
            self._done("hangs up", HangUp())
        elif recorded := _RECORDED.fullmatch(said):
            self._speak(float(recorded[1]), step)
        elif step.verb == "queue" and (ended := _ENDED.fullmatch(said)):
            self._queued(step, ended[1])

    def _keys(self, keys: str) -> None:
        """One line for keys between which nothing happened."""
        for key in keys:
            self.listen()
            said = self._note()
            play = self.written.play
            if not said and play and play[-1].startswith("presses "):
                play[-1] += key
            else:
                self._deed_at = len(play)
                play.append(f"presses {key}")
            self.do(Press(key))

    def _speak(self, seconds: float, step: Walked) -> None:
        self.listen()
        if seconds >= 1.0:
            self._done(f"speaks {spoken(round(seconds))}", Let(float(round(seconds)), speaking=True))
        if step.exit == "next" and self.lines(CALLER) and not self._left(step):
            self._done("presses #", Press("#"))

    def _left(self, step: Walked) -> bool:
        return self.witness.step != step.step

    def _queued(self, step: Walked, outcome: str) -> None:
        if outcome == "callback":
            self._take_offer(step)
        elif outcome == "exit":
            self._leave_line(step)
        elif outcome == "answered":
            self._talk(step)
            agent = self._agent()
            self._done(f"{agent} hangs up", HangUp(agent))

    def _agent(self) -> str:
        if not self._call.agent:
            self.written.lost.append("which agent it was")
        return self._call.agent or next(iter(self.stage.agents), "")

    def _talk(self, step: Walked) -> None:
        """The agent comes when he came, and the two talk as long as they did; nothing where none came."""
        waited = self._call.connected_at - self._call.started_at - step.at
        if not self._call.connected_at or not 0.0 <= waited <= step.seconds:
            return
        self._wait(waited - RING_S)
        agent = self._agent()
        self._so(f"{agent} is free", Is(agent, "free"))
        self.flow(PATIENCE_S, lambda: any(one.kind == "talks" for one in self.waiting))
        self._note()
        play, talked = self.written.play, float(round(step.seconds - waited))
        if play and play[-1].startswith("talks to ") and talked >= 1.0:
            play[-1] += f" for {spoken(talked)}"
            self.flow(talked, lambda: False)

    def _take_offer(self, step: Walked) -> None:
        self._note()
        if not self.flow(PATIENCE_S, self._offered):
            raise Parted(f"no callback is offered in {step.step}")
        key = self._offered()
        self.waiting = self.waiting[-1:]
        self.listen()
        self._note(soft=True)
        self._done(f"presses {key}", Press(key))

    def _leave_line(self, step: Walked) -> None:
        self._wait(step.seconds)
        key = next((visit.order.exit for visit in self._visits()), "")
        if not key:
            raise Parted(f"no key leaves the line in {step.step}")
        self._done(f"presses {key}", Press(key))

    def _offered(self) -> str:
        """The key to press, once the offer is being spoken."""
        offers = (visit.order.offer for visit in self._visits() if visit.offered)
        return next((offer.key for offer in offers if offer is not None), "")

    def _visits(self) -> list[Visit]:
        visits = (getattr(one, "visit", None) for one in self.world.switch.calls.contacts.values())
        return [visit for visit in visits if visit is not None]

    def _end(self) -> None:
        """After the last step: what the caller still hears, and the end."""
        self.flow(60.0, lambda: not self.lines(CALLER))
        self._note()

    # ---- what is written ---------------------------------------------------------------------------------------

    def _wait(self, seconds: float) -> None:
        self.listen()
        if seconds >= SHORT_S:
            self._done(f"waits {spoken(round(seconds))}", Let(float(round(seconds))))

    def _done(self, line: str, deed: Press | Let | HangUp) -> None:
        self.listen()
        self._note()
        self._deed_at = len(self.written.play)
        self.written.play.append(line)
        self.do(deed)

    def _so(self, line: str, meaning: Is | Picks | HttpAnswers) -> None:
        """From now on, by the deed that was the last."""
        self._note()
        self.written.play.append(line)
        self.stage.set(meaning)

    def _above(self, line: str, meaning: Picks | HttpAnswers) -> None:
        """It had to be so before what was done last."""
        if self._deed_at is None:
            self.written.scene.append(line)
        else:
            self.written.play.insert(self._deed_at, line)
            self._deed_at += 1
        self.stage.set(meaning)

    def _note(self, soft: bool = False) -> bool:
        """Write down what has happened to the caller; whether that was anything."""
        taken, self.waiting = [one for one in self.waiting if soft or not one.soft], []
        some = bool(taken)
        while taken:
            group = [one for one in taken if one.group == taken[0].group and one.kind == taken[0].kind == "hears"]
            group = group or taken[:1]
            self.written.play.append(_cut(group))
            taken = [one for one in taken if one not in group]
        return some

    # ---- what nobody has foreseen ------------------------------------------------------------------------------

    def no_answer(self, order: Fetch) -> HttpAnswers | None:
        """As it was answered in the real call, as far as the path tells."""
        found = next((one for said in self._inputs("http") if (one := _ANSWERED.fullmatch(said))), None)
        status, seconds = (found[1], float(found[2])) if found else ("200", 0.1)
        head = f"http {order.method} {order.url}"
        if status == "timeout":
            answer, line = HttpAnswers(order.method, order.url, 0, None, PATIENCE_S), f"{head} does not answer"
        elif not status.isdecimal():
            answer = HttpAnswers(order.method, order.url, 0, None, 0.1, "nobody is there")
            line = f"{head} is away"
        else:
            late = f" after {spoken(round(seconds))}" if seconds >= 1.0 else ""
            body = self._document(order) if status.startswith("2") else None
            text = "" if body is None else f" {json.dumps(body, ensure_ascii=False)}"
            answer = HttpAnswers(order.method, order.url, int(status), body, max(0.1, round(seconds)))
            line = f"{head} answers{late} {status}{text}"
        self._above(line, answer)
        return answer

    def _document(self, order: Fetch) -> Any:
        """What was answered, where the path has the whole of it."""
        saved = list(self._at_step("http").changed.values())
        try:
            document = yaml.safe_load(saved[0]) if len(saved) == 1 and "..." not in saved[0] else None
        except yaml.YAMLError:
            document = None
        if not isinstance(document, dict):
            self.written.lost.append(f"what {order.method} {order.url} answered, but for its status")
            return {}
        return document

    def nobody_known(self, who: str) -> Picks:
        """What the path tells of a dial, of whoever rings."""
        who = self.stage.agents[who].user if who in self.stage.agents else who
        found = next((one for said in self._inputs("dial") if (one := _ENDED.fullmatch(said))), None)
        outcome, seconds = (found[1], float(found[2])) if found else ("answered", 2.0)
        if outcome == "answered":
            waited = max(1, round(seconds))
            picks, line = Picks(who, 200, float(waited)), f"{who} answers after {spoken(waited)}"
        else:
            picks, line = Picks(who, _PICKS.get(outcome, 480)), f"{who} {DIALLED.get(outcome, 'is away')}"
        self._above(line, picks)
        return picks

    def _inputs(self, verb: str) -> Sequence[str]:
        return self._at_step(verb).inputs

    def _at_step(self, verb: str) -> Walked:
        """The step that the rehearsal has come to, as it was in the real call."""
        step = self.witness.step
        found = (one for one in self._call.steps[self._position :] if one.step == step and one.verb == verb)
        return next(found, Walked(step, verb, "", "", 0.0, ()))


def _cut(group: list[Happening]) -> str:
    text = together(group)
    return text if len(text) <= LONGEST_PROMPT else f"{text[:LONGEST_PROMPT].rstrip()}…"


def _full(steps: Sequence[Walked], configuration: Configuration) -> Iterator[OthersWait]:
    """Queues that were full then."""
    specs = {spec.name: spec for spec in configuration.queues}
    for plan in configuration.plans.values():
        for step in steps:
            if step.verb == "queue" and step.exit == "full" and step.step in plan.steps:
                name = str(getattr(plan.steps[step.step].verb, "name", ""))
                if name in specs:
                    yield OthersWait(specs[name].max_waiting, name)
                    return


def _said_of(calendar: CalendarIs) -> str:
    how = "open" if calendar.open else "on holiday" if calendar.holiday else "closed"
    return f"calendar {calendar.calendar} is {how}"


def _calendars(call: Call, configuration: Configuration, at: datetime) -> Iterator[tuple[str, CalendarIs]]:
    """Calendars by which it was open or closed then, and is not by the hours that are written now."""
    for step in call.steps:
        if step.verb != "hours":
            continue
        for plan in configuration.plans.values():
            verb = plan.steps[step.step].verb if step.step in plan.steps else None
            calendar = configuration.calendars.get(str(getattr(verb, "calendar", "")))
            if calendar is None:
                continue
            then, door = CalendarIs(calendar.name, step.exit == "open", step.exit == "holiday"), calendar.door(at)
            if door.open != then.open or (then.holiday and not door.holiday):
                yield then.calendar, then
