"""Callers who wait for a web server: what they hear, answers that come too late, a switch that is killed meanwhile."""

from __future__ import annotations

import pytest

from softswitch.ivr.model import Fetch, Fetched
from softswitch.switch.event import HttpAnswered, UnitFailed
from softswitch.switch.ports import HttpDone
from tests.simnet.house import House, plans
from tests.simnet.phone import Call

PLAN = """
dialplan: shop
numbers: ["8000"]
language: en
start: hello
steps:
  hello: {say: "Hello.", next: first}
  first: {http: {get: "http://crm/1", timeout: 1s, save: {name: $.name}}, next: told, no_answer: second, failed: sorry}
  second: {http: {get: "http://crm/2", timeout: 5s, save: {name: $.name}}, next: told, failed: sorry}
  told: {say: "You are {{ name }}.", next: ask}
  ask: {menu: {say: "Press 1.", keys: {1: bye}, timeout: 60s, tries: 1}, failed: bye}
  sorry: {say: "Sorry.", next: bye}
  bye: {hangup: normal}
"""


class Web:
    """Answers when the test says so."""

    def __init__(self, house: House) -> None:
        self.orders: list[tuple[str, int, Fetch]] = []
        self._world = house.world
        self._world.fetch = lambda *asked: self.orders.append(asked)  # type: ignore[method-assign]

    def answer(self, number: int, answer: Fetched) -> None:
        contact, request, _ = self.orders[number]
        self._world.feed(HttpDone(contact, request, answer))
        self._world.run(0.1)


@pytest.fixture
def house() -> House:
    return House(plans=plans(PLAN))


def call(house: House, web: Web) -> Call:
    made = house.carrier.call("8000")
    house.world.run_until(lambda: web.orders)
    return made


def said(house: House, call: Call) -> list[str]:
    stream = house.world.media.stream_of(call.rtp)
    return [prompt.text for name, prompt in house.world.media.said if name == stream]


def test_an_answer_to_a_step_that_is_left_is_for_nobody(house: House) -> None:
    web = Web(house)
    caller = call(house, web)
    house.world.run(3.1)  # nobody has told anything: the step ends by itself
    assert [order.url for _, _, order in web.orders] == ["http://crm/1", "http://crm/2"]
    web.answer(0, Fetched(200, {"name": "Li"}, seconds=3.05))
    assert said(house, caller) == ["Hello."]
    web.answer(1, Fetched(200, {"name": "Wang"}, seconds=0.1))
    assert said(house, caller)[1] == "You are Wang."
    assert [(fact.outcome, fact.seconds) for fact in house.world.facts(HttpAnswered)] == [("2xx", 3.05), ("2xx", 0.1)]
    web.answer(1, Fetched(200, {"name": "Zhao"}))  # once more
    assert said(house, caller)[1] == "You are Wang." and not house.world.facts(UnitFailed)


def test_music_is_heard_after_700_ms_until_the_answer(house: House) -> None:
    web = Web(house)
    caller = call(house, web)
    media = house.world.media
    assert media.heard_by(caller.rtp) != "music"
    house.world.run(0.6)
    assert media.heard_by(caller.rtp) != "music"
    house.world.run(0.2)
    assert media.heard_by(caller.rtp) == "music"
    web.answer(0, Fetched(200, {"name": "Li"}, seconds=0.8))
    assert media.heard_by(caller.rtp) != "music" and said(house, caller)[1] == "You are Li."


def test_a_caller_whose_switch_is_killed_meanwhile_takes_failed(house: House) -> None:
    web = Web(house)
    caller = call(house, web)
    house.world.run(0.9)
    house.world.crash()
    house.world.run(1)
    house.world.start()
    house.world.run(0.5)
    assert said(house, caller)[-1] == "Sorry."
    web.answer(0, Fetched(200, {"name": "Li"}))
    house.world.run_until(lambda: caller.state == "ended")
    assert not house.world.facts(UnitFailed)


def test_who_hangs_up_meanwhile_is_gone(house: House) -> None:
    web = Web(house)
    caller = call(house, web)
    house.carrier.hang_up(caller)
    house.world.run(1)
    web.answer(0, Fetched(200, {"name": "Li"}))
    house.world.run(5)
    assert caller.state == "ended" and len(web.orders) == 1 and not house.world.facts(UnitFailed)
