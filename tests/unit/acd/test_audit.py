"""Each index is damaged by hand, one at a time: the audit finds it, says so in its word, and puts it right."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from softswitch.acd.agent import Agent, Delay, Work
from softswitch.acd.audit import AT_ONCE, Repair, Repaired
from softswitch.acd.contact import Contact
from softswitch.acd.model import (
    AgentSpec,
    AgentState,
    AgentStateChanged,
    CancelOffer,
    Need,
    QueueLeft,
    QueueSpec,
    Relaxation,
    SetPaused,
    WrapUp,
)
from softswitch.acd.region import Presence, Stage
from softswitch.acd.state import State
from softswitch.core.effect import Effect
from tests.unit.acd.centre import Centre, offers, only, spec

Q = QueueSpec("q", (Need("german", 5),), (Relaxation(600, (Need("german"),)),), wrap_up=WrapUp.timed(30))
ALIVE = {"talk", "ring", "w1", "w2", "w3", "promise"}


class House(Centre):
    """Tom talks, Rita's phone rings, Willy wraps up, Paul pauses, Fred is free and speaks no German; four wait."""

    def __init__(self) -> None:
        names = ("tom", "rita", "willy", "paul")
        super().__init__([*(spec(name, german=5) for name in names), spec("fred", french=5)], [Q])
        self.staff(*names, "fred")
        self.tell(SetPaused("paul", "tea"))
        for contact, agent in (("talk", "tom"), ("wrapped", "rita")):
            self.join(contact)
            self.answer(contact, agent)
        self.join("done")
        self.answer("done", "willy")
        self.end("wrapped", "rita")
        self.pass_time(30)
        self.end("done", "willy")
        self.join("ring")
        for contact in ("w1", "w2", "w3"):
            self.join(contact)
        self.join("promise", kind="callback", age_s=50, preferred="tom", preferred_s=1000)
        states = [self.acd.agent(name).state for name in (*names, "fred")]
        assert states == [S.TALKING, S.RESERVED, S.WRAP_UP, S.PAUSED, S.READY]

    @property
    def state(self) -> State:
        return self.acd._state

    def agent(self, name: str) -> Agent:
        return self.state.agents[name]

    def contact(self, name: str) -> Contact:
        return self.state.contacts[name]

    def work(self, name: str) -> Work:
        return self.agent(name).works[0]

    def audit(self, alive: Iterable[str] = ALIVE) -> list[Effect]:
        effects = self.acd.audit(self.now, set(alive))
        self.said += effects
        return effects

    def repairs(self, alive: Iterable[str] = ALIVE) -> list[Repaired]:
        return only(self.audit(alive), Repaired)

    def drop_timer(self, timers: str, key: str) -> None:
        """As if its entry had never been made."""
        deadlines = getattr(self.state, timers)
        deadlines._heap = [entry for entry in deadlines._heap if entry[2] != key]


S = AgentState


def test_a_sound_machine_gives_no_repair_and_stays_as_it_is() -> None:
    house = House()
    assert house.audit() == []
    assert house.audit() == []


def set_(field: str, value: object) -> Callable[[Agent | Contact | Work], None]:
    return lambda owner: setattr(owner, field, value)


DAMAGE: list[tuple[Repair, Callable[[House], object]]] = [
    (Repair.AGENT_STATE, lambda h: set_("state", S.READY)(h.agent("tom"))),
    (Repair.AGENT_STATE, lambda h: set_("room", 100)(h.agent("tom"))),
    (Repair.AGENT_STATE, lambda h: set_("reason", "")(h.agent("paul"))),
    (Repair.FLOOR, lambda h: h.state.floor.standings.fill(0)),
    (Repair.FLOOR, lambda h: h.state.floor.idle_since.fill(7.0)),
    (Repair.FLOOR, lambda h: h.state.floor.room.fill(50)),
    (Repair.FLOOR, lambda h: h.state.floor.calls.fill(3)),
    (Repair.FLOOR, lambda h: h.state.floor.busy_since.fill(np.inf)),
    (Repair.FLOOR, lambda h: setattr(h.state.floor, "_in_part", 9)),
    (Repair.AGENT_TIMER, lambda h: h.state.agent_timers.set("rita", None)),
    (Repair.AGENT_TIMER, lambda h: h.state.agent_timers.set("willy", h.now + 500)),
    (Repair.AGENT_TIMER, lambda h: h.state.agent_timers.set("tom", h.now + 500)),
    (Repair.AGENT_TIMER, lambda h: h.state.agent_timers.set("nobody", h.now + 500)),
    (Repair.AGENT_TIMER, lambda h: h.drop_timer("agent_timers", "willy")),
    (Repair.AGENT_TIMER, lambda h: set_("delay", Delay(h.now + 9))(h.agent("fred"))),
    (Repair.CONTACT_TIMER, lambda h: h.state.contact_timers.set("w1", None)),
    (Repair.CONTACT_TIMER, lambda h: h.state.contact_timers.set("w1", h.now + 9000)),
    (Repair.CONTACT_TIMER, lambda h: h.state.contact_timers.set("ring", h.now + 9000)),
    (Repair.CONTACT_TIMER, lambda h: h.state.contact_timers.set("nobody", h.now + 9000)),
    (Repair.CONTACT_TIMER, lambda h: h.drop_timer("contact_timers", "w2")),
    (Repair.LEASE, lambda h: set_("until", None)(h.work("rita"))),
    (Repair.LEASE, lambda h: set_("until", None)(h.work("willy"))),
    (Repair.LEASE, lambda h: set_("until", h.now + 5)(h.work("tom"))),
    (Repair.RESERVATION, lambda h: set_("agents", ("paul",))(h.contact("ring"))),
    (Repair.OFFER, lambda h: h.agent("rita").works.clear()),
    (Repair.OFFER, lambda h: set_("agents", ())(h.contact("ring"))),
    (Repair.OFFER, lambda h: set_("agents", ("rita", "fred"))(h.contact("ring"))),
    (Repair.OFFER, lambda h: set_("lane", None)(h.contact("w1"))),
    (Repair.LINE, lambda h: h.contact("w1").lane.places.pop()),  # type: ignore[union-attr]
    (Repair.LINE, lambda h: h.contact("w1").lane.places.append((9e9, "stranger"))),  # type: ignore[union-attr]
    (Repair.LINE, lambda h: h.contact("w1").lane.places.reverse()),  # type: ignore[union-attr]
    (Repair.LINE, lambda h: setattr(h.state.demand, "_waiting", 0)),
    (Repair.LINE, lambda h: set_("relaxed", 1)(h.contact("w2"))),
    (Repair.LINE, lambda h: set_("gives_up_at", h.now + 9000)(h.contact("w2"))),
    (Repair.LINE, lambda h: set_("relaxes_at", ())(h.contact("w2"))),
    (Repair.LINE, lambda h: set_("order", (3.0, "w3"))(h.contact("w3"))),
    (Repair.LINE, lambda h: set_("lane", h.contact("w1").lane)(h.contact("promise"))),
    (Repair.LINE, lambda h: h.state.preferring.clear()),
    (Repair.LINE, lambda h: h.state.preferring.setdefault("paul", {}).update(w1=h.contact("w1"))),
    (Repair.LINE, lambda h: h.state.queues["q"].line.places.pop(0)),
    (Repair.LINE, lambda h: h.state.queues["q"].line.places.append((9e9, "stranger"))),
    (Repair.COUNTER, lambda h: setattr(h.state.queues["q"], "live_waiting", 0)),
    (Repair.COUNTER, lambda h: setattr(h.state.queues["q"], "callbacks_waiting", 5)),
]


@pytest.mark.parametrize(("word", "damage"), DAMAGE)
def test_damage_is_found_named_and_put_right(word: Repair, damage: Callable[[House], object]) -> None:
    house = House()
    damage(house)
    assert word.value in {repaired.what for repaired in house.repairs()}
    assert house.audit() == [], "once is enough"
    house.pass_time(10_000)
    assert house.state.contacts == {}, "nobody waits for ever"
    assert [a.name for a in house.state.agents.values() if a.works and a.name != "tom"] == [], "and no agent sticks"


def test_each_word_is_tried() -> None:
    of_their_own = {Repair.CONVERSATION, Repair.CONTACT, Repair.MATCH, Repair.PHONE}  # the last in tests/simnet
    assert {word for word, _ in DAMAGE} | of_their_own == set(Repair)


# ---- what is gone ----------------------------------------------------------------------------------------------------


def test_a_conversation_whose_contact_is_gone_twice_is_over_without_wrap_up() -> None:
    house = House()
    assert house.repairs(ALIVE - {"talk"}) == [], "the call layer may know it again"
    effects = house.audit(ALIVE - {"talk"})
    assert only(effects, Repaired) == [Repaired("conversation", "tom", "talk", "q")]
    assert only(effects, AgentStateChanged)[0].new is S.READY
    assert offers(effects) == [("promise", "tom")]


def test_one_that_was_doubted_once_and_is_there_again_goes_on() -> None:
    house = House()
    for alive in (ALIVE - {"talk"}, ALIVE, ALIVE - {"talk"}, ALIVE):
        assert house.repairs(alive) == []
    assert house.agent("tom").state is S.TALKING


def test_who_waits_and_is_gone_twice_has_left() -> None:
    house = House()
    assert house.repairs(ALIVE - {"w2", "ring"}) == []
    effects = house.audit(ALIVE - {"w2", "ring"})
    assert {(one.what, one.contact) for one in only(effects, Repaired)} == {("contact", "w2"), ("contact", "ring")}
    assert {(left.contact, left.why) for left in only(effects, QueueLeft)} == {("w2", "gone"), ("ring", "gone")}
    assert only(effects, CancelOffer) == [CancelOffer("ring", "rita", "gone")]
    assert house.audit(ALIVE - {"w2", "ring"}) == []


def test_a_wrap_up_needs_no_contact() -> None:
    house = House()
    for _ in range(3):
        assert house.repairs() == []
    assert house.agent("willy").works[0].stage is Stage.WRAP_UP


# ---- the match -------------------------------------------------------------------------------------------------------


def test_a_free_agent_beside_somebody_whom_he_could_serve_is_a_defect_and_is_offered() -> None:
    house = House()
    paul = house.agent("paul")
    paul.presence, paul.pause = Presence.READY, ""  # behind the back of the machine
    effects = house.audit()
    assert {repaired.what for repaired in only(effects, Repaired)} == {"agent state", "floor", "match"}
    assert offers(effects) == [("w1", "paul")]


def test_what_is_due_at_the_moment_of_the_audit_is_done_and_not_repaired() -> None:
    house = House()
    house.now += 9_000
    effects = house.audit({"talk"})
    assert only(effects, Repaired) == []
    assert {left.contact for left in only(effects, QueueLeft)} == {"ring", "w1", "w2", "w3", "promise"}


# ---- in parts --------------------------------------------------------------------------------------------------------


def test_a_round_in_parts_looks_at_everybody_though_agents_and_contacts_come_and_go() -> None:
    agents = [AgentSpec(f"a{number:04}", "", ()) for number in range(2 * AT_ONCE + 1)]
    centre = Centre(agents, [QueueSpec("q", max_waiting=9_999)])
    for number in range(AT_ONCE + 1):
        centre.join(f"c{number:04}")
    state = centre.acd._state
    state.floor.calls[0] = state.floor.calls[AT_ONCE + 3] = 7
    state.contact_timers.set("c0003", None)
    heard: list[str] = []
    parts, over = 0, False
    while not over:
        effects, over = centre.acd.audit_part(centre.now, {*state.contacts, "late"})
        heard += [repaired.what for repaired in only(effects, Repaired)]
        centre.join("late")
        parts += 1
    assert (sorted(heard), parts) == (["contact timer", "floor", "floor"], 3 + 2 + 1)
    assert only(centre.acd.audit(centre.now, set(state.contacts)), Repaired) == []


def test_who_grows_older_while_he_is_being_offered_is_relaxed_when_he_is_back_and_not_before() -> None:
    house = House()
    house.state.contacts["ring"].relaxes_at = ()
    house.state.contacts["ring"].queued_at -= 595
    house.state.contacts["ring"].place(Q)
    house.state.queues["q"].line.places.sort()
    house.audit()
    house.pass_time(6)
    assert (house.contact("ring").relaxed, house.contact("ring").agents) == (0, ("rita",))
    assert house.repairs() == []
