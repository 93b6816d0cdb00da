"""Where what is marked as secret would be read by others: in an address, and in a text to a phone.

A look at names, not at ways: a variable that is secret somewhere in the plan counts as secret. So these are warnings;
what a call does is decided by the marks of its own variables (``run``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from softswitch.ivr.plan import Plan
from softswitch.ivr.template import BadTemplate, analyse, templates
from softswitch.ivr.verb.ask import Collect
from softswitch.ivr.verb.fetch import Http
from softswitch.ivr.verb.flow import Set
from softswitch.ivr.verb.tell import Message
from softswitch.ivr.view import View


def _told(view: View) -> None:
    secret = _marked(view.plan)
    if not secret:
        return
    for name, step in view.plan.steps.items():
        match step.verb:
            case Http() as verb if _reads(getattr(verb, verb.method), secret):
                message = "an address with a secret in it is written down on its way; send it as json"
                view.problem(name, (verb.method,), message, "warning")
            case Message() as verb if _reads(verb.text, secret):
                message = "what is marked as secret is written to nobody: this step takes failed"
                view.problem(name, ("text",), message, "warning")


def _marked(plan: Plan) -> set[str]:
    """Variables that are marked, and what is made of them."""
    secret = {name for step in plan.steps.values() for name in _marks(step.verb)}
    made = [(name, value) for step in plan.steps.values() for name, value in _makes(step.verb)] if secret else []
    more = True
    while more:
        found = {name for name, value in made if name not in secret and _reads(value, secret)}
        secret |= found
        more = bool(found)
    return secret


def _marks(verb: object) -> Iterator[str]:
    if isinstance(verb, Collect) and verb.secret:
        yield verb.save
    if isinstance(verb, Set) and verb.secret:
        yield from verb.values


def _makes(verb: object) -> Iterator[tuple[str, Any]]:
    if isinstance(verb, Set):
        yield from verb.values.items()
    if isinstance(verb, Http):
        for name in verb.save:
            yield name, [getattr(verb, verb.method), verb.body, verb.headers]


def _reads(value: Any, names: set[str]) -> bool:
    try:
        return any(not analyse(text).mentioned.isdisjoint(names) for text in templates(value))
    except BadTemplate:
        return False  # told already


CHECKS = (_told,)
