"""What is drawn of a plan, and that nothing of it is anything but text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as Xml

import pytest

from softswitch.drawing.chart import ENTRY, Arrow, Box, Chart, Taken, chart
from softswitch.drawing.mermaid import mermaid
from softswitch.drawing.svg import svg
from softswitch.ivr.parse import parse_plan
from softswitch.ivr.plan import Plan

PLAN = """
dialplan: shop
numbers: ["8000", "8001"]
language: en
start: welcome
steps:
  welcome: {say: "Welcome to the shop.", next: vip?}
  vip?:    {when: [{if: 'caller.number == "1001"', then: orders}], else: menu}
  menu:
    menu: {say: "Press 1 or 2.", keys: {1: orders, 2: bye}, timeout: 5s, tries: 3}
    invalid: menu
    failed: bye
  orders:  {queue: {name: orders, exit: {key: 0, to: menu}}, failed: later}
  later:   {callback: orders, next: bye, failed: bye}
  bye:     {hangup: normal}
"""
HOSTILE = [
    '</text><script>alert("x")</script>',
    "]]>&amp;",
    '"];click s0 "javascript:x"',
    "\x1b[31m\x00\u202e",
    "%%{init}%%",
]


def shop() -> Plan:
    draft, problems = parse_plan(PLAN, "shop.yaml")
    assert draft is not None and not [one for one in problems if one.level == "error"], problems
    return draft.plan


def texts(picture: str) -> list[str]:
    return ["".join(one.itertext()) for one in Xml.fromstring(picture).iter() if one.tag.endswith("}text")]


def arrow(drawn: Chart, source: str, target: str) -> Arrow:
    return next(one for one in drawn.arrows if (one.source, one.target) == (source, target))


def test_a_chart_has_the_numbers_the_steps_and_what_the_arrows_mean() -> None:
    drawn = chart(shop())
    assert drawn.boxes[0] == Box(ENTRY, "calls", "8000, 8001", "entry")
    assert {box.name: box.says for box in drawn.boxes[1:]}["welcome"] == "Welcome to the shop."
    assert arrow(drawn, ENTRY, "welcome").label == "" and arrow(drawn, "welcome", "vip?").label == ""
    assert arrow(drawn, "vip?", "orders").label == 'caller.number == "1001"'
    assert arrow(drawn, "menu", "orders").label == "1" and arrow(drawn, "menu", "bye").label == "2, failed"
    assert arrow(drawn, "menu", "menu").failing and arrow(drawn, "orders", "later").failing
    assert arrow(drawn, "orders", "menu").label == "0"
    assert arrow(drawn, "later", "bye").label == "next, failed" and not arrow(drawn, "later", "bye").failing


def test_with_calls_each_arrow_has_its_count_and_each_step_those_who_hung_up() -> None:
    taken = [
        Taken("menu", "keys.1", "orders", 30),
        Taken("menu", "failed", "bye", 2),
        Taken("menu", "keys.2", "bye", 5),
    ]
    drawn = chart(shop(), [*taken, Taken("menu", "hangup", "", 7), Taken("bye", "next", "", 9)])
    assert arrow(drawn, "menu", "orders").count == 30 and arrow(drawn, "menu", "bye").count == 7
    assert arrow(drawn, "welcome", "vip?").count == 0
    assert {box.name: box.hung_up for box in drawn.boxes if box.hung_up} == {"menu": 7}
    assert chart(shop()).arrows[0].count is None
    words = texts(svg(drawn))
    assert "7 hung up" in words and "1 · 30" in words
    assert "7 hung up" in mermaid(drawn) and "1 #183; 30" in mermaid(drawn)


def test_the_arrow_that_most_calls_took_is_the_widest() -> None:
    taken = [Taken("menu", "keys.1", "orders", 300), Taken("vip?", "else", "menu", 3)]
    lines = [one for one in Xml.fromstring(svg(chart(shop(), taken))).iter() if one.get("marker-end")]
    widths = sorted(float(one.get("stroke-width", "0")) for one in lines)
    assert widths[-1] > 2 * widths[-2] > 2 * widths[0]


def test_the_svg_has_a_box_for_each_step_and_an_arrow_for_each_way() -> None:
    drawn = chart(shop())
    picture = Xml.fromstring(svg(drawn))
    words = texts(svg(drawn))
    assert {"welcome", "say", "Welcome to the shop.", "8000, 8001", "orders", "2, failed"} <= set(words)
    assert sum(1 for one in picture.iter() if one.get("marker-end")) == len(drawn.arrows)
    assert svg(drawn) == svg(drawn)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_plan_says_is_text_and_nothing_else(text: str) -> None:
    boxes = (Box(ENTRY, "calls", text, "entry"), Box(text, "say", text, "sound"), Box("b", "hangup", text, "end"))
    drawn = Chart(text, boxes, (Arrow(ENTRY, text, text), Arrow(text, "b", text)))
    picture = Xml.fromstring(svg(drawn))
    known = {"svg", "title", "rect", "defs", "marker", "path", "g", "text"}
    assert {one.tag.partition("}")[2] for one in picture.iter()} <= known
    names = {name for one in picture.iter() for name in one.attrib}
    assert not [name for name in names if name.startswith("on") or "href" in name]
    written = mermaid(drawn)
    inside = re.findall(r'"([^"]*)"', written)
    assert all(not re.search(r"[<>`{}\[\]|;&%]", re.sub(r"#\d+;|<br/>|</?b>", "", one)) for one in inside)
    assert all(char.isprintable() or char == "\n" for char in written)


def test_a_long_text_is_cut_and_whole_in_the_title() -> None:
    text = "word " * 12
    picture = svg(Chart("t", (Box("a", "say", text.strip(), "sound"),), ()))
    assert max(len(one) for one in texts(picture)) < 50
    assert text.strip() in picture
