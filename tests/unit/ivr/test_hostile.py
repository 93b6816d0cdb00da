"""Whatever stands in a dialplan, the answer is a plan or a list of problems, never another error."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.yaml_nodes import load_yaml
from softswitch.ivr.check import check_plan
from softswitch.ivr.parse import BRANCHES
from softswitch.ivr.verb import VERBS
from tests.unit.ivr.test_check import WORLD

ROOT = Path(__file__).parents[3]
SAMPLES = [load_yaml(path.read_text("utf-8"), path.name)[0] for path in sorted(ROOT.glob("dialplans/*.yaml"))]
KEYS = [
    *VERBS,
    *sorted(BRANCHES),
    *("if", "then", "text", "name", "needs", "keys", "save", "timeout", "1", "#", "[key]"),
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["5s", "9d" * 99, "{{ called }}", "{{ x", "{{ 1e999 }}", "called }} x", "wait > 9s", "fr", *KEYS]),
)
NAMES = st.one_of(st.sampled_from(KEYS), st.integers(-2, 9), st.none(), st.booleans(), st.floats(), st.text(max_size=3))
TREES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (mapping or list, key) below."""
    inner = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [place for key, below in inner for place in ((value, key), *places(below))]


@given(data=st.data(), sample=st.sampled_from(SAMPLES), tree=TREES, name=NAMES)
def test_a_sample_with_anything_in_any_place(data: st.DataObject, sample: Any, tree: Any, name: Any) -> None:
    changed = copy.deepcopy(sample)
    owner, key = data.draw(st.sampled_from(places(changed)))
    owner[key] = tree
    if isinstance(owner, dict) and data.draw(st.booleans()):
        owner[name] = owner.pop(key)
    plan, problems = check_plan(yaml.safe_dump(changed, allow_unicode=True), "p.yaml", WORLD)
    assert (plan is None) == any(problem.level == "error" for problem in problems)
    assert all(problem.line >= 1 and problem.column >= 1 and problem.message for problem in problems)
