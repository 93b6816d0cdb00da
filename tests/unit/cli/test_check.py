"""``softswitch check``: all of it, or some files; for people and for programs; what its exit code says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from softswitch.cli.main import app

PLAN = "dialplan: {name}\nnumbers: ['{number}']\nlanguage: en\nstart: a\nsteps:\n  a: {step}\n"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "dialplans").mkdir()
    (tmp_path / "config/softswitch.yaml").write_text("")
    (tmp_path / "config/queues.yaml").write_text("queues: {orders: {}}\n")
    write(tmp_path, "good", "1", "{hangup: normal}")
    return tmp_path


def write(house: Path, name: str, number: str, step: str, where: str = "dialplans") -> Path:
    path = house / where / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(PLAN.format(name=name, number=number, step=step))
    return path


def check(house: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["check", "--config", str(house / "config"), *map(str, arguments)])


def test_one_file_is_held_against_the_configuration(house: Path) -> None:
    bad = write(house, "bad", "2", "{queue: oders, failed: a}")
    write(house, "other", "3", "{ply: x}")
    done = check(house, bad)
    assert done.exit_code == 1
    assert f"{bad}:6:7: steps.a.queue: there is no queue 'oders'; did you mean 'orders'?" in done.stdout
    assert "other.yaml" not in done.stdout
    good = check(house, house / "dialplans/good.yaml")
    assert (good.exit_code, good.stdout) == (0, f"{house / 'dialplans/good.yaml'}: right, with 0 warning(s)\n")


def test_a_draft_takes_the_place_of_the_plan_of_its_name(house: Path) -> None:
    assert check(house, write(house, "good", "1", "{hangup: busy}", where="drafts")).exit_code == 0


@pytest.mark.parametrize("name", ["a", "z"])
def test_a_number_that_another_plan_has_is_told_whichever_comes_first(house: Path, name: str) -> None:
    done = check(house, write(house, name, "1", "{hangup: normal}"))
    assert done.exit_code == 1
    assert "has the number '1' already" in done.stdout


def test_without_a_right_configuration_a_file_is_checked_all_the_same(house: Path) -> None:
    (house / "config/queues.yaml").write_text("queues: [\n")
    bad = write(house, "bad", "2", "{queue: oders, failed: b}")
    done = check(house, bad)
    assert done.exit_code == 1
    assert "there is no step 'b'" in done.stdout and "oders" not in done.stdout
    assert "the configuration has errors" in done.stderr


def test_strict_counts_warnings(house: Path) -> None:
    doubtful = write(house, "doubtful", "2", "{queue: orders}")
    relaxed = check(house, doubtful)
    assert relaxed.exit_code == 0
    assert "6:7: warning: steps.a.queue: without failed:" in relaxed.stdout
    strict = check(house, "--strict")
    assert strict.exit_code == 1
    assert "0 error(s), 1 warning(s)" in strict.stderr


def test_for_programs(house: Path) -> None:
    bad = write(house, "bad", "2", "{say: hello, next: b}")
    done = check(house, "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["errors"], told["warnings"]) == (1, 1, 0)
    (problem,) = told["problems"]
    assert problem == {
        "file": str(bad),
        "line": 6,
        "column": 19,
        "key": "steps.a.next",
        "message": "there is no step 'b'; known: a",
        "level": "error",
    }
    assert json.loads(check(house, "--json", house / "dialplans/good.yaml").stdout)["problems"] == []


def test_misuse_is_2(house: Path) -> None:
    assert check(house, house / "dialplans/none.yaml").exit_code == 2
    assert check(house, house / "dialplans").exit_code == 2
    assert check(house, "--stirct").exit_code == 2


def test_a_file_that_is_too_large_is_not_read(house: Path) -> None:
    path = house / "dialplans/large.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    for arguments in ((path,), ()):
        done = check(house, *arguments)
        assert done.exit_code == 1
        assert f"{path}:0:1: has 50,000,000 bytes; 1,000,000 are read at most, so divide it" in done.stdout
