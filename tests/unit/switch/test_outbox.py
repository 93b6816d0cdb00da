"""Events for web services: how many are under way, when they are tried again, and what is not taken at all."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from softswitch.contact.order import PostEvent
from softswitch.contact.outbox import FIRST_PAUSE_S, LONGEST_PAUSE_S, Delivery, WebhookDropped, tried
from softswitch.switch import outbox
from softswitch.switch.driver import Switch
from softswitch.switch.outbox import MOST_AT_ONCE, MOST_OCTETS, Outbox
from softswitch.switch.ports import Posted, Stored

DELIVERY = Delivery("msg-0", "crm", "rated", "c-1", "{}", 1000.0)


@dataclass
class House:
    """What an outbox sees of a switch."""

    unix: float = 1000.0
    armed: float | None = None
    posted: list[str] = field(default_factory=list)
    rows: dict[str, str] = field(default_factory=dict)  # id -> state
    serial: int = 0

    def __post_init__(self) -> None:
        self.ids = SimpleNamespace(name=self._name, fraction=lambda: 0.0)
        self.ports = SimpleNamespace(keeper=self, poster=self)
        self.outbox = Outbox(cast(Switch, self), {"crm": 3600.0, "erp": 3600.0})

    def _name(self, prefix: str) -> str:
        self.serial += 1
        return f"{prefix}-{self.serial}"

    def arm_unix(self, key: tuple[str, str], deadline: float | None) -> None:
        self.armed = deadline

    def put_delivery(self, delivery: Delivery, token: str = "") -> None:
        self.rows[delivery.id] = delivery.state

    def remove_delivery(self, delivery: str) -> None:
        del self.rows[delivery]

    def post(self, delivery: Delivery) -> None:
        self.posted.append(delivery.id)

    def emit(self, data: Any = None, hook: str = "crm", ok: bool = True) -> str:
        """The id, once the store has answered; or why it was dropped."""
        for effect in self.outbox.handlers()[PostEvent](PostEvent("c-1", hook, "rated", data)):
            assert isinstance(effect, WebhookDropped)
            return effect.why
        id = f"msg-{self.serial}"
        assert id not in self.posted, "it is in the store first"
        self.outbox.stored(Stored(id, f"outbox/{id}", ok))
        return id

    def answer(self, id: str, status: int = 200) -> str:
        (fact,) = self.outbox.posted(Posted(id, status, ""))
        return str(cast(Any, fact).outcome)


def test_a_service_gets_a_few_at_once_and_another_one_its_own() -> None:
    house = House()
    ids = [house.emit() for _ in range(MOST_AT_ONCE + 2)]
    assert house.posted == ids[:MOST_AT_ONCE]
    other = house.emit(hook="erp")
    assert house.posted[-1] == other
    assert house.answer(ids[0]) == "sent" and house.posted[-1] == ids[MOST_AT_ONCE]
    assert ids[0] not in house.rows and ids[1] in house.rows


def test_what_was_not_taken_is_tried_when_it_is_time_and_not_before() -> None:
    house = House()
    id = house.emit()
    assert house.answer(id, 503) == "failed" and house.armed == 1000.0 + FIRST_PAUSE_S / 2
    house.unix = house.armed - 0.1
    house.outbox.due()
    assert house.posted == [id]
    house.unix = house.armed or 0.0
    house.outbox.due()
    assert house.posted == [id, id] and house.armed is None


def test_a_store_that_is_away_keeps_nobody_from_being_told() -> None:
    house = House()
    assert house.posted == [] and house.emit(ok=False) in house.posted


def test_what_cannot_be_told_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    assert house.emit(hook="nobody") == "unknown"
    assert house.emit({"text": "x" * MOST_OCTETS}) == "large"
    monkeypatch.setattr(outbox, "MOST_WAITING", 1)
    house.emit()
    assert house.emit() == "full" and len(house.rows) == 1


def test_the_oldest_of_those_that_were_given_up_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_DEAD", 2)
    house = House()
    ids = [house.emit() for _ in range(3)]
    assert [house.answer(id, 410) for id in ids] == ["dead"] * 3
    assert list(house.rows) == ids[1:] == list(house.outbox.dead)
    house.outbox.retry(ids[1])
    assert house.rows[ids[1]] == "waiting" and house.armed == house.unix
    with pytest.raises(LookupError):
        house.outbox.retry(ids[1])


def test_what_the_former_process_has_left_goes_on_and_what_nobody_knows_any_more_is_dead() -> None:
    house = House()
    house.outbox.restore([
        replace(DELIVERY, next_at=990.0), replace(DELIVERY, id="msg-x", hook="gone"),
        replace(DELIVERY, id="msg-y", state="dead"),
    ])  # fmt: skip
    house.outbox.due()
    assert house.posted == ["msg-0"] and list(house.outbox.dead) == ["msg-x", "msg-y"]


def test_a_clock_that_was_set_back_delays_nothing_beyond_the_longest_pause() -> None:
    house = House()
    house.outbox.restore([replace(DELIVERY, next_at=house.unix + 86_400.0)])
    assert house.armed == house.unix + LONGEST_PAUSE_S


def test_what_waits_is_bounded_in_octets_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_HELD", 5 * 1024)
    house = House()
    ids = [house.emit("名" * 500) for _ in range(3)]
    assert house.emit("名" * 500) == "full"
    assert house.answer(ids[0], 503) == "failed" and house.emit("名" * 500) == "full"
    assert house.answer(ids[1]) == "sent"
    house.emit("名" * 500)
    assert house.answer(ids[2], 410) == "dead"
    house.emit("名" * 500)
    assert house.emit("名" * 500) == "full"


def test_pauses_double_up_to_an_hour_and_are_drawn_from_their_upper_half() -> None:
    pauses, one = [], DELIVERY
    for _ in range(14):
        left = tried(one, 503, "", 1e9, 0.999999, 1000.0)
        assert left is not None
        pauses.append(round(left.next_at - 1000.0))
        one = left
    assert pauses[:4] == [5, 10, 20, 40] and pauses[-1] == LONGEST_PAUSE_S
    half = tried(DELIVERY, 0, "refused", 1e9, 0.0, 1000.0)
    assert half is not None and half.next_at == 1002.5 and half.error == "refused"


@pytest.mark.parametrize(("status", "unix", "state"), [(503, 1000.0, "waiting"), (410, 1000.0, "dead"),
                                                       (503, 1096.0, "dead"), (302, 1000.0, "waiting")])  # fmt: skip
def test_when_it_is_given_up(status: int, unix: float, state: str) -> None:
    left = tried(DELIVERY, status, "", 100.0, 0.999, unix)
    assert left is not None and left.state == state
    assert all(tried(DELIVERY, ok, "", 100.0, 0.5, unix) is None for ok in (200, 204, 299))
