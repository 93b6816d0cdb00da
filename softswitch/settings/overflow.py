"""When nobody may join a queue, or stay in it, and where they go instead, as it is written in ``queues.yaml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, model_validator

from softswitch.acd.model import Condition
from softswitch.contact.overflow import Way, Ways
from softswitch.core.units import seconds
from softswitch.settings.kind import Name, Strict

_ABOVE_S = 1800.0  # counts nowhere: the condition is not written then


@dataclass(frozen=True, slots=True)
class When:
    condition: Condition
    above_s: float = _ABOVE_S  # of LONG_WAIT


_OF_STAFF = {"no-agents": Condition.NO_AGENTS, "all-paused": Condition.ALL_PAUSED}


def when(value: Any) -> When:
    """``no-agents``, ``all-paused``, or ``{expected: 10m}``: the expected wait is longer."""
    if isinstance(value, str) and value in _OF_STAFF:
        return When(_OF_STAFF[value])
    if isinstance(value, dict) and set(value) == {"expected"}:
        above_s = seconds(value["expected"])
        if above_s > 0:
            return When(Condition.LONG_WAIT, above_s)
    raise ValueError(f"{value!r} is no condition; write no-agents, all-paused or {{expected: 10m}}")


def _once(conditions: tuple[When, ...]) -> tuple[When, ...]:
    if len({one.condition for one in conditions}) < len(conditions):
        raise ValueError("has the same condition twice")
    return conditions


Conditions = Annotated[tuple[Annotated[When, BeforeValidator(when)], ...], AfterValidator(_once)]


def conditions(written: Iterable[When]) -> frozenset[Condition]:
    return frozenset(one.condition for one in written)


def above_s(written: Iterable[When]) -> float:
    return next((one.above_s for one in written if one.condition is Condition.LONG_WAIT), _ABOVE_S)


class Onward(Strict):
    """One of the three."""

    queue: Name | None = None
    voicemail: Literal[True] | None = None  # the mailbox of this queue
    callback: Literal[True] | None = None  # promised, by the `callback` of this queue

    @model_validator(mode="after")
    def _one(self) -> Onward:
        if sum(one is not None for one in (self.queue, self.voicemail, self.callback)) != 1:
            raise ValueError("needs one of queue: NAME, voicemail: true and callback: true")
        return self

    def way(self) -> Way:
        return Way(self.queue or "", self.voicemail is not None, self.callback is not None)


class Overflow(Strict):
    """Where callers go, by why they cannot join or stay; what is not written is the dialplan's own branch."""

    full: Onward | None = None  # `max_waiting` others wait
    timeout: Onward | None = None  # after `max_wait`
    no_agents: Onward | None = None  # as `join_unless` and `leave_if` say
    all_paused: Onward | None = None
    long_wait: Onward | None = None

    def written(self) -> Mapping[str, Onward]:
        """By key."""
        found = {key: getattr(self, key) for key in type(self).model_fields}
        return {key: onward for key, onward in found.items() if onward is not None}

    def ways(self) -> Ways:
        return {key.replace("_", " "): onward.way() for key, onward in self.written().items()}
