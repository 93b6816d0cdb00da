"""Who has called in himself and talked to an agent while the database did not answer, and control dies then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import OPEN, Lost, PromiseState, Withdraw
from softswitch.callback.node import Elsewhere
from softswitch.contact.order import TellLedger
from softswitch.switch.event import UnitFailed
from softswitch.switch.outcomes import RECORD
from tests.simnet.called_house import CalledHouse
from tests.simnet.test_pool import SimPool
from tests.simnet.world import World

S = PromiseState
ENDED = frozenset(S) - OPEN


def killed(house: CalledHouse) -> None:
    house.world.crash()
    house.world.run(1)
    house.world.start()
    house.world.run(1)


def written(house: CalledHouse) -> list[str]:
    return [name for name in house.world.journal.found if name.startswith(RECORD)]


def calls_in(house: CalledHouse) -> None:
    """He talks to alice, and hangs up."""
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, "1")
    house.world.run(2)
    house.ready()
    house.world.run_until(lambda: bool(house.alice.talking))
    house.world.run(2)
    house.carrier.hang_up(call)
    house.world.run(2)


def reached_while_the_store_is_away(first: str = "agent") -> CalledHouse:
    house = CalledHouse(policy={"first": first})
    house.lose()
    house.world.store.away = True
    calls_in(house)
    assert house.world.store._promises[house.promise.id].state not in ENDED, "it has not heard of it"
    return house


def rung_before_a_crash() -> CalledHouse:
    """Control does not know whether his phone rings, and the store is away."""
    house = CalledHouse(policy={"first": "agent"})
    house.lose()
    house.ready()
    house.world.run_until(lambda: house.carrier.calls[-1].state == "ringing")
    killed(house)
    house.world.switch.control.set_paused("alice", "break")
    assert house.promise.state is S.UNCERTAIN
    house.world.store.away = True
    return house


@pytest.mark.parametrize("first", ["agent", "customer"])
def test_he_is_not_called_again(first: str) -> None:
    house = reached_while_the_store_is_away(first)
    killed(house)
    killed(house)  # once more, as it is not durable yet
    house.world.store.away = False
    house.world.run(200)
    row = house.world.store._promises[house.promise.id]
    assert (row.state, row.outcome) == (S.WITHDRAWN, "reached agent")
    assert not house.carrier.invites and not written(house) and not house.world.facts(UnitFailed)


def test_nothing_is_left_where_the_store_answers() -> None:
    house = CalledHouse()
    house.lose()
    calls_in(house)
    assert house.world.store._promises[house.promise.id].outcome == "reached agent" and not written(house)


def test_who_was_lost_again_is_owed_a_call() -> None:
    """The store is back, has heard of his further loss, and he reached nobody after that."""
    house = reached_while_the_store_is_away()
    house.world.crash()
    row = house.world.store._promises[next(iter(house.world.store._promises))]
    house.world.store.away = False
    house.world.store.put_promise(replace(row, losses=row.losses + 1, state=S.RECORDED), "theirs")
    house.world.start()
    house.world.run_until(lambda: len(house.carrier.invites) == 1, 100)
    assert not written(house)


def test_no_moment_is_without_the_record_while_the_store_has_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process may be killed in any: also after the ledger was given what the store knows."""
    house = rung_before_a_crash()
    calls_in(house)
    house.world.crash()
    (name,) = written(house)
    forgotten: list[str] = []
    monkeypatch.setattr(house.world.journal, "forget", forgotten.append)
    house.world.start()
    house.world.run(1)
    assert house.promise.state is S.UNCERTAIN and name not in forgotten


def test_who_is_lost_again_meanwhile_is_owed_a_call_that_is_written_nowhere_else() -> None:
    house = rung_before_a_crash()
    calls_in(house)
    assert written(house)
    house.lose()
    assert house.promise.losses == 2 and not written(house)


def test_who_is_lost_anew_while_the_store_is_away_is_called_for_what_it_knows() -> None:
    """His new promise dies with control."""
    house = reached_while_the_store_is_away()
    house.lose()
    killed(house)
    house.world.store.away = False
    house.ready()
    house.world.run_until(lambda: len(house.carrier.invites) == 1, 200)
    house.world.run(100)
    assert len(house.carrier.invites) == 1 and not written(house)


@pytest.mark.parametrize("dies", [True, False])
def test_who_has_reached_an_agent_after_that_is_not_called(dies: bool) -> None:
    house = reached_while_the_store_is_away()
    house.lose()
    calls_in(house)
    if dies:
        killed(house)
    house.world.store.away = False
    house.ready()
    house.world.run(300)
    assert not house.carrier.invites and not written(house) and not house.world.facts(UnitFailed)
    assert all(row.outcome == "reached agent" for row in house.world.store._promises.values())


def test_who_could_not_be_promised_anything_and_reached_an_agent_is_not_called() -> None:
    house = reached_while_the_store_is_away()
    told = Lost(
        house.carrier.user, "orders", "accepted-offer", "c-offered", house.world.switch.unix, 60.0, "c-offered/1"
    )
    house.world.switch.command(lambda: [TellLedger(told)])
    assert not written(house)
    house.world.run(10)
    assert written(house)


@pytest.mark.parametrize("dies", [True, False])
def test_nothing_is_left_of_a_loss_that_was_over_before_the_store_had_it(dies: bool) -> None:
    house = CalledHouse()
    house.world.store.away = True
    house.lose()
    calls_in(house)
    assert written(house), "the store may have it, though nobody heard so"
    if dies:
        killed(house)
    house.world.store.away = False
    house.world.run(200)
    rows = house.world.store._promises.values()
    assert [(row.state, row.outcome) for row in rows] == ([] if dies else [(S.WITHDRAWN, "reached agent")])
    assert not house.carrier.invites and not written(house)


def test_it_is_to_be_withdrawn_when_his_phone_rings_no_more() -> None:
    """He calls in while control does not know whether his phone rings."""
    house = rung_before_a_crash()
    calls_in(house)
    assert house.promise.state is S.UNCERTAIN and written(house)
    killed(house)
    assert house.promise.state is S.UNCERTAIN
    house.world.store.away = False
    house.world.run_until(lambda: house.promise.state is S.WITHDRAWN, 200)
    house.world.run(100)
    assert house.promise.outcome == "reached agent" and len(house.carrier.invites) == 1 and not written(house)


class Others(SimPool):
    """They lead what is not in our store."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.heard: list[Elsewhere] = []

    def elsewhere(self, order: Elsewhere) -> None:
        self.heard.append(order)


def test_others_are_told_who_lead_his_promise_by_then() -> None:
    house = CalledHouse()
    others = house.world.shared = Others(house.world)
    killed(house)
    house.lose()
    house.world.store.away = True
    calls_in(house)
    house.world.crash()
    ((id, theirs),) = house.world.store._promises.items()
    house.world.store.away = False
    house.world.store.put_promise(replace(theirs, state=S.FAILED), "theirs")
    for _ in range(2):  # nothing is given to the store after the word: it may not have it
        others.heard.clear()
        killed(house)
        assert others.heard == [Elsewhere(Withdraw(id, "reached agent", losses=theirs.losses))]
    assert written(house)
    house.lose()
    assert house.promise.id != id and not written(house)
