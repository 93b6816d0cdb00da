"""Erlang's formulas against tables on which several independent tools agree, and against each other."""

import csv
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from softswitch.acd.staffing import Load, agents_for, blocked, forecast
from softswitch.cli.main import app

ROWS = list(csv.DictReader((Path(__file__).parent / "reference" / "erlang.csv").read_text().splitlines()))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['model']}-{row['agents']}")
def test_the_closed_forms_agree_with_the_reference(row: dict[str, str]) -> None:
    load = Load(float(row["lam_per_h"]), float(row["aht_s"]), float(row["target_s"]), float(row["patience_s"]))
    one = forecast(load, int(row["agents"]))
    found = (
        one.waits, one.answered_s, one.wait_s, one.within_of_offered, one.within_of_answered, one.would_be_within,
        one.occupancy, one.abandoned,
    )  # fmt: skip
    expected = [float(row[key]) for key in list(row)[6:]]
    assert found == pytest.approx(expected, abs=1e-6, rel=0)


def test_erlang_b_by_hand_and_at_a_thousand_agents() -> None:
    assert blocked(2, 1.0) == pytest.approx((1 / 2) / (1 + 1 + 1 / 2))
    assert blocked(0, 5.0) == 1.0
    assert 0 < blocked(1000, 1000.0) < 0.03


def test_patience_without_end_is_erlang_c() -> None:
    patient, nearly = Load(100, 180), Load(100, 180, patience_s=1e9)
    assert forecast(nearly, 6).answered_s == pytest.approx(forecast(patient, 6).answered_s, rel=1e-5)


def test_no_patience_at_all_is_erlang_b() -> None:
    one = forecast(Load(100, 180, patience_s=1e-6), 6)
    assert one.abandoned == pytest.approx(blocked(6, 5.0), rel=1e-5)
    assert one.within_of_answered == pytest.approx(1.0)


@pytest.mark.parametrize("agents", [1, 100, 1000, 3000, 100_000])
@pytest.mark.parametrize("patience_s", [1.0, 120.0, 86400.0])
def test_no_size_overflows(agents: int, patience_s: float) -> None:
    load = Load(20_000, 360, 20, patience_s)  # 2,000 Erlang
    one = forecast(load, agents)
    shares = (one.waits, one.abandoned, one.occupancy, one.within_of_offered, one.within_of_answered)
    assert all(-1e-9 <= share <= 1 + 1e-9 for share in shares)
    assert one.occupancy == pytest.approx(load.offered * (1 - one.abandoned) / agents)
    assert one.wait_s == pytest.approx(one.abandoned * patience_s)


def _stationary(load: Load, agents: int) -> tuple[float, float, float]:
    """Waits, gives up and occupancy, from the probabilities of all numbers of callers, one by one."""
    rate, logs = load.calls_per_h / 3600, [0.0]
    highest = 0.0
    while logs[-1] > highest - 60:
        number = len(logs)
        out = min(number, agents) / load.handling_s + max(number - agents, 0) / load.patience_s
        logs.append(logs[-1] + math.log(rate / out))
        highest = max(highest, logs[-1])
    weights = [math.exp(one - highest) for one in logs]
    total = sum(weights)
    queue = sum(weight * max(number - agents, 0) for number, weight in enumerate(weights)) / total
    busy = sum(weight * min(number, agents) for number, weight in enumerate(weights)) / total
    return sum(weights[agents:]) / total, queue / load.patience_s / rate, busy / agents


@pytest.mark.parametrize("agents", [1, 2, 50, 200])
@pytest.mark.parametrize(
    "load", [Load(1000, 300, 0, 60), Load(10_000, 300, 20, 3600), Load(0.1, 300, 20, 60), Load(36_000, 10, 5, 1)]
)
def test_odd_loads_agree_with_the_chain_itself(load: Load, agents: int) -> None:
    one = forecast(load, agents)
    assert (one.waits, one.abandoned, one.occupancy) == pytest.approx(_stationary(load, agents), abs=1e-8)


@pytest.mark.parametrize("agents", [1, 50])
def test_the_most_patient_of_very_many_callers_lose_no_digits(agents: int) -> None:
    one = forecast(Load(1e6, 300, 20, 1e7), agents)
    assert one.occupancy == pytest.approx(1.0, abs=1e-9) and one.waits == pytest.approx(1.0)


def test_without_calls_nobody_waits() -> None:
    for patience_s in (60.0, math.inf):
        one = forecast(Load(0, 240, 0, patience_s), 1)
        assert (one.waits, one.abandoned, one.occupancy, one.within_of_offered) == (0, 0, 0, 1)
        assert agents_for(Load(0, 240, 0, patience_s), 1.0, occupancy=0.0).agents == 1


def test_the_least_number_of_agents_is_found() -> None:
    load = Load(360, 240, 20, 120)
    found = agents_for(load, 0.8, abandoned=0.05)
    assert found.within_of_offered >= 0.8 and found.abandoned <= 0.05
    fewer = forecast(load, found.agents - 1)
    assert fewer.within_of_offered < 0.8 or fewer.abandoned > 0.05


def test_what_cannot_be_is_refused_with_a_reason() -> None:
    with pytest.raises(ValueError, match="more than 24 agents are needed"):
        forecast(Load(360, 240), 24)
    with pytest.raises(ValueError, match="from 1 to"):
        forecast(Load(360, 240, 20, 60), 0)
    for calls_per_h, handling_s in ((-1, 240), (math.nan, 240), (math.inf, 240), (360, 0)):
        with pytest.raises(ValueError, match="must not be less than 0"):
            Load(calls_per_h, handling_s)
    for target_s, patience_s in ((-1.0, 60.0), (20.0, 0.0), (math.nan, 60.0)):
        with pytest.raises(ValueError, match="must not be less than 0 s"):
            Load(360, 240, target_s, patience_s)
    with pytest.raises(ValueError, match="is the target possible"):
        agents_for(Load(360, 240), 1.0, occupancy=0.0)


def _plan(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["plan", *arguments])
    return result.exit_code, result.output


def test_the_command_marks_the_number_that_it_takes() -> None:
    code, output = _plan("--calls", "360", "--aht", "4m", "--patience", "2m", "--shrinkage", "30")
    chosen = agents_for(Load(360, 240, 20, 120), 0.8).agents
    marked = next(line for line in output.splitlines() if line.startswith("->"))
    assert code == 0 and marked.split()[1:3] == [str(chosen), str(math.ceil(chosen / 0.7))]


def test_the_command_says_what_is_wrong() -> None:
    code, output = _plan("--calls", "360", "--aht", "4")
    assert code == 2 and "is not a duration" in output
    code, output = _plan("--calls", "360", "--aht", "4m", "--agents", "20")
    assert code == 2 and "grows for ever" in output
