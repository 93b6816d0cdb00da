"""A chart as SVG: boxes coloured by what their verb does, arrows with their labels, wider where more calls went.

Nothing of a plan is anything but text in it: no markup, no link, no script.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from softswitch.core.legible import printable
from softswitch.drawing.chart import ENTRY, FAMILY, Arrow, Box, Chart
from softswitch.drawing.layout import MARGIN, Layout, Placed, Point, Size, lay_out

COLOURS = {  # fill, line
    "entry": ("#1f2937", "#1f2937"),
    "sound": ("#e0ecff", "#3b6fd4"),
    "ask": ("#ece4ff", "#7c4ddb"),
    "decide": ("#fff1d0", "#b7810f"),
    "web": ("#d8f3f1", "#12837b"),
    "people": ("#dcf5dd", "#2f8a3b"),
    "keep": ("#ffe6d3", "#c2601a"),
    "plan": ("#f0f0f0", "#5b6470"),
    "end": ("#fbdfe3", "#bf3a52"),
}
WORDS = {
    "sound": "is heard", "ask": "asks", "decide": "decides", "web": "tells and asks others", "people": "people",
    "keep": "is kept", "plan": "other plans", "end": "the end",
}  # fmt: skip
FONT = "font-family=\"'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', sans-serif\""
LINE_HEIGHT = 16.0
PADDING = 12.0
WIDEST, NARROWEST = 260.0, 96.0
NARROWEST_PICTURE = 420.0
ARROW, FAILING = "#64748b", "#c98a94"
THICK = "#a9b8cc"  # so that what is written on it can be read
THICKEST, THIN = 9.0, 3.0
HEAD = 15  # px; of a thick line's arrow
LEGEND_HEIGHT = 34.0
BAND = 200.0  # px; labels are looked for near by


def svg(chart: Chart) -> str:
    sizes = {box.name: _size(box) for box in chart.boxes}
    layout = lay_out(sizes, [(arrow.source, arrow.target) for arrow in chart.arrows])
    legend = _legend(chart, layout)
    height = layout.height + len(legend) * LEGEND_HEIGHT / 2 + LEGEND_HEIGHT / 2
    width = max(layout.width, NARROWEST_PICTURE)
    most = max((arrow.count or 0 for arrow in chart.arrows), default=0)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
            f'height="{height:.0f}" role="img" {FONT} font-size="12">',
            f"<title>{_text(chart.title)}</title>",
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            "<defs>",
            *_heads(),
            "</defs>",
            *(_line(arrow, layout, most) for arrow in chart.arrows),
            *(_box(box, layout.boxes[box.name]) for box in chart.boxes),
            *_labels(chart, layout),
            *(item for row in legend for item in row),
            "</svg>\n",
        ]
    )


def _text(text: str) -> str:
    return escape(printable(text))


# ---- boxes -----------------------------------------------------------------------------------------------------


def text_width(text: str, per_letter: float = 6.6) -> float:
    """About as wide as it is drawn: an ideograph is as wide as it is high."""
    return sum(12.4 if char >= "\u2e80" else per_letter for char in text)


def _lines_of(box: Box) -> list[tuple[str, str]]:
    """What is written in a box: style and text of each line."""
    if box.name == ENTRY:
        return [("entry", line) for line in _wrapped(box.says)]
    lines = [("name", box.name[:40]), ("verb", box.verb)]
    lines += [("says", line) for line in _wrapped(box.says)]
    if box.hung_up:
        lines.append(("gone", f"{box.hung_up} hung up"))
    return lines


def _wrapped(text: str) -> list[str]:
    """At most two lines, broken where the words are."""
    room = WIDEST - 2 * PADDING
    if text_width(text) <= room:
        return [text] if text else []
    cut = next(index for index in range(len(text), 0, -1) if text_width(text[:index]) <= room)
    space = text.rfind(" ", cut // 2, cut + 1)
    cut = space if space > 0 else cut
    rest = text[cut:].strip()
    while text_width(rest) > room:
        rest = f"{rest[:-2]}…"
    return [text[:cut].strip(), rest]


def _size(box: Box) -> Size:
    lines = _lines_of(box)
    widest = max((text_width(text, 7.4 if style == "name" else 6.6) for style, text in lines), default=0.0)
    return min(max(widest + 2 * PADDING, NARROWEST), WIDEST + 60), len(lines) * LINE_HEIGHT + PADDING


_STYLE = {
    "name": 'font-weight="600" font-size="13" fill="#111827"',
    "verb": 'font-size="11" fill="{}"',
    "says": 'fill="#374151"',
    "gone": 'font-weight="600" font-size="11" fill="#b91c1c"',
    "entry": 'font-weight="600" fill="#ffffff"',
}


def _box(box: Box, placed: Placed) -> str:
    fill, line = COLOURS[box.family]
    round_ = placed.height / 2 if box.family in ("entry", "end") else 7
    shape = (
        f'<rect x="{placed.x:.1f}" y="{placed.y:.1f}" width="{placed.width:.1f}" height="{placed.height:.1f}" '
        f'rx="{round_:.1f}" fill="{fill}" stroke="{line}" stroke-width="1.4"/>'
    )
    texts = [
        f'<text x="{placed.middle:.1f}" y="{placed.y + PADDING / 2 + 12 + index * LINE_HEIGHT:.1f}" '
        f'text-anchor="middle" {_STYLE[style].format(line)}>{_text(text)}</text>'
        for index, (style, text) in enumerate(_lines_of(box))
    ]
    whole = f"<title>{_text(f'{box.name}: {box.verb} {box.says}')}</title>" if box.name else ""
    return f"<g>{whole}{shape}{''.join(texts)}</g>"


# ---- arrows ----------------------------------------------------------------------------------------------------


def _heads() -> Iterator[str]:
    """The heads of arrows. One of a thick line stands before its end, which would hide it."""
    for name, colour, tip, size in (
        ("arrow", ARROW, 9, 9), ("failing", FAILING, 9, 9), ("arrow-thick", THICK, 1, HEAD),
        ("failing-thick", FAILING, 1, HEAD),
    ):  # fmt: skip
        yield (
            f'<marker id="{name}" viewBox="0 0 10 10" refX="{tip}" refY="5" markerWidth="{size}" '
            f'markerHeight="{size}" markerUnits="userSpaceOnUse" orient="auto">'
            f'<path d="M0 1 L10 5 L0 9 z" fill="{colour}"/></marker>'
        )


def _line(arrow: Arrow, layout: Layout, most: int) -> str:
    points = layout.lines[arrow.source, arrow.target]
    width = 1.3 if not arrow.count else 1.3 + (THICKEST - 1.3) * math.sqrt(arrow.count / most)
    head, colour = ("failing", FAILING) if arrow.failing else ("arrow", ARROW)
    if width > THIN and arrow.source != arrow.target:
        head, colour = f"{head}-thick", FAILING if arrow.failing else THICK
        (x, y), (_, before) = points[-1], points[-2]
        points = (*points[:-1], (x, y - math.copysign(HEAD - 2, y - before)))
    dashes = ' stroke-dasharray="5 4"' if (arrow.source, arrow.target) in layout.upward else ""
    faint = ' opacity="0.45"' if arrow.count == 0 else ""
    return (
        f'<path d="{_curve(points)}" fill="none" stroke="{colour}" stroke-width="{width:.1f}"{dashes}{faint} '
        f"marker-end={quoteattr(f'url(#{head})')}/>"
    )


def _curve(points: Sequence[Point]) -> str:
    """Straight where it is vertical, else a bend that begins and ends vertically."""
    (x, y), *rest = points
    parts = [f"M{x:.1f} {y:.1f}"]
    for to_x, to_y in rest:
        if abs(to_x - x) < 0.5 or abs(to_y - y) < 0.5:
            parts.append(f"L{to_x:.1f} {to_y:.1f}")
        else:
            half = (y + to_y) / 2
            parts.append(f"C{x:.1f} {half:.1f} {to_x:.1f} {half:.1f} {to_x:.1f} {to_y:.1f}")
        x, y = to_x, to_y
    return " ".join(parts)


def _labels(chart: Chart, layout: Layout) -> Iterator[str]:
    """Each near the beginning of its arrow, where nothing else is written."""
    taken: dict[int, list[tuple[float, float, float]]] = {}
    for arrow in chart.arrows:
        words = [arrow.label] if arrow.label else []
        words += [str(arrow.count)] if arrow.count is not None else []
        if not words:
            continue
        text = " · ".join(words)
        half = text_width(text, 5.9) / 2 + 3
        x, y = _free(layout.lines[arrow.source, arrow.target], half, taken)
        colour = "#9f4355" if arrow.failing else "#334155"
        yield (
            f'<text x="{x:.1f}" y="{y + 3.5:.1f}" text-anchor="middle" font-size="10.5" fill="{colour}" '
            f'stroke="#ffffff" stroke-width="3.5" paint-order="stroke">{_text(text)}</text>'
        )


def _free(points: Sequence[Point], half: float, taken: dict[int, list[tuple[float, float, float]]]) -> Point:
    first, second = points[0], points[1]
    spots = [_on(first, second, share) for share in (0.36, 0.5, 0.22, 0.64, 0.78)]
    for x, y in spots:
        band = round(y / BAND)
        near = [one for number in (band - 1, band, band + 1) for one in taken.get(number, ())]
        if all(abs(x - other) >= half + width or abs(y - level) >= 13 for other, level, width in near):
            taken.setdefault(band, []).append((x, y, half))
            return x, y
    return spots[0]


def _on(start: Point, end: Point, share: float) -> Point:
    """A point of the bend from the one to the other."""
    if abs(end[0] - start[0]) < 0.5:
        far = min(abs(end[1] - start[1]), 64.0) * share
        return start[0], start[1] + math.copysign(far, end[1] - start[1])
    back = 1 - share
    bend = 3 * back * share * share + share**3
    middle = (start[1] + end[1]) / 2
    y = start[1] * back**3 + 3 * middle * back * back * share + 3 * middle * back * share * share + end[1] * share**3
    return start[0] + (end[0] - start[0]) * bend, y


def _legend(chart: Chart, layout: Layout) -> list[list[str]]:
    """What the colours mean, in as many rows as the picture's width needs."""
    there = {box.family for box in chart.boxes}
    room = max(layout.width, NARROWEST_PICTURE) - MARGIN
    rows: list[list[str]] = [[]]
    x, y = MARGIN, layout.height
    for family in [one for one in FAMILY if one in there]:
        fill, line = COLOURS[family]
        wide = 18 + text_width(WORDS[family], 6.0)
        if x + wide > room and rows[-1]:
            rows.append([])
            x, y = MARGIN, y + LEGEND_HEIGHT / 2 + 4
        rows[-1].append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="13" height="13" rx="3" fill="{fill}" stroke="{line}"/>'
            f'<text x="{x + 18:.1f}" y="{y + 10.5:.1f}" font-size="11" fill="#475569">{WORDS[family]}</text>'
        )
        x += wide + 18
    return rows
