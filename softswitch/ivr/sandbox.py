"""The jinja2 environment of dialplans: which values, methods and filters a template has, and how large they may get.

No step of a computation makes a text longer than ``MAX_TEXT`` or a list longer than ``MAX_NODES`` out of shorter ones,
so the work of a template is bounded by its own length and by what it is given. For that only methods and filters are
there whose result is about as long as what they are given, what joins texts looks at the lengths first, and ``~`` is
turned into such a join.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from softswitch.ivr.filters import MAX_NODES, MAX_TEXT, checked, filters, length, no_longer_than, tests
from softswitch.ivr.meter import METER
from softswitch.ivr.missing import Missing

__all__ = ["MAX_NODES", "MAX_NUMBER", "MAX_TEXT", "Missing", "Sandbox", "sandbox"]

MAX_NUMBER = 10**15
_WEIGH, _CUT, _KEY = "=weigh", "=cut", "=key"  # filters that no template can name

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


class Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        METER.charge(4)
        if operator == "+":
            together = length(left) + length(right)
            no_longer_than(together, left)
            METER.charge(together >> 2)
        elif operator == "**" or not _ordinary(left) or not _ordinary(right):
            raise SecurityError(f"{operator} is for numbers of ordinary size only")
        return super().call_binop(context, operator, left, right)

    def call(__self, __context: Any, __method: Any, *given: Any, **named: Any) -> Any:
        """A method; its object and what it is given are what it has to look at."""
        mine = getattr(__method, "__self__", None)
        METER.charge(8)
        if isinstance(mine, _ANY_METHOD):  # strftime and the like write up to 20 letters for one
            METER.charge(sum(16 * len(one) for one in (*given, *named.values()) if isinstance(one, str)))
        METER.weigh(mine, 2)
        for one in (*given, *named.values()):
            METER.weigh(one, 2)
        return checked(super().call(__context, __method, *given, **named))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if callable(value) and not isinstance(obj, (*_ANY_METHOD, Missing)):
            return attr in _METHODS.get(type(obj), ())
        return super().is_safe_attribute(obj, attr, value)

    def _generate(self, source: nodes.Template, *given: Any, **named: Any) -> str:
        """jinja2's hook between the tree and the code."""
        return super()._generate(_Metered().visit(source), *given, **named)


class _Metered(NodeTransformer):
    """What jinja2 would write as an operator of Python that no method of ours sees: ``~`` becomes the filter ``join``,
    and what is compared or cut is weighed before. What is constant jinja2 computes before it writes code, and stumbles
    there over a key of a mapping that is a list: so no key is constant that has to be computed."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _filter("join", nodes.List(node.nodes, lineno=node.lineno), node)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        for operand in node.ops:  # the other side is what is looked through
            if operand.op in ("in", "notin") and not _small(operand.expr):
                operand.expr = _filter(_WEIGH, operand.expr, node)
        if not _small(node.expr) and not all(_small(operand.expr) for operand in node.ops):
            node.expr = _filter(_WEIGH, node.expr, node)
        for operand in node.ops[:-1]:  # a < b < c compares b twice
            if not _small(operand.expr):
                operand.expr = _filter(_WEIGH, operand.expr, node)
        return node

    def visit_Pair(self, node: nodes.Pair) -> nodes.Node:
        self.generic_visit(node)
        if not isinstance(node.key, nodes.Const):
            node.key = _filter(_KEY, node.key, node)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _filter(_CUT, node.node, node)
        return node


def _filter(name: str, of: nodes.Expr, at: nodes.Node) -> nodes.Filter:
    made = nodes.Filter(of, name, [], [], None, None, lineno=at.lineno)
    if at.environment:
        made.set_environment(at.environment)
    return made


def _small(node: nodes.Expr) -> bool:
    """Nothing that is longer than the template itself is in it."""
    return isinstance(node, nodes.Const) or (
        isinstance(node, (nodes.List, nodes.Tuple)) and all(isinstance(item, nodes.Const) for item in node.items)
    )


def _weigh(value: Any) -> Any:
    METER.weigh(value)
    return value


def _cut(value: Any) -> Any:
    METER.charge(2 + (length(value) >> 2))
    return value


@pass_context
def _key(_: Context, value: Any) -> Any:
    return value


def _shown(value: Any) -> Any:
    """What is written into a text."""
    if value is None:
        return ""
    METER.weigh(value, deep=4)
    return value


def _ordinary(value: Any) -> bool:
    return isinstance(value, (int, float)) and abs(value) <= MAX_NUMBER


def sandbox() -> Sandbox:
    environment = Sandbox(undefined=Missing, finalize=_shown)
    environment.globals.clear()  # range, lipsum and friends make long from short
    environment.filters = dict[str, Any]({**filters(), _WEIGH: _weigh, _CUT: _cut, _KEY: _key})
    environment.tests = dict[str, Any](tests())
    return environment
