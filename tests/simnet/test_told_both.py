"""The caller hears that he is connected, the agent who comes; they hear each other when both have heard theirs."""

from __future__ import annotations

import pytest

from softswitch.call.signal import Renegotiate
from softswitch.switch.ports import Played
from tests.simnet.phone import Call
from tests.simnet.transfer_house import all_over, hear_each_other
from tests.simnet.waiting_house import WaitingHouse, telling

LONG_S = 3.0  # of what the caller hears; the agent's prompts take one second


@pytest.fixture
def house() -> WaitingHouse:
    return WaitingHouse(telling("You are connected with {agent}."), told=frozenset({"orders"}))


def queued(house: WaitingHouse) -> tuple[Call, Call]:
    """They are being told: the agent shortly, the caller at length."""
    caller = house.enters()
    house.world.switch.control.set_ready("alice")
    house.until(lambda: house.alice.talking)
    house.world.run(0.1)
    return caller, house.alice.talking[-1]


def hears(house: WaitingHouse, *calls: Call) -> list[str]:
    return [house.world.media.heard_by(call.rtp) for call in calls]


def lengthen(house: WaitingHouse, call: Call) -> None:
    """What this one is being told takes longer."""
    media = house.world.media
    stream = media.stream_of(call.rtp)
    play, prompts = media.playing[stream]
    media.playing[stream] = ("longer", prompts)
    house.world.after(LONG_S, lambda: _end(house, stream, play))


def _end(house: WaitingHouse, stream: str, play: str) -> None:
    media = house.world.media
    if stream in media.playing:
        media.playing[stream] = (play, ())
        media._played(stream, play)


def test_each_hears_his_own_and_then_the_other(house: WaitingHouse) -> None:
    caller, agent = queued(house)
    assert house.texts(caller)[-1] == "You are connected with Phone 1001."
    assert house.texts(agent) == ["Call from orders, waited less than a minute."]
    assert hears(house, caller, agent) == ["prompt", "prompt"]
    house.world.run(1.0)
    assert hear_each_other(house, caller, agent)
    house.carrier.hang_up(caller)
    all_over(house)


@pytest.mark.parametrize("longer", ["caller", "agent"])
def test_who_is_through_first_hears_music_and_nobody_is_overheard(house: WaitingHouse, longer: str) -> None:
    caller, agent = queued(house)
    last, first = (caller, agent) if longer == "caller" else (agent, caller)
    lengthen(house, last)
    house.world.run(1.5)
    assert hears(house, last, first) == ["prompt", "music"]
    house.world.run(LONG_S)
    assert hear_each_other(house, caller, agent)
    house.carrier.hang_up(caller)
    all_over(house)


@pytest.mark.parametrize("who", ["caller", "agent"])
@pytest.mark.parametrize("after_s", [0.1, 1.5])
def test_somebody_hangs_up_meanwhile(house: WaitingHouse, who: str, after_s: float) -> None:
    caller, agent = queued(house)
    lengthen(house, caller)
    house.world.run(after_s)
    if who == "caller":
        house.carrier.hang_up(caller)
    else:
        house.alice.hang_up(agent)
    house.world.run(0.2)
    assert house.agent("alice") == "wrap_up"
    all_over(house)


@pytest.mark.parametrize("who", ["caller", "agent"])
def test_a_hold_and_its_end_meanwhile_leave_nobody_in_music(house: WaitingHouse, who: str) -> None:
    caller, agent = queued(house)
    phone, call = (house.carrier, caller) if who == "caller" else (house.alice, agent)
    for direction in ("sendonly", "sendrecv"):
        phone._tell(call, Renegotiate(direction))
        house.world.run(0.3)
    assert hears(house, caller, agent) == ["prompt", "prompt"]
    house.world.run(1.0)
    assert hear_each_other(house, caller, agent)
    house.carrier.hang_up(caller)
    all_over(house)


def test_a_hold_that_lasts_is_a_hold_when_all_is_told(house: WaitingHouse) -> None:
    caller, agent = queued(house)
    house.alice._tell(agent, Renegotiate("sendonly"))
    house.world.run(1.5)
    assert hears(house, caller) == ["music"]
    house.alice._tell(agent, Renegotiate("sendrecv"))
    house.world.run(0.3)
    assert hear_each_other(house, caller, agent)
    house.carrier.hang_up(caller)
    all_over(house)


def test_control_dies_meanwhile(house: WaitingHouse) -> None:
    """Whose prompt is over is perhaps told to nobody."""
    caller, agent = queued(house)
    house.world.crash()
    house.world.run(2.0)
    house.world.start()
    house.world.run(0.5)
    assert hear_each_other(house, caller, agent)
    house.carrier.hang_up(caller)
    all_over(house)


def test_the_caller_alone_is_told(house: WaitingHouse) -> None:
    house = WaitingHouse(telling("connected"))
    caller, agent = queued(house)
    assert hears(house, caller, agent) == ["prompt", "music"]
    house.world.run(1.0)
    assert hear_each_other(house, caller, agent)
    house.carrier.hang_up(caller)
    all_over(house)


def test_an_announcement_that_ends_late_is_not_taken_for_it(house: WaitingHouse) -> None:
    """The end of what the caller heard in the queue may be told when he is connected already."""
    caller, agent = queued(house)
    contact = next(iter(house.world.switch.calls.contacts))
    stream = house.world.media.stream_of(caller.rtp)
    house.world.feed(Played(stream, f"{contact}.play1"))
    assert hears(house, caller, agent) == ["prompt", "prompt"]
    house.world.run(1.0)
    assert hear_each_other(house, caller, agent)
