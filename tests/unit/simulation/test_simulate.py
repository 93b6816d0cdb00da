"""The command."""

import json
import shutil
import xml.etree.ElementTree as Xml
from pathlib import Path

import pytest
from typer.testing import CliRunner

from softswitch.cli import scenario
from softswitch.cli.main import app

ROOT = Path(__file__).parents[3]
CONFIG = ("--config", str(ROOT / "config"))


def _simulate(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["simulate", *arguments])
    return done.exit_code, done.output


def test_two_configurations_are_shown_side_by_side(tmp_path: Path) -> None:
    other = tmp_path / "more"
    shutil.copytree(ROOT / "config", other)
    agents = (other / "agents.yaml").read_text(encoding="utf-8")
    users = (other / "users.yaml").read_text(encoding="utf-8")
    (other / "users.yaml").write_text(users.replace("users:", 'users:\n  "1099": {password: test-1099}', 1))
    (other / "agents.yaml").write_text(
        agents.replace("agents:", 'agents:\n  dora: {user: "1099", skills: {orders: 5}}')
    )
    code, output = _simulate(
        "--config", str(ROOT / "config"), "--against", str(other), "--calls", "orders=60", "--patience", "2m"
    )
    lines = [line.split() for line in output.splitlines() if line.strip().startswith("orders")]
    assert code == 0 and len(lines) == 6, "waits, service levels, callbacks"
    assert int(lines[0][4]) < int(lines[1][4]), "one more agent answers more"


def told(*arguments: str) -> dict[str, list[dict[str, object]]]:
    code, output = _simulate(*CONFIG, *arguments, "--json")
    assert code == 0, output
    found: dict[str, list[dict[str, object]]] = json.loads(output[: output.rindex("}") + 1])
    return found


def test_more_agents_of_the_same_kind_and_shifts_of_a_file(tmp_path: Path) -> None:
    calls = ("--calls", "orders=100", "--patience", "1m", "--hours", "3", "--no-callbacks")
    few, many = (told(*calls, "--agents", count)["rows"][0] for count in ("3", "12"))
    assert few["answered"] < many["answered"] and few["occupancy"] > many["occupancy"]  # type: ignore[operator]
    shifts = tmp_path / "shifts.csv"
    shifts.write_text("agent,start,end\nalice,9:00,10:00\nnobody,9:00,12:00\n")
    found = told(*calls, "--shifts", str(shifts))
    assert found["rows"][0]["answered"] < few["answered"]  # type: ignore[operator]
    at_work = [one["start_s"] for one in found["intervals"] if one["occupancy"]]
    assert at_work[:4] == [32400, 33300, 34200, 35100] and at_work[4:] in ([], [36000]), "and till he hangs up"
    assert any("nobody works in place of nobody" in str(note) for note in found["assumed"])


def test_a_burst_on_television_and_what_callbacks_save_of_it() -> None:
    """FIELD: 30 agents, bursts of 20 minutes at 6 times the calls: 68 % served become 97 %."""
    calls = ("--calls", "orders=300", "--hours", "6", "--patience", "2m", "--burst", "10:00,20m,6", "--agents", "30")
    without, called_back = told(*calls, "--no-callbacks")["rows"][0], told(*calls, "--reached", "80")["rows"][0]
    assert without["offered"] == called_back["offered"]
    assert without["served"] < 0.85 and called_back["served"] > 0.95  # type: ignore[operator]
    assert called_back["occupancy"] > without["occupancy"]  # type: ignore[operator]
    callback = called_back["callback"]
    assert isinstance(callback, dict)
    assert callback["recorded"] == callback["kept"] + callback["given_up"] + callback["open"]
    assert 0 < callback["wait_p50_s"] < callback["wait_p90_s"]


def test_the_picture_has_a_line_for_each_configuration(tmp_path: Path) -> None:
    other, svg = tmp_path / "a <b> & c", tmp_path / "day.svg"
    shutil.copytree(ROOT / "config", other)
    calls = ("--calls", "orders=60", "--hours", "2", "--against", str(other), "--svg", str(svg))
    assert _simulate(*CONFIG, *calls)[0] == 0
    texts = ["".join(one.itertext()) for one in Xml.fromstring(svg.read_text()).iter() if one.tag.endswith("}text")]
    assert any(text.endswith("a <b> & c") for text in texts) and "9:00" in texts
    code, output = _simulate(*CONFIG, "--calls", "orders=60", "--svg", str(tmp_path / "no" / "day.svg"))
    assert code == 1 and "cannot be written" in output


@pytest.mark.parametrize(
    "arguments",
    [
        ("--calls", "orders=0"),
        ("--calls", "orders=60", "--agents", "0"),
        ("--calls", "orders=60", "--agents", "1", "--talk", "10h", "--patience", "5s", "--hours", "1"),
        ("--calls", "orders=6000", "--agents", "1", "--patience", "1s", "--hours", "0.2"),
        ("--calls", "orders=60", "--talk", "1ms", "--hours", "0.1"),
        ("--calls", "orders=60", "--target", "0s", "--pickup", "0s", "--hours", "1"),
        ("--calls", "orders=60", "--misses", "100", "--hours", "0.2"),
        ("--calls", "orders=60", "--reached", "0", "--patience", "1s", "--agents", "1"),
    ],
)
def test_odd_days_have_an_end_and_all_callers_are_accounted_for(arguments: tuple[str, ...]) -> None:
    for row in told(*arguments)["rows"]:
        offered, answered, abandoned, elsewhere = (
            row[key] for key in ("offered", "answered", "abandoned", "elsewhere")
        )
        assert offered == answered + abandoned + elsewhere  # type: ignore[operator]


def test_what_cannot_be_simulated_is_refused(tmp_path: Path) -> None:
    config = CONFIG
    assert _simulate(*config)[0] == 2
    assert _simulate(*config, "--calls", "orders=many")[0] == 2
    code, output = _simulate(*config, "--calls", "order=60")
    assert code == 1 and "did you mean 'orders'?" in output
    wrong = tmp_path / "day.csv"
    wrong.write_text("at,queue,talk\nnoon,orders,60\n")
    code, output = _simulate(*config, "--arrivals", str(wrong))
    assert code == 1 and f"{wrong}:2" in output
    for option, value, word in (
        ("--burst", "20:00,20m", "WHEN,HOW_LONG,TIMES"),
        ("--burst", "20:00,20m,0.5", "from 1 to 1000"),
        ("--start", "noon", "number of seconds"),
        ("--day", "yesterday", "name one of"),
        ("--until", "9:30", "goes with --since"),
        ("--shifts", str(wrong), "must be one of"),
        ("--shifts", str(tmp_path / "none.csv"), "No such file"),
    ):
        code, output = _simulate(*config, "--calls", "orders=60", option, value)
        assert code and word in " ".join(output.replace("│", " ").split()), (option, output)
    code, output = _simulate(*config, "--day", "2026-31-12")
    assert code == 1 and "for example today" in output


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        ("", ("--calls", "orders=60", "--talk", "0s"), "talk: the mean must be more than 0s"),
        ("", ("--calls", "orders=60", "--patience", "0s"), "patience: the mean must be more than 0s"),
        ("", ("--calls", "orders=60", "--talk", "3650d"), "at most 1,000 hours"),
        ("at,queue,talk\n1e300,orders,60\n", (), "at: '1e300' is not a number of seconds from 0 to 3,600,000"),
        ("at,queue,talk\n9:00,orders,1e300\n", (), "talk: '1e300' is not a number of seconds from 0 to 3,600,000"),
        ("at,queue,talk,patience\n9:00,orders,95,5,60\n", (), ":2:1: 5 cells in 4 columns; a fraction is written 95.5"),
        ("at;queue;talk\n9:00;orders;60\n", (), "columns must be separated by commas, not by ';'"),
        ('at,queue,talk\n9:00,"orders,60\n' + "9:01,orders,60\n" * 20_000, (), "; is a quote before it never closed?"),
        ("", ("--arrivals", "/dev/zero"), "/dev/zero has more than 1,000,000 bytes; simulate less at a time"),
        ("", ("--day", "9999-12-31"), "'9999-12-31' is not a moment in"),
        ("", ("--calls", "orders=60", "--shifts", "FILE", "--agents", "2"), "--shifts or --agents, not both"),
        ("", ("--calls", "orders=60", "--svg", "-"), "- is no file, and stdout has the report; name a file"),
    ],
)
def test_what_an_admin_gets_wrong_is_told_and_not_simulated(
    tmp_path: Path, rows: str, options: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenario, "MOST_BYTES", 1_000_000)
    file = tmp_path / "day.csv"
    file.write_text(rows)
    arrivals = ("--arrivals", str(file)) if rows else ()
    done = CliRunner().invoke(app, ["simulate", *CONFIG, *arrivals, *options], env={"COLUMNS": "300"})
    assert done.exit_code in (1, 2) and said in done.output
    assert "offered" not in done.output


def test_all_who_came_are_in_the_table_and_no_more_are_served_than_came() -> None:
    calls = ("--calls", "orders=30", "--hours", "2", "--patience", "1m")
    row = told(*calls, "--short", "1h")["rows"][0]
    assert row["short_abandoned"] and 0 < float(str(row["served"])) <= 1
    code, output = _simulate(*CONFIG, "--calls", "orders=30", "--hours", "2", "--agents", "0")
    heading, values = (line.split() for line in output.splitlines()[:2])
    assert code == 0 and heading[:7] == ["queue", "offered", "refused", "answered", "gave", "up", "left"]
    assert values[1] == values[5] and values[2:5] == ["0", "0", "0"]


def test_what_dialplans_offer_is_taken_and_people_call_in_again() -> None:
    calls = ("--calls", "orders=300", "--hours", "2", "--patience", "4m", "--agents", "8", "--reached", "90")
    nobody, some = told(*calls)["rows"][0], told(*calls, "--accepted", "60")["rows"][0]
    assert some["elsewhere"] > nobody["elsewhere"]  # type: ignore[operator]
    assert some["abandoned"] < nobody["abandoned"]  # type: ignore[operator]
    again = told(*calls, "--redials", "50", "--no-callbacks")
    row = again["rows"][0]
    assert row["again"] > 20 and row["served"] <= 1 and row["offered"] > nobody["offered"]  # type: ignore[operator]
    assert nobody["again"] == 0 and 0 < nobody["talk"] < nobody["occupancy"]  # type: ignore[operator]


def test_a_configuration_whose_dialplans_are_wrong_is_refused_where_they_are_asked(tmp_path: Path) -> None:
    other, plans = tmp_path / "config", tmp_path / "dialplans"
    shutil.copytree(ROOT / "config", other)
    shutil.copytree(ROOT / "dialplans", plans)
    next(plans.glob("*.yaml")).write_text("dialplan: x\nsteps: 5\n")
    calls = ("--config", str(other), "--calls", "orders=10", "--hours", "1")
    assert _simulate(*calls)[0] == 0
    code, output = _simulate(*calls, "--accepted", "50")
    assert code == 1 and "what the dialplans offer is not known" in " ".join(output.split())
