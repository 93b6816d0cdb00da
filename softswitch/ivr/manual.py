"""``docs/verbs.md``: the reference of all verbs, written from their models, so that it says what the code does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from softswitch.ivr.head import Lost, Marks
from softswitch.ivr.schema import object_schema, verb_schema, words
from softswitch.ivr.verb import VERBS, Verb
from softswitch.ivr.verb.base import Written

_HEAD = """\
# Verbs

The reference of everything that a step can do. It is made from the code by `make schema`; [dialplan.md](dialplan.md)
tells how a plan is put together.

A step has one verb. The keys of a verb stand inside of it, the branches beside it or inside of it; a branch names the
step that follows. *Text* may hold `{{ expressions }}`; *names* are written out, so that they can be checked. Durations
have units: `250ms`, `5s`, `1m30s`.
"""


def manual() -> str:
    """The whole page."""
    shared: dict[str, Any] = {}
    pages = [_verb(kind, shared) for kind in VERBS.values()]
    inner = [_mapping(name, shared[name]) for name in sorted(shared)]
    index = ", ".join(f"[{name}](#{name})" for name in VERBS)
    marks = ["## Beside every verb\n", words(Marks.__doc__ or "") + "\n", *_keys_of(Marks)]
    above = ["## Above the steps: lost\n", words(Lost.__doc__ or "") + "\n", *_keys_of(Lost)]
    mappings = ["## Mappings inside of verbs\n", *inner]
    return "\n".join([_HEAD, f"{index}.\n", *pages, *marks, *above, *mappings])


def _keys_of(model: type[Written]) -> list[str]:
    return _table(object_schema(model)["properties"], ())


def unexplained() -> list[str]:
    """Keys that say nothing about themselves: ``verb.key``."""
    found: list[str] = []
    for kind in VERBS.values():
        whole, shared = verb_schema(kind)
        owners = {kind.verb: whole} | {name.lower(): _properties_of(made) for name, made in shared.items()}
        for owner, made in owners.items():
            for key, value in made.get("properties", {}).items():
                if not value.get("description"):
                    found.append(f"{owner}.{key}")
    return sorted(set(found))


def _verb(kind: type[Verb], shared: dict[str, Any]) -> str:
    whole, inside = verb_schema(kind)
    shared |= inside
    lines = [f"## {kind.verb}\n", words(whole.get("description", "")) + "\n", f"{_shape(kind, whole['properties'])}\n"]
    keys = {key: made for key, made in whole["properties"].items() if key not in kind.branches}
    lines += _table(keys, whole.get("required", ())) if keys and not kind.wraps else []
    return "\n".join(lines + _branches(kind, whole["properties"]))


def _shape(kind: type[Verb], properties: Mapping[str, Any]) -> str:
    """How it is written, in one line."""
    if kind.wraps:
        made = properties[kind.lone]
        return f"Written as `{kind.verb}: ...`, with {_kind(made)}: {made['description']}."
    if not kind.lone:
        return f"Written as `{kind.verb}: {{...}}`."
    field = next((written for written, meant in kind.aliases.items() if meant == kind.lone), kind.lone)
    return f"Written as `{kind.verb}: {field}`, or as `{kind.verb}: {{{field}: ..., ...}}`."


def _table(keys: Mapping[str, Any], required: Any) -> list[str]:
    rows = ["| key | is | without it | |", "|---|---|---|---|"]
    for key, made in keys.items():
        default = "must be written" if key in required else _default(made)
        rows.append(f"| `{key}` | {_cell(_kind(made))} | {_cell(default)} | {_cell(made.get('description', ''))} |")
    return [*rows, ""]


def _default(made: Mapping[str, Any]) -> str:
    default = made.get("default")
    if default is None or default in ({}, []):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _branches(kind: type[Verb], properties: Mapping[str, Any]) -> list[str]:
    rows = ["| branch | is taken where | without it |", "|---|---|---|"]
    for key in kind.branches:
        meaning = properties[key]["description"]
        rows.append(f"| `{key}` | {_cell(meaning)} | {'' if 'without it' in meaning else _otherwise(kind, key)} |")
    return [*rows, ""] if kind.branches else []


def _otherwise(kind: type[Verb], key: str) -> str:
    """What a caller meets where the branch is not written."""
    others = [other for other in kind.chains.get(key, ()) if other != key]
    if others:
        return " or ".join(f"`{other}`" for other in others)
    return "must be written" if key in kind.must else "the call ends"


def _mapping(name: str, made: Mapping[str, Any]) -> str:
    whole = _properties_of(made)
    rows = _table(whole["properties"], whole.get("required", ()))
    return "\n".join([f"### {name.lower()}\n", words(made.get("description", "")) + "\n", *rows])


def _properties_of(made: Mapping[str, Any]) -> Mapping[str, Any]:
    """The long form of a mapping that has short ones too."""
    if "properties" in made:
        return made
    forms = [_properties_of(form) for form in made.get("anyOf", ())]
    return next((form for form in forms if form["properties"]), {"properties": {}})


# ---- kinds of values -------------------------------------------------------------------------------------------


def _kind(made: Mapping[str, Any]) -> str:
    """What may stand there, in words."""
    if "$ref" in made:
        name = made["$ref"].rpartition("/")[2].lower()
        return f"[{name}](#{name})"
    if "title" in made:
        return str(made["title"])
    if "enum" in made:
        return ", ".join(f"`{word}`" for word in made["enum"])
    if "anyOf" in made:
        return " or ".join(dict.fromkeys(_kind(form) for form in made["anyOf"]))
    return _collection(made)


def _collection(made: Mapping[str, Any]) -> str:
    match made.get("type"):
        case "array":
            return f"list of {_kind(made.get('items', {}))}"
        case "object":
            inner = [made.get("additionalProperties"), *made.get("patternProperties", {}).values()]
            values = next((one for one in inner if isinstance(one, dict)), None)
            return "mapping" if values is None else f"mapping to {_kind(values)}"
        case "integer":
            low, high = made.get("minimum"), made.get("maximum")
            return "whole number" if low is None or high is None else f"{low} to {high}"
        case "boolean":
            return "`true` or `false`"
        case "number":
            return "number"
        case "string" | ["string", "number"]:
            return "text"
        case _:
            return "any value"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
