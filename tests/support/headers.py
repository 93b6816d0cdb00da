"""A message without one of its headers: what tests ask a parser to miss."""

from __future__ import annotations

from softswitch.sip.section import Headers, key_of


def without(headers: Headers, name: str) -> Headers:
    """The same lines but those of that name, whatever its case or form."""
    return Headers((found, value) for found, value in headers if key_of(found) != key_of(name))
