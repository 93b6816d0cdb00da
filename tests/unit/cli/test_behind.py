"""``softswitch surveys``, ``webhook`` and ``voicemail delete``: what they ask for, and what they show."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from softswitch.cli import behind, mailbox
from softswitch.cli.main import app

SURVEY = {
    "survey": "quality", "question": "recommend", "agent": None, "low": 0, "high": 10, "count": 4, "mean": 7.5,
    "nps": 50.0, "scores": {"0": 1, "1": 0, "10": 3},
}  # fmt: skip
HOOK = {
    "id": "msg-0", "hook": "crm", "event": "call.rated", "contact": "c-0", "state": "dead", "created_at": 1.0,
    "attempts": 9, "next_at": 0.0, "error": "status 500",
}  # fmt: skip


class Asked(list[tuple[str, str]]):
    """The requests of a command; ``answer`` is what comes of each."""

    answer: Any = None

    def request(self, base: object, method: str, path: str, key: str, body: Any = None) -> Any:
        self.append((method, path))
        return self.answer


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked = Asked()
    for module in (behind, mailbox):
        monkeypatch.setattr(module, "request", asked.request)
    monkeypatch.setenv("COLUMNS", "200")
    return asked


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_surveys_for_people_and_for_programs(asked: Asked) -> None:
    asked.answer = [SURVEY]
    shown = run("surveys").output
    assert all(word in shown for word in ("quality", "recommend", "7.5", "50", "0:1 10:3")) and "1:0" not in shown
    assert json.loads(run("surveys", "quality", "--json").output) == [SURVEY]
    run("surveys", "qua/lity", "--since", "7d", "--by-agent")
    assert asked == [
        ("GET", "/api/v1/surveys"),
        ("GET", "/api/v1/surveys/quality"),
        ("GET", "/api/v1/surveys/qua%2Flity?since=7d&by=agent"),
    ]


def test_webhooks_that_wait_and_one_that_has_another_try(asked: Asked) -> None:
    asked.answer = [HOOK]
    shown = run("webhook", "list").output
    assert all(word in shown for word in ("msg-0", "crm", "call.rated", "dead", "9", "status 500"))
    assert run("webhook", "retry", "msg-0").output == "msg-0: is tried again\n"
    assert asked == [("GET", "/api/v1/webhooks"), ("POST", "/api/v1/webhooks/msg-0/retry")]
    asked.answer = []
    assert run("webhook", "list").output == "nothing waits\n"


def test_a_message_is_deleted(asked: Asked) -> None:
    assert run("voicemail", "delete", "vm-1").output == "vm-1: deleted\n"
    assert asked == [("DELETE", "/api/v1/voicemails/vm-1")]
