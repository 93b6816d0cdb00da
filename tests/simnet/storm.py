"""Many calls through the switch over links that lose, delay and double, and what is to be true when they are over.

Phones call phones, phones call out through the carrier, the carrier calls phones; who hangs up is drawn. Everything is
drawn from one seed. After the last call ``Storm.left`` says what has not been forgotten yet.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from softswitch.contact.event import ContactFinished
from softswitch.core.effect import Effect
from softswitch.ivr.load import World as PlanWorld
from softswitch.ivr.load import load_plans
from softswitch.switch.configuration import User
from softswitch.switch.event import UnitFailed
from tests.simnet.house import CARRIER_PORT, configuration
from tests.simnet.phone import Call, SimPhone
from tests.simnet.world import Weather, World

WEATHER = Weather(loss=0.10, late=0.05, twice=0.02)
PHONES = 20
FIRST = 2000
AFTERMATH_S = 32.0  # 64*T1: when all is forgotten
STEP_S = 0.1
NAMES = [str(FIRST + number) for number in range(PHONES)]
PLAN = f"""
dialplan: office
numbers: ["8000"]
start: ring
steps:
  ring: {{dial: {{users: ["{NAMES[0]}", "{NAMES[1]}"], ring: 30s}}}}
"""
OFFICE, _ = load_plans({"office.yaml": PLAN}, PlanWorld(users=frozenset(NAMES)))


@dataclass
class StormPhone(SimPhone):
    """Rings a while, answers, and hangs up after a while or leaves that to the other side."""

    talk_s: dict[str, float] = field(default_factory=dict)  # of the calls that came to talk, by leg
    talked: set[str] = field(default_factory=set)

    def _ring(self, call: Call) -> None:
        self.answer_after = 0.2 + 2.8 * self.world.random.random()
        super()._ring(call)

    def _signal(self, call: Call, signal: Effect) -> None:
        super()._signal(call, signal)
        if call.state == "talking" and call.leg not in self.talked:
            self.talked.add(call.leg)
            talk_s = 1.0 + 6.0 * self.world.random.random()
            made_it = call.leg in self.talk_s
            if made_it or self.world.random.random() < 0.5:
                self.world.after(talk_s, lambda: self.hang_up(call))


class Storm:
    def __init__(self, calls: int, seed: int = 1, weather: Weather = WEATHER, per_s: float = 10.0) -> None:
        house = configuration(users={name: User(f"pw-{name}") for name in NAMES}, agents=(), plans=OFFICE)
        self.world = World(house, seed)
        self.phones = [StormPhone(self.world, name, 6000 + number, f"pw-{name}") for number, name in enumerate(NAMES)]
        self.carrier = StormPhone(self.world, "13800138000", CARRIER_PORT)
        for phone in self.phones:
            phone.register()
        self.world.run_until(lambda: all(phone.registered for phone in self.phones))
        self.world.weather = weather
        self.made: list[tuple[StormPhone, Call]] = []
        at = 0.0
        for _ in range(calls):
            at += self.world.random.expovariate(per_s)
            self.world.after(at, self._call)
        self.calls = calls

    def run(self) -> tuple[float, float]:
        """Until everything that can be forgotten is. Returns, in s, how long after the end of the last call the last
        datagram arrived, and how long after that something was still remembered."""
        self.world.run_until(lambda: len(self.made) == self.calls, self.calls)
        while not self._over():
            self.world.run(STEP_S)
        over = self.world.now
        while self.left() and self.world.now - over < 10 * AFTERMATH_S:
            self.world.run(STEP_S)
        return max(0.0, self.world.heard_at - over), self.world.now - max(over, self.world.heard_at)

    def _call(self) -> None:
        rng = self.world.random
        caller, callee = rng.sample(self.phones, 2)
        way = rng.random()
        if way < 0.6:
            call = caller.call(callee.user)
        elif way < 0.8:
            call = caller.call(f"9{rng.randrange(10**10, 10**11)}")
        else:
            caller = self.carrier
            call = caller.call("8000")  # rings two phones; the slower one is cancelled
        caller.talk_s[call.leg] = 0.0
        self.made.append((caller, call))

    def _over(self) -> bool:
        everybody = [*self.phones, self.carrier]
        return not self.world.switch.calls.contacts and all(
            call.state == "ended" for phone in everybody for call in phone.calls
        )

    # ---- the verdict -------------------------------------------------------------------------------------------

    def failures(self) -> list[Call]:
        """Calls that did not come to talk."""
        return [call for phone, call in self.made if call.leg not in phone.talked]

    def ghosts(self) -> list[str]:
        """Sides that never ended, INVITEs that rang twice."""
        everybody = [*self.phones, self.carrier]
        wrong = [f"{call.leg} is {call.state}" for phone in everybody for call in phone.calls if call.state != "ended"]
        twice = [of for of, times in Counter(of for phone in everybody for of in phone.invites).items() if times > 1]
        return wrong + [f"{of} rang twice" for of in twice]

    def records(self) -> list[str]:
        """Contact of each call record, in the order in which they were written."""
        return [event.record.contact for event in self.world.facts(ContactFinished)]

    def defects(self) -> list[UnitFailed]:
        return self.world.facts(UnitFailed)

    def left(self) -> dict[str, int]:
        """Tables that are not empty."""
        return remains(self.world) | {
            f"phone {phone.user}": len(phone.agent.legs) + len(phone.agent.endpoint)
            for phone in [*self.phones, self.carrier]
            if phone.agent.legs or phone.agent.endpoint
        }


def remains(world: World) -> dict[str, int]:
    """What the switch and its media still hold, by table; empty when all calls have been forgotten."""
    switch = world.switch
    endpoint, calls, signalling = switch.endpoint, switch.calls, switch.signalling
    tables = {
        "contacts": calls.contacts, "legs": calls.legs, "owners": calls._contact_of, "dialogs": calls._by_dialog,
        "callbacks": calls.outgoing._contacts, "wanted": calls._wanted, "servers": endpoint._servers,
        "clients": endpoint._clients, "invites": endpoint._invites, "merging": endpoint._merging,
        "carried": endpoint._carried, "timers": endpoint._deadlines, "cancellable": signalling._legs_by_invite,
        "invite of": signalling._invite_of, "streams": world.media.streams, "rooms": world.media.rooms,
        "playing": world.media.playing, "music": world.media.music, "recordings": world.media.recordings,
        "peers": calls._peers, "unit": switch._queue, "members": switch.gatherings.conferences._room_of,
        "parked": switch.gatherings.parking._slot_of,
    }  # fmt: skip
    found = {name: len(table) for name, table in tables.items() if len(table)}
    deadlines = [key for key in switch._deadlines._live if key[0] in ("leg", "contact")]  # type: ignore[index]
    return found | ({"deadlines": len(deadlines)} if deadlines else {})
