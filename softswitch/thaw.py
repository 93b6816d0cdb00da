"""Records are frozen for whoever writes code, and for the tests; the process that takes calls does not pay for it.

In CPython 3.11 a field that is set in a frozen dataclass costs a call of ``object.__setattr__``, and a member read off
its enumeration goes through a property (from 3.12 on it is an attribute): together a twelfth of a queue call. That
nobody writes to a frozen record is shown before the process starts: by the type checker, and by the tests, in which
they are frozen. Here the guard alone is taken out of classes that are complete; they stay dataclasses, with the same
arguments, equality and hash.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import MISSING, Field, field, fields, is_dataclass, make_dataclass
from enum import Enum
from typing import Any


def thaw(package: str) -> int:
    """The classes of all modules of ``package`` that are loaded by now; how many records were frozen."""
    thawed = 0
    for kind in _classes(package):
        if issubclass(kind, Enum):
            for name, member in kind.__members__.items():
                type.__setattr__(kind, name, member)  # Enum's own refuses it
        elif is_dataclass(kind) and "__setattr__" in vars(kind):
            _thaw(kind)
            thawed += 1
    return thawed


def _classes(package: str) -> Iterator[type]:
    for name, module in list(sys.modules.items()):
        if name == package or name.startswith(f"{package}."):
            yield from (kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == name)


def _thaw(kind: type[Any]) -> None:
    """Its ``__init__`` becomes that of a dataclass with the same fields that is not frozen."""
    of = {"__post_init__": kind.__post_init__} if hasattr(kind, "__post_init__") else {}
    alike = [(one.name, one.type, _again(one)) for one in fields(kind)]
    plain = make_dataclass(kind.__name__, alike, namespace=of, repr=False, eq=False, match_args=False)
    del kind.__setattr__, kind.__delattr__
    kind.__init__ = vars(plain)["__init__"]


def _again(one: Field[Any]) -> Any:
    given: dict[str, Any] = {"init": one.init, "kw_only": one.kw_only}
    if one.default is not MISSING:
        given["default"] = one.default
    if one.default_factory is not MISSING:
        given["default_factory"] = one.default_factory
    return field(**given)
