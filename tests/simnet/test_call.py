"""Calls through the whole control plane, in virtual time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.acd.decision import Decided
from softswitch.contact.event import ContactFinished
from softswitch.switch.event import UnitFailed
from tests.simnet.house import PLAN, House, plans


@pytest.fixture
def house() -> House:
    return House()


def finished(house: House) -> list[str]:
    return [event.record.outcome for event in house.world.facts(ContactFinished)]


def test_phone_calls_phone_and_either_side_ends_it(house: House) -> None:
    for ends_it in (house.desk, house.bob):
        call = house.desk.call("1002")
        house.world.run_until(lambda call=call: call.state == "ringing")
        house.world.run_until(lambda call=call: call.state == "talking")
        house.world.run(1.0)
        assert house.world.media.heard_by(call.rtp) == "talk"
        assert house.world.media.heard_by(house.bob.talking[0].rtp) == "talk"
        ends_it.hang_up(ends_it.talking[0])
        house.world.run_until(lambda call=call: call.state == "ended" and not house.bob.talking)
    house.world.run(60)
    assert finished(house) == ["answered", "answered"]
    assert not house.world.switch.calls.legs and not house.world.switch.calls.contacts
    assert not house.world.media.streams


def test_the_menu_leads_to_the_agent_who_has_the_skill(house: House) -> None:
    house.alice.answer_after = 8.0
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.1)
    assert house.world.media.heard_by(call.rtp) == "prompt"
    house.carrier.press(call, "1")
    house.world.run(1.0)
    assert house.world.media.heard_by(call.rtp) == "music"
    assert house.agent("alice") == "reserved" and house.agent("bob") == "ready"
    house.world.run_until(lambda: house.alice.talking)
    assert not house.bob.calls
    house.world.run(0.1)
    assert house.agent("alice") == "talking"
    assert house.world.media.heard_by(call.rtp) == "talk"
    (path, left, right) = next(iter(house.world.media.recordings.values()))
    assert path.suffix == ".wav" and left == house.world.media.stream_of(call.rtp)
    assert right == house.world.media.stream_of(house.alice.talking[0].rtp)
    assert house.alice.calls[0].caller == "13800138000"

    house.carrier.hang_up(call)
    house.world.run(1.0)
    assert house.agent("alice") == "wrap_up" and house.alice.calls[0].state == "ended"
    house.world.run(8.5)
    assert house.agent("alice") == "wrap_up"
    house.world.run(1.0)
    assert house.agent("alice") == "ready"
    record = house.world.facts(ContactFinished)[0].record
    assert (record.outcome, record.ended_by, record.queue, record.agent) == ("answered", "caller", "orders", "alice")
    assert record.recording and record.connected_at > record.answered_at >= record.started_at


def test_the_agent_hangs_up_and_the_plan_goes_on_to_its_end(house: House) -> None:
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, "2")
    house.world.run_until(lambda: house.bob.talking)
    house.bob.hang_up(house.bob.talking[0])
    house.world.run_until(lambda: call.state == "ended")
    assert house.agent("bob") == "wrap_up"


def test_nobody_answers_the_contact_keeps_its_place_and_the_agent_is_paused(house: House) -> None:
    house.alice.answer_after = None
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.agent("alice") == "paused", 90)
    house.world.run(1)
    assert [call.state for call in house.alice.calls] == ["ended", "ended"]
    assert house.world.media.heard_by(call.rtp) in ("music", "prompt")
    house.alice.answer_after = 1.0
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.alice.talking)
    story = house.world.switch.control.story(house.world.facts(Decided)[0].contact)
    assert story is not None and story.decisions[-1].decided.agent == "alice"


def test_feature_codes_change_the_agents_state() -> None:
    house = House(login=False)
    for code, state in (("*11", "ready"), ("*14", "paused"), ("*13", "ready"), ("*12", "logged_out")):
        call = house.alice.call(code)
        house.world.run_until(lambda call=call: call.state == "ended")
        assert house.agent("alice") == state


def test_unknown_numbers_and_outsiders_are_refused(house: House) -> None:
    unknown = house.desk.call("7777")
    toll_fraud = house.carrier.call("900861012345678")
    house.world.run_until(lambda: unknown.state == toll_fraud.state == "ended")
    assert unknown.status == toll_fraud.status == 404


def test_a_wrong_password_does_not_register(house: House) -> None:
    house.desk.password = "wrong"
    house.desk.registered = False
    house.desk.register()
    house.world.run(40)
    assert not house.desk.registered


def test_a_phone_calls_out_through_the_trunk(house: House) -> None:
    call = house.desk.call("9010123456")
    house.world.run_until(lambda: call.state == "talking")
    assert house.carrier.calls[0].called == "010123456"


def test_a_busy_phone_is_said_to_be_busy(house: House) -> None:
    house.bob.reject = 486
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "ended")
    assert call.status == 486


def test_a_caller_who_gives_up_stops_the_ringing(house: House) -> None:
    house.bob.answer_after = None
    call = house.desk.call("1002")
    house.world.run_until(lambda: bool(house.bob.calls) and house.bob.calls[0].state == "ringing")
    house.desk.hang_up(call)
    house.world.run_until(lambda: call.state == house.bob.calls[0].state == "ended")
    house.world.run(60)
    assert not house.world.switch.calls.legs


@pytest.mark.parametrize("seed", range(8))
def test_on_a_wire_that_loses_a_tenth_everything_ends(seed: int) -> None:
    house = House(seed=seed, loss=0.1)
    calls = []
    for _ in range(5):
        calls.append(call := house.carrier.call("8000"))
        house.world.run_until(lambda call=call: call.state in ("talking", "ended"), 60)
        house.world.run(1.0)
        if call.state == "talking":
            house.world.run(0.5)
            house.carrier.press(call, "1")
        house.world.run(4.0)
        house.carrier.hang_up(call)
        house.world.run(14.0)
    house.world.run(200)
    switch = house.world.switch
    assert not switch.calls.legs and not switch.calls.contacts and not house.world.media.streams
    assert not house.world.facts(UnitFailed)
    assert house.agent("alice") in ("ready", "paused") and house.agent("bob") == "ready"
    assert len(finished(house)) >= 4


def test_the_switch_refuses_calls_beyond_its_limit() -> None:
    house = House(max_calls=1)
    first = house.carrier.call("8000")
    house.world.run_until(lambda: first.state == "talking")
    second = house.carrier.call("8000")
    house.world.run_until(lambda: second.state == "ended")
    assert second.status == 503 and first.state == "talking"


def test_a_place_is_announced_and_never_rises() -> None:
    house = House()
    house.world.switch.control.set_paused("alice", "break")
    calls = []
    for _ in range(2):
        call = house.carrier.call("8000")
        house.world.run_until(lambda call=call: call.state == "talking")
        house.world.run(0.5)
        house.carrier.press(call, "1")
        calls.append(call)
    stream = house.world.media.stream_of(calls[1].rtp)
    house.world.run(8)
    said = [prompt.text for name, prompt in house.world.media.said if name == stream]
    assert any("2" in text or "two" in text for text in said)
    house.carrier.hang_up(calls[0])
    house.world.run(40)
    later = [prompt.text for name, prompt in house.world.media.said if name == stream][len(said) :]
    assert any("1" in text or "one" in text or "next" in text for text in later)


def test_one_seed_is_one_history() -> None:
    def history(seed: int) -> list[str]:
        house = House(seed=seed, loss=0.2)
        call = house.carrier.call("8000")
        house.world.run_until(lambda: call.state == "talking", 60)
        house.world.run(30)
        return [f"{at:.6f} {event!r}" for at, event in house.world.events]

    assert history(3) == history(3)
    assert history(3) != history(4)


def test_a_longer_ring_than_the_phones_is_no_matter() -> None:
    house = House(ring_s=5.0)
    house.bob.answer_after = None
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "ended", 20)
    assert call.status == 480
    assert replace(house.world.configuration).ring_s == 5.0


def test_every_conversation_of_a_contact_has_a_recording_of_its_own() -> None:
    plan = PLAN.replace("next: bye\n  service:", "next: service\n  service:")
    house = House(plans=plans(plan))
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, "1")
    house.world.run_until(lambda: house.alice.talking)
    house.alice.hang_up(house.alice.talking[0])  # the plan goes on to the other queue
    house.world.run_until(lambda: house.bob.talking)
    house.carrier.hang_up(call)
    house.world.run(1)
    names = [path.name for path in house.world.media.recorded]
    assert len(set(names)) == len(names) == 2
    assert house.world.facts(ContactFinished)[0].record.recording.split(",") == names


def test_a_listener_that_fails_does_not_stop_the_switch(house: House) -> None:
    def broken(event: object, unix: float) -> None:
        raise OSError("no space left on device")

    house.world.switch.listen(broken)
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "talking")
    assert house.world.switch.control.losses()["facts"] > 0


def test_a_route_that_is_none_is_refused_and_leaves_nothing_behind(house: House) -> None:
    house.desk.extra_headers = (("Record-Route", "<garbage"),)
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "ended")
    assert call.status == 400
    house.world.run(40)
    assert not house.world.switch.calls.legs and not house.world.media.streams
