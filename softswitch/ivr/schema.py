"""How a dialplan may be written, as JSON Schema (draft 2020-12), for editors: what completes and explains while typing.

It is made from the pydantic models of the verbs, so that it knows what ``check`` knows about the shape of a file, and
nothing of the graph. It is a little wider than ``check``: a text may be a number, and rules between keys are not in it.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from softswitch.core.units import seconds
from softswitch.core.units import spoken as duration
from softswitch.ivr.head import FlowHeader, Header, Marks
from softswitch.ivr.parse import BRANCHES
from softswitch.ivr.speech import LANGUAGES
from softswitch.ivr.verb import VERBS
from softswitch.ivr.verb import base as kinds
from softswitch.ivr.verb.base import Verb, Written

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT: JsonSchemaValue = {"type": ["string", "number"], "title": "text"}
_STEP: JsonSchemaValue = {"type": ["string", "number"], "title": "step"}
DURATION: JsonSchemaValue = {
    "anyOf": [{"type": "string", "pattern": "^\\s*([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+\\s*$"}, {"const": 0}],
    "title": "duration",
}
_KINDS: dict[Any, JsonSchemaValue] = {  # by the function that proves the value
    kinds.fixed: {"type": ["string", "number"], "title": "name"},
    kinds.variable: {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "title": "variable"},
    kinds.spoken: {
        "anyOf": [{"enum": list(LANGUAGES)}, {"type": "string", "pattern": "^(zh|en|yue)(-[A-Za-z0-9]{2,8}){0,2}$"}],
        "title": "language",
    },
}
# What a branch means where its verb says nothing of its own.
BRANCH = {
    "next": "the step that follows",
    "failed": "it could not be done",
}


def dialplan_schema() -> dict[str, Any]:
    """The whole schema of one dialplan file."""
    shared: dict[str, Any] = {}
    verbs = {name: _value(kind, shared) for name, kind in VERBS.items()}
    branches = {key: _branch(key, {}) for key in sorted(BRANCHES - VERBS.keys())}
    marks = _object(Marks, shared)["properties"]
    step = {
        "type": "object",
        "description": "One verb, and beside it the steps that follow.",
        "properties": verbs | branches | marks,
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in VERBS],
        "allOf": [
            {"if": {"required": [name]}, "then": {"propertyNames": {"enum": [name, *kind.branches, *marks]}}}
            for name, kind in VERBS.items()
        ],
    }
    heads = [_object(kind, shared) for kind in (Header, FlowHeader)]
    plan, flow = ({"required": head["required"], "propertyNames": {"enum": [*head["properties"]]}} for head in heads)
    keys = {key: made for head in reversed(heads) for key, made in head["properties"].items()}
    keys["steps"] |= {"additionalProperties": {"$ref": "#/$defs/step"}}
    return {
        "$schema": DIALECT,
        "title": "dialplan",
        "description": "A dialplan, or a flow that dialplans call.",
        "type": "object",
        "properties": keys,
        "additionalProperties": False,
        "if": {"required": ["flow"]},
        "then": flow,
        "else": plan,
        "$defs": {"step": step, **{name: shared[name] for name in sorted(shared)}},
    }


def verb_schema(kind: type[Verb]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields of one verb, and by name the mappings inside of it."""
    shared: dict[str, Any] = {}
    return _object(kind, shared), shared


def object_schema(model: type[Written]) -> dict[str, Any]:
    """The keys of one mapping."""
    return _object(model, {})


# ---- one verb --------------------------------------------------------------------------------------------------


def _value(kind: type[Verb], shared: dict[str, Any]) -> dict[str, Any]:
    """What may follow ``verb:``, in its long form and its short ones."""
    whole = _object(kind, shared)
    description = whole.pop("description", "")
    lone = {key: value for key, value in whole["properties"].get(kind.lone, {}).items() if key != "description"}
    if kind.wraps:
        among = {"type": "object", "anyOf": [{"required": [key]} for key in kind.branches]}  # branches inside of it
        forms = [lone, among] if kind.branches else [lone]
    else:
        forms = [lone, whole] if kind.lone else [whole]
    if not whole.get("required"):
        forms.append({"type": "null"})
    return {"description": description, **(forms[0] if len(forms) == 1 else {"anyOf": forms})}


def _object(model: type[Written], shared: dict[str, Any]) -> dict[str, Any]:
    """The mapping that the model is; what it refers to is added to ``shared``."""
    made = model.model_json_schema(schema_generator=Generator)
    shared |= made.pop("$defs", {})
    if issubclass(model, Verb):
        written = {field: key for key, field in model.aliases.items()}
        properties = {written.get(field, field): value for field, value in made["properties"].items()}
        made["properties"] = properties | {key: _branch(key, properties.get(key, {})) for key in model.branches}
    return made


def _branch(key: str, made: JsonSchemaValue) -> JsonSchemaValue:
    return _STEP | {"description": made.get("description") or BRANCH.get(key, "")}


# ---- pydantic's generator, for values as they are written --------------------------------------------------------


class Generator(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        """The mapping; with the short forms that its validators write out it is one of several forms."""
        made = super().model_schema(schema)
        forms = [*made.pop("anyOf", ()), *(schema["cls"].also if issubclass(schema["cls"], Written) else ())]
        about = {"description": words(made.pop("description", ""))}
        made.pop("title", None)
        if not forms:
            return about | made
        closed = [form | made if "properties" in form else form for form in forms]
        return about | {"anyOf": closed if made.keys() == {"additionalProperties"} else [made, *closed]}

    def dict_schema(self, schema: Any) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        return made | {"additionalProperties": False} if "patternProperties" in made else made

    def str_schema(self, schema: Any) -> JsonSchemaValue:
        return super().str_schema(schema) | TEXT

    def function_before_schema(self, schema: Any) -> JsonSchemaValue:
        """What is turned into the value first: a duration, a short form of a mapping, one for a list of one."""
        if schema["function"]["function"] is seconds:
            return _duration(schema["schema"])
        made = self.generate_inner(schema["schema"])
        if made.get("type") == "array":
            return {"anyOf": [made["items"], made]}
        if made.get("type") == "number":
            return TEXT
        return {"anyOf": [TEXT, made]}

    def function_after_schema(self, schema: Any) -> JsonSchemaValue:
        kind = _KINDS.get(schema["function"]["function"])
        return dict(kind) if kind else super().function_after_schema(schema)

    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        made, default = dict(self.generate_inner(schema["schema"])), schema.get("default")
        if made.get("title", "").startswith("duration"):
            made = _limited(made, {key: made.pop(key) for key in ("gt", "le") if key in made})
        if isinstance(default, float) and made.get("type") != "number":  # seconds, written as a duration
            default = duration(default) if default else 0
        if isinstance(default, tuple):  # a range, or nothing
            default = "-".join(map(str, default))
        plain = isinstance(default, (str, int, float)) and default != ""
        return made | {"default": default} if plain else made


def words(docstring: str) -> str:
    """A docstring as Markdown in one line."""
    return " ".join(docstring.replace("``", "`").split())


def _duration(kept: dict[str, Any]) -> JsonSchemaValue:
    while "schema" in kept:
        kept = kept["schema"]
    return _limited(DURATION, kept)


def _limited(made: JsonSchemaValue, limits: dict[str, Any]) -> JsonSchemaValue:
    """The duration, with its limits in words: seconds cannot be compared with what is written."""
    told = [made["title"]]
    told += [f"longer than {limits['gt']:g}s"] if "gt" in limits else []
    told += [f"at most {duration(limits['le'])}"] if "le" in limits else []
    return {**made, "title": ", ".join(told)}
