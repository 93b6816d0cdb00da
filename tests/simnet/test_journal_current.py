"""What stands in the journal is what would be written now, whatever was not worth looking at again."""

from __future__ import annotations

import pytest

from softswitch.switch.journal import CallJournal
from tests.simnet.house import House
from tests.simnet.storm import Storm
from tests.simnet.test_revival import into_orders


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """After each unit of work every contact is written once more, to be compared; how many there were each time."""
    counts: list[int] = []
    settle = CallJournal.settle

    def settled(journal: CallJournal) -> None:
        settle(journal)
        contacts = journal._switch.calls.contacts
        for name in contacts:
            journal._early.pop(name, None)
            octets = journal._octets(name)
            assert journal._written.get(name) == (None if octets is None else hash(octets)), name
        counts.append(len(contacts))

    monkeypatch.setattr(CallJournal, "settle", settled)
    return counts


def test_in_a_storm_of_calls(looked_at: list[int]) -> None:
    storm = Storm(40)
    storm.run()
    assert sum(looked_at) > 500 and not storm.left()


def test_of_a_caller_for_whom_an_agent_rings_with_and_without_a_voice(looked_at: list[int]) -> None:
    house = House()
    for house.alice.ring_status in (180, 183):
        call = into_orders(house, house.carrier, "talking")
        house.world.run(2)
        house.carrier.hang_up(call)
        house.world.run(40)
    assert sum(looked_at) > 10
