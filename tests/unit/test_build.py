"""From the files of a dialplan directory to plans: what cannot be read is a problem with a place, like all others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch import build
from softswitch.build import Dialplans, load_dialplans
from softswitch.settings import Settings
from softswitch.settings.people import User
from softswitch.settings.system import Paths

GOOD = "dialplan: good\nnumbers: [8000]\nlanguage: en\nstart: a\nsteps:\n  a: {hangup: normal}\n"
Load = Callable[[], Dialplans]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    (tmp_path / "good.yaml").write_text(GOOD)
    settings = Settings(paths=Paths(dialplans=tmp_path), users={"1001": User(password="x")})
    return lambda: load_dialplans(settings)


def told(dialplans: Dialplans) -> list[str]:
    return [f"{Path(problem.file).name} {problem.level} {problem.message}" for problem in dialplans.problems]


def test_a_directory_of_good_plans(load: Load) -> None:
    assert list(load().plans) == ["good"]
    assert told(load()) == []


def test_a_directory_without_a_plan_is_no_mistake_that_goes_unnoticed(load: Load, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").unlink()
    assert told(load()) == [f"{tmp_path.name} warning has no dialplan (*.yaml), so that nobody who calls is answered"]
    assert load().right


def test_a_directory_with_the_name_of_a_plan(load: Load, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").mkdir()
    assert told(load()) == ["x.yaml error is not a file"]
    assert not load().plans


def test_a_link_to_nothing(load: Load, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").symlink_to(tmp_path / "nothing")
    assert told(load()) == ["x.yaml error is a link to a file that does not exist"]


def test_a_file_that_may_not_be_read(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)  # modes do not hold root off
    assert told(load()) == ["good.yaml error cannot be read: [Errno 13] Permission denied"]


@pytest.mark.parametrize("name", ["other.yml", "other.YAML"])
def test_a_file_that_is_not_read_is_named(load: Load, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(GOOD)
    assert told(load()) == [f"{name} warning is not read; rename it to other.yaml"]
    assert list(load().plans) == ["good"]


def test_a_number_that_a_phone_or_a_feature_code_has(load: Load, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD.replace("[8000]", "[8000, 1001, '*11']"))
    assert told(load()) == [
        "good.yaml warning '1001' is a user too; who calls it comes here and never to that phone",
        "good.yaml warning '*11' is a feature code too; our own phones never come here by it",
    ]
    assert load().plans


def test_a_file_without_end_is_not_read(load: Load, tmp_path: Path) -> None:
    with (tmp_path / "good.yaml").open("r+b") as file:
        file.truncate(50_000_000)
    assert told(load()) == ["good.yaml error has 50,000,000 bytes; 1,000,000 are read at most, so divide it"]


def test_files_without_number_are_not_read(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "MOST_FILES", 2)
    for name in ("b", "c", "d"):
        (tmp_path / f"{name}.yaml").write_text(GOOD.replace("good", name).replace("8000", f"80{ord(name)}"))
    assert [line.partition(" error")[0] for line in told(load())] == ["d.yaml", "good.yaml"]
    assert not load().plans
