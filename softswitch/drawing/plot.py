"""Curves over a day, one panel per quantity, one line per configuration, as SVG.

There is no background, and all text and lines have colours that can be read on white and on black; lines differ by
their dashes as well as by their colours. Nothing of what is plotted is anything but text in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from softswitch.core.legible import printable
from softswitch.drawing.svg import FONT, text_width

COLOURS = ("#3b82c4", "#d9772b", "#2f9e6e", "#b4569f", "#8a7a1f", "#7a6fd0")
DASHES = ("", "7 4", "2 3", "10 3 2 3", "4 2", "12 4")
INK, FAINT = "#7a828c", "#9aa3ad"
WIDTH, LEFT, RIGHT = 900.0, 74.0, 24.0
TOP, PANEL, GAP = 56.0, 120.0, 46.0
LEGEND_LINE = 30.0  # px
NARROWEST_TICK = 62.0  # px
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_EVERY_S = (900.0, 1800.0, 3600.0, 7200.0, 10800.0, 14400.0, 21600.0, 43200.0, 86400.0, 7 * 86400.0)
_LONGEST_LABEL = 60

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Panel:
    """``curves`` are by configuration, in the order of the labels; a value per interval, None where there is none."""

    title: str
    unit: str  # "%" is of shares; "s", "" ...
    curves: tuple[Values, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    title: str
    labels: tuple[str, ...]  # of the configurations
    start_s: float  # of the first interval, from midnight
    step_s: float
    panels: tuple[Panel, ...]

    @property
    def count(self) -> int:
        """Intervals."""
        return max((len(curve) for panel in self.panels for curve in panel.curves), default=0)


def plot(of: Plot) -> str:
    legend, rows = _legend(of)
    top = TOP + (rows - 1) * 18
    height = top + len(of.panels) * (PANEL + GAP) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {height:.0f}" width="{WIDTH:.0f}" '
        f'height="{height:.0f}" role="img" {FONT} font-size="11.5">',
        f"<title>{_text(of.title)}</title>",
        f'<text x="{LEFT:.0f}" y="20" font-size="14" font-weight="600" fill="{INK}">{_text(_short(of.title))}</text>',
        *legend,
    ]
    for number, panel in enumerate(of.panels):
        parts += _panel(of, panel, top + 18 + number * (PANEL + GAP))
    return "\n".join([*parts, "</svg>\n"])


def _text(text: str) -> str:
    return escape(printable(text))


def _short(text: str) -> str:
    return text if len(text) <= 2 * _LONGEST_LABEL else f"{text[: 2 * _LONGEST_LABEL - 1]}…"


def _legend(of: Plot) -> tuple[list[str], int]:
    """Its items, and in how many rows they stand."""
    found: list[str] = []
    x, rows = LEFT, 1
    for number, label in enumerate(of.labels):
        shown = label if len(label) <= _LONGEST_LABEL else f"…{label[1 - _LONGEST_LABEL :]}"
        wide = LEGEND_LINE + 8 + text_width(shown) + 22
        if x > LEFT and x + wide > WIDTH - RIGHT:
            x, rows = LEFT, rows + 1
        y = 40 + (rows - 1) * 18
        found.append(
            f'<line x1="{x:.1f}" y1="{y - 4}" x2="{x + LEGEND_LINE:.1f}" y2="{y - 4}" {_stroke(number)}/>'
            f'<text x="{x + LEGEND_LINE + 8:.1f}" y="{y}" fill="{INK}">{_text(shown)}</text>'
        )
        x += wide
    return found, rows


def _stroke(number: int) -> str:
    dashes = DASHES[number % len(DASHES)]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'fill="none" stroke="{COLOURS[number % len(COLOURS)]}" stroke-width="2" stroke-linejoin="round"{dashed}'


def _panel(of: Plot, panel: Panel, top: float) -> Iterator[str]:
    bottom, right = top + PANEL, WIDTH - RIGHT
    scale = 100.0 if panel.unit == "%" else 1.0
    values = [value * scale for curve in panel.curves for value in curve if value is not None]
    step = _tick(max(values, default=0.0))
    highest = max(step, math.ceil(max(values, default=0.0) / step - 1e-9) * step)
    unit = f" ({panel.unit})" if panel.unit else ""
    yield f'<text x="{LEFT:.0f}" y="{top - 7:.1f}" font-weight="600" fill="{INK}">{_text(panel.title + unit)}</text>'
    for number in range(round(highest / step) + 1):
        y = bottom - PANEL * number * step / highest
        yield (
            f'<line x1="{LEFT:.0f}" y1="{y:.1f}" x2="{right:.0f}" y2="{y:.1f}" stroke="{FAINT}" stroke-opacity="0.35"/>'
            f'<text x="{LEFT - 8:.0f}" y="{y + 4:.1f}" text-anchor="end" fill="{INK}">{_number(number * step)}</text>'
        )
    yield from _clock(of, bottom)
    for number, curve in enumerate(panel.curves):
        drawn = [None if value is None else bottom - PANEL * value * scale / highest for value in curve]
        yield f'<path d="{_path(of, drawn)}" {_stroke(number)}/>'


def _clock(of: Plot, bottom: float) -> Iterator[str]:
    """The axis of time."""
    span_s = max(of.count, 1) * of.step_s
    most = (WIDTH - LEFT - RIGHT) / NARROWEST_TICK
    every_s = next((one for one in _EVERY_S if span_s / one <= most), _EVERY_S[-1])
    at_s = math.ceil(of.start_s / every_s) * every_s
    while at_s <= of.start_s + span_s:
        x = _x(of, (at_s - of.start_s) / of.step_s)
        yield f'<line x1="{x:.1f}" y1="{bottom:.1f}" x2="{x:.1f}" y2="{bottom + 4:.1f}" stroke="{INK}"/>'
        yield (
            f'<text x="{x:.1f}" y="{bottom + 17:.1f}" text-anchor="middle" fill="{INK}">'
            f"{int(at_s // 3600)}:{int(at_s % 3600 // 60):02}</text>"
        )
        at_s += every_s


def _x(of: Plot, place: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * place / max(of.count, 1)


def _path(of: Plot, drawn: Sequence[float | None]) -> str:
    """A level for each interval, broken where there is none."""
    parts: list[str] = []
    for place, y in enumerate(drawn):
        if y is not None:
            follows = place > 0 and drawn[place - 1] is not None
            parts.append(f"{'L' if follows else 'M'}{_x(of, place):.1f} {y:.1f}L{_x(of, place + 1):.1f} {y:.1f}")
    return "".join(parts) or "M0 0"


def _tick(highest: float) -> float:
    """Between two lines, so that there are at most five above the axis: 1, 2, 2.5 or 5 times a power of ten."""
    if highest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(highest / 5))
    return next(power * one for one in _STEPS if highest / (power * one) <= 5 + 1e-9)


def _number(value: float) -> str:
    return f"{value:,.4g}" if value < 10_000 else f"{value:,.0f}"
