"""What callers hear of the switch's settings: whose words stand in for those of their language, and what time it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.ivr.model import Prompt
from tests.simnet.house import House, configuration, plans

PLAN = """
dialplan: spoken
numbers: ["8020"]
start: first
steps:
  first: {say: [{number: 2, of: message}, {time: "{{ time }}", hours: 24}], next: orders}
  orders: {queue: orders, failed: bye}
  bye: {hangup: normal}
"""


def said(house: House) -> list[Prompt]:
    call = house.desk.call("8020")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(10)
    house.desk.hang_up(call)
    return [prompt for _, prompt in house.world.media.said]


@pytest.mark.parametrize(
    ("language", "spoken", "words", "place"),
    [
        ("zh-HK", "zh-HK", "两条留言", "您是下一位，请稍候。"),
        ("en-GB", "en-GB", "two messages", "You are next in line."),
        ("fr", "zh", "两条留言", "您是下一位，请稍候。"),
        ("", "en", "two messages", "You are next in line."),  # as the configuration says
    ],
)
def test_a_language_that_nobody_speaks_here_gives_way_to_the_first_of_the_fallback(
    language: str, spoken: str, words: str, place: str
) -> None:
    users = {name: replace(user, language=language) for name, user in configuration().users.items()}
    first, *_, last = said(House(plans=plans(PLAN), users=users, fallback=("zh", "en"), login=False))
    assert (first.language, first.text) == (spoken, words)
    assert (last.language, last.text, last.pieces) == (spoken, place, ("phrase/next_in_line",))


def test_a_language_in_which_something_is_recorded_stays() -> None:
    users = {name: replace(user, language="fr") for name, user in configuration().users.items()}
    recorded = {"fr": frozenset({"phrase/next_in_line.wav"})}
    house = House(plans=plans(PLAN), users=users, fallback=("zh", "en"), prompts=recorded, login=False)
    first, *_, last = said(house)
    assert (first.language, first.text_language, first.text) == ("fr", "zh", "两条留言")
    assert (last.language, last.pieces) == ("fr", ("phrase/next_in_line",))


@pytest.mark.parametrize(("zone", "text"), [("UTC", "fourteen thirteen"), ("Asia/Tokyo", "twenty-three thirteen")])
def test_it_is_as_late_as_in_the_zone_of_the_house(zone: str, text: str) -> None:
    house = House(plans=plans(PLAN.replace('"8020"]', '"8020"]\nlanguage: en')), zone=zone, login=False)
    assert said(house)[1].text == text
