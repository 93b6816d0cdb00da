"""For which queues the number of servers is a number, and who is ahead in them."""

from __future__ import annotations

from softswitch.acd.model import AgentSpec, Join, Need, Needs, QueueSpec, Relaxation, Reserve
from softswitch.acd.pool import pools
from softswitch.acd.state import State
from tests.unit.acd.centre import Centre, spec

GERMAN, FRENCH = (Need("german"),), (Need("french"),)


def state(queues: list[QueueSpec], *more: AgentSpec) -> State:
    return State([spec("ann", german=5), spec("bob", french=5), *more], queues)


def separate(queues: list[QueueSpec], *more: AgentSpec) -> dict[tuple[str, ...], bool]:
    return {pool.queues: pool.separate for pool in pools(state(queues, *more)).values()}


def queue(name: str, needs: Needs = (), **more: object) -> QueueSpec:
    return QueueSpec(name, needs, **more)  # type: ignore[arg-type]


def test_queues_with_agents_of_their_own_are_pools_of_their_own() -> None:
    assert separate([queue("g", GERMAN), queue("f", FRENCH)]) == {("g",): True, ("f",): True}


def test_queues_with_the_same_agents_are_one_pool_whatever_their_needs_are_called() -> None:
    queues = [queue("g", GERMAN), queue("vip", (Need("german", 2),), priority_s=60.0), queue("f", FRENCH)]
    assert separate(queues) == {("g", "vip"): True, ("f",): True}


def test_where_agents_are_shared_in_part_there_is_no_number_of_servers() -> None:
    queues = [queue("g", GERMAN), queue("f", FRENCH)]
    assert separate(queues, spec("eve", german=5, french=5)) == {("g", "f"): False}


def test_queues_that_share_by_way_of_a_third_are_together() -> None:
    queues = [queue("g", GERMAN), queue("f", FRENCH), queue("all")]
    assert separate(queues) == {("g", "f", "all"): False}


def test_a_relaxation_that_admits_others_makes_it_a_matter_of_age() -> None:
    wider = (Relaxation(30.0, ()),)
    assert separate([queue("g", GERMAN, relaxations=wider)]) == {("g",): False}
    same = (Relaxation(30.0, (Need("german", 2),)),)
    assert separate([queue("g", (Need("german", 3),), relaxations=same)]) == {("g",): True}


def test_a_line_that_is_not_served_by_rank_has_no_rate() -> None:
    assert separate([queue("g", GERMAN, reserve=Reserve(1, 60.0))]) == {("g",): False}
    assert separate([queue("g", GERMAN, share=0.5)]) == {("g",): False}


def test_what_is_expected_of_a_pool_is_the_mean_of_its_queues() -> None:
    queues = [queue("a", handling_s=100.0, patience_s=300.0), queue("b", handling_s=200.0, patience_s=500.0)]
    pool = pools(state(queues))["a"]
    assert (pool.handling.mean_s(0.0), pool.leaving.mean_s(0.0)) == (150.0, 400.0)


def test_ahead_are_those_who_wait_in_any_queue_of_the_pool_and_are_served_before() -> None:
    centre = Centre([spec("ann")], [queue("low"), queue("high", (), priority_s=60.0)])
    centre.staff("ann")
    for contact, name in (("rung", "low"), ("a", "low"), ("b", "low"), ("v", "high")):
        centre.pass_time(1)
        centre.join(contact, name)
    found = pools(centre.acd._state)["low"]
    assert found.ahead((centre.now, "z")) == 3  # not for whom an agent is rung
    assert found.ahead((centre.now - 60.0, "w")) == 1  # the next one with priority: behind v


def test_those_with_needs_of_their_own_are_ahead_too_if_these_agents_serve_them() -> None:
    cast = [spec("ann", german=5), spec("bob")]
    centre = Centre(cast, [queue("q")])
    centre.join("own")
    centre.tell(Join("german", "q", centre.now, GERMAN))
    pool = pools(centre.acd._state)["q"]
    assert pool.ahead((centre.now + 1, "z")) == 1
    pool.admit(centre.acd._state.demand.signature(GERMAN))
    pool.admit(centre.acd._state.demand.signature(GERMAN))
    assert pool.ahead((centre.now + 1, "z")) == 2
