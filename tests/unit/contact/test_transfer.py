"""What a contact orders when somebody wants to be replaced, order by order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from softswitch.acd.model import ContactEnded
from softswitch.call.signal import Accept, Answered, Failed, Progress, Reject, Release, Released, TransferProgress
from softswitch.contact.event import ContactFinished, TransferEnded
from softswitch.contact.handover import LegReplaced, TransferJoin, TransferTo, Yielded
from softswitch.contact.hunt import Hunt
from softswitch.contact.inbound import InboundContact
from softswitch.contact.journey import Facts
from softswitch.contact.order import Directory, HangUp, JoinRoom, LeaveRoom, MakeLeg, Target, TellAcd, TellLeg
from softswitch.contact.permission import Party
from softswitch.contact.script import DirectDial
from softswitch.core.effect import Effect
from softswitch.ivr.model import DialOut
from softswitch.sip.flow import Flow
from softswitch.sip.reason import ELSEWHERE, Reason

WALL = datetime(2026, 1, 1, tzinfo=UTC)
ANN, BOB, CARL = Party("1001", "1001"), Party("1002", "1002"), Party("1003", "1003")


class Phones:
    """Everybody has one phone, but "nobody"; the agent alice is bob's user."""

    def user_targets(self, user: str) -> tuple[Target, ...]:
        uri = f"sip:{user}@127.0.0.1"
        return () if user == "nobody" else (Target(uri, uri, Flow("udp", ("127.0.0.1", 5060), ("127.0.0.1", 6000))),)

    def agent_users(self, agent: str) -> tuple[str, ...]:
        return ("1002",)

    def told_in(self, queue: str, agent: str) -> str:
        return ""

    def hold_music(self, queue: str) -> str:
        return ""


def talking() -> InboundContact:
    """Ann (leg ``a``) has called Bob (leg ``b``)."""
    facts = Facts("c", "internal", "1001", "Ann", "1002", "")
    contact = InboundContact(facts, cast(Directory, Phones()), "a", DirectDial(DialOut(users=("1002",))), "en")
    contact.start(WALL, 0.0)
    contact.handle(Answered("c.dial1.1", None), 1.0)
    assert contact.bridge is not None and contact.bridge.right == "c.dial1.1"
    contact.handle(LegReplaced("c.dial1.1", "b", BOB), 1.5)  # for a shorter name
    return contact


def blind(called: str = "1003", leg: str = "b", contact: InboundContact | None = None) -> tuple[Any, list[Effect]]:
    contact = contact or talking()
    who, other = (BOB, ANN) if leg == "b" else (ANN, BOB)
    script = DirectDial(DialOut(users=(called,), ring_s=20.0))
    return contact, contact.handle(TransferTo(leg, who, other, called, script, "", WALL), 2.0)


def told(effects: list[Effect], leg: str = "b") -> list[object]:
    return [effect.command for effect in effects if isinstance(effect, TellLeg) and effect.leg == leg]


def joined(effects: list[Effect]) -> list[str]:
    return [effect.leg for effect in effects if isinstance(effect, JoinRoom)]


def rung(effects: list[Effect]) -> list[tuple[str, str]]:
    return [(effect.leg, effect.caller) for effect in effects if isinstance(effect, MakeLeg)]


def test_blind_parts_rings_and_joins() -> None:
    contact, effects = blind()
    assert [effect.leg for effect in effects if isinstance(effect, LeaveRoom)] == ["a", "b"]
    assert told(effects) == [TransferProgress(100)]
    assert rung(effects) == [("c.dial2.1", "1001")]
    assert told(contact.handle(Progress("c.dial2.1", 180, None), 3.0)) == [TransferProgress(180)]
    assert contact.handle(Progress("c.dial2.1", 183, None), 3.1) == []  # it rings; once is enough
    effects = contact.handle(Answered("c.dial2.1", None), 4.0)
    assert told(effects) == [TransferProgress(200, leave=True)]
    assert joined(effects) == ["a", "c.dial2.1"]
    assert TransferEnded("c", "blind", "done") in effects
    assert contact.handle(Released("b", "us", "released"), 5.0) == []
    assert contact.record.connected_at == 1.0


def test_the_caller_leaves_and_the_called_keeps_the_contact() -> None:
    contact, effects = blind(leg="a")
    assert rung(effects) == [("c.dial2.1", "1002")]
    assert (contact.leg, contact.facts.caller, contact.facts.caller_name) == ("b", "1002", "")
    contact.handle(Answered("c.dial2.1", None), 4.0)
    assert contact.handle(Released("a", "peer", "bye"), 4.5) == []
    effects = contact.handle(Released("b", "peer", "bye"), 5.0)
    assert told(effects, "c.dial2.1") == [Release()]
    (record,) = [effect.record for effect in effects if isinstance(effect, ContactFinished)]
    assert (record.caller, record.called, record.ended_by) == ("1001", "1002", "caller")


@pytest.mark.parametrize(("status", "said"), [(486, 486), (600, 486), (408, 480), (603, 603), (503, 503), (404, 404)])
def test_it_comes_to_nothing_and_comes_back(status: int, said: int) -> None:
    contact, _ = blind(leg="a")
    effects = contact.handle(Failed("c.dial2.1", status, "Because"), 3.0)
    assert told(effects, "a") == [TransferProgress(said)]
    assert joined(effects) == ["a", "b"]
    assert (contact.leg, contact.facts.caller, contact.facts.caller_name) == ("a", "1001", "Ann")
    effects = contact.handle(Released("b", "peer", "bye"), 5.0)  # the script is the old one again
    assert told(effects, "a") == [Release()]


def test_nobody_to_ring() -> None:
    contact, effects = blind("nobody")
    assert told(effects) == [TransferProgress(100), TransferProgress(480)]
    assert joined(effects) == ["a", "b"]
    assert contact.pending is None


def test_who_has_hung_up_is_rung_back_once() -> None:
    contact, _ = blind()
    assert contact.handle(Released("b", "peer", "bye"), 2.5) == []
    effects = contact.handle(Failed("c.dial2.1", 486, "Busy"), 3.0)
    assert told(effects) == [TransferProgress(486)]  # its subscription may still be there
    assert rung(effects) == [("c.dial3.1", "1001")]
    effects = contact.handle(Failed("c.dial3.1", 486, "Busy"), 4.0)
    assert told(effects, "a") == [Release()] and contact.over


def test_an_outsider_is_not_rung_back() -> None:
    contact = talking()
    script = DirectDial(DialOut(users=("1003",)))
    contact.handle(TransferTo("b", Party("", "138", True), ANN, "1003", script, "", WALL), 2.0)
    contact.handle(Released("b", "peer", "bye"), 2.5)
    effects = contact.handle(Failed("c.dial2.1", 486, "Busy"), 3.0)
    assert rung(effects) == [] and contact.over


@pytest.mark.parametrize("end", [Released("a", "peer", "bye"), HangUp()])
def test_called_off(end: object) -> None:
    contact, _ = blind()
    effects = contact.handle(end, 3.0)
    assert told(effects) == [TransferProgress(487, leave=True)]
    assert told(effects, "c.dial2.1") == [Release()]
    assert contact.over


@pytest.mark.parametrize("leg", ["a", "b"])
def test_one_at_a_time_and_only_who_talks(leg: str) -> None:
    contact = talking()
    assert contact.can_transfer(leg) == 0
    assert contact.can_transfer("x") == 403
    blind(contact=contact)
    assert contact.can_transfer(leg) == 491


def test_thirty_are_enough() -> None:
    contact = talking()
    for _ in range(30):
        assert contact.can_transfer("b") == 0
        blind("nobody", contact=contact)
    assert contact.can_transfer("b") == 403


# ---- agents ----------------------------------------------------------------------------------------------------


def free(effects: list[Effect]) -> list[ContactEnded]:
    return [
        effect.event for effect in effects if isinstance(effect, TellAcd) and isinstance(effect.event, ContactEnded)
    ]


def test_the_agents_part_is_over_when_the_target_answers_or_he_hangs_up() -> None:
    for event in (Answered("c.dial2.1", None), Released("b", "peer", "bye")):
        contact = talking()
        contact.agents["b"] = ("alice", "c")
        _, effects = blind(contact=contact)
        assert free(effects) == []
        assert free(contact.handle(event, 3.0)) == [ContactEnded("c", "alice")]
        assert contact.agent == "" and free(contact.handle(HangUp(), 4.0)) == []


def test_an_agent_who_stays_is_free_at_the_end() -> None:
    contact = talking()
    contact.agents["b"] = ("alice", "c")
    blind(leg="a", contact=contact)
    assert free(contact.handle(Answered("c.dial2.1", None), 3.0)) == []
    assert free(contact.handle(Released("b", "peer", "bye"), 4.0)) == [ContactEnded("c", "alice")]


# ---- attended --------------------------------------------------------------------------------------------------


def join(taken: Yielded) -> tuple[InboundContact, list[Effect]]:
    contact = talking()
    return contact, contact.handle(TransferJoin("b", BOB, ANN, "1003", taken), 2.0)


def test_who_talks_is_joined_at_once() -> None:
    contact, effects = join(Yielded(("t",), None, False, ("carla", "c2"), ("139",), False))
    assert told(effects) == [TransferProgress(200, leave=True)]
    assert joined(effects) == ["a", "t"]
    effects = contact.handle(Released("t", "peer", "bye"), 3.0)
    assert free(effects) == [ContactEnded("c2", "carla")]  # the ACD knows her under the other contact
    assert told(effects, "a") == [Release()] and contact.over


def ringing(answers: bool) -> tuple[InboundContact, list[Effect]]:
    hunt = Hunt("dial", "c2.dial1.", Phones().user_targets("1003"), "1002", "", 20.0)
    hunt.start()
    contact, effects = join(Yielded(tuple(hunt.ringing), hunt, False, None, (), False))
    assert told(effects) == [TransferProgress(180)]
    event = Answered("c2.dial1.1", None) if answers else Failed("c2.dial1.1", 486, "Busy")
    return contact, contact.handle(event, 3.0)


def test_who_rings_is_waited_for() -> None:
    _, effects = ringing(True)
    assert told(effects) == [TransferProgress(200, leave=True)] and joined(effects) == ["a", "c2.dial1.1"]
    _, effects = ringing(False)
    assert told(effects) == [TransferProgress(486)] and joined(effects) == ["a", "b"]


def test_a_party_is_given_away_with_all_that_is_its() -> None:
    contact = talking()
    contact.agents["b"] = ("alice", "c")
    contact.numbers.append("139")
    assert contact.bridge is not None
    contact.bridge.held_by |= {"b"}
    yielded = contact.yield_other("a", Release(487), 2.0)
    assert yielded is not None
    taken, effects = yielded
    assert taken == Yielded(("b",), None, True, ("alice", "c"), ("139",), False)
    assert told(effects, "a") == [Release(487)] and told(effects) == [] and free(effects) == []
    assert contact.over and contact.record.ended_by == "caller"
    assert contact.yield_other("a", Release(487), 2.0) is None


def test_nobody_there_to_be_given_away() -> None:
    contact, _ = blind()
    assert contact.yield_other("a", Release(487), 2.0) is None
    assert talking().yield_other("x", Release(487), 2.0) is None


# ---- INVITE with Replaces --------------------------------------------------------------------------------------


def test_a_phone_takes_the_place_of_another() -> None:
    contact = talking()
    effects = contact.handle(LegReplaced("a", "n", CARL), 2.0)
    assert told(effects, "n") == [Accept()] and told(effects, "a") == [Release()]
    assert joined(effects) == ["n", "b"] and contact.leg == "n"
    assert contact.handle(Answered("n", None), 2.1) == []
    assert contact.handle(Released("a", "us", "released"), 2.2) == []


def test_an_agents_own_phone_keeps_him_anothers_frees_him() -> None:
    contact = talking()
    contact.agents["b"] = ("alice", "c")
    assert free(contact.handle(LegReplaced("b", "n", BOB), 2.0)) == []
    assert contact.agent == "alice"
    assert free(contact.handle(LegReplaced("n", "m", CARL), 2.0)) == [ContactEnded("c", "alice")]


def test_what_rings_is_picked_up_and_what_is_gone_is_not() -> None:
    contact, _ = blind()
    effects = contact.handle(LegReplaced("c.dial2.1", "n", CARL), 2.5)
    assert told(effects, "n") == [Accept()] and told(effects, "c.dial2.1") == [Release(causes=(ELSEWHERE,))]
    assert joined(effects) == ["a", "n"]
    assert told(contact.handle(LegReplaced("c.dial2.1", "m", CARL), 2.6), "m") == [Reject(488)]


def test_what_one_side_says_of_the_end_the_other_side_hears() -> None:
    contact, _ = blind(leg="a")
    contact.handle(Answered("c.dial2.1", None), 4.0)
    contact.handle(Released("a", "peer", "bye", (ELSEWHERE,)), 4.5)  # of the transfer: nobody is released by it
    busy = Reason("Q.850", 16, "Normal call clearing")
    effects = contact.handle(Released("b", "peer", "bye", (busy,)), 5.0)
    assert told(effects, "c.dial2.1") == [Release(causes=(busy,))]
