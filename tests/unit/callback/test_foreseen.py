"""Predictive pacing counts on agents who are about to be free, and not on phones that have rung for long."""

from dataclasses import replace

import pytest

from softswitch.callback.model import (
    AgentFound,
    AttemptFailed,
    Capacity,
    CustomerAnswered,
    DialCustomer,
    Persist,
    Policy,
    Promise,
    PromiseState,
    Restored,
    Tallied,
    Tally,
)
from softswitch.callback.node import Claim, Leased
from softswitch.callback.odds import AnswerRate
from softswitch.callback.pacing import Pace
from softswitch.callback.waits import NO_AGENT
from tests.unit.callback.desk import SALES, Desk
from tests.unit.callback.pool_desk import NODE, PoolDesk, pooled
from tests.unit.callback.test_customer_first import FAST, FIRST, in_flight, many

S = PromiseState
CREDIT = 1000  # customers served
OF_TEN = (6, 8, 9)  # seconds after which some of ten customers answer; the others let it ring for 25 s


def learnt(rate: AnswerRate, dials: int = 400) -> AnswerRate:
    for n in range(dials):
        rings_s = OF_TEN[n % 10] if n % 10 < len(OF_TEN) else 25.0
        rate.count(rings_s < 25.0, rings_s)
    return rate


def experienced(policy: Policy = FAST, served: int = CREDIT) -> Desk:
    """Nobody is free; twenty are due."""
    desk = Desk(policy)
    desk.feed(Tallied((Tally("sales", desk.now - 3600.0, served, 0),)))
    learnt(desk.ledger._move.turns.governor("sales").rate)
    desk.feed(Capacity("sales", 0, 0))
    many(desk, 20)
    return desk


def dialled(desk: Desk) -> int:
    """Because of what came last."""
    desk.acknowledge()
    return len(desk.given(DialCustomer))


def test_who_has_rung_for_long_is_hardly_expected_any_more() -> None:
    rate = learnt(AnswerRate())
    assert rate.cautious() == rate.cautious(5.9) > 0.3
    assert 0.125 < rate.cautious(9.0) < rate.cautious(8.0) < rate.cautious(6.0)
    assert rate.cautious(10.0) < 0.03
    assert rate.cautious(26.0) == 1.0, "nobody has rung for so long, and so nothing is known"


def test_a_few_phones_that_rang_in_vain_prove_little() -> None:
    assert AnswerRate().cautious(15.0) == 1.0
    assert learnt(AnswerRate(), 10).cautious(15.0) > 0.25


def test_how_soon_customers_answer_is_not_known_before_twenty_have() -> None:
    rate = AnswerRate()
    for n in range(19):
        rate.count(True, 5.0 + n % 8)
    assert rate.soonest_s == 0.0
    learnt(rate)
    assert rate.soonest_s == 6.0


def test_a_phone_that_rings_for_longer_than_is_told_apart() -> None:
    rate = AnswerRate()
    rate.count(True, 1e6)
    rate.count(False, -1.0)
    assert 0.5 < rate.cautious() <= 1.0 and rate.cautious(1e9) == 1.0


def test_wrap_ups_that_end_in_time_are_agents_to_come() -> None:
    pace = Pace()
    pace.capacity(1, 0)
    pace.ending = (10.0, 12.0, 30.0)
    assert [pace.coming(0, until) for until in (9.9, 10.0, 29.0, 30.0)] == [1, 2, 3, 4]
    assert (pace.coming(3, 30.0), pace.coming(5, 30.0), pace.agents(0), pace.room(0)) == (1, 0, 1, 1)
    pace.capacity(0, 0, 2)
    assert pace.coming(0, 30.0) == 1, "those who wait come first"
    pace.capacity(1, 1)
    assert pace.coming(0, 30.0) == 0, "and whoever has called himself"


def test_a_customer_is_dialled_while_the_last_agent_writes_up() -> None:
    desk = experienced()
    desk.feed(Capacity("sales", 0, 0, ending=(desk.now + 6.0,)))
    assert dialled(desk) == 1
    desk.feed(Capacity("sales", 0, 0, ending=(desk.now + 6.0, desk.now + 7.0)))
    assert dialled(desk) == 0, "a quarter of those who answer would have nobody"


def test_time_alone_brings_the_end_of_a_wrap_up_near() -> None:
    desk = experienced()
    desk.feed(Capacity("sales", 0, 0, ending=(desk.now + 20.0,)))
    assert dialled(desk) == 0
    desk.wait(12.9)
    assert dialled(desk) == 0
    desk.wait(2.0)
    assert dialled(desk) == 1


@pytest.mark.parametrize(
    ("policy", "served", "live", "waiting"),
    [
        (FIRST, CREDIT, 0, 0),
        (replace(FAST, pacing="ratio"), CREDIT, 0, 0),
        (SALES, CREDIT, 0, 0),
        (FAST, 0, 0, 0),
        (FAST, CREDIT, 1, 0),
        (FAST, CREDIT, 0, 2),
        (replace(FAST, reserve=2), CREDIT, 0, 0),
    ],
    ids=("progressive", "ratio", "agent first", "no credit", "a caller waits", "callbacks wait", "a reserve"),
)
def test_nobody_is_dialled_before_an_agent_is_free(policy: Policy, served: int, live: int, waiting: int) -> None:
    desk = experienced(policy, served)
    desk.feed(Capacity("sales", 0, live, waiting, ending=(desk.now + 1.0, desk.now + 2.0)))
    assert dialled(desk) == 0 and in_flight(desk) == 0
    desk.wait(5.0)
    assert dialled(desk) == 0 and not any(p.state is S.SEEKING for p in desk.ledger.promises())


def test_while_nothing_is_known_of_answers_no_agent_is_foreseen() -> None:
    desk = Desk(FAST)
    desk.feed(Tallied((Tally("sales", desk.now - 3600.0, CREDIT, 0),)))
    many(desk, 5)
    desk.feed(Capacity("sales", 0, 0, ending=(desk.now + 1.0,)))
    assert dialled(desk) == 0


def test_another_is_dialled_where_phones_have_rung_for_long() -> None:
    desk = experienced()
    desk.feed(Capacity("sales", 4, 0))
    desk.acknowledge()
    begun = in_flight(desk)
    desk.wait(5.0)
    desk.acknowledge()
    assert in_flight(desk) == begun, "all of them may answer yet"
    desk.wait(6.0)
    desk.acknowledge()
    assert in_flight(desk) > begun


def test_rings_of_attempts_are_learnt_from() -> None:
    desk = experienced(served=10 * CREDIT)
    rate = desk.ledger._move.turns.governor("sales").rate
    before = rate.cautious(10.0)
    desk.feed(Capacity("sales", 20, 0))
    desk.acknowledge()
    for promise in [one for one in desk.ledger.promises() if one.state is S.DIALLING]:
        desk.wait(0.1)
        desk.feed(AttemptFailed(promise.id, 486, promise.call_id))
    assert rate.cautious(10.0) == before and rate.cautious() < 0.34, "busy at once says nothing of who rings on"


def test_an_answer_to_an_earlier_process_says_nothing_of_how_long_it_rang() -> None:
    desk = Desk(FAST)
    row = Promise("p1", "+8613800138000", "sales", "abandoned", S.DIALLING, "", desk.now - 900.0, 1, call_id="c")
    desk.feed(Restored((row,)))
    desk.feed(CustomerAnswered("p1", waits=True))
    desk.feed(AgentFound("p1", "anna"))
    rate = desk.ledger._move.turns.governor("sales").rate
    assert desk.state is S.KEPT and rate.cautious(1.0) == 1.0
    for _ in range(50):
        rate.count(False, 5.0)
    assert rate.cautious(1.0) < 0.07 < rate.cautious()


def test_it_is_not_looked_for_ever() -> None:
    desk = experienced()
    desk.feed(Capacity("sales", 0, 0, ending=(desk.now + 30.0,)))
    assert desk.ledger.deadline == desk.now + 1.0
    desk.feed(Capacity("sales", 0, 0))
    desk.wait(1.5)
    assert desk.ledger.deadline is None or desk.ledger.deadline > desk.now + 60.0


def test_for_who_is_foreseen_an_older_one_in_the_pool_goes_before_a_younger_one_in_memory() -> None:
    desk = PoolDesk(FAST)
    desk.feed(Leased(desk.now + 9.0))
    desk.feed(Tallied((Tally("sales", desk.now - 3600.0, CREDIT, 0, node=NODE),)))
    learnt(desk.ledger._move.turns.governor("sales").rate)
    desk.feed(Capacity("sales", 0, 0))
    many(desk, 1)
    desk.pool = [pooled(1, desk.now - 10.0)]
    desk.feed(Capacity("sales", 0, 0, ending=(desk.now + 1.0,)))
    assert desk.given(Claim) and not desk.given(Persist), "who knows what lies in the pool"
    desk.answer()
    assert [write.promise.id for write in desk.given(Persist) if write.promise.state is S.DIALLING] == ["pooled-1"]


def test_who_is_foreseen_is_not_said_to_be_missing() -> None:
    desk = experienced()
    desk.feed(Capacity("sales", 0, 0, ending=(desk.now + 1.0,)))
    assert dialled(desk) and desk.ledger.glance.standstill("sales", desk.now).why == ""
    desk.feed(Capacity("sales", 0, 0))
    assert desk.ledger.glance.standstill("sales", desk.now).why == NO_AGENT
