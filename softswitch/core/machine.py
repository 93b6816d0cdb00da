"""Transition tables: the shape, the lookup and the word for "nothing happens"."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TypeVar

from softswitch.core.errors import UsageError

S = TypeVar("S", bound=enum.Enum)
I = TypeVar("I", bound=enum.Enum)  # noqa: E741 (the standards call it an input)
A = TypeVar("A", bound=enum.Enum)


class Word(enum.Enum):
    """A state, an input or an action. Each is there once, so that a table finds it by its identity."""

    __hash__ = object.__hash__  # that of Enum is written in Python, and is asked for at each look into a table


DROP: tuple[None, tuple[()]] = (None, ())  # a legal input without consequence: the state stays, nothing is done


def transition(
    table: Mapping[S, Mapping[I, tuple[S | None, tuple[A, ...]]]], state: S, event: I, machine: str
) -> tuple[S, tuple[A, ...]]:
    """The next state and the actions of ``event`` in ``state``; a missing cell raises ``UsageError``."""
    try:
        following, actions = table[state][event]
    except KeyError:
        raise UsageError(f"{machine}: no cell for {event.name} in {state.name}") from None
    return (state if following is None else following), actions
