"""A media plane that is not there, as the face sees it."""

from __future__ import annotations

from softswitch.media.pool import ProcessView


class FakeMedia:
    """Two processes."""

    def __init__(self) -> None:
        self.draining = {1: False, 2: False}

    def stats(self) -> dict[str, float]:
        return {"ticks_late": 2.0}

    def gauges(self) -> dict[str, float]:
        return {"streams": 4.0}

    def processes(self) -> list[ProcessView]:
        return [ProcessView(number, True, on, 4, 100.0, 1.5) for number, on in self.draining.items()]

    def drain(self, process: int, on: bool) -> None:
        if process not in self.draining:
            raise LookupError(f"no media process {process}; there are 1 to 2")
        self.draining[process] = on
