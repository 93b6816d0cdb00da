"""Rows of somebody else for the formulas' benches: taken as they are meant, or refused with what is wrong."""

import json
import math
from pathlib import Path

import pytest

from softswitch.core.errors import UsageError
from tests.bench.formulas import ERLANG, PRIORITY, SKILLS, classes, closed, graphs, off, skewed, stable

_GRAPH = {"name": "N", "lam": {"a": 0.5}, "mu": [1.0], "compat": {"a": [0]}, "exact": {"a": {"EW": 1, "P_wait": 0.5}}}


def test_the_known_files_are_taken() -> None:
    rows = stable(ERLANG)
    assert len(rows) == 30 and max(map(closed, rows)) < 1e-6
    assert [len(rows) for rows in classes(PRIORITY)] == [3, 3, 3, 3, 2]
    assert len(graphs(SKILLS)) == 5


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"mu": [0]}, "graph 1: rates must be more than 0"),
        ({"compat": {"a": [1]}}, "compat must name servers from 0 to 0"),
        ({"compat": {"a": []}}, "at least one for each kind"),
        ({"exact": {"b": {}}}, "must be of the same kinds"),
        ({"exact": {"a": {"EW": 1}}}, "KeyError: 'P_wait'"),
        ({"lam": 3}, "TypeError"),
    ],
)
def test_a_broken_graph_is_refused(tmp_path: Path, change: dict[str, object], wrong: str) -> None:
    path = tmp_path / "graphs.json"
    path.write_text(json.dumps([_GRAPH]))
    assert graphs(path) == [_GRAPH]
    path.write_text(json.dumps([{**_GRAPH, **change}]))
    with pytest.raises(UsageError, match=wrong):
        graphs(path)


@pytest.mark.parametrize(
    ("text", "wrong"), [("[", "cannot be read"), ("[]", "must be a list"), ("{}", "must be a list")]
)
def test_what_is_no_list_of_graphs_is_refused(tmp_path: Path, text: str, wrong: str) -> None:
    (tmp_path / "graphs.json").write_text(text)
    with pytest.raises(UsageError, match=wrong):
        graphs(tmp_path / "graphs.json")


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("1,3600,1,1,2", "1 agents cannot serve 1 an hour: the queue grows for ever"),
        ("2,60,1 x,1,2", "class_rates_per_h is '1 x'"),
        ("2,60,,1,2", "class_rates_per_h is ''"),
        ("2,60,1 2,3,2", "a class beyond them"),
        ("2,60,1 2,one,2", "line 2: class is 'one'; it must be a whole number"),
        ("2,60,1 2,1,2,9", "line 2: more cells"),
    ],
)
def test_a_broken_priority_is_refused(tmp_path: Path, row: str, wrong: str) -> None:
    (tmp_path / "rows.csv").write_text(f"agents,aht_s,class_rates_per_h,class,mean_wait_s_exact\n{row}\n")
    with pytest.raises(UsageError, match=wrong):
        classes(tmp_path / "rows.csv")


def test_a_queue_of_erlang_that_grows_for_ever_is_refused(tmp_path: Path) -> None:
    lines = ERLANG.read_text().splitlines()
    (tmp_path / "rows.csv").write_text("\n".join([*lines[:2], lines[1].replace("2880,60,50", "2880,60,48")]))
    with pytest.raises(UsageError, match="row 2: 48 agents: the queue grows for ever"):
        stable(tmp_path / "rows.csv")


def test_standard_errors_of_values_that_are_not_skewed_are_those_of_the_common_t() -> None:
    assert skewed([1.0, 2.0, 3.0]) == pytest.approx(2.0 / (1.0 / math.sqrt(3)))
    assert off([[1.0, 2.0], [4.0]], 1.5) == pytest.approx(skewed([0.0, 2.5]))
    assert skewed([0.0, 0.0]) == 0.0 and skewed([2.0, 2.0]) == math.inf


def test_many_small_values_and_one_large_one_are_not_taken_for_a_low_mean() -> None:
    values = [-1.0] * 15 + [5.0]
    common = -0.625 / (1.5 / 4)
    assert common < skewed(values) < 0
