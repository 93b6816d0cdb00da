"""What the audience sees: live tables on a terminal, a line per event anywhere else."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from rich.columns import Columns
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from softswitch.cli.demo.board import Board, Line

_EVERY_S = 0.25
_OTHER_ROWS = 4  # of the screen: heading, counters, and the line in which the cursor waits
_COLOURS = {"talking": "green", "ready": "green", "queued": "yellow", "ringing": "cyan", "reserved": "cyan",
            "abandoned": "red", "promise": "magenta", "callback:": "magenta", "called": "green"}  # fmt: skip


class Screen:
    """``line`` is told of each change; ``show`` draws until it is cancelled."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self.live = console.is_terminal
        self._console = console
        self._clock = clock

    def line(self, line: Line) -> None:
        if not self.live:
            partner = f" with {line.partner}" if line.partner else ""
            self.say(f"{self._clock():6.1f} s  {line.name:<20} {line.state}{partner}")

    def say(self, text: str) -> None:
        """Plain: neither markup nor lines that are broken to fit."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    async def show(self, board: Board) -> None:
        if not self.live:
            return
        with Live(console=self._console, auto_refresh=False) as live:
            while True:
                live.update(self._drawn(board), refresh=True)
                await asyncio.sleep(_EVERY_S)

    def _drawn(self, board: Board) -> Group:
        room = max(3, self._console.height - _OTHER_ROWS)
        lines = board.callers()
        if len(lines) > room:  # the latest of those who have called
            lines = [line for line in lines if line.state][-room:]
        callers = _table("caller", ("number", "state", "waited", "agent"), lines)
        agents = _table("agent", ("agent", "state", "for", "caller"), board.agents())
        return Group(Columns([callers, agents]), Text(self._counters(board)))

    def _counters(self, board: Board) -> str:
        snapshot = board.snapshot
        outcomes = snapshot.outcomes("inbound")
        states = Counter(str(one["state"]).replace("_", " ") for one in snapshot.promises)
        promises = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none"
        return (
            f"{self._clock():5.0f} s   talking {snapshot.talking}   answered {outcomes['answered']}"
            f"   abandoned {outcomes['abandoned']}   longest wait {board.longest_wait_s:.0f} s   promises: {promises}"
        )


def _table(kind: str, headings: tuple[str, ...], lines: list[Line]) -> Table:
    table = Table(*headings, box=None, header_style="bold", pad_edge=False)
    for line in lines:
        colour = _COLOURS.get(line.state.partition(" ")[0], "")
        waited = f"{line.waited_s:.0f} s" if line.waited_s else ""
        table.add_row(line.name.removeprefix(f"{kind} "), Text(line.state, colour), waited, line.partner)
    return table
