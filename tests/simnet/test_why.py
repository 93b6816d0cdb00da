"""A caller waits, is offered to somebody who does not answer, and goes to another: ``why`` tells it word for word."""

from __future__ import annotations

import asyncio
import re
from typing import Any, cast

import pytest
from aiohttp.test_utils import TestClient, TestServer

from softswitch.acd.model import AgentSpec, Need, QueueJoined, QueueSpec, Relaxation, WrapUp
from softswitch.acd.storybook import Shelf
from softswitch.cli.ladder import draw
from softswitch.cli.why import draw_brief, draw_why, draw_why_not
from softswitch.metrics import Metrics
from softswitch.switch.configuration import DecisionPolicy
from softswitch.web import make_app
from softswitch.web.server import StoreReader
from tests.simnet.house import House
from tests.simnet.phone import Call, SimPhone

AGENTS = (
    AgentSpec("alice", "1001", (("orders", 5),)),
    AgentSpec("bob", "1002", (("orders", 5),)),
    AgentSpec("dora", "1004", (("orders", 5),)),
    AgentSpec("eve", "1003", (("orders", 5),)),  # whose phone is nowhere
    AgentSpec("lena", "1005", (("orders", 1),)),
    AgentSpec("max", "1006", (("service", 5),)),
    AgentSpec("pat", "1007", (("orders", 5),)),  # has lunch
)
QUEUES = (
    QueueSpec(
        "orders", (Need("orders", 3),), (Relaxation(60.0, (Need("orders"),)),), ring_timeout_s=15.0,
        wrap_up=WrapUp.timed(10.0),
    ),
    QueueSpec("service", (Need("service", 3),)),
)  # fmt: skip


class Centre(House):
    def __init__(self, store: str = "all", octets: int = 1_000_000) -> None:
        policy = DecisionPolicy(Shelf(octets), store)
        super().__init__(login=False, agents=AGENTS, queues=QUEUES, version="3f2a1b", decisions=policy)
        control = self.world.switch.control
        for agent in AGENTS:
            self.world.run(1.0)
            control.log_in(agent.name, ready=agent.name == "eve")
        control.set_paused("pat", "lunch")

    def caller(self) -> Call:
        """Somebody who chooses the orders."""
        joined = len(self.world.facts(QueueJoined))
        phone = SimPhone(self.world, "13800138000", self.carrier.port) if joined else self.carrier
        call = phone.call("8000")
        self.world.run_until(lambda: call.state == "talking")
        self.world.run(0.1)
        phone.press(call, "1")
        self.world.run_until(lambda: len(self.world.facts(QueueJoined)) > joined)
        return call

    @property
    def contact(self) -> str:
        return str(self.world.facts(QueueJoined)[0].contact)

    def ask(self, path: str, key: str, of: str = "contacts") -> Any:
        async def asked() -> Any:
            app = make_app(self.world.switch.control, cast(StoreReader, self.world.store), Metrics())
            place = f"/api/v1/{of}/{self.contact}/{path}"
            async with TestClient(TestServer(app)) as client, client.get(place) as answer:
                assert answer.status == 200, await answer.text()
                return (await answer.json())[key]

        return asyncio.run(asked())

    def why(self) -> list[str]:
        return [plain(line) for line, _ in draw_why(self.ask("why?replay=1", "why"), everybody=False)][1:]

    def why_not(self, agent: str) -> list[str]:
        return [plain(line) for line, _ in draw_why_not(self.ask(f"why-not/{agent}", "why_not"))][1:]


def plain(line: str) -> str:
    """Without the time of day."""
    return re.sub(r"^\d\d:\d\d:\d\d", "", line).strip()


@pytest.fixture
def centre() -> Centre:
    return Centre()


def ring_alice_then_bob(centre: Centre) -> None:
    control, world = centre.world.switch.control, centre.world
    centre.alice.answer_after, centre.bob.answer_after = None, 2.0
    centre.caller()
    world.run(20.0)
    control.set_ready("alice")
    world.run(10.0)
    control.set_ready("bob")  # while hers rings
    control.set_ready("dora")
    world.run_until(lambda: centre.bob.talking)
    world.run(0.5)


THE_REST = [
    "1 paused: pat",
    "1 level too low in orders: lena",
    "1 lacks skill orders: max",
]
STORY = [
    "+0s  joined queue orders, number 1 in line",
    "+0s  nobody",
    "queue orders, waited 0s, configuration 3f2a1b",
    "1 unreachable: eve",
    "4 paused: alice, bob, dora, pat",
    *THE_REST[1:],
    "replayed: nobody, the same",
    "+20s  alice is offered it: longest-idle, idle for 26s",
    "queue orders, waited 20s, configuration 3f2a1b",
    "1 unreachable: eve",
    "3 paused: bob, dora, pat",
    *THE_REST[1:],
    "replayed: alice, the same",
    "+36s  alice: no answer",
    "+36s  bob is offered it: longest-idle, idle for 41s",
    "queue orders, waited 36s, configuration 3f2a1b",
    "1 idle for less time: dora",
    "1 retry delay: alice",
    "1 unreachable: eve",
    *THE_REST,
    "replayed: bob, the same",
    "+38s  bob: answered",
    "+38s  left queue orders: answered, after 38s",
]


def test_why_tells_what_happened_word_for_word(centre: Centre) -> None:
    ring_alice_then_bob(centre)
    assert centre.why() == STORY


def test_the_trace_of_the_call_tells_it_in_brief_beside_its_messages(centre: Centre) -> None:
    ring_alice_then_bob(centre)
    trace = centre.ask("trace", "trace", of="calls")
    notes = [(one["at"], draw_brief(one)) for one in trace["queues"]]
    lines = [line for line, _ in draw(trace, notes=notes)]
    told = [line.partition("* ")[2] for line in lines if "* " in line]
    assert told == [
        "joined queue orders, number 1 in line", "nobody free for it in queue orders (7 passed over: see why)",
        "offered to alice (6 passed over: see why)", "alice: no answer",
        "offered to bob (6 passed over: see why)", "bob: answered", "left queue orders: answered, after 38s",
    ]  # fmt: skip
    place = lines.index(next(line for line in lines if "offered to alice" in line))
    rings = next(number for number, line in enumerate(lines) if number > place and "INVITE" in line)
    cancelled = next(number for number, line in enumerate(lines) if "CANCEL" in line)
    missed = lines.index(next(line for line in lines if "alice: no answer" in line))
    assert place < rings < missed and abs(cancelled - missed) <= 2  # at their times
    assert all("* " not in line for line, _ in draw(trace))  # --sip


def test_after_a_restart_the_same_is_told(centre: Centre) -> None:
    ring_alice_then_bob(centre)
    centre.world.crash()
    centre.world.start()
    assert centre.world.switch.control.story(centre.contact) is None
    assert centre.why() == STORY


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        ("alice", ["nobody; alice: paused", "alice was offered it: no answer",
                   "bob got the offer; alice: retry delay"]),
        ("bob", ["nobody; bob: paused", "alice got the offer; bob: paused", "bob was offered it: answered"]),
        ("dora", ["nobody; dora: paused", "alice got the offer; dora: paused",
                  "bob got the offer; dora: idle for less time"]),
        ("eve", ["nobody; eve: unreachable", "alice got the offer; eve: unreachable",
                 "bob got the offer; eve: unreachable"]),
        ("lena", ["nobody; lena: level too low in orders", "alice got the offer; lena: level too low in orders",
                  "bob got the offer; lena: level too low in orders"]),
        ("max", ["nobody; max: lacks skill orders", "alice got the offer; max: lacks skill orders",
                 "bob got the offer; max: lacks skill orders"]),
        ("pat", ["nobody; pat: paused", "alice got the offer; pat: paused", "bob got the offer; pat: paused"]),
    ],
)  # fmt: skip
def test_why_not_each_of_the_others(centre: Centre, agent: str, told: list[str]) -> None:
    ring_alice_then_bob(centre)
    assert centre.why_not(agent) == [f"{at}  {line}" for at, line in zip(("+0s", "+20s", "+36s"), told, strict=True)]


def test_of_who_waits_now_it_tells_what_he_waits_for(centre: Centre) -> None:
    centre.caller()
    centre.world.run(40.0)
    told = centre.why()
    assert told[8] == (
        "now: waits for 40s, number 1 of 1 in queue orders; nobody free for it: 1 unreachable, "
        "4 paused (logged in 3, lunch 1), 1 level too low in orders, 1 lacks skill orders; "
        "the next relaxation in 20s admits 1 more"
    )
    assert centre.why_not("pat")[-1] == "now: waits for 40s in queue orders; pat: paused (lunch)"
    centre.world.run(30.0)  # lena is admitted, and is as absent as the others
    assert centre.why()[-4:] == [
        "now: waits for 1m10s, number 1 of 1 in queue orders; nobody free for it: 1 unreachable, "
        "5 paused (logged in 4, lunch 1), 1 lacks skill orders",
        "1 unreachable: eve",
        "5 paused: alice, bob, dora, lena, pat",
        "1 lacks skill orders: max",
    ]


def test_while_somebody_is_rung_it_says_who(centre: Centre) -> None:
    centre.alice.answer_after = None
    centre.world.switch.control.set_ready("alice")
    centre.caller()
    centre.world.run(5.0)
    assert centre.why()[-1] == "now: waits for 5s, number 1 of 1 in queue orders; alice is rung"
    assert centre.why_not("alice") == [
        "+0s  alice was offered it: his phone rings",
        "now: waits for 5s in queue orders; alice: his phone rings",
    ]


def test_a_caller_who_gave_up(centre: Centre) -> None:
    call = centre.caller()
    centre.world.run(7.0)
    centre.carrier.hang_up(call)
    centre.world.run(1.0)
    assert centre.why()[-1] == "+7s  left queue orders: abandoned, after 7s"


@pytest.mark.parametrize(
    ("store", "kept"), [("all", [True, True]), ("failed", [True, False]), ("none", [False, False])]
)
def test_what_is_written_is_policy(store: str, kept: list[bool]) -> None:
    centre = Centre(store)
    world, control = centre.world, centre.world.switch.control
    ring_alice_then_bob(centre)
    centre.alice.answer_after = 1.0
    control.set_ready("alice")
    world.run(10.0)
    centre.caller()  # answered at once
    world.run_until(lambda: centre.alice.talking or len(centre.desk.talking))
    world.run(1.0)
    contacts = [event.contact for event in world.facts(QueueJoined)]
    assert [bool(asyncio.run(world.store.stories(contact))) for contact in contacts] == kept


def test_one_who_waits_when_the_process_dies_is_not_forgotten(centre: Centre) -> None:
    centre.caller()
    centre.world.run(5.0)
    centre.world.crash()
    centre.world.start()
    assert centre.why()[:7] == STORY[:7]


def test_what_memory_has_no_room_for_is_counted_and_told_by_the_store() -> None:
    roomy = Centre()
    ring_alice_then_bob(roomy)
    room = roomy.world.switch.control.decision_octets() + 4000
    centre = Centre(octets=room)
    ring_alice_then_bob(centre)
    control = centre.world.switch.control
    assert control.story(centre.contact) is not None and control.losses()["decisions"] == 0
    for _ in range(6):  # they wait, and come before who has left
        centre.caller()
    assert control.story(centre.contact) is None and control.losses()["decisions"] > 0
    assert 0 < control.decision_octets() <= room
    assert centre.why() == STORY
