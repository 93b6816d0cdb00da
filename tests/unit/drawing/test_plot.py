"""Curves that can be read, with their axes and units, and that nothing in them is anything but text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as Xml
from itertools import pairwise

import pytest

from softswitch.drawing.plot import DASHES, Panel, Plot, plot

HOSTILE = ['</text><script>alert("x")</script>', "]]>&amp;", "\x1b[31m\x00\u202e"]


def drawn(*panels: Panel, labels: tuple[str, ...] = ("now", "then"), start_s: float = 9 * 3600.0) -> Xml.Element:
    return Xml.fromstring(plot(Plot("What if", labels, start_s, 900.0, panels)))


def texts(picture: Xml.Element) -> list[str]:
    return ["".join(one.itertext()) for one in picture.iter() if one.tag.endswith("}text")]


def paths(picture: Xml.Element) -> list[Xml.Element]:
    return [one for one in picture.iter() if one.tag.endswith("}path")]


def points(path: Xml.Element) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.get("d") or "")]


def test_axes_units_and_legend_are_there() -> None:
    picture = drawn(Panel("Wait", "s", ((0.0, 130.0), (10.0, 40.0))), Panel("Level", "%", ((0.5, 1.0), (0.0, 0.1))))
    written = texts(picture)
    assert {"What if", "now", "then", "Wait (s)", "Level (%)", "9:00", "9:15", "9:30"} <= set(written)
    assert {"0", "50", "100", "150"} <= set(written), "the highest value has a line above it"


def test_a_line_is_where_its_values_are_and_each_configuration_has_its_own() -> None:
    picture = drawn(Panel("Wait", "s", ((0.0, 100.0), (50.0, 50.0))))
    first, second = paths(picture)
    (left, bottom), _, (middle, top), (right, _) = points(first)
    assert bottom - top == pytest.approx(120.0) and middle == pytest.approx((left + right) / 2)
    assert [y for _, y in points(second)] == [pytest.approx((bottom + top) / 2)] * 4
    assert first.get("stroke") != second.get("stroke") and first.get("stroke-dasharray") != second.get(
        "stroke-dasharray"
    )


def test_where_there_is_no_value_the_line_is_broken() -> None:
    (path,) = paths(drawn(Panel("Wait", "s", ((1.0, None, 2.0, 2.0),)), labels=("now",)))
    assert (path.get("d") or "").count("M") == 2
    (path,) = paths(drawn(Panel("Wait", "s", ((None, None),)), labels=("now",)))
    assert path.get("d") == "M0 0"


@pytest.mark.parametrize("highest", [0.0, 1e-4, 0.3, 1.0, 7.0, 99.9, 101.0, 12_345.0, 5e6])
def test_each_scale_has_a_few_round_ticks_and_holds_its_values(highest: float) -> None:
    picture = drawn(Panel("Wait", "", ((0.0, highest),)), labels=("now",), start_s=0.0)
    ticks = [float(text.replace(",", "")) for text in texts(picture) if re.fullmatch(r"[\d,.e-]+", text)]
    assert 2 <= len(ticks) <= 7 and ticks[-1] >= highest
    assert len({round(later - former, 9) for former, later in pairwise(ticks)}) == 1
    assert all(y >= 0 for path in paths(picture) for _, y in points(path))


def test_days_and_nothing_can_be_drawn() -> None:
    week = drawn(Panel("Wait", "s", (tuple(float(n % 96) for n in range(96 * 7)),)), labels=("now",))
    assert len([text for text in texts(week) if ":00" in text]) < 15
    assert texts(drawn(labels=()))
    assert paths(drawn(Panel("Wait", "s", ((),)), labels=("now",)))
    assert len(paths(drawn(Panel("Wait", "s", tuple((1.0,) for _ in range(8))), labels=("x",) * 8))) == 8 > len(DASHES)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_written_is_text(text: str) -> None:
    picture = plot(Plot(text, (text, "b"), 0.0, 900.0, (Panel(text, text, ((1.0,), (2.0,))),)))
    root = Xml.fromstring(picture)
    tags = {one.tag.rpartition("}")[2] for one in root.iter()}
    assert tags == {"svg", "title", "text", "line", "path"} and "\x1b" not in picture and "\u202e" not in picture


def test_it_can_be_read_on_white_and_on_black() -> None:
    """At least 3 : 1, as WCAG 2.1 asks of large text and of graphics."""
    picture = plot(Plot("What if", ("a", "b", "c", "d", "e", "f"), 0.0, 900.0, (Panel("x", "", ((1.0,),) * 6),)))
    for colour in set(re.findall(r'(?:fill|stroke)="#([0-9a-f]{6})"(?! stroke-opacity)', picture)):
        light = _luminance(colour)
        assert (1.05 / (light + 0.05) >= 3.0) and (light + 0.05) / 0.05 >= 3.0, colour


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
