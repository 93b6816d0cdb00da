"""The jinja2 environment of dialplans: which values, methods and filters a template has, and how large they may get.

No step of a computation makes a text longer than ``MAX_TEXT`` or a list longer than ``MAX_NODES`` out of shorter ones,
so the work of a template is bounded by its own length and by what it is given. For that only methods and filters are
there whose result is about as long as what they are given, what joins texts looks at the lengths first, and ``~`` is
turned into such a join.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, time, timedelta
from functools import wraps
from typing import Any

from jinja2 import StrictUndefined, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer

MAX_TEXT = 4096  # characters of one text
MAX_NODES = 10_000  # values inside of one variable, items of one list
MAX_NUMBER = 10**15
_MAX_PRECISION = 15  # digits that round() may keep

# "replace" and "join" are filters only: as methods they would not look at the lengths first.
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset({
        "capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha", "isascii", "isdecimal",
        "isdigit", "islower", "isnumeric", "isspace", "istitle", "isupper", "lower", "lstrip", "partition",
        "removeprefix", "removesuffix", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "split", "splitlines",
        "startswith", "strip", "swapcase", "title", "upper",
    }),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
    float: frozenset({"is_integer"}),
}  # fmt: skip
_ANY_METHOD = (date, time, timedelta)  # the moment of the call and what is computed from it
_FILTERS = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "int", "items", "last", "length",
    "list", "lower", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "string", "sum",
    "title", "trim", "truncate", "unique", "upper", "urlencode", "wordcount",
)  # fmt: skip


class Missing(StrictUndefined):
    """Something that is not there: strict as a name, false as a field of data that is there."""

    __slots__ = ()

    def _is_field(self) -> bool:
        return self._undefined_obj is not missing and self._undefined_exception is UndefinedError

    def __bool__(self) -> bool:  # type: ignore[override]
        return False if self._is_field() else self._fail_with_undefined_error()

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return False if self._is_field() else self._fail_with_undefined_error()

    def __ne__(self, other: object) -> bool:  # type: ignore[override]
        return True if self._is_field() else self._fail_with_undefined_error()

    def __hash__(self) -> int:  # type: ignore[override]
        return id(type(self)) if self._is_field() else self._fail_with_undefined_error()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self if self._is_field() else self._fail_with_undefined_error()

    def __getitem__(self, key: Any) -> Any:
        return self if self._is_field() else self._fail_with_undefined_error()


class Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "+":
            _no_longer_than(_length(left) + _length(right), left)
        elif operator == "**" or not _ordinary(left) or not _ordinary(right):
            raise SecurityError(f"{operator} is for numbers of ordinary size only")
        return super().call_binop(context, operator, left, right)

    def call(self, *given: Any, **named: Any) -> Any:
        return _checked(super().call(*given, **named))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if callable(value) and not isinstance(obj, (*_ANY_METHOD, Missing)):
            return attr in _METHODS.get(type(obj), ())
        return super().is_safe_attribute(obj, attr, value)

    def _generate(self, source: nodes.Template, *given: Any, **named: Any) -> str:
        """jinja2's hook between the tree and the code."""
        return super()._generate(_JoinForTilde().visit(source), *given, **named)


class _JoinForTilde(NodeTransformer):
    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        pieces = nodes.List(node.nodes, lineno=node.lineno)
        joined: nodes.Node = nodes.Filter(pieces, "join", [], [], None, None, lineno=node.lineno)
        return joined.set_environment(node.environment) if node.environment else joined


def sandbox() -> Sandbox:
    environment = Sandbox(undefined=Missing, finalize=lambda value: "" if value is None else value)
    environment.globals.clear()  # range, lipsum and friends make long from short
    filters = {name: FILTERS[name] for name in _FILTERS}
    own: dict[str, Callable[..., Any]] = {"join": _join, "map": _map, "replace": _replace, "round": _round}
    environment.filters = {name: _checking(filter) for name, filter in (filters | own).items()}
    return environment


# ---- filters ---------------------------------------------------------------------------------------------------


def _join(values: Iterable[Any], between: str = "") -> str:
    texts = [str(value) for value in values]
    _no_longer_than(sum(map(len, texts)) + len(between) * len(texts), between)
    return between.join(texts)


def _map(values: Iterable[Any], *, attribute: str, default: Any = None) -> list[Any]:
    """One field of each; a filter for each could make much out of little."""
    return [
        value[attribute] if isinstance(value, dict) and attribute in value
        else Missing(obj=value, name=attribute) if default is None else default
        for value in values
    ]  # fmt: skip


def _replace(text: str, old: str, new: str) -> str:
    text, old, new = str(text), str(old), str(new)
    _no_longer_than(len(text) + text.count(old) * len(new), text)
    return text.replace(old, new)


def _round(value: float, precision: int = 0, method: str = "common") -> Any:
    if abs(precision) > _MAX_PRECISION:
        raise ValueError(f"round keeps {_MAX_PRECISION} digits at most")
    return FILTERS["round"](value, precision, method)


def _checking(filter: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(filter)  # with jinja2's marks, which say what else it is to be given
    def checking(*given: Any, **named: Any) -> Any:
        return _checked(filter(*given, **named))

    return checking


# ---- sizes -----------------------------------------------------------------------------------------------------


def _ordinary(value: Any) -> bool:
    return isinstance(value, (int, float)) and abs(value) <= MAX_NUMBER


def _length(value: Any) -> int:
    return len(value) if isinstance(value, (str, list, tuple)) else 0


def _checked(value: Any) -> Any:
    _no_longer_than(_length(value), value)
    return value


def _no_longer_than(length: int, kind: Any) -> None:
    most, what = (MAX_TEXT, "characters") if isinstance(kind, str) else (MAX_NODES, "values")
    if length > most:
        raise ValueError(f"longer than {most} {what}")
