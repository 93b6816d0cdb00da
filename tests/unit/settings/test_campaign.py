"""campaigns.yaml: what is right becomes a policy and a campaign, what is wrong is told at file and line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from softswitch.build import load_dialplans
from softswitch.callback.campaign import Disposition
from softswitch.core.errors import ConfigError
from softswitch.settings import load

REST = {
    "softswitch": "paths: {dialplans: ../plans}",
    "trunks": "trunks: {carrier: {address: '192.0.2.1'}}",
    "queues": "queues: {sales: {callback: {trunk: carrier}}}",
}


def written(tmp_path: Path, campaign: str) -> Path:
    (tmp_path / "plans").mkdir(exist_ok=True)
    directory = tmp_path / "config"
    directory.mkdir(exist_ok=True)
    text = f"campaigns: {{spring: {{queue: sales, trunk: carrier, {campaign}}}}}"
    for name, content in {**REST, "campaigns": text}.items():
        (directory / f"{name}.yaml").write_text(content.replace("../plans", str(tmp_path / "plans")), "utf-8")
    return directory


def problems(directory: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(directory, {})
    return [str(problem).removeprefix(f"{directory}/") for problem in caught.value.problems]


def test_a_campaign_is_called_by_its_own_policy_under_its_own_name(tmp_path: Path) -> None:
    directory = written(tmp_path, "begins: 2026-12-01, ends: 2026-12-24, max_attempts: 5, caller_id: '+8610'")
    queue, spring = load(directory, {}).policies()
    assert (queue.name, queue.key, queue.campaign) == ("sales", "sales", "")
    assert (spring.name, spring.key, spring.queue, spring.stages) == ("spring", "spring", "sales", ())
    assert (spring.max_attempts, spring.caller_id) == (5, "+8610")
    assert spring.begins_at == datetime(2026, 11, 30, 16, tzinfo=UTC).timestamp()  # midnight in Shanghai
    assert spring.ends_at == datetime(2026, 12, 24, 16, tzinfo=UTC).timestamp()  # the end of the last day


def test_codes_are_words_and_may_lead_to_something(tmp_path: Path) -> None:
    codes = "[sold, {code: call again, retry: 2h}, {code: never again, do_not_call: true}, 成交]"
    campaign = load(written(tmp_path, f"dispositions: {codes}, variables: {{product: tea}}"), {}).outbound()["spring"]
    assert campaign.dispositions == (
        Disposition("sold"), Disposition("call again", 7200.0), Disposition("never again", None, True),
        Disposition("成交"),
    )  # fmt: skip
    assert [campaign.by_digit(digit) for digit in "149"] == [*campaign.dispositions[::3], None]
    assert campaign.variables == (("product", "tea"),)
    assert {"caller", "queue"} <= campaign.reserved


@pytest.mark.parametrize(
    ("campaign", "said"),
    [
        ("queue: sails", "queues.yaml has no queue 'sails'; did you mean 'sales'?"),
        ("trunk: carier", "trunks.yaml has no trunk 'carier'; did you mean 'carrier'?"),
        ("dispositions: [sold, sold]", "dispositions: 'sold' is there twice"),
        ("dispositions: [{code: x, retry: 1h, do_not_call: true}]", "cannot be called again; write retry or"),
        ("dispositions: [{code: x, retri: 1h}]", "dispositions[0].retri: unknown key; did you mean 'retry'?"),
        ("dispositions: ['=1+1']", "is not a short word or two"),
        ("begins: 2026-12-24, ends: 2026-12-01", "ends on 2026-12-01, before it begins on 2026-12-24"),
        ("begins: 2026-12-05, ends: 2026-12-06, window: {days: mon-fri}", "window: never opens: none of its days"),
        ("window: {days: []}", "window"),
        ("ends: tomorrow", "ends: 'tomorrow' is not a date"),
        ("stages: [abandoned]", "stages: is for queues: a campaign calls who is in its list"),
        ("short_abandon: 5s", "short_abandon: is for queues"),
        ("variables: {caller: x}", "'caller' belongs to the call and cannot be set"),
        ("required: ['first name']", "required[0]: 'first name' is not a name for a variable"),
        ("paused: perhaps", "paused: must be"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_where_it_is(tmp_path: Path, campaign: str, said: str) -> None:
    key = campaign.partition(":")[0]
    directory = written(tmp_path, campaign)
    path = directory / "campaigns.yaml"
    if key in ("queue", "trunk"):
        path.write_text(path.read_text().replace({"queue": "queue: sales, ", "trunk": "trunk: carrier, "}[key], "", 1))
    found = problems(directory)
    assert len(found) == 1 and said in found[0] and found[0].startswith("campaigns.yaml:1:"), found


def test_a_campaign_is_not_called_as_a_queue_is(tmp_path: Path) -> None:
    directory = written(tmp_path, "")
    path = directory / "campaigns.yaml"
    path.write_text(path.read_text().replace("spring", "sales"))
    assert "is the name of a queue already" in problems(directory)[0]


def test_one_whose_last_day_has_passed_is_doubtful(tmp_path: Path) -> None:
    (warning,) = load(written(tmp_path, "ends: 2020-02-02"), {}).warnings
    assert "campaigns.spring.ends: has passed: nobody is called any more" in str(warning)


def test_a_code_for_which_a_phone_has_no_digit_is_told(tmp_path: Path) -> None:
    codes = [f"code {number}" for number in range(10)]
    settings = load(written(tmp_path, f"dispositions: {codes}"), {})
    assert settings.warnings == () and settings.outbound()["spring"].by_digit("0") == Disposition("code 9")
    (warning,) = load(written(tmp_path, f"dispositions: {[*codes, 'late', 'later']}"), {}).warnings
    assert settings.outbound()["spring"].by_digit("11") is None, "and not the first"
    assert "campaigns.spring.dispositions[10]: 'late' has no digit behind *57" in str(warning)


def test_a_dialplan_that_is_not_there_is_told_with_the_dialplans(tmp_path: Path) -> None:
    directory = written(tmp_path, "plan: welcom, first: customer")
    (tmp_path / "plans" / "a.yaml").write_text(
        "dialplan: welcome\nnumbers: ['8000']\nstart: b\nsteps: {b: {hangup: normal}}\n"
    )
    found = [str(problem) for problem in load_dialplans(load(directory, {})).problems if problem.level == "error"]
    assert len(found) == 1 and found[0].startswith(f"{directory}/campaigns.yaml:1:"), "as all that is wrong there"
    assert "did you mean 'welcome'?" in found[0], found
