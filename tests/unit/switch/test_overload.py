"""What is left undone when there is too much to do."""

import pytest

from softswitch.switch.overload import HOLD_S, Overload, Rank, retry_after_s

CALLS = [f"call-{number}@host" for number in range(2000)]


def pressed(samples: int, lag_s: float = 0.0, backlog: float = 1.0) -> Overload:
    overload = Overload()
    for number in range(samples):
        overload.sample(lag_s, backlog, number * 0.025)
    return overload


def share(overload: Overload, rank: Rank) -> float:
    return sum(overload.sheds(rank, call) for call in CALLS) / len(CALLS)


def test_at_rest_nothing_is_shed() -> None:
    overload = pressed(100, 0.001, 0.0)
    assert [share(overload, rank) for rank in Rank] == [0, 0, 0, 0]
    assert not overload.busy(3.0)


@pytest.mark.parametrize(("lag_s", "backlog"), [(0.5, 0.0), (0.0, 0.5)])
def test_a_late_loop_and_a_full_buffer_both_press(lag_s: float, backlog: float) -> None:
    overload = pressed(40, lag_s, backlog)
    assert overload.pressure == 1.0
    assert overload.busy(1.0)


def test_one_late_wakening_is_no_overload() -> None:
    overload = pressed(40, 0.0, 0.0)
    overload.sample(0.12, 0.0, 1.0)
    assert overload.pressure == 0.0


def test_a_flood_that_is_turned_away_is_no_reason_to_shed_calls() -> None:
    overload = Overload()
    for number in range(100):
        overload.sample(1.0, 1.0, number * 0.025, junk=0.9)
    assert overload.busy(2.5), "but strangers are held to their share"
    assert [share(overload, rank) for rank in Rank] == [0, 0, 0, 0]


def test_strangers_go_first_then_new_calls_and_what_was_begun_is_finished() -> None:
    shares = [share(pressed(samples), rank) for samples in (1, 4, 7, 13) for rank in Rank]
    a_little, more, much, all_of_it = [shares[at : at + 4] for at in range(0, 16, 4)]
    assert a_little[Rank.STRANGER] > 0.2
    assert a_little[Rank.CALL] == 0
    assert more[Rank.STRANGER] == 1
    assert 0.1 < more[Rank.CALL] < 0.5
    assert more[Rank.CALL] < much[Rank.CALL] < all_of_it[Rank.CALL] == 1
    assert much[Rank.KNOWN] == 0
    assert 0 < all_of_it[Rank.KNOWN] < 1
    assert all_of_it[Rank.DIALOG] == 0


def test_it_rises_at_once_and_falls_slowly() -> None:
    overload = pressed(13)
    for number in range(50):
        overload.sample(0.0, 0.0, 1 + number * 0.025)
    assert 0.4 < overload.pressure < 0.6
    assert not overload.busy(13 * 0.025 + HOLD_S + 0.1)


def test_a_repeated_invite_meets_with_the_same_answer() -> None:
    overload = pressed(6)
    assert [overload.sheds(Rank.CALL, call) for call in CALLS] == [overload.sheds(Rank.CALL, call) for call in CALLS]


def test_who_is_told_to_come_back_does_not_come_back_all_at_once() -> None:
    delays = {retry_after_s(call) for call in CALLS}
    assert min(delays) == 5
    assert max(delays) == 29
    assert len(delays) == 25
