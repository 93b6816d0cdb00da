"""Addresses with variables in them: whatever a caller presses or is called, it stays the part that it was meant for.

Each ``{{ ... }}`` of an address is percent-encoded (RFC 3986 section 2.1), unless the filter ``urlencode`` has done so,
with all that has a meaning in an address: a name such as ``../admin?all=1`` is a name. Only an address that begins with
``{{`` may get its beginning from a variable, which then has the scheme and the host in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from jinja2 import Template

from softswitch.ivr import template
from softswitch.ivr.proof import ENVIRONMENT

SCHEMES = ("http://", "https://")


class _Encoded(str):
    """It has been encoded already."""

    __slots__ = ()


def _encoded(value: Any) -> str:
    if isinstance(value, _Encoded):
        return value
    text = str(_shown(value))
    if text in (".", ".."):  # which no encoding protects (RFC 3986 section 6.2.2.2)
        raise ValueError(f"{text!r} would be another address")
    return _Encoded(quote(text, safe=""))


def _beginning(value: Any) -> str:
    return value if isinstance(value, str) and value.startswith(SCHEMES) else _encoded(value)


def _shown(value: Any) -> Any:
    """As in any other text."""
    return ENVIRONMENT.finalize(value) if ENVIRONMENT.finalize else value


def _environment(finalize: Any) -> Any:
    made = ENVIRONMENT.overlay(finalize=finalize)
    made.filters = {**ENVIRONMENT.filters, "urlencode": _encoded}
    return made


_PARTS, _WHOLE = _environment(_encoded), _environment(_beginning)


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Template:
    template.analyse(text)
    made: Template = (_WHOLE if text.lstrip().startswith("{{") else _PARTS).from_string(text)
    return made


def render(text: str, variables: Mapping[str, Any]) -> str:
    """The address with its variables filled in. Raises ``BadTemplate``."""
    return template.render(text, variables, _compiled)
