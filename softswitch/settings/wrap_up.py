"""How an agent's rest after a contact is written: a time, or a mapping that says its mode."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, model_validator

from softswitch.acd.model import WrapUp, WrapUpMode
from softswitch.core.units import seconds
from softswitch.settings.kind import PositiveSeconds, Seconds, Strict


class WrapUpSettings(Strict):
    mode: Literal["none", "optional", "timed", "until-done"] = "timed"
    time: Seconds = 10.0  # of until-done, what planning reckons with
    at_most: PositiveSeconds | None = None  # however often it is extended; none: five minutes, or `time` if longer

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.at_most is not None and self.time > self.at_most and "time" in self.model_fields_set:
            raise ValueError(f"time ({self.time:g} s) is longer than at_most ({self.at_most:g} s)")
        if self.mode == "optional" and not self.time:
            raise ValueError("mode optional needs a time above 0: so long it is when an agent asks for it")
        return self

    def rule(self) -> WrapUp:
        timed = WrapUp.timed(self.time)
        if self.mode == "none" or (self.mode == "timed" and not self.time):
            return WrapUp.timed(0)
        at_most_s = self.at_most or timed.at_most_s
        return WrapUp(WrapUpMode(self.mode), min(self.time, at_most_s), at_most_s)


def mode_or_time(value: Any) -> Any:
    """``10s`` is short for ``{time: 10s}``."""
    if isinstance(value, dict):
        return value
    seconds(value)  # so that what is wrong with it is said of the key that was written
    return {"time": value}


WrapUpRule = Annotated[WrapUpSettings, BeforeValidator(mode_or_time)]
