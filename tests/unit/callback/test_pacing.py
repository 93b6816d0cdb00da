from softswitch.callback.pacing import Pace


def test_a_count_is_good_for_one_seek() -> None:
    pace = Pace()
    pace.capacity(3, 0)
    assert pace.room(0) == 3
    pace.void("a")
    assert pace.room(0) == 0
    assert not pace.over("b")
    pace.capacity(2, 0)
    assert pace.room(0) == 2
    assert not pace.over("a"), "it has been counted"


def test_a_seek_that_is_over_before_the_count_took_nobody() -> None:
    pace = Pace()
    pace.capacity(3, 0)
    pace.void("a")
    assert pace.over("a")
    assert pace.room(0) == 3


def test_callbacks_that_wait_come_before_new_ones() -> None:
    pace = Pace()
    pace.capacity(3, 0, 2)
    assert pace.room(0) == 1
    pace.capacity(1, 0, 2)
    assert pace.room(0) == 0


def test_a_live_caller_goes_first_and_a_reserve_is_kept() -> None:
    pace = Pace()
    pace.capacity(5, 1)
    assert pace.room(0) == 0
    pace.capacity(5, 0)
    assert pace.room(4) == 1
    assert pace.room(6) == 0


def test_the_oldest_that_fits_is_next_and_who_does_not_fit_keeps_its_place() -> None:
    pace = Pace()
    for age, name in ((3.0, "c"), (1.0, "a"), (2.0, "b")):
        pace.line_up(age, name)
        pace.line_up(age, name)
    assert pace.next(lambda _, name: name != "a") == "b"
    assert pace.next(lambda *_: True) == "a"
    assert pace.next(lambda *_: True) == "c"
    assert pace.next(lambda *_: True) is None


def test_a_stale_place_is_forgotten() -> None:
    pace = Pace()
    pace.line_up(1.0, "a")
    assert pace.next(lambda *_: None) is None
    assert pace.next(lambda *_: True) is None
