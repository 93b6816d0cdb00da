"""Wrap-up as it is written: a time, or a mapping; what is wrong is said of the key that was written."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from softswitch.acd.model import WrapUp, WrapUpMode
from softswitch.settings.queue import Queue
from softswitch.settings.schema import configuration_schema

M = WrapUpMode


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("10s", WrapUp(M.TIMED, 10, 300)),
        ("10m", WrapUp(M.TIMED, 600, 600)),
        (0, WrapUp(M.NONE, 0, 300)),
        ({"mode": "none", "time": "10s"}, WrapUp(M.NONE, 0, 300)),
        ({"time": "20s"}, WrapUp(M.TIMED, 20, 300)),
        ({"mode": "optional", "time": "20s", "at_most": "1m"}, WrapUp(M.OPTIONAL, 20, 60)),
        ({"mode": "until-done", "time": "30s", "at_most": "10m"}, WrapUp(M.UNTIL_DONE, 30, 600)),
        ({"mode": "until-done", "at_most": "5s"}, WrapUp(M.UNTIL_DONE, 5, 5)),
    ],
)
def test_what_is_written_is_this_rule(written: Any, rule: WrapUp) -> None:
    assert Queue(wrap_up=written).spec("q").wrap_up == rule


def test_without_a_word_it_is_timed() -> None:
    assert Queue().spec("q").wrap_up == WrapUp(M.TIMED, 10, 300)


@pytest.mark.parametrize(
    ("written", "where", "said"),
    [
        ("soon", "wrap_up", "'soon' is not a duration; write for example 250ms"),
        (10, "wrap_up", "10 has no unit"),
        ({"mode": "untill-done"}, "wrap_up.mode", "'none', 'optional', 'timed' or 'until-done'"),
        ({"time": "9m", "at_most": "5m"}, "wrap_up", "time (540 s) is longer than at_most (300 s)"),
        ({"mode": "optional", "time": 0}, "wrap_up", "mode optional needs a time above 0"),
        ({"at_most": 0}, "wrap_up.at_most", "must be longer than 0s"),
        ({"modus": "none"}, "wrap_up.modus", "Extra inputs"),
    ],
)
def test_what_is_wrong_is_said_of_the_key_that_was_written(written: Any, where: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Queue(wrap_up=written)
    (error,) = caught.value.errors()
    assert ".".join(map(str, error["loc"])) == where
    assert said in error["msg"]


def test_each_failure_of_an_offer_has_its_own_delay() -> None:
    spec = Queue.model_validate(
        {"retry_no_answer": "1s", "retry_busy": "2s", "retry_rejected": "3s", "retry_unreachable": "4s"}
    ).spec("q")
    delays = (spec.retry_no_answer_s, spec.retry_busy_s, spec.retry_rejected_s, spec.retry_unreachable_s)
    assert delays == (1, 2, 3, 4)


def test_an_editor_knows_both_ways_to_write_it() -> None:
    duration, mapping = configuration_schema()["$defs"]["Queue"]["properties"]["wrap_up"]["anyOf"]
    assert duration["title"] == "duration"
    assert mapping == {"$ref": "#/$defs/WrapUpSettings"}
