"""What the former version has written of calls in progress, as this one writes it.

Up to version 3 of a record some of its parts had their fields by name that stand in order now. Nothing else has
changed since, so that the types of today tell what is to be put where. What cannot be read is passed on as it is, part
by part: whoever reads it says what is wrong, and ends in order what is left of the call. So it is with those before 3,
which keep their version: nobody goes on with them, but their legs are told BYE.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect

from softswitch.switch.arrivals import Arrival
from softswitch.switch.journal import VERSION, CallKept

NAMED = 3  # the last version with names
_ARRIVAL, _CALL = inspect.multi_type_info([Arrival, CallKept])


def brought_up(octets: bytes) -> bytes:
    """A record of today: a call, or one that nobody has answered."""
    try:
        match msgspec.msgpack.decode(octets):
            case [int(version), *rest] if 0 < version <= NAMED:
                now = VERSION if version == NAMED else version
                return msgspec.msgpack.encode([now, *_in_order([version, *rest], _CALL)[1:]])
            case ["arrival", *rest]:
                return msgspec.msgpack.encode(["arrival", *_in_order(rest, _ARRIVAL)])
            case _:
                return octets
    except (ValueError, RecursionError):
        return octets


def _in_order(value: Any, shape: inspect.Type) -> Any:
    match shape:
        case inspect.UnionType(types):
            for one in types:  # of which one at most is a record
                value = _in_order(value, one)
        case inspect.StructType(fields=fields, array_like=True) if _is_whole(value, fields):
            given = {one.name: _in_order(value[one.name], one.type) for one in fields if one.name in value}
            return [given[one.name] if one.name in given else _default(one) for one in fields]
        case inspect.StructType(fields=fields) if isinstance(value, list):
            return [_in_order(part, one.type) for part, one in zip(value, fields, strict=False)]
        case inspect.StructType(fields=fields) | inspect.DataclassType(fields=fields) if isinstance(value, dict):
            return value | {one.name: _in_order(value[one.name], one.type) for one in fields if one.name in value}
        case inspect.VarTupleType(kind) | inspect.ListType(kind) if isinstance(value, list):
            return [_in_order(part, kind) for part in value]
    return value


def _is_whole(value: Any, fields: tuple[inspect.Field, ...]) -> bool:
    return isinstance(value, dict) and all(one.name in value for one in fields if one.required)


def _default(field: inspect.Field) -> Any:
    """Of one that the writer did not know yet."""
    made = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    return msgspec.to_builtins(made, builtin_types=(bytes,))
