"""Texts and conditions of a dialplan: jinja2 in our sandbox (``sandbox.py``), so that no text can hold up the switch.

Decided here and in ``proof.py``: what a template may do. It reads variables and computes a value; it has no loops, no
variables of its own, no randomness and no clock, and it is not longer than what it may make. A name that was never set
is an error, since it is a slip of the writer; a field that some fetched document lacks counts as false and equal to
nothing, since documents differ, but cannot be read aloud.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, time
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import Template, Undefined
from jinja2.environment import TemplateExpression

from softswitch.ivr.meter import METER
from softswitch.ivr.proof import ENVIRONMENT, BadTemplate, Names, is_one_expression, parsed, proven, read_by
from softswitch.ivr.sandbox import MAX_NODES, MAX_TEXT

MAX_WHOLE = 2**63 - 1  # what can be written down of a call, so that it outlives its process

__all__ = [
    "MAX_TEXT", "BadTemplate", "Names", "analyse", "analyse_condition", "evaluate", "holds", "is_template", "render",
    "templates",
]  # fmt: skip


def is_template(value: object) -> bool:
    return isinstance(value, str) and ("{{" in value or "{%" in value or "{#" in value)


def templates(value: Any) -> Iterator[str]:
    """Every template in a written value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from templates(inner)
    elif is_template(value):
        yield value


# ---- computing -------------------------------------------------------------------------------------------------


def render(text: str, variables: Mapping[str, Any], compiled: Callable[[str], Template] | None = None) -> str:
    """The text with its variables filled in. Raises ``BadTemplate``."""
    if not is_template(text):
        return text
    try:
        template = (compiled or _template)(text)
        METER.begin()
        return _bounded(template, variables)
    except Exception as error:
        raise _failed(text, error) from error


def evaluate(value: Any, variables: Mapping[str, Any]) -> Any:
    """``value`` with every template in it computed; a text that is one ``{{ expression }}`` keeps its type."""
    if isinstance(value, dict):
        return {key: evaluate(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [evaluate(inner, variables) for inner in value]
    if not is_template(value):
        return value
    expression = _lone(value)
    return render(value, variables) if expression is None else _compute(expression, variables)


def holds(condition: str, variables: Mapping[str, Any]) -> bool:
    """Whether a condition such as ``customer.vip and time.hour < 12`` is true. Raises ``BadTemplate``."""
    try:
        expression = _expression(condition)
        METER.begin()
        return bool(expression(variables))
    except Exception as error:
        raise _failed(condition, error) from error


def _compute(expression: str, variables: Mapping[str, Any]) -> Any:
    try:
        compiled = _expression(expression)
        METER.begin()
        value = compiled(variables)
        METER.weigh(value)
        return _plain(value, [MAX_NODES])
    except Exception as error:
        raise _failed(expression, error) from error


def _failed(text: str, error: Exception) -> BadTemplate:
    """jinja2's filters and the code that it makes may raise anything, down to AssertionError and NameError; a caller
    must get to ``failed:`` all the same."""
    return BadTemplate(f"{text!r}: {str(error) or type(error).__name__}")


def _bounded(template: Template, variables: Mapping[str, Any]) -> str:
    text = ""
    for piece in template.generate(variables):
        text += piece
        if len(text) > MAX_TEXT:
            raise ValueError(f"longer than {MAX_TEXT} characters")
    return text


def _plain(value: Any, left: list[int]) -> Any:
    """Only what a variable may hold: None, true and false, numbers, texts, lists and mappings of these."""
    left[0] -= 1
    if left[0] < 0:
        raise ValueError(f"more than {MAX_NODES} values")
    kind = type(value)  # the usual ones first: there may be many
    if kind is str or kind is int or kind is bool or value is None:
        return _scalar(value)
    if kind is dict:
        return {str(key): _plain(inner, left) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner, left) for inner in value]
    if isinstance(value, Undefined):
        return None if not bool(value) else value  # a missing name raises here
    if isinstance(value, (date, time)):
        return value.isoformat()
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, int) and abs(value) > MAX_WHOLE:
        raise ValueError("a number of more digits than a variable can hold")
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else _too_long()
    raise TypeError(f"{type(value).__name__} is not a value that a variable can hold")


def _too_long() -> NoReturn:
    raise ValueError(f"longer than {MAX_TEXT} characters")


@lru_cache(maxsize=4096)
def _template(text: str) -> Template:
    analyse(text)
    return ENVIRONMENT.from_string(text)


@lru_cache(maxsize=4096)
def _expression(text: str) -> TemplateExpression:
    analyse_condition(text)
    return ENVIRONMENT.compile_expression(text, undefined_to_none=False)


@lru_cache(maxsize=4096)
def _lone(text: str) -> str | None:
    """The expression of a text that is nothing but one ``{{ expression }}``."""
    inner = text.strip()
    if not (inner.startswith("{{") and inner.endswith("}}")):
        return None
    if not is_one_expression(parsed(text)):
        return None
    inner = inner[3:-2] if inner[2] in "-+" else inner[2:-2]  # {{- and -}} are about blanks, {{ -x }} is a sign
    return inner.removesuffix("-").strip()


# ---- looking at a template without computing it ------------------------------------------------------------------


@lru_cache(maxsize=4096)
def analyse(text: str) -> Names:
    """What the text reads. Raises ``BadTemplate`` for bad syntax and for what templates may not do."""
    return read_by(text)


@lru_cache(maxsize=4096)
def analyse_condition(text: str) -> Names:
    """As ``analyse``, for a bare expression."""
    if is_template(text):
        raise BadTemplate("a condition is written without braces, for example: customer.vip and time.hour < 12")
    tree = parsed("{{" + text + "\n}}")
    if not is_one_expression(tree):
        raise BadTemplate("a condition is one expression and nothing else; take out }}")
    return proven(tree)
