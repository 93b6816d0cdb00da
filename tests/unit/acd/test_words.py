"""The words by which docs/queues.md names strategies, reasons, causes and repairs are those that the ACD says."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from softswitch.acd.audit import Repair
from softswitch.acd.model import Strategy
from softswitch.acd.told import CAUSES
from softswitch.acd.why import Reason
from softswitch.settings.queue import Queue

PAGE = (Path(__file__).parents[3] / "docs/queues.md").read_text("utf-8")


def between(begin: str, end: str) -> str:
    return PAGE.partition(begin)[2].partition(end)[0]


def heads(table: str) -> set[str]:
    """What stands in backticks in the first column."""
    return set(re.findall(r"`([^`]+)`", " ".join(re.findall(r"^\| ([^|]*) \|", table, re.MULTILINE))))


def test_strategies_causes_and_repairs_have_a_row_each() -> None:
    assert heads(between("| `strategy:` |", "- **Wanted**")) == {one.value for one in Strategy}
    assert heads(between("| cause | |", "\n\n")) == set(CAUSES)
    assert heads(between("| what | was amiss |", "\n\n")) == {one.value for one in Repair}


def test_each_reason_why_not_is_told_by_its_own_words() -> None:
    told = {re.sub(r"\s+", " ", one) for one in re.findall(r"`([^`]+)`", between("### Why not he", "## Who may join"))}
    written = {re.sub(r" x(, y)?$", " {}", one) for one in told} - {"ring-all"}
    assert written == {one.value for one in Reason}


def test_what_is_shown_as_defaults_are_the_defaults() -> None:
    blocks = re.findall(r"```yaml\n((?:announce|expected):.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        assert Queue.model_validate(yaml.safe_load(block)) == Queue()
