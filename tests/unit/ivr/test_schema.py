"""The JSON Schema of dialplans, and the reference of the verbs: both are what the code does, and both are committed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from softswitch.cli.schema import Of, text
from softswitch.core.yaml_nodes import load_yaml
from softswitch.ivr.check import check_plan
from softswitch.ivr.manual import manual, unexplained
from softswitch.ivr.schema import dialplan_schema
from softswitch.ivr.verb import VERBS, Verb
from tests.unit.ivr.conftest import BYE, HEAD

ROOT = Path(__file__).parents[3]
SAMPLES = sorted(ROOT.glob("dialplans/*.yaml"))
COMMITTED = {
    Of.DIALPLAN: "config/dialplan.schema.json",
    Of.CONFIG: "config/softswitch.schema.json",
    Of.VERBS: "docs/verbs.md",
}


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = dialplan_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def read(plan: str) -> Any:
    """As an editor reads it: the keys of mappings are text."""
    return _keyed(load_yaml(plan, "p.yaml")[0])


def _keyed(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _keyed(inner) for key, inner in value.items()}
    return [_keyed(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("of", list(Of))
def test_what_is_committed_is_what_the_code_says(of: Of) -> None:
    assert (ROOT / COMMITTED[of]).read_text("utf-8") == text(of), "run make schema"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_names_the_schema_and_keeps_to_it(validator: Draft202012Validator, path: Path) -> None:
    plan = path.read_text("utf-8")
    assert "# yaml-language-server: $schema=../config/dialplan.schema.json\n" in plan
    assert [error.message for error in validator.iter_errors(read(plan))] == []


SHORT = [
    "{play: a.wav, next: bye}",
    "{play: [a.wav, b.wav], next: bye}",
    "{play: {file: a.wav, say: hello, gap: 300ms}, next: bye}",
    "{say: 12, next: bye}",
    "{say: {zh: 你好, en: Hello}, next: bye}",
    "{say: [Hello, {pause: 1s}, {digits: '12'}], next: bye}",
    "{tone: busy, next: bye}",
    "{tone: {name: busy, for: 3s, next: bye}}",
    "{when: {if: called, then: bye}, else: bye}",
    "{when: {if: called, then: bye, else: bye}}",
    "{set: {a: 1, b: [x]}, next: bye}",
    "{menu: {say: a, keys: {1: bye, '#': bye}, timeout: 5s}, failed: bye}",
    "{menu: {say: a, keys: {1: bye}, failed: bye}}",
    "{queue: {name: a, needs: [b, {skill: c, level: 2}], priority: 0, offer_callback: wait > 9s}, failed: bye}",
    "{dial: {user: 1001, ring: 1m30s, parallel: false}, failed: bye}",
    "{hangup: }",
    "{wait: 2s, next: bye}",
    "{conference: {room: a, wait_for_moderator: true}}",
    "{conference: {room: a, wait_for_moderator: 5m}}",
]


@pytest.mark.parametrize("step", SHORT)
def test_what_check_allows_the_schema_allows(validator: Draft202012Validator, step: str) -> None:
    plan = HEAD + f"  first: {step}\n" + (BYE if "bye" in step else "")
    assert check_plan(plan, "p.yaml")[0] is not None, check_plan(plan, "p.yaml")[1]
    assert [error.message for error in validator.iter_errors(read(plan))] == []


@pytest.mark.parametrize(
    "step",
    [
        "{plya: a.wav, next: bye}",
        "{play: a.wav, say: b, next: bye}",
        "{say: hi, open: bye, next: bye}",
        "{say: [{txt: hi}], next: bye}",
        "{next: bye}",
        "{menu: {say: a, keys: {12: bye}}, failed: bye}",
        "{menu: {say: a, keys: {1: bye}, timeout: 5}, failed: bye}",
        "{menu: {say: a, keys: {1: bye}, tries: 11}, failed: bye}",
        "{menu: {say: a}, failed: bye}",
        "{collect: {say: a, save: a-b}, next: bye, failed: bye}",
        "{tone: loud, next: bye}",
        "{hangup: nicely}",
        "bye",
    ],
)
def test_what_the_schema_refuses_check_refuses(validator: Draft202012Validator, step: str) -> None:
    plan = HEAD + f"  first: {step}\n" + BYE
    assert not validator.is_valid(read(plan))
    assert check_plan(plan, "p.yaml")[0] is None


def test_a_head_that_is_wrong(validator: Draft202012Validator) -> None:
    steps = "  first: {hangup: normal}\n"
    assert validator.is_valid(read(HEAD + steps))
    for old, new in (("start: first\n", ""), ("language: en", "language: xx"), ("numbers:", "nmbers:")):
        assert not validator.is_valid(read(HEAD.replace(old, new) + steps))


def test_every_verb_and_every_key_is_explained() -> None:
    assert unexplained() == []
    page = manual()
    for name, kind in VERBS.items():
        assert f"\n## {name}\n" in page
        assert all(f"| `{branch}` |" in page for branch in kind.branches)
    step = dialplan_schema()["$defs"]["step"]
    assert all(step["properties"][name]["description"] for name in VERBS)


@pytest.mark.parametrize("kind", VERBS.values(), ids=VERBS)
def test_the_short_form_of_a_verb_stands_for_one_of_its_keys(kind: type[Verb]) -> None:
    keys = {field.alias or name for name, field in kind.model_fields.items()}
    assert not kind.lone or kind.lone in keys
    assert set(kind.aliases.values()) <= keys
