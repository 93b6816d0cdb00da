"""What is counted, and what it is called."""

import pytest

from softswitch.acd.model import AgentState, AgentStateChanged, QueueJoined, QueueLeft
from softswitch.acd.statistics import Promise, QueueFigures, Statistics

S = AgentState


def _left(contact: str, why: str, waited_s: float, agent: str | None = None) -> QueueLeft:
    return QueueLeft(contact, "orders", why, waited_s, "call", agent)


def test_one_hundred_callers_and_four_service_levels() -> None:
    """85 answered, 70 of them within T; 15 abandoned, 10 of them within T."""
    statistics = Statistics({"orders": Promise(20.0)})
    for number in range(100):
        statistics.observe(QueueJoined(f"c{number}", "orders", 1, "call"), 0.0)
    for number in range(85):
        statistics.observe(_left(f"c{number}", "answered", 20.0 if number < 70 else 20.1, "anna"), 30.0)
    for number in range(85, 100):
        statistics.observe(_left(f"c{number}", "abandoned", 5.0 if number < 95 else 60.0), 60.0)
    figures = statistics.queues[0.0, "orders"]
    assert figures.offered == 100
    levels = {name: round(100 * (level or 0), 2) for name, level in figures.service_levels().items()}
    assert levels == {"of_answered": 82.35, "of_ended": 80.0, "without_quick": 77.78, "of_all": 70.0}
    assert figures.speed_of_answer_s == pytest.approx((70 * 20.0 + 15 * 20.1) / 85)
    assert figures.abandonment == 0.15


def test_who_gives_up_at_once_was_never_there() -> None:
    statistics = Statistics({"orders": Promise(20.0, short_abandon_s=5.0)})
    for contact, waited_s in (("c1", 4.9), ("c2", 5.0)):
        statistics.observe(QueueJoined(contact, "orders", 1, "call"), 0.0)
        statistics.observe(_left(contact, "abandoned", waited_s), 10.0)
    figures = statistics.queues[0.0, "orders"]
    assert (figures.offered, figures.abandoned, figures.short_abandoned) == (1, 1, 1)


@pytest.mark.parametrize("written", [1, 0])
def test_who_gives_up_soon_after_a_restart_was_offered_in_the_interval_of_his_join(written: int) -> None:
    """``written``: what the former process had counted, and perhaps died before it had written it."""
    statistics = Statistics({"orders": Promise(20.0, short_abandon_s=60.0)}, interval_s=900.0)
    statistics.queues[0.0, "orders"] = QueueFigures(offered=written)
    statistics.observe(QueueJoined("c1", "orders", 1, "call", again=True), 905.0)
    statistics.observe(_left("c1", "abandoned", 30.0), 920.0)
    assert {key: figures.offered for key, figures in statistics.queues.items()} == {
        (0.0, "orders"): 0, (900.0, "orders"): 0,
    }  # fmt: skip


def test_a_callback_that_was_accepted_is_no_abandon() -> None:
    statistics = Statistics({})
    statistics.observe(QueueJoined("c1", "orders", 1, "call"), 0.0)
    statistics.observe(_left("c1", "callback", 90.0), 90.0)
    figures = statistics.queues[0.0, "orders"]
    assert (figures.elsewhere, figures.abandoned, figures.abandonment) == (1, 0, None)


def test_a_contact_counts_where_things_happen_to_it_and_time_is_split_at_the_edges() -> None:
    statistics = Statistics({}, interval_s=900.0)

    def state(old: AgentState, new: AgentState, at: float, reason: str = "") -> None:
        statistics.observe(AgentStateChanged("anna", old, new, reason, "c1"), at)

    state(S.LOGGED_OUT, S.READY, 100.0)
    statistics.observe(QueueJoined("c1", "orders", 1, "call"), 890.0)
    state(S.READY, S.RESERVED, 890.0)
    state(S.RESERVED, S.TALKING, 905.0)
    statistics.observe(_left("c1", "answered", 15.0, "anna"), 905.0)
    state(S.TALKING, S.WRAP_UP, 1700.0)
    state(S.WRAP_UP, S.READY, 1900.0)
    statistics.settle(2000.0)
    queues, agents = statistics.queues, statistics.agents
    assert (queues[0.0, "orders"].offered, queues[0.0, "orders"].answered) == (1, 0)
    assert (queues[900.0, "orders"].answered, queues[900.0, "orders"].talk_s) == (1, 795.0)
    assert (queues[900.0, "orders"].wrap_up_s, queues[1800.0, "orders"].wrap_up_s) == (100.0, 100.0)
    assert dict(agents[0.0, "anna"].seconds) == {S.READY: 790.0, S.RESERVED: 10.0}
    assert agents[900.0, "anna"].seconds[S.RESERVED] == 5.0
    assert agents[1800.0, "anna"].seconds[S.READY] == 100.0
    whole = QueueFigures()
    for figures in queues.values():
        whole.add(figures)
    assert whole.handling_s == 995.0
    assert agents[900.0, "anna"].occupancy == 1.0


def test_a_phone_that_nobody_picks_up_is_counted() -> None:
    statistics = Statistics({})
    statistics.observe(AgentStateChanged("anna", S.READY, S.RESERVED, "", "c1"), 0.0)
    statistics.observe(AgentStateChanged("anna", S.RESERVED, S.PAUSED, "lunch", "c1", missed=True), 20.0)
    assert statistics.agents[0.0, "anna"].missed == 1
