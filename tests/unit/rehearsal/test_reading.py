"""Transcripts are read line by line; what is wrong is told with its line, all of it, and what was meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.rehearsal.grammar import SENTENCES, understood
from softswitch.rehearsal.reading import read
from softswitch.rehearsal.script import (
    At,
    CalendarIs,
    Calls,
    CampaignCalls,
    From,
    HangUp,
    Happens,
    Hears,
    HttpAnswers,
    Is,
    Let,
    Meaning,
    OthersWait,
    Picks,
    Press,
    Skip,
    To,
    TransfersTo,
)

MEANT: list[tuple[str, Meaning]] = [
    ("...", Skip()),
    ("at 09:30", At("", 570)),
    ("at monday 10:00", At("monday", 600)),
    ("at 2026-10-01 23:59 Asia/Shanghai", At("2026-10-01", 1439, "Asia/Shanghai")),
    ("from 13800138000", From("13800138000")),
    ("from 1001 named Li Lei to 8000 through carrier", From("1001", "Li Lei", "8000", "carrier")),
    ("to *72", To("*72")),
    ("campaign welcome calls", CampaignCalls("welcome")),
    ("campaign welcome calls 1004", CampaignCalls("welcome", "1004")),
    ("campaign welcome calls 1004 with a=1   b=2", CampaignCalls("welcome", "1004", (("a", "1"), ("b", "2")))),
    (
        r'campaign welcome calls with name="Li \"Na\"" o=1',
        CampaignCalls("welcome", "", (("name", 'Li "Na"'), ("o", "1"))),
    ),
    ('http GET */a?b=1 answers 200 {"vip": true}', HttpAnswers("GET", "*/a?b=1", 200, {"vip": True})),
    ("http post /a answers after 2s 503", HttpAnswers("POST", "/a", 503, None, 2.0)),
    ("http GET /a answers 200 <html>no</html>", HttpAnswers("GET", "/a", 200, "<html>no</html>")),
    ("http GET /a is away", HttpAnswers("GET", "/a", 0, None, 0.1, "nobody is there")),
    ("http GET /a does not answer", HttpAnswers("GET", "/a", 0, None, 3600.0)),
    ("calendar office is closed", CalendarIs("office", open=False)),
    ("calendar office is on holiday", CalendarIs("office", open=False, holiday=True)),
    ("3 callers wait in orders", OthersWait(3, "orders")),
    ("1 caller waits in orders", OthersWait(1, "orders")),
    ("hears Welcome.", Hears("Welcome.")),
    ("hears 欢迎致电…", Hears("欢迎致电", begins=True)),
    ("hears Welcome...", Hears("Welcome", begins=True)),
    ("presses 12#", Press("12#")),
    ("presses 1 at once", Press("1", at_once=True)),
    ("waits 3s", Let(3.0)),
    ("speaks for 1m", Let(60.0, speaking=True)),
    ("hangs up", HangUp()),
    ("enters queue orders", Happens("queue", details={"queue": "orders"}, strict=True)),
    (
        "enters queue orders with priority 60s",
        Happens("queue", details={"queue": "orders", "priority": 60.0}, strict=True),
    ),
    ("talks to anna for 40s", Happens("talks", details={"with": "anna"}, for_s=40.0, strict=True)),
    ("is hung up", Happens("hung up", strict=True)),
    ("is refused busy", Happens("refused", details={"status": 486}, strict=True)),
    ("is refused 404", Happens("refused", details={"status": 404}, strict=True)),
    ("is redirected to 1002", Happens("redirected", details={"to": "1002"}, strict=True)),
    ("is promised a callback", Happens("promise")),
    ("rates recommend 9", Happens("rates", details={"question": "recommend", "score": 9})),
    ("joins conference team", Happens("conference", details={"room": "team", "moderator": False})),
    ("joins conference team as moderator", Happens("conference", details={"room": "team", "moderator": True})),
    ("is parked in 701", Happens("parked", details={"slot": "701"})),
    ('emits call.rated {"score": 9}', Happens("emits", details={"event": "call.rated", "json": {"score": 9}})),
    ("emits call.rated", Happens("emits", details={"event": "call.rated"})),
    ("reads Hello…", Happens("reads", details={"text": "Hello…"})),
    ("1001 reads Hello", Happens("reads", "1001", {"text": "Hello"})),
    ("is sent keys 5#", Happens("keys", details={"keys": "5#"})),
    ("1004 is sent keys 5#", Happens("keys", "1004", {"keys": "5#"})),
    (
        "is promised a callback in orders to 13800138000",
        Happens("promise", details={"queue": "orders", "number": "13800138000"}),
    ),
    ("is promised a callback as early-cancel", Happens("promise", details={"stage": "early-cancel"})),
    ("leaves a message in 1001", Happens("message", details={"mailbox": "1001"})),
    ("reaches open?", Happens("step", details={"step": "open?"})),
    ('variable order is "12 34"', Happens("variable", details={"name": "order", "value": "12 34"})),
    ('asks POST /a {"b": 1}', Happens("asks", details={"method": "POST", "address": "/a", "json": {"b": 1}})),
    (
        'fact QueueLeft why=answered agent="a b"',
        Happens("fact", details={"name": "QueueLeft", "why": "answered", "agent": "a b"}),
    ),
    ("anna is on a break", Is("anna", "on a break")),
    ("1003 answers", Picks("1003")),
    ("1003 answers after 5s", Picks("1003", 200, 5.0)),
    ("1003 does not answer", Picks("1003", 0)),
    ("1003 declines", Picks("1003", 603)),
    ("anna hangs up", HangUp("anna")),
    ("anna presses *2", Press("*2", at_once=True, who="anna")),
    ("1004 calls *72", Calls("1004", "*72")),
    ("anna transfers to 1003", TransfersTo("anna", "1003")),
    ("anna rings", Happens("rings", "anna")),
    ("anna hears Call from orders…", Hears("Call from orders", begins=True, who="anna")),
    ("anna talks to caller", Happens("talks", "anna", {"with": "caller"})),
    ("anna is hung up", Happens("hung up", "anna")),
]


@pytest.mark.parametrize(("text", "meaning"), MEANT, ids=lambda value: value if isinstance(value, str) else "")
def test_each_sentence_means_what_it_says(text: str, meaning: Meaning) -> None:
    assert understood(text) == meaning


def test_every_sentence_is_tried_here_and_told_in_the_manual() -> None:
    manual = (Path(__file__).parents[3] / "docs" / "calls.md").read_text()
    for sentence in SENTENCES:
        assert any(sentence.pattern.fullmatch(text) for text, _ in MEANT), sentence.form
        verbs = [word for word in re.findall(r"[a-z]+", sentence.form) if word not in ("at", "once")]
        assert all(word in manual for word in verbs), sentence.form


def problems(text: str) -> list[str]:
    return [f"{one.line}: {one.message}" for one in read(text, "shop.calls")[1]]


WRONG = [
    ("call: a\n  heers Welcome\n", "2: 'heers Welcome' is not understood; did you mean   hears TEXT"),
    ("call: a\n  presses x\n", "2: 'x' are not keys of a telephone; they are 0-9, *, # and A-D"),
    ("call: a\n  waits 3\n", "2: '3' is not a duration; write for example 250ms, 20s, 5m, 1h30m or 2d"),
    ("call: a\n  at 25:00\n  hangs up\n", "2: 25:00 is not a time of day; write for example 09:30"),
    ("call: a\n  at someday 10:00\n", "2: 'someday' is not a day; write for example 2026-03-02 or monday"),
    ("call: a\n  at 0001-01-01 00:00\n", "2: 0001-01-01 is not in the years from 1970 to 2099"),
    ("call: a\n  from <1> to 8001\n", "2: '<1>' is no number of a telephone; write for example 13800138000"),
    (
        "call: a\n  from 030 2345678\n",
        "2: 'from 030 2345678' is not understood; a number is written without spaces:   from 0302345678",
    ),
    (
        "call: a\n  from +49 (30) 23 45 to 800 1\n",
        "2: 'from +49 (30) 23 45 to 800 1' is not understood; a number is written without spaces:   from +49(30)2345",
    ),
    (
        "call: a\n  010 2345 calls 8000\n",
        "2: '010 2345 calls 8000' is not understood; a number is written without spaces",
    ),
    ("call: a\n  from 1 2 nowhere\n", "2: 'from 1 2 nowhere' is not understood; did you mean   from NUMBER"),
    (
        "call: a\n  campaign a calls with\n",
        "2: 'campaign a calls with' is not understood; did you mean   campaign NAME calls",
    ),
    (
        "call: a\n  campaign a calls 1 with name=\n",
        "2: 'name=' is no column and its value; write for example   with name=",
    ),
    ('call: a\n  to 80"01\n', "2: '80\"01' is no number of a telephone"),
    ("call: a\n  1004 calls \x01\n", "2: '\\x01' is no number of a telephone"),
    ("call: a\n  anna transfers to <1>\n", "2: '<1>' is no number of a telephone"),
    ("always:\n  to 8001\n", "1: has no call; begin with a line such as   call: who calls at night"),
    ("call: a\n  is refused gladly\n", "2: 'gladly' is not a status; write a number such as 486, or one of busy"),
    ("call: a\n  anna anwsers\n", "2: 'anna anwsers' is not understood; did you mean   NAME answers"),
    ("call: a\n  hangs up\n  at 10:00\n", "3: 'at 10:00' belongs to the beginning of a call"),
    ("call: a\n  hangs up\ncall: a\n  hangs up\n", "3: the call 'a' is in line 1 already"),
    ("call: a\n", "1: the call has no lines; indent them below it"),
    ("call:\n", "1: 'call:' has no name; write   call: what happens in it"),
    ("  hangs up\n", "1: belongs to no call; begin with a line   call: NAME"),
    ("call: a\n  hangs up\nhears x\n", "3: 'hears x' must be indented: it belongs to the call above it"),
    ("call: a\n    hears x\n  hangs up\n", "3: is indented by 2, the lines above it by 4; write it below them"),
    ("call: a\n\thangs up\n", "2: begins with a tab; indent with spaces"),
    ("always:\n  hears x\ncall: a\n  hangs up\n", "2: 'hears x' is not of the scene, and cannot be in always:"),
    ("# nothing\n", "1: has no call; begin with a line such as   call: who calls at night"),
    ("dialplan: x\n", "1: 'dialplan: x' is not understood here; write   call: NAME   or   always:"),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=lambda value: value[:30])
def test_what_is_wrong_is_told_with_its_line(text: str, message: str) -> None:
    assert any(one.startswith(message) for one in problems(text)), problems(text)


def test_all_mistakes_are_told_at_once() -> None:
    assert [one.split(":")[0] for one in problems("call: a\n  bla\n  hears x\n  presses x\ncall: b\n  blu\n")] == [
        "2", "4", "6",
    ]  # fmt: skip


def test_what_is_always_so_and_lines_that_go_on() -> None:
    text = "always:\n  to 8000\n\n# about\ncall: a\n  hears Welcome to\n    our shop.\n  # aside\n  hangs up\n"
    (transcript,), wrong = read(text, "shop.calls")
    assert not wrong and (transcript.name, transcript.number) == ("a", 5)
    assert [line.meaning for line in transcript.lines] == [To("8000"), Hears("Welcome to our shop."), HangUp()]
    assert [line.number for line in transcript.lines] == [2, 6, 9]


def test_a_huge_file_is_not_read() -> None:
    assert "too long" in problems("call: a\n" + "  hangs up\n" * 30_000)[0]
    assert "too long" in problems("call: a\n  hears " + "x" * 2_000_000)[0]


@given(st.lists(st.one_of(st.text(max_size=40), st.sampled_from([text for text, _ in MEANT])), max_size=20))
def test_no_text_makes_it_fail(lines: list[str]) -> None:
    transcripts, wrong = read("call: a\n" + "\n".join(f"  {line}" for line in lines), "x.calls")
    assert transcripts or wrong
    assert all(one.line >= 1 and one.message for one in wrong)


MANUAL = (Path(__file__).parents[3] / "docs" / "calls.md").read_text()


def test_the_examples_of_the_manual_can_be_read() -> None:
    first, of_campaign = re.findall(r"```\n(call: .*?)```", MANUAL, re.DOTALL)
    transcripts, wrong = read(f"{first}\n{of_campaign}", "shop.calls")
    assert not wrong and [len(one.lines) for one in transcripts] == [10, 6]


@pytest.mark.parametrize(
    "sentence",
    [text for row in re.findall(r"^\| (`.*?) \|", MANUAL, re.MULTILINE) for text in re.findall(r"`(.*?)`", row)],
)
def test_each_sentence_of_the_manual_is_understood(sentence: str) -> None:
    """Parts that go on with the one before are said of somebody."""
    begun = {"is": "alice ", "does": "1003 ", "declines": "alice "}.get(sentence.split()[0], "")
    whole = "enters queue orders" + sentence.removeprefix("...") if sentence.startswith("... ") else sentence
    assert understood(whole) or understood(begun + whole), sentence
