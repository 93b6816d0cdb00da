"""Whatever stands in the files, the answer is settings or a list of problems, never another error."""

from __future__ import annotations

import copy
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.errors import ConfigError, Problem
from softswitch.core.yaml_nodes import load_yaml
from softswitch.settings import load
from softswitch.settings.model import Configuration
from softswitch.settings.written import LISTS, MOST_PROBLEMS

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


CALLBACK = "queues: {orders: {callback: {trunk: t, window: {hours: '00:00-24:00'}, numbers: '%s'}}}"


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("softswitch", 'paths: {var: "a\\0b"}', "1:14: paths.var: has the control character U+0000; take it out"),
        ("softswitch", f"paths: {{prompts: {'a' * 300}}}", "1:9: paths.prompts: is longer than the name of a file"),
        ("softswitch", f"paths: {{hold: {'a/' * 600}}}", "1:9: paths.hold: is longer than the name of a file"),
        ("softswitch", f"do_not_call: {'a' * 300}", "1:1: do_not_call: is longer than the name of a file"),
        ("softswitch", 'sip: {realm: "a\\r\\nb"}', "1:7: sip.realm: 'a\\r\\nb' is not one line of text"),
        ("softswitch", "limits: {calls: 99999999999}", "1:10: limits.calls: must be less than or equal to 100000"),
        ("softswitch", "webhooks: {a: {url: 'http://a:99999/', secret: 16-letters-or-so}}",
         "1:16: webhooks.a.url: is not an address such as https://crm.example/hooks"),
        ("users", "users: {'1001': {password: ''}}", "1:18: users.1001.password: must have at least 1 character"),
        ("users", "users: {'1001': {password: 'file:/dev/zero'}}", "1:18: users.1001.password: the file '/dev/zero'"),
        ("users", 'users: {"1001": {password: abcdefgh, name: "A\\nB"}}', "1:38: users.1001.name: 'A\\nB' is not one"),
        ("trunks", 'trunks: {t: {address: a.b, password: x, username: "u\\r"}}', "1:41: trunks.t.username: 'u\\r' is"),
        ("softswitch", "media: {talk: {level: loud}}", "1:16: media.talk.level: must be a number"),
        ("queues", "queues: {q: {overflow: {full: {voicemail: 'yes'}}}}",
         "1:32: queues.q.overflow.full.voicemail: must be true"),
        ("campaigns", "campaigns: {c: {queue: q, trunk: t, dispositions: %s}}" % [f"a{one}" for one in range(21)],
         "1:37: campaigns.c.dispositions: must have at most 20 items, not 21"),
        ("campaigns", "campaigns: {c: {queue: q, trunk: t, ends: 9999-12-31}}",
         "1:37: campaigns.c.ends: '9999-12-31' is not between 1900 and 2999; write for example 2026-10-01"),
        ("queues", CALLBACK % "(1[0-9]{3}", "1:72: queues.orders.callback.numbers: '(1[0-9]{3}' is no"),
    ],
)  # fmt: skip
def test_what_no_switch_could_start_with_is_told_with_its_place(
    tmp_path: Path, file: str, text: str, told: str
) -> None:
    (tmp_path / "softswitch.yaml").touch()
    (tmp_path / f"{file}.yaml").write_text(text)
    assert [str(one) for one in problems_of(tmp_path, {}) if str(one).startswith(f"{tmp_path}/{file}.yaml:{told}")]


def test_a_message_does_not_grow_with_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "softswitch.yaml").write_text(f"zone: {'a' * 500_000}")
    (problem,) = problems_of(tmp_path, {})
    assert problem.message.startswith("'aaa") and len(problem.message) < 700


def test_a_tab_in_a_name_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "softswitch.yaml").touch()
    (tmp_path / "users.yaml").write_text('users: {"1001": {password: abcdefgh, name: "Ann\tLee"}}')
    assert load(tmp_path, {}).users["1001"].name == "Ann\tLee"


def test_a_secret_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "softswitch.yaml").touch()
    (tmp_path / "users.yaml").write_text("users: {'1001': {password: 'file:pipe'}}")
    assert ["cannot be read" in one.message for one in problems_of(tmp_path, {})] == [True]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(1|9)[0-9]{3}", "2(?:0)[0-9]{2}"),
        ("(?i)1[0-9]{3}", "(?x)2 [0-9]{3}"),
        ("(?P<a>1)[0-9]{3}", "(?P<a>2)[0-9]{3}"),
        (r"1(0)\1[0-9]", r"2(0)\1[0-9]"),
    ],
)
def test_the_lists_of_numbers_of_two_queues_hold_beside_each_other(tmp_path: Path, one: str, other: str) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "own.txt").write_text("1004\n2004\n3004\n")
    queue = "{callback: {trunk: t, window: {hours: '00:00-24:00'}, numbers: '%s'}}"
    files = {
        "softswitch": "do_not_call: own.txt",
        "trunks": "trunks: {t: {address: a.b}}",
        "queues": f"queues: {{a: {queue % one}, b: {queue % other}}}",
    }
    for name, text in files.items():
        (tmp_path / "config" / f"{name}.yaml").write_text(text)
    settings = load(tmp_path / "config", {})
    assert settings.barred == {"1004", "2004"}
    assert ["3004" in one.message for one in settings.warnings if one.file.endswith("own.txt")] == [True]


def test_of_very_many_mistakes_the_first_ones_are_told_and_that_there_are_more(tmp_path: Path) -> None:
    users = "".join(f"  '{number}': {{password: long-enough}}\n" for number in range(5000))
    agents = "".join(f"  a{number}: {{user: x{number}}}\n" for number in range(5000))
    for name, text in {"softswitch": "", "users": f"users:\n{users}", "agents": f"agents:\n{agents}"}.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    began = time.process_time()
    problems = problems_of(tmp_path, {})
    assert time.process_time() - began < 5.0
    assert len(problems) == MOST_PROBLEMS + 1 and {one.level for one in problems} == {"error"}
    assert [one.message for one in problems if one.line == 0] == [
        "500 errors so far; there may be more, mend those first"
    ]


def test_very_many_warnings_hide_no_error(tmp_path: Path) -> None:
    queues = "".join(f"  q{number}: {{needs: [{{skill: s}}]}}\n" for number in range(600))
    (tmp_path / "softswitch.yaml").write_text("voicemail: {trunk: nobody}")
    (tmp_path / "queues.yaml").write_text(f"queues:\n{queues}")
    found = [one.message for one in problems_of(tmp_path, {}) if one.level == "error"]
    assert found == ["trunks.yaml has no trunk 'nobody'"]


def test_a_long_way_of_queues_is_followed_to_its_end(tmp_path: Path) -> None:
    ways = [f"  q{number}: {{overflow: {{full: {{queue: q{number + 1}}}}}}}\n" for number in range(3000)]
    (tmp_path / "softswitch.yaml").touch()
    (tmp_path / "queues.yaml").write_text(f"queues:\n{''.join(ways)}  q3000: {{}}\n")
    began = time.process_time()
    assert problems_of(tmp_path, {}) == []
    assert time.process_time() - began < 5.0
    (tmp_path / "queues.yaml").write_text(
        f"queues:\n{''.join(ways)}  q3000: {{overflow: {{full: {{queue: q2998}}}}}}\n"
    )
    (problem,) = problems_of(tmp_path, {})
    assert "in a circle: q2998 -> q2999 -> q3000 -> q2998;" in problem.message
