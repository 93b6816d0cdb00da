"""Each strategy by its keys, the reason of who loses by each, and the same winner from the record alone."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import pytest

from softswitch.acd.decision import Decided
from softswitch.acd.model import (
    AgentSpec,
    AllOf,
    AnyOf,
    Configure,
    Need,
    Needs,
    NotOf,
    QueueSpec,
    Strategy,
    WrapUp,
)
from tests.unit.acd.centre import Centre, only, spec

EN, FR = Need("en", 3), Need("fr", 2)


def queue(strategy: Strategy, needs: Needs = ()) -> QueueSpec:
    return QueueSpec("q", needs, strategy=strategy, wrap_up=WrapUp.timed(0), max_misses=99)


def told(centre: Centre, contact: str) -> tuple[str | None, dict[str, str]]:
    (decision,) = only(centre.join(contact), Decided)
    assert decision.replay() == decision.agent
    return decision.agent, dict(decision.passed_over)


def test_best_fit_wastes_no_skill() -> None:
    agents = [spec("amy", en=9), spec("ben", en=4, sales=9), spec("cid", en=4), spec("dan", en=4)]
    centre = Centre(agents, [queue(Strategy.BEST_FIT, (EN,))])
    centre.staff("amy", "ben", "dan", "cid")
    assert told(centre, "c1") == (
        "dan",
        {"amy": "more skill than is needed", "ben": "more skills besides", "cid": "idle for less time"},
    )


@pytest.mark.parametrize(
    ("need", "winner"),
    [
        (AllOf((EN, FR)), "amy"),  # 1 + 5 against 6 + 1
        (AnyOf((EN, FR)), "amy"),  # 1 against 1, then no level besides; amy has been idle longer
        (AnyOf((Need("en", 4), Need("fr", 9))), "amy"),
        (AnyOf((Need("en", 5), FR)), "bob"),  # amy's English does not do: 5 against 1
        (NotOf(Need("zh")), "amy"),  # nothing is wanted: the levels besides are 11 against 12
    ],
)
def test_surplus_is_of_all_the_sum_and_of_any_the_least(need: AllOf | AnyOf | NotOf, winner: str) -> None:
    centre = Centre([spec("amy", en=4, fr=7), spec("bob", en=9, fr=3)], [queue(Strategy.BEST_FIT, (need,))])
    centre.staff("amy", "bob")
    assert told(centre, "c1")[0] == winner


def test_most_skilled_in_what_is_wanted() -> None:
    agents = [spec("amy", en=3, fr=9), spec("ben", en=8), spec("cid", en=9, zh=1)]
    needs = (AnyOf((EN, FR)), NotOf(Need("zh", 5)))
    centre = Centre(agents, [queue(Strategy.MOST_SKILLED, needs)])
    centre.staff("cid", "ben", "amy")
    assert told(centre, "c1") == ("amy", {"ben": "less skilled", "cid": "less skilled"})


def test_fewest_calls_since_login_and_a_reload_forgets_none() -> None:
    specs, rule = [spec("amy"), spec("bob")], queue(Strategy.FEWEST_CALLS)
    centre = Centre(specs, [rule])
    centre.staff("amy")
    for number in range(2):
        centre.join(f"a{number}")
        centre.answer(f"a{number}", "amy")
        centre.end(f"a{number}", "amy")
    centre.staff("bob")
    assert told(centre, "c1") == ("bob", {"amy": "more calls"})
    centre.answer("c1", "bob")
    centre.end("c1", "bob")
    centre.tell(Configure((*specs, spec("cid")), (rule,), "2"))
    assert told(centre, "c2") == ("bob", {"amy": "more calls", "cid": "logged out"})


def test_least_occupied_since_login_though_idle_for_less_time() -> None:
    centre = Centre([spec("amy"), spec("bob")], [queue(Strategy.LEAST_OCCUPIED)])
    centre.staff("amy", "bob")
    for agent, talk_s in (("amy", 60), ("bob", 20)):
        assert told(centre, f"c-{agent}")[0] == agent
        centre.answer(f"c-{agent}", agent)
        centre.pass_time(talk_s)
        centre.end(f"c-{agent}", agent)
    assert told(centre, "c1") == ("bob", {"amy": "more occupied"})
    assert centre.acd._state.floor.occupancy(np.array([0, 1]), centre.now).tolist() == [60 / 82, 20 / 81]


def test_round_robin_goes_by_name_from_the_last_of_this_queue() -> None:
    centre = Centre([spec(name) for name in ("amy", "bob", "cid")], [queue(Strategy.ROUND_ROBIN)])
    centre.staff("cid", "bob", "amy")
    order = []
    for number in range(5):
        winner, reasons = told(centre, f"c{number}")
        assert winner is not None and set(reasons.values()) == {"not his turn"}
        order.append(winner)
        centre.answer(f"c{number}", winner)
        centre.end(f"c{number}", winner)
    assert order == ["amy", "bob", "cid", "amy", "bob"]


def test_random_is_drawn_by_the_contact_and_fair() -> None:
    names = ["amy", "bob", "cid"]
    centre = Centre([spec(name) for name in names], [queue(Strategy.RANDOM)])
    centre.staff(*names)
    counts = dict.fromkeys(names, 0)
    for number in range(300):
        winner, reasons = told(centre, f"c{number}")
        drawn = int.from_bytes(blake2b(f"c{number}".encode(), digest_size=8).digest(), "big")
        assert winner == names[drawn % 3] and set(reasons.values()) == {"not drawn"}
        counts[winner] += 1
        centre.answer(f"c{number}", winner)
        centre.end(f"c{number}", winner)
    assert all(70 < count < 130 for count in counts.values())


def test_linear_is_the_order_of_the_configuration() -> None:
    centre = Centre([spec("zoe"), spec("amy"), spec("bob")], [queue(Strategy.LINEAR)])
    centre.staff("bob", "amy", "zoe")
    assert told(centre, "c1") == ("zoe", dict.fromkeys(("amy", "bob"), "later in the configured order"))


@pytest.mark.parametrize("strategy", [one for one in Strategy if one not in (Strategy.LINEAR, Strategy.RING_ALL)])
def test_equals_by_all_keys_go_by_name(strategy: Strategy) -> None:
    agents = [AgentSpec(name, name, (("en", 5),)) for name in ("bob", "amy")]
    centre = Centre(agents, [queue(strategy, (EN,))])
    centre.staff("bob", "amy")
    for agent in centre.acd._state.agents.values():
        agent.idle_since = 1.0
        centre.acd._state.floor.write(agent)
    contact = next(f"c{n}" for n in range(99) if blake2b(f"c{n}".encode(), digest_size=8).digest()[-1] % 2 == 0)
    winner, reasons = told(centre, contact)
    assert winner == "amy"
    if strategy not in (Strategy.ROUND_ROBIN, Strategy.RANDOM, Strategy.LEAST_OCCUPIED):
        assert reasons == {"bob": "idle for as long, later by name"}
