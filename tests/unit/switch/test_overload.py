"""What is left undone when there is too much to do."""

import pytest

from softswitch.switch.overload import HOLD_S, Overload, Rank, retry_after_s

CALLS = [f"call-{number}@host" for number in range(2000)]


def pressed(samples: int, lag_s: float = 0.0, backlog: float = 1.0) -> Overload:
    overload = Overload()
    for number in range(samples):
        overload.sample(lag_s, backlog, number * 0.01)
    return overload


def share(overload: Overload, rank: Rank) -> float:
    return sum(overload.sheds(rank, call) for call in CALLS) / len(CALLS)


def test_at_rest_nothing_is_shed() -> None:
    overload = pressed(100, 0.001, 0.05)
    assert [share(overload, rank) for rank in Rank] == [0, 0, 0, 0]
    assert not overload.busy(1.0)


@pytest.mark.parametrize(
    ("lag_s", "backlog", "calm"), [(0.001, 0.05, True), (0.03, 0.0, False), (0.0, 0.25, False), (0.5, 0.0, False)]
)
def test_it_is_calm_while_nothing_waits(lag_s: float, backlog: float, calm: bool) -> None:
    assert pressed(40, lag_s, backlog).calm is calm


def test_it_is_not_calm_before_all_pressure_is_gone() -> None:
    overload = pressed(40, 0.5, 0.0)
    while overload.lag_s >= 0.02:
        overload.sample(0.0, 0.0, 1.0)
    assert overload.pressure and not overload.calm


@pytest.mark.parametrize(("lag_s", "backlog"), [(0.5, 0.0), (0.0, 0.9)])
def test_a_late_loop_and_a_full_buffer_both_press(lag_s: float, backlog: float) -> None:
    overload = pressed(40, lag_s, backlog)
    assert overload.pressure > 0.99
    assert overload.busy(0.5)


def test_one_late_wakening_is_no_overload() -> None:
    overload = pressed(40, 0.0, 0.0)
    overload.sample(0.08, 0.0, 0.4)
    assert overload.pressure == 0.0


def test_a_flood_that_is_turned_away_is_no_reason_to_shed_calls() -> None:
    overload = Overload()
    for number in range(100):
        overload.sample(1.0, 1.0, number * 0.01, junk=0.9)
    assert overload.busy(1.0), "but strangers are held to their share"
    assert [share(overload, rank) for rank in Rank] == [0, 0, 0, 0]


def test_strangers_go_first_then_new_calls_and_what_was_begun_is_finished() -> None:
    backlogs = (0.25, 0.45, 0.7, 1.0)  # of the receive buffer
    a_little, more, much, all_of_it = [[share(pressed(100, 0.0, fill), rank) for rank in Rank] for fill in backlogs]
    assert 0 < a_little[Rank.STRANGER] < 1
    assert a_little[Rank.CALL] == 0
    assert more[Rank.STRANGER] == 1
    assert 0.1 < more[Rank.CALL] < much[Rank.CALL] < all_of_it[Rank.CALL] == 1
    assert much[Rank.KNOWN] == 0
    assert 0 < all_of_it[Rank.KNOWN] < 1
    assert all_of_it[Rank.DIALOG] == 0


def test_it_follows_the_queue_within_a_tenth_of_a_second() -> None:
    overload = pressed(100)
    for number in range(10):
        overload.sample(0.0, 0.0, 1 + number * 0.01)
    assert overload.pressure < 0.05
    assert overload.busy(1.5), "while strangers stay limited"
    assert not overload.busy(1.0 + HOLD_S)


def test_a_repeated_invite_meets_with_the_same_answer() -> None:
    overload = pressed(100, 0.0, 0.55)
    assert [overload.sheds(Rank.CALL, call) for call in CALLS] == [overload.sheds(Rank.CALL, call) for call in CALLS]


def test_who_is_told_to_come_back_does_not_come_back_all_at_once() -> None:
    delays = {retry_after_s(call) for call in CALLS}
    assert min(delays) == 5
    assert max(delays) == 29
    assert len(delays) == 25
