"""A day that was: what it leaves in the store is enough to play it again."""

import asyncio
import functools
import json
import random
import shutil
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from softswitch.acd.model import (
    AgentSpec,
    AgentState,
    AgentStateChanged,
    LogIn,
    LogOut,
    QueueJoined,
    QueueLeft,
    QueueSpec,
    SetPaused,
    SetReady,
    WrapUp,
)
from softswitch.acd.statistics import Promise
from softswitch.callback.model import PromiseChanged
from softswitch.cli.main import app
from softswitch.core.effect import DomainEvent
from softswitch.ivr.moment import past as moment
from softswitch.simulation.account import Account
from softswitch.simulation.arrival import exponential, poisson
from softswitch.simulation.past import Day, day
from softswitch.simulation.patience import Patience
from softswitch.simulation.people import Habits
from softswitch.simulation.result import Result, result
from softswitch.simulation.roster import Shift, Shifts, Turn
from softswitch.simulation.run import Run
from softswitch.store.past import past
from softswitch.store.store import Store

ROOT = Path(__file__).parents[3]
DAY, ZONE = "2026-01-07", "Asia/Shanghai"  # as the sample configuration
MIDNIGHT = moment(DAY, 1_790_000_000.0, ZONE)
QUEUES = [QueueSpec("orders", wrap_up=WrapUp.timed(10.0)), QueueSpec("service", wrap_up=WrapUp.timed(10.0))]
AGENTS = [AgentSpec(name, "", ()) for name in ("alice", "bob", "carol")]
SHIFTS = Shifts((
    Shift("alice", 8 * 3600.0, 16 * 3600.0), Shift("alice", 12 * 3600.0, 12.5 * 3600, "lunch"),
    Shift("bob", 9 * 3600.0, 17 * 3600.0), Shift("carol", 9 * 3600.0, 12 * 3600.0),
))  # fmt: skip
PROMISES = {"orders": Promise(20.0), "service": Promise(20.0)}
S = AgentState
KEPT = (QueueJoined, QueueLeft, AgentStateChanged, PromiseChanged)
Facts = list[tuple[float, DomainEvent]]


@functools.cache
def lived(seed: int = 5) -> tuple[Result, Facts]:
    """A day, and what a switch would have kept of it."""
    account, facts = Account(PROMISES), Facts()
    chance = random.Random(seed)
    talk, patience = exponential(chance, 120.0), exponential(chance, 100.0)
    coming = sorted(
        (
            one
            for queue, per_h in (("orders", 40), ("service", 20))
            for one in poisson(chance, queue, per_h, 16.5 * 3600, talk, patience, since_s=9 * 3600.0)
        ),
        key=lambda one: one.at,
    )

    def hear(event: DomainEvent, now: float) -> None:
        account.observe(event, now)
        if isinstance(event, KEPT):
            facts.append((now, event))

    run = Run(AGENTS, QUEUES, hear, Habits(4.0, misses=0.05), roster=SHIFTS)
    return result(run.play(coming), account), facts


def read(facts: Iterable[tuple[float, DomainEvent]]) -> Day:
    return day(facts, (), 86400.0, QUEUES, ["alice", "bob", "carol"], PROMISES)


def changed(old: AgentState, new: AgentState, reason: str = "", contact: str | None = None) -> DomainEvent:
    return AgentStateChanged("alice", old, new, reason, contact)


def test_the_figures_of_the_day_are_those_that_it_had() -> None:
    was, facts = lived()
    found = read(facts)
    assert {name: one.told() for name, one in found.real.queues.items()} == {
        name: one.told() for name, one in was.queues.items()
    }
    assert found.real.agents.told() == pytest.approx(was.agents.told())
    assert found.real.waits_s == was.waits_s


def test_played_again_it_is_about_the_same() -> None:
    was, facts = lived()
    found = read(facts)
    account = Account(PROMISES)
    again = result(
        Run(AGENTS, QUEUES, account.observe, found.habits, roster=found.roster).play(found.arrivals), account
    )
    for name in ("orders", "service"):
        mine, theirs = again.queues[name], was.queues[name]
        assert mine.offered == theirs.offered
        assert mine.answered == pytest.approx(theirs.answered, rel=0.06)
        assert mine.speed_of_answer_s == pytest.approx(theirs.speed_of_answer_s, rel=0.25)
    assert again.agents.occupancy == pytest.approx(was.agents.occupancy, abs=0.03)
    assert found.habits.pickup_s == pytest.approx(4.0) and 0.02 < found.habits.misses < 0.09
    assert found.habits.back_s == 120.0


def test_who_gave_up_is_as_patient_as_he_was_and_who_was_answered_at_least() -> None:
    _, facts = lived()
    left = {event.contact: event for _, event in facts if isinstance(event, QueueLeft)}
    joined = [event.contact for _, event in facts if isinstance(event, QueueJoined)]
    for contact, arrival in zip(joined, read(facts).arrivals, strict=True):
        waited_s = left[contact].waited_s
        if left[contact].why == "abandoned":
            assert arrival.patience_s == waited_s
        else:
            assert arrival.patience_s > waited_s


def test_shifts_breaks_talk_and_wrap_up_are_read_from_the_states() -> None:
    found = read([
        (100.0, changed(S.LOGGED_OUT, S.READY)),
        (200.0, QueueJoined("c1", "orders", 1, "call")),
        (200.0, changed(S.READY, S.RESERVED, contact="c1")),
        (203.0, QueueLeft("c1", "orders", "answered", 3.0, "call", "alice")),
        (203.0, changed(S.RESERVED, S.TALKING, contact="c1")),
        (263.0, changed(S.TALKING, S.WRAP_UP, contact="c1")),
        (267.5, changed(S.WRAP_UP, S.READY, contact="c1")),
        (300.0, changed(S.READY, S.PAUSED, "lunch")),
        (400.0, changed(S.PAUSED, S.READY)),
        (500.0, changed(S.READY, S.LOGGED_OUT)),
    ])  # fmt: skip
    assert found.roster.turns == (
        Turn(100.0, LogIn("alice")), Turn(300.0, SetPaused("alice", "lunch")), Turn(400.0, SetReady("alice")),
        Turn(500.0, LogOut("alice")),
    )  # fmt: skip
    (one,) = found.arrivals
    assert (one.at, one.talk_s, one.wrap_up_s) == (200.0, 60.0, 4.5), "he did not need all of the ten seconds"


def test_a_wrap_up_that_ran_out_is_left_to_the_queue_and_work_may_have_begun_yesterday() -> None:
    found = read([
        (50.0, QueueJoined("c1", "orders", 1, "call")),
        (60.0, QueueLeft("c1", "orders", "answered", 10.0, "call", "alice")),
        (60.0, changed(S.RESERVED, S.TALKING, contact="c1")),
        (90.0, changed(S.TALKING, S.WRAP_UP, contact="c1")),
        (100.0, changed(S.WRAP_UP, S.READY, contact="c1")),
    ])  # fmt: skip
    assert found.arrivals[0].wrap_up_s is None
    assert found.roster.turns == (Turn(0.0, LogIn("alice")), Turn(86400.0, LogOut("alice")))


def test_who_was_moved_has_come_once_and_who_was_turned_away_has_come() -> None:
    facts: Facts = [
        (10.0, QueueJoined("c1", "service", 1, "call")),
        (30.0, QueueLeft("c1", "service", "moved", 20.0, "call")),
        (30.0, QueueJoined("c1", "orders", 1, "call", why="moved", old="service")),
        (50.0, QueueLeft("c1", "orders", "abandoned", 40.0, "call")),
        (60.0, QueueJoined("b1", "orders", 1, "callback")),
    ]
    found = day(facts, [(55.0, "orders")], 86400.0, QUEUES, [], PROMISES)
    assert [(one.at, one.queue) for one in found.arrivals] == [(10.0, "orders"), (55.0, "orders")]
    assert found.arrivals[0].patience_s == 40.0
    assert found.real.outcome.refused == 1 and found.real.outcome.contacts == 2


def test_an_overflow_comes_once_to_the_queue_that_he_wanted() -> None:
    found = read([
        (10.0, QueueJoined("c1", "service", 1, "call")),
        (70.0, QueueLeft("c1", "service", "timeout", 60.0, "call")),
        (70.0, QueueJoined("c1", "orders", 1, "call", why="overflow", old="service")),
        (90.0, QueueLeft("c1", "orders", "abandoned", 80.0, "call")),
        (95.0, QueueJoined("c2", "orders", 1, "call", why="overflow", old="service")),
        (99.0, QueueLeft("c2", "orders", "abandoned", 4.0, "call")),
    ])  # fmt: skip
    assert [(one.at, one.queue, one.patience_s) for one in found.arrivals] == [
        (10.0, "service", 80.0), (95.0, "service", 4.0)
    ]  # fmt: skip


def test_patience_is_that_of_kaplan_and_meier() -> None:
    patience = Patience([(10.0, True), (20.0, False), (30.0, True), (40.0, False)])
    # Of four one gives up at 10: 3/4 are left; of two one at 30: 3/8. Then 2 in 100 seconds of waiting.
    assert [patience.draw(0.0, luck) for luck in (0.0, 0.2, 0.3, 0.6)] == [10.0, 10.0, 30.0, 30.0]
    assert patience.draw(15.0, 0.4) == 30.0, "half of who has waited so long is patient beyond"
    assert patience.mean_s == 50.0 and patience.draw(0.0, 0.9) > 30.0
    assert Patience([(10.0, False)]).draw(5.0, 0.5) == float("inf")
    chance = random.Random(1)
    true = [chance.expovariate(1 / 60) for _ in range(4000)]
    limits = [chance.expovariate(1 / 60) for _ in true]
    seen = Patience((min(own, limit), own <= limit) for own, limit in zip(true, limits, strict=True))
    drawn = [seen.draw(0.0, chance.random()) for _ in range(4000)]
    assert statistics.fmean(drawn) == pytest.approx(60.0, rel=0.1) and seen.mean_s == pytest.approx(60.0, rel=0.1)


async def stored(url: str, facts: Facts) -> None:
    store = await Store.open(url)
    for at, fact in facts:
        store.put_event(MIDNIGHT + at, fact)
    await store.close()


async def test_the_store_gives_back_what_was_put_between_other_days(tmp_path: Path) -> None:
    _, facts = lived()
    url = f"sqlite:///{tmp_path}/softswitch.db"
    around: Facts = [(-90_000.0, facts[0][1]), *facts, (90_000.0, facts[0][1])]
    await stored(url, around)
    found = await past(url, MIDNIGHT, MIDNIGHT + 86400)
    assert [fact for _, fact in found.facts] == [fact for _, fact in facts]
    assert [at - MIDNIGHT for at, _ in found.facts] == pytest.approx([at for at, _ in facts], abs=1e-5)
    assert not (await past(url, MIDNIGHT + 86400, MIDNIGHT + 88_000)).facts


def _simulate(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["simulate", *arguments])
    return done.exit_code, done.output


async def test_the_command_plays_a_day_and_shows_it_as_it_was(tmp_path: Path) -> None:
    was, facts = lived()
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    url = f"sqlite:///{tmp_path}/var/softswitch.db"
    written = (config / "softswitch.yaml").read_text()
    (config / "softswitch.yaml").write_text(written.replace("sqlite:///var/softswitch.db", url))
    await stored(url, facts)
    code, output = await asyncio.to_thread(_simulate, "--config", str(config), "--day", DAY, "--json")
    assert code == 0, output
    told: dict[str, Any] = json.loads(output[output.index("{") : output.rindex("}") + 1])
    orders = {row["configuration"]: row for row in told["rows"] if row["queue"] == "orders"}
    assert orders["as it was"]["answered"] == was.queues["orders"].answered
    assert orders[str(config)]["offered"] + orders[str(config)]["refused"] == orders["as it was"]["offered"]
    assert any("Kaplan" in note for note in told["assumed"])
    code, output = await asyncio.to_thread(_simulate, "--config", str(config), "--day", "2026-01-09")
    assert code == 1 and "nothing was kept of 2026-01-09" in output
