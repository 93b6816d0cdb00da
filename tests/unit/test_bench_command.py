"""What a bench is told: numbers by their place, and nothing else."""

import pytest

from tests.bench.command import numbers


def test_numbers_are_taken_by_their_place_and_else_by_default() -> None:
    assert numbers("", [], calls=5, seed=1) == [5, 1]
    assert numbers("", ["7", "-3"], calls=5, seed=1) == [7, -3]
    assert numbers("", ["0.5"], hours=60.0) == [0.5]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["x"], "invalid int value: 'x'"),
        (["0"], "calls is 0; it must be more than 0"),
        (["7", "1", "9"], "unrecognized arguments: 9"),
    ],
)
def test_anything_else_is_said_to_be_wrong(capsys: pytest.CaptureFixture[str], words: list[str], wrong: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        numbers("", words, calls=5, seed=1)
    assert wrong in capsys.readouterr().err


def test_help_is_what_the_bench_says_of_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        numbers("Mutants at 100 % of speed.", ["--help"], calls=5_000)
    told = capsys.readouterr().out
    assert "Mutants at 100 % of speed." in told and "5,000 if it is not given" in told
