"""Offers to be called back that are taken, people who call in again, and customers who are called first."""

import pytest

from softswitch.acd.model import AgentSpec, QueueLeft, QueueSpec, WrapUp
from softswitch.acd.statistics import Promise
from softswitch.callback.model import Policy, PromiseChanged, Window
from softswitch.core.effect import DomainEvent
from softswitch.ivr.model import CallbackOffer
from softswitch.simulation.account import Account
from softswitch.simulation.arrival import Arrival, read
from softswitch.simulation.people import Habits
from softswitch.simulation.result import Result, result, rows
from softswitch.simulation.roster import Shift, Shifts
from softswitch.simulation.run import Run

ANNA, BOB = AgentSpec("anna", "1001", ()), AgentSpec("bob", "1002", ())
QUEUE = QueueSpec("q", wrap_up=WrapUp.timed(0), max_waiting=9, ring_timeout_s=15.0)
POLICY = Policy("q", "carrier", window=Window("UTC"), retry_no_answer_s=600.0, ring_s=30.0)
CUSTOMER = Policy("q", "carrier", window=Window("UTC"), ring_s=30.0, first="customer", retry_dropped_s=60.0)
PEOPLE = Habits(2.0, reached=1.0, accepts=1.0, seed=3)
Moves = list[tuple[float, str, str]]


def played(
    arrivals: list[Arrival],
    people: Habits = PEOPLE,
    policy: Policy = POLICY,
    offer: CallbackOffer | None = None,
    agents: tuple[AgentSpec, ...] = (ANNA,),
    shifts: Shifts | None = None,
    by_itself: tuple[str, ...] = (),
) -> tuple[Result, Moves, list[tuple[str, str, float]]]:
    """The result, each move of a promise, and who left the queue, why and after how long."""
    account, moves = Account({"q": Promise(20.0)}), Moves()
    left: list[tuple[str, str, float]] = []

    def hear(event: DomainEvent, now: float) -> None:
        account.observe(event, now)
        if isinstance(event, PromiseChanged) and event.promise.state is not event.old:
            moves.append((round(now, 3), event.promise.state.value, event.promise.outcome))
        if isinstance(event, QueueLeft):
            left.append((event.contact, event.why, round(event.waited_s, 3)))

    offers = {} if offer is None else {"q": offer}
    run = Run(agents, [QUEUE], hear, people, roster=shifts, policies=[policy], offers=offers, by_itself=by_itself)
    return result(run.play(arrivals), account), moves, left


def test_who_has_waited_so_long_is_offered_to_be_called_back_and_keeps_his_place() -> None:
    arrivals = [Arrival(0.0, "q", 100.0), Arrival(10.0, "q", 50.0), Arrival(95.0, "q", 20.0)]
    found, moves, left = played(arrivals, offer=CallbackOffer(after_s=30.0))
    assert ("c2", "callback", 30.0) in left
    # The third, who came later, is live and goes first; the second is called when nobody waits: 102 + 2 + 20.
    assert [at for at, state, _ in moves if state == "seeking"] == [124.0]
    told = found.callbacks["q"].told()
    assert (told["recorded"], told["kept"], told["wait_p50_s"]) == (1, 1, 124.0 + 2.0 + 10.0 - 10.0)


def test_who_does_not_take_the_offer_waits_on() -> None:
    arrivals = [Arrival(0.0, "q", 100.0), Arrival(10.0, "q", 50.0)]
    nobody = Habits(2.0, reached=1.0, accepts=0.0)
    _, moves, left = played(arrivals, nobody, offer=CallbackOffer(after_s=30.0))
    assert not moves and ("c2", "answered", 94.0) in left


def test_an_offer_by_position_is_looked_at_again_and_again_and_made_once() -> None:
    # Third in line from 12 s on; the first look after 5 s.
    arrivals = [Arrival(0.0, "q", 300.0), *(Arrival(float(at), "q", 50.0) for at in (10, 11, 12))]
    _, _, left = played(arrivals, offer=CallbackOffer(position_above=2))
    assert [one for one in left if one[1] == "callback"] == [("c4", "callback", 5.0)]
    at_once = Habits(2.0, reached=1.0, accepts=1.0, offered_s=0.0)
    _, _, left = played(arrivals, at_once, offer=CallbackOffer(position_above=1))
    assert [one for one in left if one[1] == "callback"] == [("c3", "callback", 0.0), ("c4", "callback", 0.0)]


def test_an_offer_by_the_expected_wait_is_made_where_that_is_long() -> None:
    arrivals = [Arrival(float(at), "q", 300.0) for at in range(8)]
    _, _, left = played(arrivals, offer=CallbackOffer(expected_above_s=100.0))
    assert [why for _, why, _ in left].count("callback") >= 5
    _, _, left = played(arrivals, offer=CallbackOffer(expected_above_s=1e7))
    assert "callback" not in [why for _, why, _ in left]


def test_nothing_is_offered_that_could_not_be_promised() -> None:
    deaf = Policy("q", "carrier", stages=("abandoned",), window=Window("UTC"))
    arrivals = [Arrival(0.0, "q", 100.0), Arrival(10.0, "q", 50.0), Arrival(11.0, "q", 50.0, number="anonymous")]
    _, moves, left = played(arrivals, policy=deaf, offer=CallbackOffer(after_s=30.0))
    assert not moves and "callback" not in [why for _, why, _ in left]
    _, moves, left = played(arrivals, offer=CallbackOffer(after_s=30.0))
    assert [contact for contact, why, _ in left if why == "callback"] == ["c2"], "nobody can call the third"


def test_who_calls_in_again_and_is_served_is_not_called_back() -> None:
    again = Habits(2.0, reached=1.0, redials=1.0, redial_s=20.0, seed=1)
    home = Shifts((Shift("anna", 500.0, 900.0),))
    arrivals = [Arrival(0.0, "q", 50.0, 10.0), Arrival(600.0, "q", 10.0)]
    found, moves, left = played(arrivals, again, shifts=home)
    assert found.outcome.again_of["q"] >= 2 and [one[1] for one in left].count("abandoned") >= 2
    states = [state for _, state, _ in moves]
    assert states.count("kept") + states.count("withdrawn") == 1 and "failed" not in states
    (row,) = rows([("one", found)])
    assert row["served"] == 1.0 and row["again"] == found.outcome.again_of["q"]


def test_a_number_that_is_on_the_line_here_is_not_dialled_and_busy_if_it_was() -> None:
    # Called back at 104; he calls by himself at 108, before he has answered (10 s), and is busy then.
    arrivals = [
        Arrival(0.0, "q", 100.0), Arrival(10.0, "q", 40.0, 10.0, number="13800138000"),
        Arrival(108.0, "q", 40.0, number="13800138000"),
    ]  # fmt: skip
    _, moves, _ = played(arrivals)
    assert (114.0, "retry_at", "busy") in moves
    assert moves[-1][1:] == ("withdrawn", "reached agent")


def test_numbers_come_with_the_file() -> None:
    text = "at,queue,talk,patience,number\n1,q,10,5,013800138000\n50,q,10,5,+8613800138000\n"
    arrivals, problems = read(text, "day.csv")
    assert not problems and [one.number for one in arrivals] == ["013800138000", "+8613800138000"]
    nobody = Shifts((Shift("anna", 1000.0, 2000.0),))
    found, moves, _ = played(arrivals, shifts=nobody)
    assert found.callbacks["q"].recorded == 1, "one customer, in two spellings"
    assert [state for _, state, _ in moves].count("kept") == 1


def test_a_customer_who_is_called_first_talks_to_the_next_agent() -> None:
    quick = Habits(1.0, reached=1.0)
    found, moves, _ = played([Arrival(0.0, "q", 100.0), Arrival(10.0, "q", 50.0, 10.0)], quick, CUSTOMER)
    # Free at 101 and dialled at once; he answers after 10 s, the agent picks up 1 s later.
    assert [(at, state) for at, state, _ in moves][-4:] == [
        (101.0, "seeking"), (101.0, "dialling"), (111.0, "answered"), (112.0, "kept"),
    ]  # fmt: skip
    assert found.callbacks["q"].told()["dropped"] == 0 and found.outcome.talked_s == 150.0


def test_a_customer_for_whom_no_agent_is_there_in_time_was_dropped_and_is_called_again() -> None:
    slow = Habits(5.0, reached=1.0)
    found, moves, _ = played([Arrival(0.0, "q", 100.0), Arrival(10.0, "q", 50.0, 10.0)], slow, CUSTOMER)
    assert (117.0, "retry_at", "dropped") in moves
    told = found.callbacks["q"].told()
    assert told["dropped"] == 1 and told["kept"] == 1, "then an agent is on the line first: the limit allows no other"


def test_a_phone_that_answers_by_itself_is_there_in_time() -> None:
    slow = Habits(5.0, reached=1.0)
    arrivals = [Arrival(0.0, "q", 100.0), Arrival(10.0, "q", 50.0, 10.0)]
    found, moves, _ = played(arrivals, slow, CUSTOMER, by_itself=("q",))
    assert (115.0, "kept", "answered") in moves and found.callbacks["q"].dropped == 0


@pytest.mark.parametrize("first", ["agent", "customer"])
def test_the_share_of_talk_is_less_than_occupancy_and_told(first: str) -> None:
    policy = Policy("q", "carrier", window=Window("UTC"), first=first)  # type: ignore[arg-type]
    arrivals = [Arrival(0.0, "q", 60.0), *(Arrival(float(at), "q", 60.0, 5.0) for at in range(1, 9))]
    found, _, _ = played(arrivals, policy=policy)
    (row,) = rows([("one", found)])
    assert 0 < row["talk"] < row["occupancy"] <= 1 and row["served"] == 1.0
