"""The house of the transfer tests: everybody has a transfer key, and what the tests ask of it."""

from __future__ import annotations

from typing import Any

from softswitch.contact.event import ContactFinished, TransferEnded
from softswitch.switch.event import UnitFailed
from tests.simnet.house import House
from tests.simnet.phone import Call, SimPhone
from tests.simnet.transfer_phone import TransferPhone


class TransferHouse(House):
    """Alice, bob, carl (1003) and the desk have a transfer key, and so has whoever is at the carrier's end."""

    alice: TransferPhone
    bob: TransferPhone
    desk: TransferPhone
    carrier: TransferPhone

    def __init__(self, seed: int = 1, loss: float = 0.0, **changes: object) -> None:
        super().__init__(seed, loss, **changes)
        self.alice, self.bob, self.desk, self.carrier = map(
            self._keyed, (self.alice, self.bob, self.desk, self.carrier)
        )
        self.carl = TransferPhone(self.world, "1003", 6003, "pw-1003")
        self.carl.register()
        self.world.run_until(lambda: self.carl.registered)

    def _keyed(self, phone: SimPhone) -> TransferPhone:
        return TransferPhone(self.world, phone.user, phone.port, phone.password, registered=phone.registered)


def talk(house: TransferHouse, caller: TransferPhone, called: TransferPhone, number: str = "") -> tuple[Call, Call]:
    """Both ends of a call that is up."""
    before = len(called.calls)
    call = caller.call(number or called.user)
    house.world.run_until(lambda: call.state == "talking" and len(called.calls) > before)
    house.world.run(0.2)
    return call, called.calls[-1]


def queued(house: TransferHouse, digit: str = "1") -> tuple[Call, Call]:
    """A customer who talks to the agent: alice for 1, bob for 2."""
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, digit)
    agent = house.alice if digit == "1" else house.bob
    house.world.run_until(lambda: agent.talking)
    house.world.run(0.2)
    return call, agent.talking[-1]


def hear_each_other(house: TransferHouse, one: Call, other: Call) -> bool:
    media = house.world.media
    try:
        rooms = {media.rooms.get(media.stream_of(call.rtp)) for call in (one, other)}
        return len(rooms - {None}) == 1 and {media.heard_by(call.rtp) for call in (one, other)} == {"talk"}
    except StopIteration:
        return False


def lamp(house: TransferHouse, user: str) -> str:
    """With whom a watcher sees this user's phone talking."""
    (dialog,) = house.world.switch.calls.extensions.dialogs(user)
    return dialog.remote.partition("@")[0].removeprefix("sip:")


def outcomes(house: TransferHouse) -> list[tuple[str, str]]:
    return [(event.kind, event.outcome) for event in house.world.facts(TransferEnded)]


def records(house: TransferHouse) -> list[Any]:
    return [event.record for event in house.world.facts(ContactFinished)]


def all_over(house: TransferHouse, limit_s: float = 60.0) -> None:
    """Nothing is left, and nothing has failed on the way."""
    calls = house.world.switch.calls
    house.world.run_until(lambda: not calls.legs and not calls.contacts, limit_s)
    house.world.run(70)
    assert not house.world.media.streams and not house.world.media.recordings
    assert not calls._contact_of and not calls.transfers._parties and not calls.transfers._taking
    assert not house.world.facts(UnitFailed)
    assert not house.world.switch.ledger._move.busy
