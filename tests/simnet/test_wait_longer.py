"""An agent goes home while customers wait: they are told that it takes longer now, and everybody can see why."""

from __future__ import annotations

from softswitch.acd.model import AgentSpec, ExpectedWaitRose
from softswitch.acd.story import WaitRose
from softswitch.contact.treatment import Treatment
from tests.simnet.waiting_house import WaitingHouse

AGENTS = (
    AgentSpec("alice", "1001", (("orders", 5),)),
    AgentSpec("bob", "1002", (("service", 5),)),
    AgentSpec("carl", "1003", (("orders", 5),)),
)


def test_a_longer_wait_is_told_with_the_cause_that_its_story_names() -> None:
    house = WaitingHouse(Treatment(30.0, wait=True, longest_s=36_000.0), agents=AGENTS)
    control = house.world.switch.control
    control.set_ready("alice")
    control.log_in("carl")
    for _ in range(2):
        house.carrier.call("8000")
    house.until(lambda: house.alice.talking and house.carl.talking)
    calls = [house.enters(f"1380013801{number}") for number in range(6)]
    house.world.run(20.0)
    assert not house.world.facts(ExpectedWaitRose)
    control.log_out("carl")
    house.carl.hang_up(house.carl.talking[0])
    house.until(lambda: house.agent("carl") == "logged_out")
    house.world.run(35.0)
    facts = [fact for fact in house.world.facts(ExpectedWaitRose) if isinstance(fact, ExpectedWaitRose)]
    assert facts and {fact.cause for fact in facts} == {"agents left"}
    assert all(1.2 < fact.to_s / fact.from_s < 3 for fact in facts)
    last = facts[-1]
    story = control.story(last.contact)
    assert story is not None
    (entry,) = [one for one in story.entries if isinstance(one, WaitRose)]
    assert (entry.queue, entry.cause, entry.to_s) == ("orders", "agents left", last.to_s)
    told = [text for call in calls for text in house.texts(call)]
    assert "The wait has become longer than we told you." in told
    house.world.run(60.0)
    assert len(house.world.facts(ExpectedWaitRose)) == len(facts)  # it does not go on to rise
