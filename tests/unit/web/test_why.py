"""Why a contact waits, or went where it did: from memory, from the store, and what is said where nothing is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from softswitch.acd.glance import Glance
from softswitch.acd.kept import KeptGround, KeptStory, ground, grounds, keep
from softswitch.acd.story import Story
from softswitch.metrics import Metrics
from softswitch.store.trouble import DatabaseAway
from softswitch.web import make_app
from softswitch.web.server import StoreReader
from tests.support import stories
from tests.support.fake_control import FakeControl
from tests.support.memory import Memory

Client = TestClient[web.Request, web.Application]


class Forgetful(FakeControl):
    """After a restart: what was decided before is in the store."""

    here: Story | None = None

    def story(self, contact: str) -> Story | None:
        return self.here

    def glance(self, contact: str) -> Glance | None:
        return None


def stored() -> Memory:
    memory, story = Memory(), stories.story("c-0")
    assert story is not None
    for key, what in grounds(story).items():
        memory.put_ground(ground(key, what, stories.UNIX))
    memory.put_story(keep(story))
    return memory


async def client_of(control: FakeControl, reader: Memory) -> Client:
    client = TestClient(TestServer(make_app(control, cast(StoreReader, reader), Metrics())))
    await client.start_server()
    return client


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    one = await client_of(FakeControl(), Memory())
    yield one
    await one.close()


async def get(client: Client, path: str, status: int = 200) -> Any:
    async with client.get(path) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def test_a_contact_that_waits(client: Client) -> None:
    why = (await get(client, "/api/v1/contacts/c-1/why"))["why"]
    joined, decided = why["entries"]
    assert (joined["what"], joined["queue"], joined["position"]) == ("joined", "orders", 1)
    assert (decided["what"], decided["agent"], decided["version"], decided["now"]) == ("decided", None, "3f2a1b", 70.0)
    assert decided["at"] == stories.UNIX + 70 and decided["strategy"] == "longest-idle"
    assert decided["passed_over"] == [
        {"reason": "talking", "count": 1, "agents": ["alice"]},
        {"reason": "paused", "count": 1, "agents": ["dora"]},
        {"reason": "level too low in orders", "count": 1, "agents": ["carol"]},
        {"reason": "lacks skill orders", "count": 1, "agents": ["bob"]},
    ]
    now = why["now"]
    assert (now["waited_s"], now["position"], now["line"], now["ringing"]) == (20.0, 1, 1, [])
    assert (now["relaxes_in_s"], now["admits"], now["gives_up_in_s"]) == (40.0, 1, 1780.0)
    assert now["passed_over"] == decided["passed_over"] and now["pauses"] == {"lunch": 1}
    assert "same" not in decided


async def test_each_decision_is_made_again_from_its_record(client: Client) -> None:
    for contact, agent in (("c-0", "alice"), ("c-1", None)):
        why = (await get(client, f"/api/v1/contacts/{contact}/why?replay=1"))["why"]
        decided = why["entries"][1]
        assert (decided["agent"], decided["replayed"], decided["same"]) == (agent, agent, True)


@pytest.mark.parametrize(
    ("agent", "reason", "pause"),
    [("alice", "talking", ""), ("bob", "lacks skill orders", ""), ("carol", "level too low in orders", ""),
     ("dora", "paused", "lunch")],
)  # fmt: skip
async def test_why_not_this_agent(client: Client, agent: str, reason: str, pause: str) -> None:
    told = (await get(client, f"/api/v1/contacts/c-1/why-not/{agent}"))["why_not"]
    (entry,) = told["entries"]
    assert (entry["offered"], entry["agent"], entry["reason"], entry["how"]) == (False, None, reason, "")
    assert (told["now"]["reason"], told["now"]["pause"], told["now"]["ringing"]) == (reason, pause, False)


async def test_the_agent_who_had_it(client: Client) -> None:
    told = (await get(client, "/api/v1/contacts/c-0/why-not/alice"))["why_not"]
    (entry,) = told["entries"]
    assert (entry["offered"], entry["reason"], entry["how"]) == (True, "", "answered")
    assert told["now"] is None


async def test_a_leg_or_a_call_id_names_its_contact(client: Client) -> None:
    for name in ("leg-1", "a%2Fb@phone"):
        assert (await get(client, f"/api/v1/contacts/{name}/why"))["why"]["contact"] == "c-1"


@pytest.mark.parametrize(
    ("path", "error", "hint"),
    [
        ("c-2/why", "no decision about a contact 'c-2' is kept", "did you mean 'c-1'?"),
        ("xyz/why", "no decision about a contact 'xyz' is kept", "known: c-0, c-1"),
        ("c-1/why-not/bobby", "no agent 'bobby'", "did you mean 'bob'?"),
    ],
)
async def test_what_is_not_known_is_404_with_what_may_be_meant(
    client: Client, path: str, error: str, hint: str
) -> None:
    assert await get(client, f"/api/v1/contacts/{path}", 404) == {"error": error, "hint": hint}


async def test_a_call_that_was_in_no_queue_is_told_so() -> None:
    client = await client_of(Forgetful(), Memory())
    assert await get(client, "/api/v1/contacts/c-1/why", 404) == {
        "error": "contact 'c-1' has not been in a queue", "hint": "softswitch trace shows where it was",
    }  # fmt: skip
    await client.close()


async def test_after_a_restart_the_store_tells_it() -> None:
    fresh = await client_of(FakeControl(), Memory())
    before = await get(fresh, "/api/v1/contacts/c-0/why?replay=1")
    after = await client_of(Forgetful(), stored())
    assert await get(after, "/api/v1/contacts/c-0/why?replay=1") == before
    told = (await get(after, "/api/v1/contacts/c-0/why-not/bob"))["why_not"]
    assert [entry["reason"] for entry in told["entries"]] == ["lacks skill orders"]
    for client in (fresh, after):
        await client.close()


async def test_what_was_before_the_restart_comes_first() -> None:
    control, memory = Forgetful(), stored()
    later = Story("c-0", stories.UNIX + 1000)
    again = stories.story("c-0")
    assert again is not None
    later.entries = again.entries[1:]  # begins without a place of its own
    control.here = later
    memory.put_story(keep(later))  # what is in memory is in the store, too
    client = await client_of(control, memory)
    told = (await get(client, "/api/v1/contacts/c-0/why"))["why"]["entries"]
    assert [one["what"] for one in told] == [
        "joined", "decided", "offer ended", "left", "decided", "offer ended", "left",
    ]  # fmt: skip
    await client.close()


class Broken(Memory):
    async def stories(self, contact: str) -> list[KeptStory]:
        return [KeptStory(contact, 1.0, 2.0, "q", "", "", b"of another version")]


class Lost(Memory):
    """What the decisions have in common was forgotten."""

    async def grounds(self, keys: Collection[str]) -> list[KeptGround]:
        return []


async def test_what_is_in_memory_is_told_where_the_rest_cannot_be_read() -> None:
    control, again = Forgetful(), stories.story("c-0")
    assert again is not None
    control.here = Story("c-0", stories.UNIX)
    control.here.entries = again.entries[1:]
    client = await client_of(control, Broken())
    assert len((await get(client, "/api/v1/contacts/c-0/why"))["why"]["entries"]) == 3
    await client.close()


@pytest.mark.parametrize("reader", [Broken(), Lost()])
async def test_what_cannot_be_read_any_more_is_said_so(reader: Memory) -> None:
    row = stories.story("c-0")
    assert row is not None
    reader.put_story(keep(row))
    client = await client_of(Forgetful(), reader)
    answer = await get(client, "/api/v1/contacts/c-0/why", 409)
    assert answer["error"].startswith("what is kept of c-0 cannot be read")
    await client.close()


async def test_of_one_reason_no_more_names_than_asked_for(client: Client) -> None:
    decided = (await get(client, "/api/v1/contacts/c-1/why?names=0"))["why"]["entries"][1]
    assert [(group["count"], group["agents"]) for group in decided["passed_over"]] == [(1, [])] * 4
    assert "is not a whole number" in (await get(client, "/api/v1/contacts/c-1/why?names=all", 400))["error"]


async def test_while_the_database_is_away_what_is_in_memory_is_told(client: Client) -> None:
    class Away(Memory):
        async def stories(self, contact: str) -> list[KeptStory]:
            raise DatabaseAway("connection refused")

    one = await client_of(FakeControl(), Away())
    assert (await get(one, "/api/v1/contacts/c-1/why"))["why"]["entries"]
    told = await get(one, "/api/v1/contacts/c-77/why", 503)
    assert told == {"error": "the database is away, and this is kept there", "hint": "ask again when it is back"}
    assert 'softswitch_units_failed_total{where="http"}' not in await (await one.get("/metrics")).text()
    await one.close()
