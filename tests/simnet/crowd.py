"""Everybody who calls while the advertisement is on, behind one carrier's gateway; and what came of each of them.

The account is the carrier's: who called when under which spelling of his number, whom the switch dialled, who shared a
room with an agent. It knows nothing of what the switch counts. A person is one, however his number is written; what he
does is drawn from a seed when he does it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from softswitch.call.signal import Offered
from softswitch.core.effect import Effect
from tests.simnet.phone import Call, SimPhone

HOST = "127.0.0.2"  # its streams are told from those of agents by it
SPELLINGS = ("1{}", "+861{}", "00861{}", "861{}", "01{}")  # of one mobile number


@dataclass(frozen=True, slots=True)
class Temper:
    """What people are like: shares of 1, and means in seconds."""

    cancels: float = 0.06  # while it rings
    leaves_menu: float = 0.10
    takes_offer: float = 0.35
    patience_s: float = 45.0
    talk_s: float = 45.0
    answers: float = 0.60  # when called back ...
    busy: float = 0.15  # ... and the rest lets it ring
    calls_again: float = 0.08  # by himself, within the hour after
    again_s: float = 3600.0


@dataclass(eq=False, slots=True)
class Person:
    number: str  # E.164
    spelled: tuple[str, ...]  # his number, as he and his telephones show it
    refusable: str = ""  # why he cannot be called back: "withheld", "foreign", "service"
    called_at: list[float] = field(default_factory=list)  # by himself
    dialled_at: list[float] = field(default_factory=list)  # by the switch
    over_at: list[float] = field(default_factory=list)  # calls of his that came to nothing
    statuses: list[int] = field(default_factory=list)  # with which they were refused
    line: Call | None = None  # he is on the line
    calling: bool = False  # and has called himself
    pressed: bool = False
    served_at: float | None = None  # talked to an agent, by his own call
    kept_at: float | None = None  # the same, because he was called
    dropped: int = 0  # answered, and nobody was there

    @property
    def satisfied(self) -> bool:
        return self.served_at is not None or self.kept_at is not None


@dataclass
class Crowd(SimPhone):
    """The gateway. ``wrong`` is what must never be: told as text."""

    host: str = HOST
    temper: Temper = Temper()
    people: list[Person] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    answered: int = 0  # calls of the switch
    ringing: set[str] = field(default_factory=set)  # legs of who is called, and has not answered yet
    changes: Callable[[], None] = lambda: None  # who rings or talks is about to be somebody else

    def __post_init__(self) -> None:
        super().__post_init__()
        self.luck = random.Random(self.world.random.getrandbits(64))
        self._by_number: dict[str, Person] = {}
        self._of: dict[str, Person] = {}  # leg -> whose
        self._rtp: dict[object, Call] = {}
        self.talking_since: dict[str, float] = {}  # leg of who is with an agent
        self.world.on_join = self._joined

    def add(self, person: Person) -> None:
        self.people.append(person)
        self._by_number[person.number] = person

    def is_here(self, number: str) -> bool:
        """On the line by a call of his own."""
        person = self._by_number.get(number)
        return person is not None and person.calling

    # ---- he calls ----------------------------------------------------------------------------------------------

    def calls_in(self, person: Person) -> None:
        """Unless he has no reason to, or is on the line already: then when that is over."""
        if person.satisfied:
            return
        if person.line is not None:
            self.world.after(self.luck.uniform(2.0, 10.0), lambda: self.calls_in(person))
            return
        self.user = self.luck.choice(person.spelled)
        call = self.call("8000")
        self._on_line(person, call)
        person.calling, person.pressed = True, False
        person.called_at.append(self.world.now)
        if self.luck.random() < self.temper.cancels:
            self.world.after(self.luck.uniform(0.3, 2.0), lambda: self._leave(call))

    def _comes_through(self, person: Person, call: Call) -> None:
        """The switch has answered."""
        luck, temper, world = self.luck, self.temper, self.world
        if luck.random() < temper.leaves_menu:
            world.after(luck.uniform(0.5, 4.0), lambda: self._leave(call))
            return
        world.after(luck.uniform(1.2, 3.0), lambda: self._press(call))
        if luck.random() < temper.takes_offer:
            world.after(luck.uniform(14.5, 18.0), lambda: self._press(call))
        world.after(4.0 + luck.expovariate(1 / temper.patience_s), lambda: self._leave(call))

    def _press(self, call: Call) -> None:
        if call.state == "talking" and call.leg not in self.talking_since:
            self.press(call, "1")

    def _leave(self, call: Call) -> None:
        if call.state != "ended" and call.leg not in self.talking_since:
            self.hang_up(call)

    # ---- he is called ------------------------------------------------------------------------------------------

    def _ring(self, call: Call) -> None:
        person = self._by_number.get(call.called)
        if person is None:
            self.wrong.append(f"{call.called} was dialled, which nobody has")
            self.reject, self.answer_after = 404, None
            super()._ring(call)
            return
        if person.satisfied:
            self.wrong.append(f"{person.number} was dialled again after he had talked to somebody")
        if person.line is not None and not person.calling:
            self.wrong.append(f"{person.number} was dialled twice at once")
        person.dialled_at.append(self.world.now)
        chance, temper = self.luck.random(), self.temper
        self.reject = 486 if person.line is not None or chance < temper.busy else 0
        answers = temper.busy <= chance < temper.busy + temper.answers
        self.answer_after = self.luck.uniform(3.0, 12.0) if answers else None
        if not self.reject:
            self._on_line(person, call)
            person.calling = False
            self.changes()
            self.ringing.add(call.leg)
        super()._ring(call)

    # ---- what becomes of it ------------------------------------------------------------------------------------

    def _on_line(self, person: Person, call: Call) -> None:
        person.line = call
        self._of[call.leg] = person
        self._rtp[call.rtp] = call

    def _signal(self, call: Call, signal: Effect) -> None:
        before = call.state
        super()._signal(call, signal)
        if call.leg in self.ringing and call.state in ("talking", "ended"):
            self.changes()
            self.ringing.discard(call.leg)
        person = self._of.get(call.leg)
        if person is None or isinstance(signal, Offered):
            return
        if call.state == "talking" and before != "talking":
            if person.calling:
                self._comes_through(person, call)
            else:
                self.answered += 1
        elif call.state == "ended" and before != "ended":
            self._over(person, call, before)

    def _over(self, person: Person, call: Call, before: str) -> None:
        del self._of[call.leg], self._rtp[call.rtp]
        self.changes()
        talked = self.talking_since.pop(call.leg, None) is not None
        if person.calling and not talked:
            person.over_at.append(self.world.now)
            person.statuses.append(call.status)
        elif before == "talking" and not talked:
            person.dropped += 1
        if person.line is call:
            person.line, person.calling = None, False

    def _joined(self, room: str) -> None:
        """Customer and agent are in one room."""
        media = self.world.media
        there = [media.streams[stream] for stream, where in media.rooms.items() if where == room]
        remotes = [found.remote for found in there if found is not None]
        if all(host == HOST for host, _ in remotes):
            return
        for remote in remotes:
            call = self._rtp.get(remote)
            if call is not None and call.leg not in self.talking_since:
                self._talks(self._of[call.leg], call)

    def _talks(self, person: Person, call: Call) -> None:
        self.changes()
        self.talking_since[call.leg] = self.world.now
        if person.calling:
            person.served_at = self.world.now
        else:
            person.kept_at = self.world.now
        talk_s = 3.0 + self.luck.expovariate(1 / self.temper.talk_s)
        self.world.after(talk_s, lambda: self.hang_up(call) if call.state != "ended" else None)


def mobile(serial: int) -> Person:
    """One of many; the first digits are those of a Chinese operator."""
    digits = f"38{serial:08}"
    return Person(f"+861{digits}", tuple(spelling.format(digits) for spelling in SPELLINGS))
