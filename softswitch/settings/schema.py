"""The JSON Schema of the configuration, for editors. One for all files of the directory: each has some of its keys.

It is wider than ``check``: what is parsed from text (addresses, times of day, patterns) is just text here.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import JsonSchemaValue

from softswitch.core.units import seconds
from softswitch.ivr.schema import DIALECT, DURATION, TEXT, Generator
from softswitch.settings.model import Configuration
from softswitch.settings.treatment import texts_or_text, whether_told
from softswitch.settings.wrap_up import mode_or_time

_FETCHED: JsonSchemaValue = {"type": "string", "pattern": "^\\$\\{"}  # a value from the environment


def configuration_schema() -> dict[str, Any]:
    made = Configuration.model_json_schema(schema_generator=_Generator)
    made.pop("required", None)  # no file has them all
    return {"$schema": DIALECT, "title": "softswitch", **made}


class _Generator(Generator):
    def function_before_schema(self, schema: Any) -> JsonSchemaValue:
        if schema["function"]["function"] is seconds:
            return super().function_before_schema(schema)
        if schema["function"]["function"] is mode_or_time:
            return {"anyOf": [DURATION, self.generate_inner(schema["schema"])]}
        if schema["function"]["function"] in (texts_or_text, whether_told):  # which only tell what is wrong
            return self.generate_inner(schema["schema"])
        return {"anyOf": [TEXT, {"type": "array"}, {"type": "object"}]}

    def dataclass_schema(self, schema: Any) -> JsonSchemaValue:
        return TEXT

    def path_schema(self, schema: Any) -> JsonSchemaValue:
        return TEXT

    def int_schema(self, schema: Any) -> JsonSchemaValue:
        return {"anyOf": [super().int_schema(schema), _FETCHED]}

    def bool_schema(self, schema: Any) -> JsonSchemaValue:
        return {"anyOf": [super().bool_schema(schema), _FETCHED]}
