from softswitch.callback.pacing import FEW, Claim, Line, Pace


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


def test_a_dial_has_a_claim_on_an_agent_until_it_is_over() -> None:
    pace = Pace()
    pace.capacity(3, 0)
    pace.claim("a", Claim.DIAL, "fair")
    assert (pace.agents(0), pace.dials, pace.room(0), pace.ringing.total()) == (3, 1, 2, 1)
    pace.claim("a", Claim.ANSWERED, "fair")
    assert (pace.agents(0), pace.dials, pace.room(0), pace.ringing.total()) == (2, 0, 2, 0)
    pace.claim("a", None)
    assert (pace.agents(0), pace.dials, pace.room(0)) == (3, 0, 3)


def test_who_has_answered_and_waits_in_the_acd_is_counted_once() -> None:
    pace = Pace()
    pace.claim("a", Claim.ANSWERED, "fair")
    pace.claim("b", Claim.SEEK, "sales")
    pace.capacity(4, 0, 1)
    assert pace.agents(0) == 2, "the one who waits may be either of them"
    pace.capacity(4, 0, 2)
    assert pace.agents(0) == 2
    pace.capacity(4, 0, 3)
    assert pace.agents(0) == 1, "one of them came from elsewhere"


def test_the_first_that_fits_and_who_does_not_is_taken_out() -> None:
    line = Line()
    for rank, name in ((3.0, "c"), (1.0, "a"), (2.0, "b")):
        line.add((rank, name))
        line.add((rank, name))
    assert len(line) == 3
    assert line.first(lambda place: place[1] != "a") == (2.0, "b")
    assert len(line) == 2
    assert line.first(lambda place: False) is None
    line.add((1.0, "a"))
    assert line.first(lambda place: True) == (1.0, "a")


def test_a_promise_has_one_place_the_last() -> None:
    line = Line()
    line.add((2.0, "a"))
    line.add((3.0, "b"))
    line.add((4.0, "a"))
    assert len(line) == 2
    assert line.first(lambda place: True) == (3.0, "b")
    line.leave("b")
    line.leave("b")
    assert line.first(lambda place: True) == (4.0, "a")
    line.add((1.0, "b"))
    line.leave("a")
    assert (line.first(lambda place: True), len(line)) == ((1.0, "b"), 1)


def test_places_of_who_is_gone_do_not_stay_though_nobody_asks_for_the_first() -> None:
    line = Line()
    for n in range(10 * FEW):
        line.add((float(n), "a"))
        line.add((float(n), str(n)))
        line.leave(str(n))
    assert len(line) == 1 and len(line._places) <= FEW + 3
    assert line.first(lambda place: True) == (float(10 * FEW - 1), "a")
