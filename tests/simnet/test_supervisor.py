"""Supervisors: who hears whom, in every mode and in every order of events, and what is written down of it."""

from __future__ import annotations

import pytest

from softswitch.contact.event import ContactFinished
from softswitch.contact.supervision import (
    SupervisionBegan,
    SupervisionChanged,
    SupervisionEnded,
)
from softswitch.switch.view import Refused
from tests.simnet.house import plans
from tests.simnet.supervised_house import BOSS, SURVEY, SupervisedHouse
from tests.simnet.test_promise import abandoned
from tests.simnet.transfer_house import all_over, hear_each_other, queued, talk
from tests.simnet.transfer_phone import TransferPhone


@pytest.fixture
def house() -> SupervisedHouse:
    return SupervisedHouse()


# ---- how it begins, and who hears whom ---------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "mode"), [("*31", "listen"), ("*32", "whisper"), ("*33", "barge")])
def test_by_a_code_from_the_phone(house: SupervisedHouse, code: str, mode: str) -> None:
    caller, agent = queued(house)
    boss = house.dial(f"{code}1001")
    assert boss.state == "talking" and house.mode(caller, agent, boss) == mode
    (began,) = house.world.facts(SupervisionBegan)
    contact = house.world.switch.calls.contact_at(house.stream(caller))
    assert (began.contact, began.user, began.supervisor, began.mode, began.by) == (contact, "1001", BOSS, mode, "phone")
    house.boss.hang_up(boss)
    house.world.run(0.3)
    assert hear_each_other(house, caller, agent) and house.hears(agent, caller)
    (ended,) = house.world.facts(SupervisionEnded)
    assert (ended.why, ended.mode) == ("hung up", mode) and ended.lasted_s == pytest.approx(0.2, abs=0.1)
    house.the_end()


@pytest.mark.parametrize("mode", ["listen", "whisper", "barge"])
@pytest.mark.parametrize("target", ["contact", "1001", "alice"])
def test_by_command_his_phone_rings(house: SupervisedHouse, mode: str, target: str) -> None:
    caller, agent = queued(house)
    contact = house.world.switch.calls.contact_at(house.stream(caller))
    view = house.supervise(contact if target == "contact" else target, mode)
    assert (view.kind, view.caller, view.called, view.state) == ("supervision", BOSS, "1001", "ringing")
    house.world.run_until(lambda: house.boss.talking)
    house.world.run(0.1)
    boss = house.boss.talking[0]
    assert house.mode(caller, agent, boss) == mode
    assert boss.caller == {"listen": "*311001", "whisper": "*321001", "barge": "*331001"}[mode]  # to be dialled again
    seen = {call.contact: call.state for call in house.world.switch.control.calls()}
    assert seen == {contact: "talking", view.contact: mode}
    house.the_end()
    kinds = {fact.record.kind: fact.record for fact in house.world.facts(ContactFinished)}
    record = kinds["supervision"]
    assert (record.caller, record.called, record.outcome) == (BOSS, "1001", "answered")
    assert record.ended_at > record.connected_at > record.started_at


def test_the_mode_changes_by_key_and_by_command(house: SupervisedHouse) -> None:
    caller, agent = queued(house)
    boss = house.dial("*311001")
    for key, mode in (
        ("5", "whisper"),
        ("6", "barge"),
        ("6", "barge"),
        ("4", "listen"),
        ("7", "listen"),
        ("6", "barge"),
    ):
        house.boss.press(boss, key)
        house.world.run(5.0)
        assert house.mode(caller, agent, boss) == mode
    before = house.supervise("alice", "whisper")
    assert before.state == "whisper" and house.mode(caller, agent, boss) == "whisper"
    assert house.supervise(before.contact, "barge").contact == before.contact  # named by his own call
    assert house.mode(caller, agent, boss) == "barge"
    changes = [(fact.old, fact.mode, fact.by) for fact in house.world.facts(SupervisionChanged)]
    assert changes == [
        ("listen", "whisper", "phone"), ("whisper", "barge", "phone"), ("barge", "listen", "phone"),
        ("listen", "barge", "phone"), ("barge", "whisper", "api test"), ("whisper", "barge", "api test"),
    ]  # fmt: skip
    assert len(house.boss.calls) == 1
    house.the_end()


def test_keys_of_the_two_who_talk_change_nothing_and_his_reach_nobody(house: SupervisedHouse) -> None:
    caller, agent = queued(house)
    boss = house.dial("*311001")
    house.alice.press(agent, "6")
    house.world.run(0.1)
    house.carrier.press(caller, "6")
    house.world.run(0.1)
    assert house.mode(caller, agent, boss) == "listen"
    pressed = len(house.world.media.pressed)
    house.boss.press(boss, "6")
    house.world.run(0.1)
    assert len(house.world.media.pressed) == pressed == 2
    house.the_end()


def test_a_call_between_two_of_us_and_each_side_of_it(house: SupervisedHouse) -> None:
    one, other = talk(house, house.desk, house.bob)
    by_called, by_caller = house.dial("*321002"), house.dial("*321004")
    media = house.world.media
    assert media.voices(house.stream(other)) == {house.stream(one), house.stream(by_called)}
    assert media.voices(house.stream(one)) == {house.stream(other), house.stream(by_caller)}
    assert house.hears(by_called, one, other) and house.hears(by_caller, one, other)  # and no other whisper
    house.the_end()


def test_the_recording_of_the_call_has_its_two_sides_and_nothing_else(house: SupervisedHouse) -> None:
    caller, agent = queued(house)
    house.dial("*321001")
    ((_, left, right),) = house.world.media.recordings.values()
    assert (left, right) == (house.stream(caller), house.stream(agent))
    house.the_end()
    records = {fact.record.kind: fact.record.recording for fact in house.world.facts(ContactFinished)}
    assert records["inbound"] and not records["supervision"]


def test_what_is_said_to_both_has_a_file_of_its_own(house: SupervisedHouse) -> None:
    queued(house)
    boss = house.dial("*311001")
    media, control = house.world.media, house.world.switch.control
    call, own = (one.contact for one in control.calls())
    stream = house.stream(boss)
    for key, recorded in zip("65646", (True, False, True, False, True), strict=True):
        house.boss.press(boss, key)
        house.world.run(5.0)
        sides = [(left, right) for _, left, right in media.recordings.values() if stream in (left, right)]
        assert sides == ([(stream, None)] if recorded else [])
    control.pause_recording(call, "card number")
    assert media.pauses == [(f"room-{call}", "card number"), (f"room-{own}", "card number")]
    house.hold(house.boss, boss)
    house.world.run(0.3)
    assert list(media.recordings) == [f"room-{call}"]
    house.the_end()
    (record,) = [fact.record for fact in house.world.facts(ContactFinished) if fact.record.kind == "supervision"]
    assert record.recording == f"{call}-{own}.wav,{call}-{own}-2.wav,{call}-{own}-3.wav"
    assert [path.name for path in media.recorded[1:]] == record.recording.split(",")


def test_nothing_of_him_is_recorded_where_the_call_is_not() -> None:
    house = SupervisedHouse(recorded=frozenset())
    queued(house)
    house.dial("*331001")
    assert not house.world.media.recordings
    house.the_end()


# ---- hold --------------------------------------------------------------------------------------------------------


def test_whoever_is_on_hold_hears_music_and_no_whisper(house: SupervisedHouse) -> None:
    caller, agent = queued(house)
    boss = house.dial("*321001")
    house.hold(house.alice, agent)
    house.world.run(0.3)
    assert house.world.media.heard_by(caller.rtp) == "music"
    assert house.world.media.voices(house.stream(caller)) == {house.stream(agent)}  # what is under the music
    house.hold(house.alice, agent, False)
    house.world.run(0.3)
    assert house.world.media.heard_by(caller.rtp) == "talk" and house.mode(caller, agent, boss) == "whisper"
    house.the_end()


def test_the_music_of_a_supervisor_who_holds_reaches_nobody(house: SupervisedHouse) -> None:
    caller, agent = queued(house)
    boss = house.dial("*331001")
    house.hold(house.boss, boss)
    house.world.run(0.3)
    assert house.mode(caller, agent, boss) == "listen"
    house.hold(house.boss, boss, False)
    house.world.run(0.3)
    assert house.mode(caller, agent, boss) == "barge"
    assert not house.world.facts(SupervisionChanged)
    house.the_end()


# ---- every order of events ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["caller", "agent"])
def test_the_supervisors_leg_ends_with_the_call(house: SupervisedHouse, who: str) -> None:
    caller, agent = queued(house)
    boss = house.dial("*321001")
    if who == "caller":
        house.carrier.hang_up(caller)
    else:
        house.alice.hang_up(agent)
    house.world.run_until(lambda: boss.state == "ended", 2)
    assert house.why() == ["call over"]
    house.the_end()


def test_the_agent_leaves_and_the_caller_goes_on(house: SupervisedHouse) -> None:
    """To a survey, for example: nobody supervises a caller alone."""
    house = SupervisedHouse(plans=plans(SURVEY))
    caller, agent = queued(house)
    boss = house.dial("*331001")
    house.alice.hang_up(agent)
    house.world.run_until(lambda: boss.state == "ended", 2)
    assert house.why() == ["agent left"] and caller.state == "talking"
    assert house.world.media.heard_by(caller.rtp) == "prompt"
    house.the_end()


@pytest.mark.parametrize("who", ["caller", "agent"])
def test_the_call_ends_while_the_supervisors_phone_rings(house: SupervisedHouse, who: str) -> None:
    house.boss.answer_after = None
    caller, agent = queued(house)
    house.supervise("1001")
    house.world.run(1.0)
    assert house.boss.calls[0].state == "ringing"
    if who == "caller":
        house.carrier.hang_up(caller)
    else:
        house.alice.hang_up(agent)
    house.world.run_until(lambda: house.boss.calls[0].state == "ended", 2)
    all_over(house)
    assert not house.why() and not house.world.facts(SupervisionBegan)  # he has heard nothing
    kinds = {fact.record.kind: fact.record.outcome for fact in house.world.facts(ContactFinished)}
    assert kinds["supervision"] == "cancelled"


@pytest.mark.parametrize("lead_ms", [-20, -10, -5, 0, 5, 10, 20])
def test_the_answer_crosses_the_end_of_the_call(house: SupervisedHouse, lead_ms: int) -> None:
    house.boss.answer_after = None
    caller, _ = queued(house)
    house.supervise("1001")
    house.world.run(1.0)
    ringing = house.boss.calls[0]
    house.world.after(0.05, lambda: house.carrier.hang_up(caller))
    house.world.after(0.05 + lead_ms / 1000, lambda: house.boss.answer(ringing))
    house.world.run(1.0)
    assert ringing.state == "ended"
    all_over(house)


@pytest.mark.parametrize(("reject", "outcome"), [(486, "busy"), (603, "rejected"), (480, "no answer")])
def test_he_does_not_answer(house: SupervisedHouse, reject: int, outcome: str) -> None:
    house.boss.reject = reject
    caller, agent = queued(house)
    house.supervise("1001")
    house.world.run(1.0)
    assert hear_each_other(house, caller, agent)
    (ended,) = house.world.facts(ContactFinished)
    assert (ended.record.kind, ended.record.outcome) == ("supervision", outcome)
    house.the_end()


def test_his_phone_rings_in_vain(house: SupervisedHouse) -> None:
    house.boss.answer_after = None
    caller, agent = queued(house)
    house.supervise("1001")
    house.world.run(1.0)
    house.world.run_until(lambda: house.boss.calls[0].state == "ended", 60)
    assert hear_each_other(house, caller, agent)
    house.the_end()


def test_he_hangs_up_at_once(house: SupervisedHouse) -> None:
    """The BYE may come before the ACK has made the leg whole."""
    caller, agent = queued(house)
    boss = house.boss.call("*331001")
    house.world.run_until(lambda: boss.state == "talking")
    house.boss.hang_up(boss)
    house.world.run(1.0)
    assert hear_each_other(house, caller, agent) and house.hears(caller, agent)
    assert house.why() == ["hung up"]
    house.the_end()


def test_an_admin_ends_it(house: SupervisedHouse) -> None:
    caller, agent = queued(house)
    view = house.supervise("1001", "barge")
    house.world.run_until(lambda: house.boss.talking)
    house.world.run(0.1)
    house.world.switch.control.hang_up(view.contact)
    house.world.run(1.0)
    assert not house.boss.talking and house.why() == ["ordered"] and hear_each_other(house, caller, agent)
    house.the_end()


def test_two_supervisors_and_one_leaves(house: SupervisedHouse) -> None:
    house = SupervisedHouse(carl=("all",))
    caller, agent = queued(house)
    boss, second = house.dial("*311001"), house.dial("*331001", house.carl)
    assert house.hears(boss, caller, agent, second) and house.hears(caller, agent, second)
    assert house.hears(second, caller, agent)
    house.carl.hang_up(second)
    house.world.run(0.3)
    assert house.mode(caller, agent, boss) == "listen"
    house.the_end()


# ---- transfers ---------------------------------------------------------------------------------------------------


def test_it_is_over_when_the_agent_has_given_the_call_away(house: SupervisedHouse) -> None:
    caller, agent = queued(house)
    boss = house.dial("*331001")
    house.carl.answer_after = 2.0
    house.alice.refer(agent, "1003")
    house.world.run(1.0)
    assert boss.state == "talking" and house.hears(boss)  # it may come back to her
    house.world.run_until(lambda: house.carl.talking)
    house.world.run(0.3)
    assert boss.state == "ended" and house.why() == ["agent left"]
    assert hear_each_other(house, caller, house.carl.talking[0])
    house.the_end()


def test_it_goes_on_when_the_call_comes_back(house: SupervisedHouse) -> None:
    caller, agent = queued(house)
    boss = house.dial("*321001")
    house.carl.answer_after, house.carl.reject = None, 486
    house.alice.refer(agent, "1003")
    house.world.run(2.0)
    assert house.mode(caller, agent, boss) == "whisper" and not house.why()
    assert len(house.world.facts(SupervisionBegan)) == 1  # one stretch, of one call
    house.the_end()


def test_into_a_queue_the_agent_is_gone_at_once(house: SupervisedHouse) -> None:
    _, agent = queued(house)
    boss = house.dial("*311001")
    house.alice.refer(agent, "8000")
    house.world.run(0.5)
    assert boss.state == "ended" and house.why() == ["agent left"]
    house.the_end()


def test_it_follows_the_line_into_another_call(house: SupervisedHouse) -> None:
    """The desk calls bob, and gives him a customer of its own: bob is now in the customer's call."""
    mine, caller = talk(house, house.desk, house.carrier, "913800138000")
    consulting, bobs = talk(house, house.desk, house.bob)
    boss = house.dial("*321002")
    assert house.mode(consulting, bobs, boss) == "whisper"
    house.desk.refer_to_call(mine, consulting, "1002")
    house.world.run(1.0)
    assert hear_each_other(house, caller, bobs) and house.mode(caller, bobs, boss) == "whisper"
    first, second = house.world.facts(SupervisionBegan)
    assert first.contact != second.contact and second.by == "moved" and house.why() == ["moved"]
    house.the_end()


def test_it_follows_the_agent_to_another_phone(house: SupervisedHouse) -> None:
    caller, agent = queued(house)
    boss = house.dial("*321001")
    second = TransferPhone(house.world, "1001", 6201, "pw-1001")
    taken = second.take_over(house.alice.replaces(agent))
    house.world.run(1.0)
    assert agent.state == "ended" and house.mode(caller, taken, boss) == "whisper" and not house.why()
    second.hang_up(taken)
    house.the_end()


def test_not_into_a_call_that_he_may_not_hear() -> None:
    """The desk waits in two queues, and joins both agents: bob is in a call of the other queue then."""
    house = SupervisedHouse("service")
    first, alices = house.queue(house.desk, "1", house.alice)
    second, bobs = house.queue(house.desk, "2", house.bob)
    assert house.dial("*311001").status == 403
    boss = house.dial("*311002")
    assert house.mode(second, bobs, boss) == "listen"
    house.desk.refer_to_call(first, second, "1002")
    house.world.run(1.0)
    assert hear_each_other(house, alices, bobs)
    assert boss.state == "ended" and house.why() == ["not allowed"]
    house.the_end()


# ---- taking over -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["key", "command"])
def test_he_takes_the_agents_place(house: SupervisedHouse, by: str) -> None:
    caller, agent = queued(house)
    boss = house.dial("*321001")
    if by == "key":
        house.boss.press(boss, "9")
    else:
        house.supervise("1001", "take-over")
    house.world.run(0.5)
    assert agent.state == "ended" and house.agent("alice") == "wrap_up"
    assert hear_each_other(house, caller, boss) and house.hears(caller, boss) and house.hears(boss, caller)
    ((_, left, right),) = house.world.media.recordings.values()
    assert (left, right) == (house.stream(caller), house.stream(boss))
    assert house.why() == ["took over"]
    house.boss.press(boss, "6")  # an ordinary call now: keys are for the caller
    house.world.run(0.1)
    assert house.world.media.pressed[-1][:2] == (house.stream(caller), "6")
    house.boss.refer(boss, "1003")  # and his own to transfer
    house.world.run_until(lambda: house.carl.talking)
    house.world.run(0.3)
    assert hear_each_other(house, caller, house.carl.talking[0])
    house.the_end()
    inbound = [fact.record for fact in house.world.facts(ContactFinished) if fact.record.kind == "inbound"]
    assert [record.agent for record in inbound] == ["alice"]


def test_nobody_takes_over_whom_he_does_not_hear(house: SupervisedHouse) -> None:
    caller, agent = queued(house)
    with pytest.raises(Refused) as refused:
        house.supervise("1001", "take-over")
    assert refused.value.why == "not there" and hear_each_other(house, caller, agent)
    house.boss.answer_after = None
    house.supervise("1001")
    house.world.run(0.3)
    with pytest.raises(Refused) as refused:
        house.supervise("1001", "take-over")  # before he has answered
    assert refused.value.why == "not there"
    house.world.run(0.3)
    assert hear_each_other(house, caller, agent)
    house.the_end()


def test_a_new_control_process_ends_his_leg_and_goes_on_with_the_call(house: SupervisedHouse) -> None:
    caller, agent = queued(house)
    boss = house.dial("*331001")
    house.world.crash()
    house.world.run(2.0)
    house.world.start()
    house.world.run(1.0)
    assert boss.state == "ended" and hear_each_other(house, caller, agent)
    assert house.hears(caller, agent) and house.hears(agent, caller)
    house.the_end()


@pytest.mark.parametrize("takes_over", [False, True])
def test_a_promise_that_is_kept_can_be_heard_too(house: SupervisedHouse, takes_over: bool) -> None:
    """Before customer and agent talk there is nothing to be heard."""
    abandoned(house)
    house.carrier.answer_after = 3.0
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.alice.talking)
    house.world.run(0.5)
    assert house.dial("*321001").status == 480
    house.world.run_until(lambda: house.carrier.talking)
    house.world.run(0.5)
    caller, agent = house.carrier.talking[0], house.alice.talking[0]
    boss = house.dial("*321001")
    assert house.mode(caller, agent, boss) == "whisper"
    if takes_over:
        house.boss.press(boss, "9")
        house.world.run(0.5)
        assert agent.state == "ended" and hear_each_other(house, caller, boss)
    house.the_end()
    (record,) = [fact.record for fact in house.world.facts(ContactFinished) if fact.record.kind == "callback"]
    assert (record.agent, record.outcome) == ("alice", "answered")
