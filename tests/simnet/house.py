"""A small contact centre for simulated tests: two queues, three agents, one carrier."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from softswitch.acd.model import AgentSpec, Need, QueueSpec, WrapUp
from softswitch.callback.model import Policy
from softswitch.contact.treatment import Treatment
from softswitch.ivr.load import World as PlanWorld
from softswitch.ivr.load import load_plans
from softswitch.ivr.plan import Plan
from softswitch.sip.flow import ListeningPoint
from softswitch.switch.configuration import Configuration, Trunk, User
from tests.simnet.phone import SimPhone
from tests.simnet.world import SWITCH, World

CARRIER_PORT = 5090
PLAN = """
dialplan: shop
numbers: ["8000"]
language: en
start: welcome
steps:
  welcome: {answer: {}, next: menu}
  menu:
    menu:
      say: Press 1 for orders, 2 for service.
      keys: {1: orders, 2: service}
      timeout: 5s
      tries: 2
      failed: orders
  orders:
    queue: {name: orders, offer_callback: {after: 20s, key: 1}, failed: bye, full: bye, timeout: bye}
    next: bye
  service:
    queue: {name: service, failed: bye}
    next: bye
  bye: {hangup: normal}
"""


def plans(text: str) -> dict[str, Plan]:
    """The dialplan, checked as the command would."""
    world = PlanWorld(queues=frozenset({"orders", "service"}), skills=frozenset({"orders", "service"}), speech=True)
    found, problems = load_plans({"shop.yaml": text}, world)
    assert not [problem for problem in problems if problem.level == "error"], problems
    return found


def configuration(**changes: Any) -> Configuration:
    users = {name: User(f"pw-{name}", f"Phone {name}", "en") for name in ("1001", "1002", "1003", "1004")}
    queues = (
        QueueSpec("orders", (Need("orders", 3),), ring_timeout_s=15.0, wrap_up=WrapUp.timed(10.0)),
        QueueSpec("service", (Need("service", 3),), ring_timeout_s=15.0, wrap_up=WrapUp.timed(10.0)),
    )
    house = Configuration(
        users=users,
        listeners=(ListeningPoint("udp", SWITCH),),
        trunks={"carrier": Trunk("carrier", ("127.0.0.1", CARRIER_PORT), sources=(("127.0.0.1", CARRIER_PORT),),
                                 prefix="9")},
        agents=(
            AgentSpec("alice", "1001", (("orders", 5),)),
            AgentSpec("bob", "1002", (("service", 5),)),
        ),
        queues=queues,
        policies=(Policy("orders", "carrier", retry_busy_s=60.0, retry_no_answer_s=120.0, ring_s=20.0),),
        treatments={"orders": Treatment(30.0, position=True), "service": Treatment(30.0, position=True)},
        recorded=frozenset({"orders", "service"}),
        plans=plans(PLAN),
        features={"*11": "login", "*12": "logout", "*13": "ready", "*14": "pause"},
        secret=b"simnet",
        language="en",
    )  # fmt: skip
    return replace(house, **changes)


class House:
    """The world with its phones registered and alice and bob logged in. ``carrier`` is the outside world."""

    def __init__(self, seed: int = 1, loss: float = 0.0, login: bool = True, **changes: Any) -> None:
        self.world = World(configuration(**changes), seed, loss)
        world = self.world
        self.alice = SimPhone(world, "1001", 6001, "pw-1001")
        self.bob = SimPhone(world, "1002", 6002, "pw-1002")
        self.desk = SimPhone(world, "1004", 6004, "pw-1004")
        self.carrier = SimPhone(world, "13800138000", CARRIER_PORT)
        for phone in (self.alice, self.bob, self.desk):
            phone.register()
        world.run_until(lambda: self.alice.registered and self.bob.registered and self.desk.registered)
        if login:
            self.world.switch.control.log_in("alice")
            self.world.switch.control.log_in("bob")

    def agent(self, name: str) -> str:
        return self.world.switch.acd.agent(name).state.value
