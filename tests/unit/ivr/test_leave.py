"""``record``, ``voicemail``, ``mailbox``, ``survey``, ``message``, ``emit``: one order, one answer, the way out."""

from __future__ import annotations

import pytest

from softswitch.ivr.behind import EmitEvent, EnterMailbox, KeepAnswer, RecordCaller, RecordTalk, WriteText
from softswitch.ivr.check import check_plan
from softswitch.ivr.model import (
    AnswerCall,
    AwayEnded,
    EndCall,
    PlayEnded,
    PlayPrompts,
    Prompt,
    RecordEnded,
    RecordVoicemail,
    StepFailed,
    VoicemailEnded,
)
from softswitch.ivr.run import Facts
from tests.unit.ivr.conftest import HEAD, Walker

NPS = '{id: recommend, say: "From 0 to 10?", scale: 0-10}'
FIVE = '{id: friendly, say: "From 1 to 5?", scale: "1-5"}'


def survey(*questions: str, more: str = "") -> str:
    asked = ", ".join(questions)
    return f"  first: {{survey: {{name: quality, questions: [{asked}]{more}}}, next: bye, failed: lost}}\n" + (
        "  lost: {hangup: busy}\n"
    )


# ---- record, voicemail, mailbox ----------------------------------------------------------------------------------


def test_record_keeps_the_recording_and_its_length(walker: Walker) -> None:
    walk = walker('  first: {record: {save: said, max: 30s, silence: 0, beep: false, end: "*"}, next: bye}\n')
    assert walk.first == [AnswerCall(), RecordCaller("said", 30.0, 1.0, "*", 0.0, False)]
    assert walk.feed(RecordEnded("record-said-c1.wav", 6.7)) == [EndCall("normal")]
    assert (walk.variables["said"], walk.variables["said_seconds"]) == ("recording:record-said-c1.wav", 7)


def test_record_that_got_nothing_fails_and_leaves_an_empty_variable(walker: Walker) -> None:
    walk = walker("  first: {record: {save: said, say: Speak.}, next: bye, failed: none}\n  none: {hangup: busy}\n")
    assert walk.press("1") == [], "not the key that ends it"
    assert walk.press("#")[-1] == RecordCaller("said", 60.0, silence_s=5.0)
    assert walk.feed(RecordEnded("", 0.0)) == [EndCall("busy")] and walk.variables["said"] == ""


@pytest.mark.parametrize(
    "file", ["voicemail-1001-c-2.wav", "record-said-c2.wav", "../record-said-c1.wav", "record-said-c1.wav/../../x.wav"]
)
def test_a_plan_plays_what_was_recorded_in_its_own_call_and_nothing_else(walker: Walker, file: str) -> None:
    steps = '  first: {set: {file: "NAME"}, next: hear}\n  hear: {play: "{{ file }}", next: bye, failed: no}\n'
    steps += "  no: {hangup: declined}\n"
    assert walker(steps.replace("NAME", f"recording:{file}")).first == [EndCall("declined")]
    own = walker(steps.replace("NAME", "recording:record-said-c1-2.wav"))
    assert own.first == [AnswerCall(), PlayPrompts((Prompt("en", file="recording:record-said-c1-2.wav"),))]


def test_recording_orders_and_goes_on(walker: Walker) -> None:
    assert walker("  first: {recording: stop, next: bye}\n").first == [RecordTalk(False), EndCall("normal")]


def test_the_owners_greeting_comes_before_that_of_the_plan_and_hash_skips_it(walker: Walker) -> None:
    steps = '  first: {voicemail: {mailbox: "1001", say: Speak., min: 3s}}\n'
    walk = walker(steps, Facts(greetings={"1001": "record-greeting-c0.wav"}))
    assert walk.first[1] == PlayPrompts((Prompt("en", file="recording:record-greeting-c0.wav"),))
    assert walk.press("#")[-1] == RecordVoicemail("1001", 120.0, 3.0)
    assert walk.feed(VoicemailEnded(3.0)) == [EndCall("normal")]
    assert walker(steps).feed(PlayEnded()) == [RecordVoicemail("1001", 120.0, 3.0)]


def test_a_greeting_whose_end_is_never_told_does_not_hold_the_caller(walker: Walker) -> None:
    walk = walker('  first: {voicemail: {mailbox: "1001", say: Speak.}}\n')
    assert RecordVoicemail("1001", 120.0) in walk.wait(301)


def test_mailbox_is_that_of_the_caller_and_comes_back(walker: Walker) -> None:
    steps = '  first: {mailbox: "{{ caller.number }}", next: bye, failed: no}\n  no: {hangup: declined}\n'
    walk = walker(steps)
    assert walk.first == [AnswerCall(), EnterMailbox("13800138000", "en")]
    assert walk.feed(AwayEnded("next")) == [EndCall("normal")]
    assert walker(steps).feed(AwayEnded("failed")) == [EndCall("declined")]
    assert walker(steps, caller="").first == [EndCall("declined")]


# ---- survey ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "keys", "score"),
    [(NPS, "7", 7), (NPS, "0", 0), (NPS, "10", 10), (NPS, "*", 10), (NPS, "1#", 1), (FIVE, "1", 1), (FIVE, "*", 5)],
)
def test_how_a_score_is_pressed(walker: Walker, question: str, keys: str, score: int) -> None:
    walk = walker(survey(question))
    orders = walk.press(keys)
    (answer,) = (order for order in orders if isinstance(order, KeepAnswer))
    assert answer.score == score and orders[-1] == EndCall("normal")


def test_a_1_is_a_1_when_no_0_follows(walker: Walker) -> None:
    walk = walker(survey(NPS))
    assert [order for order in walk.press("1") if isinstance(order, KeepAnswer)] == []
    assert walk.wait(2.0) == [KeepAnswer("quality", "recommend", 1, 0, 10), EndCall("normal")]


def test_every_answer_is_kept_at_once_and_told_by_the_variable(walker: Walker) -> None:
    walk = walker(survey(NPS, FIVE))
    assert KeepAnswer("quality", "recommend", 9, 0, 10) in walk.press("9")
    assert walk.press("4")[-2:] == [KeepAnswer("quality", "friendly", 4, 1, 5), EndCall("normal")]
    assert walk.variables["quality"] == {"recommend": 9, "friendly": 4}


def test_who_answers_wrongly_is_asked_again_and_then_no_more(walker: Walker) -> None:
    walk = walker(survey(FIVE, more=", tries: 2"))
    assert any(isinstance(order, PlayPrompts) for order in walk.press("9"))
    walk.feed(PlayEnded())
    assert walk.wait(5.0) == [EndCall("busy")]
    assert [fact.why for fact in walk.facts if isinstance(fact, StepFailed)] == ["question friendly was not answered"]
    assert walk.variables["quality"] == {}


def test_a_survey_begins_with_its_first_question_whatever_became_of_the_one_before(walker: Walker) -> None:
    """Here the second question of the first survey cannot be said."""
    unsaid = '{id: agent, say: "And {{ caller.number.nothing }}?"}'
    walk = walker(
        f"  first: {{survey: {{name: quality, questions: [{FIVE}, {unsaid}]}}, next: again, failed: again}}\n"
        f"  again: {{survey: {{name: other, questions: [{FIVE}, {NPS}]}}, next: bye}}\n"
    )
    walk.press("4")
    assert walk.step == "again" and walk.variables["other"] == {}
    assert KeepAnswer("other", "friendly", 5, 1, 5) in walk.press("5")
    assert walk.press("9")[-1] == EndCall("normal") and walk.variables["other"] == {"friendly": 5, "recommend": 9}


@pytest.mark.parametrize(
    ("questions", "told"),
    [
        ('[{id: a, say: A, scale: "5-1"}]', "is not a scale; write for example 0-10 or 1-5"),
        ('[{id: a, say: A, scale: "0-100"}]', "is not a scale"),
        ("[{id: a}]", "question a needs say: or play:"),
        ("[{id: a, say: A}, {id: a, say: B}]", "two questions have the id 'a'"),
        ("[{id: a, say: A, key: 3}]", "unknown key"),
        ("[a]", "a question is {id: ..., say: ..."),
    ],
)
def test_a_survey_that_is_written_wrongly_is_told_so(questions: str, told: str) -> None:
    steps = f"  first: {{survey: {{name: quality, questions: {questions}}}, next: bye}}\n  bye: {{hangup: normal}}\n"
    _, problems = check_plan(HEAD + steps, "plan.yaml")
    assert any(told in problem.message for problem in problems), problems


# ---- message, emit -----------------------------------------------------------------------------------------------


def test_message_waits_for_a_phone(walker: Walker) -> None:
    steps = "  first: {message: {text: 'from {{ caller.name }}', timeout: 4s}, next: bye, failed: no}\n"
    steps += "  no: {hangup: busy}\n"
    walk = walker(steps)
    assert walk.first == [WriteText("13800138000", "from Li", 4.0)]
    assert walk.feed(AwayEnded("next", 200)) == [EndCall("normal")]
    walk = walker(steps)
    assert walk.feed(AwayEnded("failed", 486)) == [EndCall("busy")]
    (failed,) = (fact for fact in walk.facts if isinstance(fact, StepFailed))
    assert failed.why == "no phone has taken the text (status 486)"


def test_a_text_that_does_not_fit_into_a_packet_is_not_sent(walker: Walker) -> None:
    steps = "  first: {message: {to: '1001', text: \"{{ 'x' * 1301 }}\"}, next: bye, failed: no}\n"
    assert walker(steps + "  no: {hangup: busy}\n").first == [EndCall("busy")]


def test_emit_goes_on_at_once_with_its_data_computed(walker: Walker) -> None:
    data = '{caller: "{{ caller.number }}", scores: [1, "{{ 1 + 1 }}"]}'
    walk = walker(f"  first: {{emit: {{hook: crm, event: call.rated, data: {data}}}, next: bye}}\n")
    told = EmitEvent("crm", "call.rated", {"caller": "13800138000", "scores": [1, 2]})
    assert walk.first == [told, EndCall("normal")]


def test_a_question_that_some_caller_could_not_hear_is_an_error() -> None:
    asked = '{id: a, say: {en: "Well?"}}'
    plan = HEAD.replace("language: en", "language: zh")
    _, problems = check_plan(plan + survey(asked).replace("lost", "bye") + "  bye: {hangup: normal}\n", "plan.yaml")
    assert [problem.key for problem in problems if "callers with language zh" in problem.message] == [
        "steps.first.survey.questions[0].say"
    ]
