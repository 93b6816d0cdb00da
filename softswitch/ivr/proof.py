"""What a template reads, and that it may do what it does: proven by its tree, without computing or compiling it.

A template that is proven can be compiled: what jinja2 would write as Python that Python refuses (a keyword that is
given twice, a slice among other keys) is refused here, in a fraction of the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import TemplateSyntaxError, UndefinedError, nodes

from softswitch.core.errors import SoftswitchError
from softswitch.core.yaml_nodes import did_you_mean
from softswitch.ivr.filters import LISTING
from softswitch.ivr.sandbox import MAX_TEXT, sandbox

ENVIRONMENT = sandbox()
_WITHOUT_FILTERS = nodes.EvalContext(ENVIRONMENT)
_WITHOUT_FILTERS.volatile = True  # no filter is constant

_ASKING = ("defined", "undefined", "default", "d")  # "is it set?" may be asked of what is not
_ORDERING = ("eq", "ne", "lt", "lteq", "gt", "gteq")
A_QUEUE = "a queue"  # in ``Names.fields``: of any one, as ``queue.orders``
_STATEMENTS = (nodes.Output, nodes.If)
_MAX_BRACKETS = 30  # around one another: jinja2's parser needs 14 frames of Python's 1,000 for each
_MAX_PARTS = 200  # to make code of them takes 10 ms, once, when the first caller comes
# {{ ... }} without a text or a mapping in it, so that it ends at the first braces; and all that is not just said.
_EXPRESSION = re.compile(r"\{\{([^{}'\"]*)\}\}")
_MARK = re.compile(r"\{[{%#]")
_MAX_DEPTH = 60  # of the tree: a chain of operators or filters is as deep as it is long


class BadTemplate(SoftswitchError):
    """A text that cannot be computed; the message says why."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a template reads."""

    read: frozenset[str]  # variables that must be set
    mentioned: frozenset[str]  # these, and those of which it is asked whether they are
    fields: frozenset[tuple[str, str]]  # (variable, field)
    numbered: frozenset[str] = frozenset()  # variables and fields (``caller.number``) that are compared with a number


def parsed(text: str) -> nodes.Template:
    """The tree of a text, neither too long nor too deep. Raises ``BadTemplate``."""
    if len(text) > MAX_TEXT:
        raise BadTemplate(f"a text with {{{{ or {{% is at most {MAX_TEXT} characters long")
    try:
        tree = ENVIRONMENT.parse(text) if _brackets(text) <= _MAX_BRACKETS else None
    except TemplateSyntaxError as error:
        raise BadTemplate(f"not readable: {_told(error)}") from error
    except RecursionError:
        tree = None
    depths = [depth for _, depth in _nodes(tree)] if tree is not None else []
    if tree is None or max(depths) > _MAX_DEPTH:
        raise BadTemplate("nested too deeply; compute a part of it before, with set")
    if len(depths) > _MAX_PARTS:
        raise BadTemplate(f"has {len(depths)} parts, {_MAX_PARTS} are allowed; compute some of it before, with set")
    return tree


def _told(error: TemplateSyntaxError) -> str:
    """jinja2's message, for somebody who has written an expression and no print statement."""
    message = str(error.message).replace("'end of print statement'", "the end of the expression")
    return f"{message}; two of them (==) compare" if message.endswith("got '='") else message


def read_by(text: str) -> Names:
    """What a text reads: what the expressions in it do, each of which is proven once, wherever it stands. Raises
    ``BadTemplate``."""
    parts = _EXPRESSION.split(text)
    said, expressions = parts[::2], parts[1::2]
    simple = all(one and one[0] not in "-+" and one[-1] not in "-+" for one in expressions)  # these are about blanks
    if len(text) > MAX_TEXT or not simple or any(one.endswith("{") or _MARK.search(one) for one in said):
        return proven(parsed(text))
    found = [_expression(one) for one in expressions]
    mentioned = frozenset[str]().union(*(one.mentioned for one in found))
    asked = frozenset[str]().union(*(one.mentioned - one.read for one in found))
    fields = frozenset[tuple[str, str]]().union(*(one.fields for one in found))
    return Names(mentioned - asked, mentioned, fields, frozenset[str]().union(*(one.numbered for one in found)))


@lru_cache(maxsize=4096)
def _expression(inner: str) -> Names:
    return proven(parsed("{{" + inner + "}}"))


def is_one_expression(tree: nodes.Template) -> bool:
    body = tree.body
    return len(body) == 1 and isinstance(body[0], nodes.Output) and len(body[0].nodes) == 1


def proven(tree: nodes.Template) -> Names:
    """What it reads. Raises ``BadTemplate`` where it does what a template may not."""
    read: set[str] = set()
    asked: set[str] = set()
    fields: set[tuple[str, str]] = set()
    numbered: set[str] = set()
    for node, _ in _nodes(tree):
        match node:
            case nodes.Name(name=name):
                read.add(name)
            case nodes.Getattr(node=nodes.Name(name=name), attr=attribute):
                fields.add((name, attribute))
            case nodes.Getattr(node=nodes.Getattr(node=nodes.Name(name="queue")), attr=attribute):
                fields.add((A_QUEUE, attribute))
            case nodes.Compare():
                numbered.update(_compared_with_numbers(node))
            case nodes.Test() | nodes.Filter():
                _refuse_unknown(node, node.name)
                if node.name in _ASKING and isinstance(node.node, nodes.Name):
                    asked.add(node.node.name)
            case nodes.Stmt() if not isinstance(node, _STATEMENTS):
                raise BadTemplate(f"a text may compute, but not {{% {type(node).__name__.lower()} %}}")
        _refuse_unpythonic(node)
    return Names(frozenset(read - asked), frozenset(read), frozenset(fields), frozenset(numbered))


def _compared_with_numbers(compare: nodes.Compare) -> Iterator[str]:
    sides = [compare.expr]
    for operand in compare.ops:
        sides.append(operand.expr)
        pair = sides[-2:] if operand.op in _ORDERING else []
        for one, other in (pair, pair[::-1]) if pair else ():
            if isinstance(other, nodes.Const) and type(other.value) in (int, float):
                yield _written(one)


def _written(side: nodes.Expr) -> str:
    """The variable, or the field of one; "" for whatever else."""
    match side:
        case nodes.Name(name=name):
            return str(name)
        case nodes.Getattr(node=nodes.Name(name=name), attr=attribute):
            return f"{name}.{attribute}"
    return ""


def _refuse_unknown(used: nodes.Expr, name: str) -> None:
    kind = "test" if isinstance(used, nodes.Test) else "filter"
    known: Mapping[str, Any] = ENVIRONMENT.tests if kind == "test" else ENVIRONMENT.filters
    if name not in known:
        near = did_you_mean(name, known)
        raise BadTemplate(f"there is no {kind} {name!r}{near if 'mean' in near else ''}")


def _refuse_unpythonic(node: nodes.Node) -> None:
    """What jinja2 reads, and Python does not."""
    if isinstance(node, (nodes.Call, nodes.Filter, nodes.Test)):
        given = [str(keyword.key) for keyword in node.kwargs if isinstance(keyword, nodes.Keyword)]
        if len(set(given)) < len(given) or "__debug__" in given:
            raise BadTemplate(f"not readable: one of the keywords {', '.join(given)} is given twice, or is not allowed")
    elif isinstance(node, nodes.Tuple) and any(isinstance(item, nodes.Slice) for item in node.items):
        raise BadTemplate("not readable: one slice in brackets, and nothing beside it")
    elif isinstance(node, nodes.Pair):
        _refuse_unhashable(node.key)


def _refuse_unhashable(key: nodes.Expr) -> None:
    """No filter is computed for that: what it costs would be counted here, too."""
    try:
        unhashable = _is_listing(key)
        hash(key.as_const(_WITHOUT_FILTERS))
    except (nodes.Impossible, UndefinedError, ValueError):  # of a text that is made of what is not there, or too long
        pass  # computed when a caller comes
    except TypeError:
        unhashable = True
    if unhashable:
        raise BadTemplate("not readable: a key of a mapping is a text or a number")


def _is_listing(key: nodes.Expr) -> bool:
    """A list or mapping, or a tuple with one inside, whatever the variables are."""
    match key:
        case nodes.List() | nodes.Dict():
            return True
        case nodes.Filter(name=name):
            return name in LISTING
        case nodes.Tuple(items=items):
            return any(map(_is_listing, items))
        case nodes.CondExpr(expr1=one, expr2=nodes.Expr() as other):
            return _is_listing(one) and _is_listing(other)
    return False


def _nodes(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    """Every node below, with its depth."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        for name in node.fields:
            value = getattr(node, name, None)
            if isinstance(value, nodes.Node):
                waiting.append((value, depth + 1))
            elif isinstance(value, list):
                waiting += [(inner, depth + 1) for inner in value if isinstance(inner, nodes.Node)]


def _brackets(text: str) -> int:
    """How many brackets there are around the innermost thing, at most."""
    at_most = text.count("(") + text.count("[") + text.count("{")
    if at_most <= _MAX_BRACKETS:
        return at_most
    deepest = depth = 0
    for _, kind, sign in ENVIRONMENT.lex(text):
        if kind == "operator":
            depth += (sign in "([{") - (sign in ")]}")
            deepest = max(deepest, depth)
    return deepest
