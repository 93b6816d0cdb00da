"""Who is at work when."""

import pytest

from softswitch.acd.model import AgentSpec, LogIn, LogOut, SetPaused, SetReady
from softswitch.simulation.roster import Everybody, Headcount, Recorded, Shift, Shifts, Turn, read, scaled

ANNA, BOB = AgentSpec("anna", "1001", (("orders", 5),)), AgentSpec("bob", "1002", ())
NINE, TEN, NOON, FIVE = 9 * 3600.0, 10 * 3600.0, 12 * 3600.0, 17 * 3600.0


def test_everybody_or_so_many_of_their_kind() -> None:
    assert Everybody(NINE).crew([ANNA, BOB])[1] == [Turn(NINE, LogIn("anna")), Turn(NINE, LogIn("bob"))]
    crew, turns = Everybody(0.0, 5).crew([ANNA, BOB])
    assert [spec.name for spec in crew] == ["anna", "bob", "anna 2", "bob 2", "anna 3"]
    assert crew[2].skills == ANNA.skills and len(turns) == 5
    assert scaled([ANNA, BOB], 1) == [ANNA] and scaled([], 3) == []


def test_shifts_with_breaks_and_what_touches_is_one() -> None:
    found, problems = read(
        "agent,start,end,pause\nanna,9:00,12:00,\nanna,12:00,17:00,\nanna,10:00,10:30,coffee\nanna,16:45,17:15,tired\n"
        "carl,9:00,17:00,\n",
        "shifts.csv",
    )
    assert not problems
    crew, turns = found.crew([ANNA, BOB])
    assert crew == [ANNA], "bob has no shift"
    assert turns == [
        Turn(NINE, LogIn("anna")), Turn(TEN, SetPaused("anna", "coffee")), Turn(TEN + 1800, SetReady("anna")),
        Turn(FIVE - 900, SetPaused("anna", "tired")), Turn(FIVE, LogOut("anna")),
    ]  # fmt: skip
    assert found.strangers([ANNA, BOB]) == ["carl"]


def test_two_shifts_of_one_day_end_past_midnight() -> None:
    _, turns = Shifts((Shift("bob", 79200.0, 93600.0), Shift("bob", NINE, NOON))).crew([ANNA, BOB])
    assert [(turn.at, type(turn.event)) for turn in turns] == [
        (NINE, LogIn), (NOON, LogOut), (79200.0, LogIn), (93600.0, LogOut)
    ]  # fmt: skip


def test_so_many_from_each_moment_on() -> None:
    found, problems = read("at,agents\n12:00,1\n9:00,3\n17:00,0\n", "shifts.csv")
    assert not problems and isinstance(found, Headcount)
    crew, turns = found.crew([ANNA, BOB])
    assert [spec.name for spec in crew] == ["anna", "bob", "anna 2"]
    assert [(turn.at, turn.event) for turn in turns[3:]] == [
        (NOON, LogOut("anna 2")), (NOON, LogOut("bob")), (FIVE, LogOut("anna"))
    ]  # fmt: skip
    assert found.strangers([]) == []


def test_a_day_that_was_and_somebody_who_was_not_there_then() -> None:
    recorded = Recorded((Turn(NINE, LogIn("bob")), Turn(TEN, LogOut("bob"))), frozenset({"anna", "bob"}), FIVE)
    dora = AgentSpec("dora", "1003", ())
    crew, turns = recorded.crew([ANNA, BOB, dora])
    assert crew == [BOB, dora], "anna was configured and did not come"
    assert turns == [
        Turn(NINE, LogIn("bob")), Turn(NINE, LogIn("dora")), Turn(TEN, LogOut("bob")), Turn(FIVE, LogOut("dora"))
    ]  # fmt: skip
    assert recorded.strangers([ANNA]) == ["bob"]


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("agent,start\nanna,9:00\n", 1, "missing"),
        ("agent,start,end,lunch\n", 1, "must be one of"),
        ("agent,start,end\nanna,9:00,8:00\n", 2, "later than start"),
        ("agent,start,end\n,9:00,10:00\n", 2, "is empty"),
        ("at,agents\n9:00,-1\n", 2, "whole number"),
        ("at,agents\n9:00,2.5\n", 2, "whole number"),
        ("at,agents\nnoon,2\n", 2, "number of seconds"),
    ],
)
def test_what_is_wrong_is_told_in_its_line(text: str, line: int, word: str) -> None:
    _, problems = read(text, "shifts.csv")
    assert (problems[0].line, word in str(problems[0])) == (line, True)
