"""Texts and conditions of a dialplan: jinja2 in our sandbox (``sandbox.py``), so that no text can hold up the switch.

Decided here: what a template may do. It reads variables and computes a value; it has no loops, no variables of its own,
no randomness and no clock, and it is not longer than what it may make. A name that was never set is an error, since it
is a slip of the writer; a field that some fetched document lacks counts as false and equal to nothing, since documents
differ, but cannot be read aloud.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import Template, TemplateSyntaxError, Undefined, nodes
from jinja2.environment import TemplateExpression

from softswitch.core.errors import SoftswitchError
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.ivr.sandbox import MAX_NODES, MAX_TEXT, sandbox

_ASKING = ("defined", "undefined", "default", "d")  # "is it set?" may be asked of what is not
_STATEMENTS = (nodes.Output, nodes.If)
_MAX_BRACKETS = 30  # around one another: jinja2's parser needs 14 frames of Python's 1,000 for each
_MAX_DEPTH = 60  # of the tree: a chain of operators or filters is as deep as it is long


class BadTemplate(SoftswitchError):
    """A text that cannot be computed; the message says why."""


_ENVIRONMENT = sandbox()


def is_template(value: object) -> bool:
    return isinstance(value, str) and ("{{" in value or "{%" in value or "{#" in value)


# ---- computing -------------------------------------------------------------------------------------------------


def render(text: str, variables: Mapping[str, Any]) -> str:
    """The text with its variables filled in. Raises ``BadTemplate``."""
    if not is_template(text):
        return text
    try:
        return _bounded(_template(text), variables)
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
        return bool(_expression(condition)(variables))
    except Exception as error:
        raise _failed(condition, error) from error


def _compute(expression: str, variables: Mapping[str, Any]) -> Any:
    try:
        value = _expression(expression)(variables)
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
    if isinstance(value, Undefined):
        return None if not bool(value) else value  # a missing name raises here
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, left) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner, left) for inner in value]
    if isinstance(value, (date, time)):
        return value.isoformat()
    return _scalar(value)


def _scalar(value: Any) -> Any:
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
    return _ENVIRONMENT.from_string(text)


@lru_cache(maxsize=4096)
def _expression(text: str) -> TemplateExpression:
    analyse_condition(text)
    return _ENVIRONMENT.compile_expression(text, undefined_to_none=False)


@lru_cache(maxsize=4096)
def _lone(text: str) -> str | None:
    """The expression of a text that is nothing but one ``{{ expression }}``."""
    inner = text.strip()
    if not (inner.startswith("{{") and inner.endswith("}}")):
        return None
    if not _is_one_expression(_parse(text)):
        return None
    inner = inner[3:-2] if inner[2] in "-+" else inner[2:-2]  # {{- and -}} are about blanks, {{ -x }} is a sign
    return inner.removesuffix("-").strip()


# ---- looking at a template without computing it ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Names:
    """What a template reads."""

    read: frozenset[str]  # variables that must be set
    fields: frozenset[tuple[str, str]]  # (variable, field)


@lru_cache(maxsize=4096)
def analyse(text: str) -> Names:
    """What the text reads. Raises ``BadTemplate`` for bad syntax and for what templates may not do."""
    return _proven(text, _parse(text))


@lru_cache(maxsize=4096)
def analyse_condition(text: str) -> Names:
    """As ``analyse``, for a bare expression."""
    if is_template(text):
        raise BadTemplate("a condition is written without braces, for example: customer.vip and time.hour < 12")
    whole = "{{" + text + "\n}}"
    tree = _parse(whole)
    if not _is_one_expression(tree):
        raise BadTemplate("a condition is one expression and nothing else; take out }}")
    return _proven(whole, tree)


def _proven(text: str, tree: nodes.Template) -> Names:
    names = _names(tree)
    try:
        _ENVIRONMENT.compile(text)
    except Exception as error:  # Python refuses what jinja2 made of it, as for a keyword that is given twice
        raise BadTemplate(f"not readable: {error}") from error
    return names


def _parse(text: str) -> nodes.Template:
    if len(text) > MAX_TEXT:
        raise BadTemplate(f"a text with {{{{ or {{% is at most {MAX_TEXT} characters long")
    try:
        tree = _ENVIRONMENT.parse(text) if _brackets(text) <= _MAX_BRACKETS else None
    except TemplateSyntaxError as error:
        raise BadTemplate(f"not readable: {error.message}") from error
    except RecursionError:
        tree = None
    if tree is None or _depth(tree) > _MAX_DEPTH:
        raise BadTemplate("nested too deeply; compute a part of it before, with set")
    return tree


def _brackets(text: str) -> int:
    """How many brackets there are around the innermost thing."""
    deepest = depth = 0
    for _, kind, sign in _ENVIRONMENT.lex(text):
        if kind == "operator":
            depth += (sign in "([{") - (sign in ")]}")
            deepest = max(deepest, depth)
    return deepest


def _depth(tree: nodes.Node) -> int:
    deepest = 0
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting += [(inner, depth + 1) for inner in node.iter_child_nodes()]
    return deepest


def _is_one_expression(tree: nodes.Template) -> bool:
    body = tree.body
    return len(body) == 1 and isinstance(body[0], nodes.Output) and len(body[0].nodes) == 1


def _names(tree: nodes.Template) -> Names:
    read: set[str] = set()
    asked: set[str] = set()
    fields: set[tuple[str, str]] = set()
    for node in tree.find_all(nodes.Node):
        if isinstance(node, nodes.Name):
            read.add(node.name)
        elif isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
            fields.add((node.node.name, node.attr))
        elif isinstance(node, (nodes.Test, nodes.Filter)):
            _refuse_unknown(node, node.name)
            if node.name in _ASKING and isinstance(node.node, nodes.Name):
                asked.add(node.node.name)
        elif isinstance(node, nodes.Stmt) and not isinstance(node, _STATEMENTS):
            raise BadTemplate(f"a text may compute, but not {{% {type(node).__name__.lower()} %}}")
    return Names(frozenset(read - asked), frozenset(fields))


def _refuse_unknown(used: nodes.Expr, name: str) -> None:
    kind = "test" if isinstance(used, nodes.Test) else "filter"
    known: Mapping[str, Any] = _ENVIRONMENT.tests if kind == "test" else _ENVIRONMENT.filters
    if name not in known:
        near = did_you_mean(name, known)
        raise BadTemplate(f"there is no {kind} {name!r}{near if 'mean' in near else ''}")
