"""The ledger on the clock of a run: whoever was lost is called back when an agent can be spared."""

from softswitch.acd.model import AgentSpec, Need, QueueLeft, QueueSpec, WrapUp
from softswitch.acd.statistics import Promise
from softswitch.callback.model import Policy, PromiseChanged, PromiseState, Window
from softswitch.contact.overflow import Way
from softswitch.core.effect import DomainEvent
from softswitch.simulation.account import Account
from softswitch.simulation.arrival import Arrival
from softswitch.simulation.people import Habits
from softswitch.simulation.result import Result, result
from softswitch.simulation.roster import Shift, Shifts
from softswitch.simulation.run import Run

ANNA = AgentSpec("anna", "1001", ())
QUEUE = QueueSpec("q", wrap_up=WrapUp.timed(0), max_waiting=1, ring_timeout_s=15.0)
POLICY = Policy("q", "carrier", window=Window("UTC"), max_attempts=2, retry_no_answer_s=600.0, ring_s=30.0)
ALWAYS, NEVER = Habits(2.0, reached=1.0), Habits(2.0, reached=0.0)
# The first talks for 100 s, the second gives up after 10 s, the third finds the queue full.
LOST = [Arrival(0.0, "q", 100.0), Arrival(10.0, "q", 50.0, 10.0), Arrival(12.0, "q", 40.0)]


def _played(
    habits: Habits, arrivals: list[Arrival] = LOST, policy: Policy = POLICY, shift: Shifts | None = None
) -> tuple[Result, list[tuple[float, PromiseState, int]]]:
    """The result, and each move of a promise."""
    account = Account({"q": Promise(20.0)})
    moves: list[tuple[float, PromiseState, int]] = []

    def hear(event: DomainEvent, now: float) -> None:
        account.observe(event, now)
        if isinstance(event, PromiseChanged) and event.promise.state is not event.old:
            moves.append((round(now, 3), event.promise.state, event.promise.attempts))

    run = Run([ANNA], [QUEUE], hear, habits, roster=shift, policies=[policy])
    return result(run.play(arrivals), account), moves


def test_the_agent_comes_first_then_the_customer_and_the_oldest_before_the_next() -> None:
    found, moves = _played(ALWAYS)
    kept = [at for at, state, _ in moves if state is PromiseState.KEPT]
    # Free at 102; picks up after 2 s, the customer answers after 10 s; talks 50 s; and the same again.
    assert kept == [114.0, 176.0]
    assert [at for at, state, _ in moves if state is PromiseState.DIALLING] == [104.0, 166.0]
    told = found.callbacks["q"].told()
    assert (told["recorded"], told["kept"], told["attempts"], told["open"]) == (2, 2, 2, 0)
    assert (told["wait_p50_s"], told["wait_p90_s"]) == (104.0, 164.0)
    assert found.queues["q"].callbacks == 2 and found.outcome.ended_at == 216.0


def test_whoever_does_not_answer_is_tried_again_and_then_no_more() -> None:
    found, moves = _played(NEVER, LOST[:2])
    assert [(at, attempt) for at, state, attempt in moves if state is PromiseState.DIALLING] == [(104.0, 1), (736.0, 2)]
    assert moves[-1][:2] == (766.0, PromiseState.FAILED)
    assert found.callbacks["q"].told()["given_up"] == 1


def test_a_live_caller_goes_before_every_callback() -> None:
    found, moves = _played(ALWAYS, [*LOST[:2], Arrival(101.0, "q", 60.0)])
    assert [at for at, state, _ in moves if state is PromiseState.SEEKING] == [164.0], "when nobody waits any more"
    assert found.queues["q"].answered == 2


def test_a_window_that_is_shut_and_an_agent_who_goes_home_leave_it_open() -> None:
    shut = Policy("q", "carrier", window=Window("UTC", 600, 660))
    found, moves = _played(ALWAYS, LOST[:2], shut)
    assert found.callbacks["q"].told()["open"] == 1, "overtime is over before ten o'clock"
    assert [state for _, state, _ in moves] == [PromiseState.RECORDED]
    home, _ = _played(ALWAYS, LOST[:2], shift=Shifts((Shift("anna", 0.0, 90.0),)))
    assert home.callbacks["q"].told()["open"] == 1


def test_an_agent_who_does_not_pick_up_is_no_attempt() -> None:
    deaf = Habits(2.0, misses=1.0, reached=1.0)
    found, moves = _played(deaf, LOST[1:2])
    assert found.callbacks["q"].attempts == 0 and PromiseState.DIALLING not in {state for _, state, _ in moves}
    assert found.agents.missed > 2 and found.callbacks["q"].told()["open"] == 1


def test_without_a_policy_nobody_is_called_back() -> None:
    account = Account({})
    found = result(Run([ANNA], [QUEUE], account.observe, ALWAYS).play(LOST), account)
    assert not found.callbacks and found.outcome.refused == 1


def test_the_same_customer_has_the_same_luck_in_every_configuration() -> None:
    people = Habits(misses=0.5, reached=0.5, seed=3)
    again = Habits(misses=0.5, reached=0.5, seed=3)
    customers = [people.answers(f"c{number}", 1) for number in range(200)]
    assert customers == [again.answers(f"c{number}", 1) for number in range(200)]
    assert 60 < sum(customers) < 140
    assert customers != [Habits(reached=0.5, seed=4).answers(f"c{number}", 1) for number in range(200)]


def test_whom_a_queue_turns_away_goes_where_its_overflow_says() -> None:
    queues = [QUEUE, QueueSpec("other", (Need("nothing"),), max_wait_s=100.0, max_waiting=1)]
    bob = AgentSpec("bob", "1002", (("nothing", 5),))
    ways = {"q": {"full": Way("other")}, "other": {"timeout": Way(callback=True)}}
    arrivals = [Arrival(0.0, "other", 500.0), *(Arrival(at, "q", 300.0) for at in (1.0, 2.0, 3.0, 4.0))]
    left: list[tuple[str, str, str]] = []

    def hear(event: DomainEvent, now: float) -> None:
        account.observe(event, now)
        if isinstance(event, QueueLeft):
            left.append((event.contact, event.queue, event.why))

    account = Account({})
    shifts = Shifts((Shift("anna", 0.0, 2000.0), Shift("bob", 0.0, 1.5)))
    policies = [POLICY, Policy("other", "carrier", window=Window("UTC"))]
    run = Run([ANNA, bob], queues, hear, ALWAYS, roster=shifts, policies=policies, overflow=ways)
    found = result(run.play(arrivals), account)
    # The fourth finds q full and waits in the other, in which nobody works any more; there the fifth finds no room.
    assert ("c4", "other", "timeout") in left and ("c4", "q", "timeout") not in left
    assert found.outcome.refused_of == {"other": 1}
    assert found.callbacks["other"].recorded == 2
