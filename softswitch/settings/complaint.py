"""pydantic's errors in the words of the house: what is wrong, and what would be right.

The value of a field that is not to be shown (``repr=False``: passwords, digests, the store's URL) is not told either.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from softswitch.core.wrong import wrong
from softswitch.core.yaml_nodes import Path, did_you_mean

_SECRET_LETTERS = 4  # fewer are in most sentences by chance


def complaint(model: type[BaseModel], error: ErrorDetails) -> tuple[Path, str]:
    """Where the error is, as a path of keys, and what to say about it."""
    kind, path = error["type"], tuple(error["loc"])
    if path[-1:] == ("[key]",) and kind != "extra_forbidden":  # pydantic's mark for the key itself
        return path[:-1], f"{path[-2]!r} cannot be used as a name here: {_said(error)}"
    if kind == "extra_forbidden":
        return path, f"unknown key{did_you_mean(str(path[-1]), _known_keys(model, path[:-1]))}"
    if kind == "missing":
        return path[:-1], f"the key {path[-1]!r} is missing"
    message = _said(error)
    return path, _without(error["input"], message) if _is_secret(model, path) else message


def _without(value: object, message: str) -> str:
    message = message.replace(repr(str(value)), "this")
    told = len(str(value)) >= _SECRET_LETTERS and str(value) in message
    return "is not right" if told else message


def _is_secret(model: type[BaseModel], path: Path) -> bool:
    """Whether a field on the way to ``path`` is one that is not to be shown."""
    kind: Any = model
    for part in path:
        owner = _plain(kind)
        field = owner.model_fields.get(part) if isinstance(owner, type) and issubclass(owner, BaseModel) else None
        if field is not None and not field.repr:
            return True
        kind = _inner(kind, part)
    return False


def _said(error: ErrorDetails) -> str:
    text = wrong(error["type"], error["msg"])
    return f"{text}{_near_word(error)}" if error["type"] == "literal_error" else text


def _near_word(error: ErrorDetails) -> str:
    expected = str(error.get("ctx", {}).get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ")
    near = did_you_mean(str(error["input"]), [word for word in expected if word != "True"])
    return near if "mean" in near else ""


def _known_keys(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that a mapping at ``path`` may have."""
    kind: Any = model
    for part in path:
        kind = _inner(kind, part)
    kind = _plain(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [field.alias or name for name, field in kind.model_fields.items()]
    return []


def _inner(kind: Any, part: Any) -> Any:
    kind = _plain(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind.model_fields[part].annotation if part in kind.model_fields else None
    arguments = typing.get_args(kind)
    if not arguments:
        return None
    return arguments[1] if isinstance(typing.get_origin(kind), type) and _is_mapping(kind) else arguments[0]


def _is_mapping(kind: Any) -> bool:
    return issubclass(typing.get_origin(kind), Mapping)


def _plain(kind: Any) -> Any:
    """Without ``| None`` and without annotations."""
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return next(argument for argument in typing.get_args(kind) if argument is not type(None))
    return typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind
