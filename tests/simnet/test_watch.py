"""Who is idle: the measure of the burst, held against cases that can be counted by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from softswitch.acd.model import AgentState as A
from softswitch.acd.model import AgentStateChanged
from softswitch.callback.model import Promise, PromiseChanged, PromiseState
from tests.simnet.watch import Watch


class Scene:
    """Two agents, and one promise that is due from the first second on."""

    def __init__(self) -> None:
        self.crowd: Any = SimpleNamespace(ringing=set(), talking_since={}, is_here=lambda number: False)
        self.watch = Watch(self.crowd)
        for agent in ("anna", "bob"):
            self.turns(agent, A.READY, 0.0)
        due = Promise("p1", "+8613800138000", "orders", "abandoned", PromiseState.DUE, "", 0.0)
        self.watch.observe(PromiseChanged(due, None), 0.0)

    def turns(self, agent: str, state: A, at: float) -> None:
        self.watch.observe(AgentStateChanged(agent, self.watch.states.get(agent, A.LOGGED_OUT), state, "", None), at)

    def rings(self, legs: str, at: float) -> None:
        self.watch.look(at)
        self.crowd.ringing = set(legs)


def test_nobody_rings_for_who_is_free_the_shorter() -> None:
    scene = Scene()
    scene.rings("x", 1.0)
    scene.turns("anna", A.RESERVED, 9.0)
    scene.turns("bob", A.RESERVED, 9.0)
    assert scene.watch.longest_idle_s == 9.0, "bob: the one phone rings for anna, who is first"
    assert scene.watch.longest_free_s == 9.0
    assert scene.watch.idle_s == 1.0 + 9.0


def test_between_two_phones_that_ring_he_is_idle_anew() -> None:
    scene = Scene()
    scene.rings("xy", 3.0)
    scene.rings("", 20.0)
    scene.rings("uv", 22.0)
    scene.turns("anna", A.RESERVED, 30.0)
    assert scene.watch.longest_idle_s == 3.0
    assert scene.watch.longest_free_s == 30.0


def test_a_phone_that_an_agent_listens_to_rings_for_nobody_else() -> None:
    scene = Scene()
    scene.turns("anna", A.TALKING, 1.0)
    scene.rings("x", 1.0)
    scene.turns("bob", A.TALKING, 8.0)
    assert scene.watch.longest_idle_s == 8.0, "anna listens, and nobody rings for bob"
    served = Scene()
    served.crowd.talking_since["y"] = 1.0
    served.turns("anna", A.TALKING, 1.0)
    served.rings("x", 1.0)
    served.turns("bob", A.TALKING, 8.0)
    assert served.watch.longest_idle_s == 1.0, "anna talks to somebody, and it rings for bob"
