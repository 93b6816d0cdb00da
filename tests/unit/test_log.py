"""One line per event, numbers masked, libraries included."""

from __future__ import annotations

import ast
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from softswitch.acd.decision import Decided
from softswitch.acd.model import Need, QueueJoined, QueueSpec
from softswitch.callback.breaker import TrunkLeftAlone
from softswitch.callback.model import Promise, PromiseChanged, PromiseState
from softswitch.contact.event import ContactStarted
from softswitch.core.effect import DomainEvent
from softswitch.log import LEVELS, configure, log_event, mask
from softswitch.sip.endpoint import Stray
from softswitch.switch.campaigns import ListImported
from softswitch.switch.do_not_call import NumbersListed
from softswitch.switch.event import AuthenticationFailed, ConnectionEnded, MessageDropped, Reloaded, UnitFailed
from softswitch.switch.trunk_line import TrunkDown
from tests.unit.acd.centre import Centre, only, spec


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers, logging.root.level
    yield
    structlog.reset_defaults()
    logging.root.handlers, logging.root.level = handlers, level


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+8613800138000", "+861***00"),
        ("sip:13800138000@192.0.2.1", "sip:1380***00@192.0.2.1"),
        ("1001 and 8000", "1001 and 8000"),
        ("leg-123456789012", "leg-123456789012"),
        ("/var/2026/20261121.wav", "/var/2026/20261121.wav"),
        ("192.0.2.1:5060", "192.0.2.1:5060"),
    ],
)
def test_numbers_are_masked_and_ids_are_not(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_a_fact_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json", "info", mask_numbers=True)
    log_event(ContactStarted("c-1", "inbound", "+8613800138000", "8000", ""), 0.0)
    line = json.loads(capsys.readouterr().err)
    assert line.pop("at").endswith("Z")
    assert line == {
        "event": "contact_started",
        "level": "info",
        "contact": "c-1",
        "kind": "inbound",
        "caller": "+861***00",
        "called": "8000",
    }


def test_unmasked_where_the_admin_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text", "info", mask_numbers=False)
    log_event(ContactStarted("c-1", "inbound", "+8613800138000", "8000", ""), 0.0)
    assert "level=info event=contact_started contact=c-1 kind=inbound caller=+8613800138000" in capsys.readouterr().err


def test_a_row_inside_a_fact_stands_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json", "info")
    promise = Promise("p-1", "+8613800138000", "orders", "abandoned", PromiseState.DUE, "c-1", 0.0)
    log_event(PromiseChanged(promise, PromiseState.RECORDED), 0.0)
    line = json.loads(capsys.readouterr().err)
    assert (line["id"], line["state"], line["old"], line["number"]) == ("p-1", "due", "recorded", "+861***00")


def test_what_is_below_the_level_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text", "warning")
    log_event(MessageDropped("udp", "stray"), 0.0)
    log_event(QueueJoined("c-1", "orders", 1, "call"), 0.0)
    assert capsys.readouterr().err == ""
    log_event(UnitFailed("timer"), 0.0)
    assert "level=error event=unit_failed where=timer" in capsys.readouterr().err


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_traceback_is_one_line_and_masked(capsys: pytest.CaptureFixture[str], format: str) -> None:
    configure(format)
    try:
        raise ValueError("no route to +8613800138000")
    except ValueError:
        structlog.get_logger().exception("unit_failed", passed=("a", 1))
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert "Traceback" in text
    assert "+861***00" in text


def test_what_a_library_says_has_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json")
    logging.getLogger("some.library").warning("cannot reach %s", "+8613800138000")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["logger"]) == ("cannot reach +861***00", "warning", "some.library")


def test_a_decision_with_its_reasons_is_loggable(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text")
    centre = Centre([spec("bob", orders=4), spec("cid")], [QueueSpec("q", (Need("orders"),))])
    (decision,) = only(centre.join("c-1"), Decided)
    log_event(decision, 0.0)
    assert 'record="1 qualified: 1 logged out"' in capsys.readouterr().err


@pytest.mark.parametrize("format", ["text", "json"])
def test_what_a_stranger_wrote_steers_no_terminal(capsys: pytest.CaptureFixture[str], format: str) -> None:
    configure(format)
    log_event(AuthenticationFailed("udp", "REGISTER", "192.0.2.66", "a\rb\x1b[2J\x9b1m\u202e\x00\x85忙"), 100.0)
    line = capsys.readouterr().err
    assert line.rstrip("\n").isprintable()
    assert "忙" in line


def test_strangers_cannot_fill_the_disk(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text")
    for number in range(1000):
        log_event(AuthenticationFailed("udp", "REGISTER", "192.0.2.66", f"u{number}"), 200.0 + number / 1000)
    assert capsys.readouterr().err.count("\n") == 20
    log_event(AuthenticationFailed("udp", "REGISTER", "192.0.2.66", "later"), 201.0)
    left_out, later = capsys.readouterr().err.splitlines()
    assert "event=lines_left_out fact=authentication_failed count=980" in left_out
    assert "user=later" in later


def test_the_level_of_every_fact_has_been_thought_of() -> None:
    trees = [ast.parse(path.read_text()) for path in (Path(__file__).parents[2] / "softswitch").rglob("*.py")]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    facts = {one.name for one in classes if "DomainEvent" in [ast.unparse(base) for base in one.bases]}
    assert facts == set(LEVELS)


@pytest.mark.parametrize("fact", [Stray("response", "INVITE"), ConnectionEnded("tcp", "silent")])
def test_a_line_is_not_to_be_had_for_a_packet(capsys: pytest.CaptureFixture[str], fact: DomainEvent) -> None:
    configure("text")
    log_event(fact, 0.0)
    assert capsys.readouterr().err == ""


def test_a_trunk_that_is_down_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text")
    log_event(TrunkDown("carrier", "not registered"), 0.0)
    assert "level=warning event=trunk_down trunk=carrier" in capsys.readouterr().err
    log_event(TrunkLeftAlone("carrier", 30.0), 0.0)
    assert "level=warning event=trunk_left_alone trunk=carrier for_s=30.0" in capsys.readouterr().err


def test_a_list_of_words_is_written_as_one(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text")
    log_event(Reloaded("SIGHUP", ("shop changed", "night added"), (), 0, 2), 100.0)
    line = capsys.readouterr().err
    assert 'event=reloaded by=SIGHUP plans="shop changed, night added" calls_on_former=2' in line


def test_what_is_said_of_each_of_several_is_written_as_words(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text")
    log_event(ListImported("welcome", 23040, 2, (("already promised", 23033), ("invalid", 5)), "api anna"), 0.0)
    assert 'refused="already promised: 23033, invalid: 5"' in capsys.readouterr().err


def test_numbers_that_are_listed_are_masked(capsys: pytest.CaptureFixture[str]) -> None:
    configure("text", "debug")
    log_event(NumbersListed(("+8613800138000", "+8613800138001"), "asked us", "api anna"), 0.0)
    line = capsys.readouterr().err
    assert "numbers_listed" in line and "13800138" not in line
