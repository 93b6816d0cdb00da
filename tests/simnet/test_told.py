"""An agent is told who comes before the two talk; the caller hears music so long, whatever happens meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.call.signal import Renegotiate
from softswitch.ivr.model import Prompt
from tests.simnet.house import configuration
from tests.simnet.phone import Call
from tests.simnet.transfer_house import TransferHouse, all_over, hear_each_other, queued

TOLD_S = 1.0  # so long is a prompt


@pytest.fixture
def house() -> TransferHouse:
    return TransferHouse(told=frozenset({"orders"}))


def hears(house: TransferHouse, *calls: Call) -> list[str]:
    return [house.world.media.heard_by(call.rtp) for call in calls]


def said_to(house: TransferHouse, call: Call) -> list[Prompt]:
    media = house.world.media
    return [prompt for stream, prompt in media.said if stream == media.stream_of(call.rtp)]


def test_the_agent_hears_it_first_and_the_caller_music(house: TransferHouse) -> None:
    caller = house.carrier.call("8000")
    house.world.run_until(lambda: caller.state == "talking")
    house.world.run(0.5)
    house.world.switch.control.set_paused("alice", "tea")
    house.carrier.press(caller, "1")
    house.world.run(125.0)
    house.world.switch.control.set_ready("alice")
    house.world.run_until(lambda: house.alice.talking)
    house.world.run(0.3)
    agent = house.alice.talking[0]
    assert [one.text for one in said_to(house, agent)] == ["Call from orders, waited two minutes."]
    assert hears(house, caller, agent) == ["music", "prompt"]
    house.world.run(TOLD_S)
    assert hear_each_other(house, caller, agent)
    house.carrier.hang_up(caller)
    all_over(house)


def test_in_the_agents_own_language() -> None:
    users = configuration().users
    house = TransferHouse(told=frozenset({"orders"}), users={**users, "1001": replace(users["1001"], language="zh")})
    _, agent = queued(house)
    assert [(one.language, one.text) for one in said_to(house, agent)] == [("zh", "orders来电，等候不到一分钟。")]


def test_of_another_queue_nothing_is_told(house: TransferHouse) -> None:
    caller, agent = queued(house, "2")
    assert hear_each_other(house, caller, agent)


@pytest.mark.parametrize("who", ["caller", "agent"])
def test_somebody_hangs_up_meanwhile(house: TransferHouse, who: str) -> None:
    caller, agent = queued(house)
    assert hears(house, caller, agent) == ["music", "prompt"]
    if who == "caller":
        house.carrier.hang_up(caller)
    else:
        house.alice.hang_up(agent)
    house.world.run(0.2)
    assert house.agent("alice") == "wrap_up"
    all_over(house)


def test_the_agent_transfers_meanwhile(house: TransferHouse) -> None:
    caller, agent = queued(house)
    house.alice.refer(agent, "1003")
    house.world.run_until(lambda: house.carl.talking)
    house.world.run(0.3)
    assert hear_each_other(house, caller, house.carl.talking[0])
    house.carrier.hang_up(caller)
    all_over(house)


@pytest.mark.parametrize("resumes", [False, True])
def test_the_agent_holds_meanwhile(house: TransferHouse, resumes: bool) -> None:
    caller, agent = queued(house)
    house.alice._tell(agent, Renegotiate("sendonly"))
    house.world.run(0.2)
    if resumes:
        house.alice._tell(agent, Renegotiate("sendrecv"))
        house.world.run(0.2)
        assert hears(house, caller, agent) == ["music", "prompt"]
    house.world.run(TOLD_S)
    assert hears(house, caller) == ["talk" if resumes else "music"]
    house.carrier.hang_up(caller)
    all_over(house)


def test_control_dies_meanwhile(house: TransferHouse) -> None:
    """That the prompt is over is perhaps told to nobody."""
    caller, agent = queued(house)
    house.world.crash()
    house.world.run(2.0)
    house.world.start()
    house.world.run(0.5)
    assert hear_each_other(house, caller, agent)
    house.carrier.hang_up(caller)
    all_over(house)
