"""Whatever stands in the files, the answer is settings or a list of problems, never another error."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.errors import ConfigError, Problem
from softswitch.core.yaml_nodes import load_yaml
from softswitch.settings import load
from softswitch.settings.model import Configuration
from softswitch.settings.written import LISTS

ROOT = Path(__file__).parents[3]
KEYS = [
    *Configuration.model_fields,
    *(
        "listen",
        "t1",
        "tokens",
        "ports",
        "url",
        "format",
        "calls",
        "password",
        "contact",
        "address",
        "sources",
        "skills",
    ),
    *(
        "user",
        "needs",
        "skill",
        "level",
        "relax",
        "after",
        "callback",
        "trunk",
        "window",
        "hours",
        "days",
        "zone",
        "open",
    ),
    *("closed", "mon-fri", "stages", "announce", "every", "root", "warnings", "[key]", ""),
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ["20s", "9-17", "09:00-18:00", "127.0.0.1:5060", "udp:[::1]:1", "${X}", "file:x", "mon-", "*11", "\x85"]
    ),
)
TREES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), st.integers(0, 3), st.text(max_size=3)), inner, max_size=4),
    ),
    max_leaves=12,
)


@given(main=TREES, lists=st.dictionaries(st.sampled_from(LISTS), TREES), raw=st.text(max_size=30))
def test_any_files_are_settings_or_problems(main: Any, lists: dict[str, Any], raw: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "softswitch.yaml").write_text(yaml.safe_dump(main, allow_unicode=True), "utf-8")
        (directory / "users.yaml").write_text(raw, "utf-8")
        for key, tree in lists.items():
            (directory / f"{key}.yaml").write_text(yaml.safe_dump({key: tree}, allow_unicode=True), "utf-8")
        for problem in problems_of(directory, {"SOFTSWITCH__SIP__T1": raw} if raw.isprintable() else {}):
            assert problem.line >= 0
            assert problem.column >= 1
            assert problem.message


SAMPLE = {path.name: load_yaml(path.read_text("utf-8"), path.name)[0] for path in ROOT.glob("config/*.yaml")}


@given(data=st.data(), file=st.sampled_from(sorted(SAMPLE)), tree=TREES)
def test_the_sample_with_anything_in_any_place(data: st.DataObject, file: str, tree: Any) -> None:
    changed = copy.deepcopy(SAMPLE)
    value, place = changed[file], None
    while isinstance(value, (dict, list)) and value and (place is None or data.draw(st.booleans())):
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        place = (value, data.draw(st.sampled_from(keys)))
        value = value[place[1]]
    assert place is not None
    place[0][place[1]] = tree
    with tempfile.TemporaryDirectory() as name:
        for other, content in changed.items():
            (Path(name) / other).write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
        assert all(problem.message for problem in problems_of(Path(name), {}))


def problems_of(directory: Path, environment: dict[str, str]) -> list[Problem]:
    """Of the directory; none where it can be loaded. Any other error ends the test."""
    try:
        load(directory, environment)
    except ConfigError as error:
        return error.problems or [Problem("", -1, 0, "", "")]
    return []
