"""Opening hours over HTTP: what is shown, who may order otherwise, and what each refusal says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.fake_control import FakeControl
from tests.support.web_client import Client, client_of

HOUR = 3600


@pytest.fixture
def control() -> FakeControl:
    return FakeControl()


@pytest.fixture
async def client(control: FakeControl) -> AsyncIterator[Client]:
    async with client_of(control) as made:
        yield made


async def ask(client: Client, method: str, path: str, body: Any = None, role: str = "supervisor") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {role}"}
    async with client.request(method, f"/api/v1/calendars{path}", json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_what_is_open_now_and_at_another_moment(client: Client) -> None:
    status, told = await ask(client, "GET", "")
    (office,) = told["calendars"]
    assert status == 200 and (office["at"], office["open"]) == ("2026-03-30T12:00:00+02:00", True)
    assert [one["note"] for one in office["overrides"]] == ["fair"]
    _, told = await ask(client, "GET", "/office?at=2026-03-29T12:00", role="agent")
    assert told["calendar"]["open"] is False and told["calendar"]["why"] == "no hours on this weekday"


@pytest.mark.parametrize(
    ("body", "since_s", "lasts_s"),
    [
        ({"open": False, "until": "14:00"}, 0, 2 * HOUR),
        ({"open": False, "until": "30m"}, 0, HOUR / 2),
        ({"open": False, "until": "11:00"}, 0, 23 * HOUR),  # tomorrow's
        ({"open": False, "since": "13:00", "until": "2026-03-30T20:00"}, HOUR, 7 * HOUR),
        (
            {"open": False, "since": "2026-10-25T02:00", "until": "2026-10-25T03:00"},
            208 * 24 * HOUR + 14 * HOUR,
            2 * HOUR,
        ),
    ],
)
async def test_it_is_ordered_as_the_clock_there_shows_it(
    client: Client, control: FakeControl, body: dict[str, Any], since_s: float, lasts_s: float
) -> None:
    status, told = await ask(client, "POST", "/office/override", body | {"note": "works meeting"})
    assert status == 201 and told["override"]["id"] == "override-2"
    assert control.done == [
        ("override", "office", "False", f"{since_s:g}", f"{lasts_s:g}", "works meeting", "api my-supervisor")
    ]


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"open": False}, 400, "until"),
        ({"open": "no", "until": "14:00"}, 400, "the body cannot be used"),
        ({"open": False, "until": "14:00", "who": 1}, 400, "who"),
        ({"open": False, "until": "soon"}, 400, "'soon' is not a time; write for example 14:00"),
        # It is 10000 in Shanghai by then, and no caller could be told until when it is closed.
        ({"open": False, "until": "9999-12-31T23:59+00:00"}, 400, "'9999-12-31T23:59+00:00' is not a time; write"),
        ({"open": False, "until": "2027-03-28T02:30"}, 400, "does not come in Europe/Berlin"),
        ({"open": False, "until": "x" * 41}, 400, "the body cannot be used"),
        ({"open": False, "until": "14:00", "note": "a\nb"}, 400, "the body cannot be used"),
        ({"open": False, "since": "14:00", "until": "13:00"}, 409, "it would be over before it began"),
    ],
)
async def test_what_cannot_be_ordered_says_why(
    client: Client, control: FakeControl, body: dict[str, Any], status: int, error: str
) -> None:
    found, told = await ask(client, "POST", "/office/override", body)
    assert found == status and error in told["error"] and told["hint"] and not control.done


async def test_it_is_taken_back(client: Client, control: FakeControl) -> None:
    status, told = await ask(client, "DELETE", "/office/overrides/override-1")
    assert status == 200 and told["override"]["id"] == "override-1"
    assert control.done == [("take back", "office", "override-1", "api my-supervisor")]
    status, told = await ask(client, "DELETE", "/office/overrides/override-7")
    assert status == 404 and "override-1" in told["hint"]


async def test_an_unknown_calendar_and_an_agent_are_refused(client: Client, control: FakeControl) -> None:
    order = {"open": True, "until": "20:00"}
    status, told = await ask(client, "POST", "/ofice/override", order)
    assert (status, told["hint"]) == (404, "did you mean 'office'?")
    assert (await ask(client, "GET", "/ofice"))[0] == 404
    assert (await ask(client, "POST", "/office/override", order, "agent"))[0] == 403
    assert (await ask(client, "DELETE", "/office/overrides/override-1", role="agent"))[0] == 403
    assert (await ask(client, "GET", "/office?at=soon"))[0] == 400
    assert not control.done
