"""A chart as text for Mermaid, which many editors and code hosts draw."""

from __future__ import annotations

import re

from softswitch.core.legible import printable
from softswitch.drawing.chart import ENTRY, Box, Chart
from softswitch.drawing.svg import COLOURS

_PLAIN = re.compile(r"[^\w .,:?!/()=+-]")  # what may mean something to Mermaid or to HTML is written by its number


def mermaid(chart: Chart) -> str:
    ids = {box.name: f"s{index}" for index, box in enumerate(chart.boxes)}
    lines = ["flowchart TD", f"  %% {_safe(chart.title)}"]
    lines += [f"  {ids[box.name]}{_shape(box)}" for box in chart.boxes]
    for arrow in chart.arrows:
        words = " · ".join(word for word in (arrow.label, "" if arrow.count is None else str(arrow.count)) if word)
        label = f'|"{_safe(words)}"|' if words else ""
        line = "-.->" if arrow.failing else "-->"
        lines.append(f"  {ids[arrow.source]} {line}{label} {ids[arrow.target]}")
    families = sorted({box.family for box in chart.boxes})
    for family in families:
        fill, stroke = COLOURS[family]
        text = ",color:#ffffff" if family == "entry" else ""
        lines.append(f"  classDef {family}_ fill:{fill},stroke:{stroke}{text}")
        members = ",".join(ids[box.name] for box in chart.boxes if box.family == family)
        lines.append(f"  class {members} {family}_")
    return "\n".join(lines) + "\n"


def _shape(box: Box) -> str:
    if box.name == ENTRY:
        return f'(["{_safe(box.says)}"])'
    words = [f"<b>{_safe(box.name)}</b>", _safe(box.verb), _safe(box.says)]
    words += [f"{box.hung_up} hung up"] if box.hung_up else []
    text = "<br/>".join(word for word in words if word)
    return f'(["{text}"])' if box.family == "end" else f'["{text}"]'


def _safe(text: str) -> str:
    return _PLAIN.sub(lambda found: f"#{ord(found[0])};", printable(text))
