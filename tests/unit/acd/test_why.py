"""Pain 13: each decision names the one true reason for everybody who was passed over."""

from __future__ import annotations

import pickle
from collections import Counter
from typing import Any

import msgspec
import pytest

from softswitch.acd.candidates import Candidates
from softswitch.acd.decision import Decided, Record
from softswitch.acd.model import Leave, LogIn, Need, OfferFailed, QueueSpec, Reachability, Relaxation, WrapUp
from softswitch.acd.roster import Roster
from softswitch.core.effect import Effect
from tests.unit.acd.centre import GERMAN, Centre, only, spec


def decided(effects: list[Effect]) -> Decided:
    (decision,) = only(effects, Decided)
    return decision


REASONS = {
    "b_same": "idle for as long, later by name",
    "c_less": "idle for less time",
    "d_out": "logged out",
    "e_paused": "paused",
    "f_talking": "talking",
    "g_wrap": "wrap-up",
    "h_reserved": "reserved",
    "i_dead": "unreachable",
    "j_delay": "retry delay",
    "k_low": "level too low in german",
    "l_none": "lacks skill german",
}


def a_busy_centre() -> Centre:
    """One agent in each situation, arranged so that nobody but a_winner is next."""
    qualified = ["a_winner", *(name for name in REASONS if name not in ("k_low", "l_none"))]
    agents = [spec(name, german=5) for name in qualified] + [spec("k_low", german=4), spec("l_none", french=9)]
    centre = Centre(agents, [QueueSpec("q", (GERMAN,), wrap_up=WrapUp.timed(500), retry_busy_s=500)])
    for name in ("f_talking", "g_wrap", "h_reserved"):
        centre.staff(name)
        centre.join(f"c-{name}")
        if name != "h_reserved":
            centre.answer(f"c-{name}", name)
    centre.end("c-g_wrap", "g_wrap")
    centre.staff("j_delay")
    centre.join("c-delay")
    centre.tell(OfferFailed("c-delay", "j_delay", "busy"), Leave("c-delay", "abandoned"))
    centre.tell(LogIn("e_paused", ready=False), LogIn("i_dead"))
    for name in ("a_winner", "b_same"):
        centre.tell(Reachability(name, True), LogIn(name))
    centre.pass_time(1)
    centre.staff("c_less", "k_low", "l_none")
    return centre


def test_everybody_passed_over_has_the_true_reason() -> None:
    decision = decided(a_busy_centre().join("c1"))
    assert decision.agent == "a_winner"
    assert dict(decision.passed_over) == REASONS


def test_a_decision_for_nobody_names_all_and_is_said_again_when_something_changes() -> None:
    centre = Centre([spec("ann", german=2)], [QueueSpec("q", (GERMAN,), (Relaxation(30, (Need("german"),)),))])
    first = decided(centre.join("c1"))
    assert (first.agent, first.relaxed) == (None, False)
    assert first.passed_over == (("ann", "level too low in german"),)
    second = decided(centre.pass_time(30))
    assert (second.agent, second.relaxed, second.waited_s) == (None, True, 30)
    assert second.passed_over == (("ann", "logged out"),)


def test_a_short_skill_counts_before_a_low_level() -> None:
    centre = Centre([spec("ann", german=2), spec("bob", french=1)], [QueueSpec("q", (GERMAN, Need("french")))])
    assert dict(decided(centre.join("c1")).passed_over) == {"ann": "lacks skill french", "bob": "lacks skill german"}


def test_everybody_is_named_in_a_large_centre_and_what_is_kept_of_it_stays_small() -> None:
    agents = [spec(f"x{n:03}") for n in range(3000)] + [spec(f"y{n:03}", german=9) for n in range(30)]
    centre = Centre(agents, [QueueSpec("q", (GERMAN,))])
    centre.staff("y003", "y007")
    decision = decided(centre.join("c1"))
    assert decision.agent == "y003" and decision.record.bytes < 400
    assert Counter(reason for _, reason in decision.passed_over) == {
        "idle for less time": 1,
        "logged out": 28,
        "lacks skill german": 3000,
    }


def a_decision_of_many() -> Decided:
    return decided(a_busy_centre().join("c1"))


def test_the_record_alone_gives_the_winner_again() -> None:
    decision = a_decision_of_many()
    assert decision.replay() == decision.agent == "a_winner"
    assert decision.agents == ("a_winner",)


def test_a_record_outlives_the_store_and_says_the_same() -> None:
    decision = a_decision_of_many()
    record, among = decision.record, decision.record.among
    roster = Roster.from_plain(again(among.roster.to_plain()))
    read = Record.from_plain(again(record.to_plain()), Candidates.from_plain(again(among.to_plain()), roster))
    assert read.winners() == record.winners()
    assert dict(read.verdicts()) == dict(record.verdicts()) == dict(pickle.loads(pickle.dumps(record)).verdicts())


def test_a_record_is_not_read_with_the_agents_of_another_day() -> None:
    record = a_decision_of_many().record
    others = Roster([spec("a_winner", german=5)])
    with pytest.raises(ValueError, match="not of"):
        Candidates.from_plain(record.among.to_plain(), others)
    with pytest.raises(ValueError, match="not of"):
        Record.from_plain(record.to_plain(), Candidates(others, (GERMAN,)))


def again(plain: Any) -> Any:
    """As it comes back from a file."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(plain))
