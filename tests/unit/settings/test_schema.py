"""The JSON Schema of the configuration: the samples name it and keep to it, and mistakes do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from softswitch.core.yaml_nodes import load_yaml
from softswitch.settings.schema import configuration_schema

SAMPLES = sorted((Path(__file__).parents[3] / "config").glob("*.yaml"))


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = configuration_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def read(text: str) -> Any:
    """As an editor reads it: the keys of mappings are text."""

    def keyed(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): keyed(inner) for key, inner in value.items()}
        return [keyed(inner) for inner in value] if isinstance(value, list) else value

    return keyed(load_yaml(text, "f")[0])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_names_the_schema_and_keeps_to_it(validator: Draft202012Validator, path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("# yaml-language-server: $schema=softswitch.schema.json\n")
    assert [error.message for error in validator.iter_errors(read(text))] == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("http: {listen: '127.0.0.1:8080'}", True),
        ("users: {1001: {password: '${PASSWORD}', name: A}}", True),
        ("queues: {orders: {max_waiting: '${MOST}', wrap_up: 10s}}", True),
        ("htp: {listen: '127.0.0.1:8080'}", False),
        ("queues: {orders: {max_waitng: 5}}", False),
        ("queues: {orders: {wrap_up: 10}}", False),
        ("queues: {orders: {max_waiting: many}}", False),
        ("agents: {a: {user: 1001, skills: {orders: three}}}", False),
    ],
)
def test_what_an_editor_would_underline(validator: Draft202012Validator, text: str, right: bool) -> None:
    assert validator.is_valid(read(text)) is right
