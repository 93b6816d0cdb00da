"""Stories of contacts in queues: memory, SQLite and PostgreSQL keep them alike, and forget what is too old."""

from __future__ import annotations

import pytest

from softswitch.acd.kept import GROUND_SPARE_S, KeptGround, KeptStory, ground, grounds, keep
from softswitch.store import store as store_module
from softswitch.store.store import Store
from softswitch.store.story import read_stories
from softswitch.store.trouble import DatabaseAway
from tests.real.test_store_contract import Kept, kept
from tests.support import facts, postgres, stories

__all__ = ["kept"]  # a fixture

pytestmark = pytest.mark.real
OCTETS = bytes(range(256))


def story(contact: str, began_at: float, ended_at: float, outcome: str = "answered") -> KeptStory:
    return KeptStory(contact, began_at, ended_at, "安全", "anna", outcome, OCTETS)


async def test_a_story_is_put_by_its_contact_and_begin(kept: Kept) -> None:
    kept.store.put_story(story("c-1", 1000.25, 1000.25, ""))
    kept.store.put_story(story("c-2", 1001.0, 1001.0))
    kept.store.put_story(story("c-1", 2000.0, 2001.0))  # by the next process
    kept.store.put_story(story("c-1", 1000.25, 1010.125))
    await kept.settled()
    assert await kept.store.stories("c-1") == [story("c-1", 1000.25, 1010.125), story("c-1", 2000.0, 2001.0)]
    assert await kept.store.stories("c-9") == []


@pytest.mark.parametrize("name", ["c\0d", "c\ud800d"])
async def test_a_name_that_no_database_takes_is_that_of_nobody(kept: Kept, name: str) -> None:
    assert await kept.store.stories(name) == [] and await kept.store.path(name) is None
    assert await kept.store.answers(name) == [] and await kept.store.edges(name, 0) == []


async def test_what_is_kept_cannot_be_read_while_the_database_is_away() -> None:
    with postgres.running() as server:
        if server is None:
            pytest.skip("PostgreSQL is not installed")
        store = await Store.open(server.database("stories"))
        assert await store.stories("c-1") == []
        server.stop()
        for _ in range(2):
            with pytest.raises(DatabaseAway):
                await store.stories("c-1")
        server.start()
        assert await store.stories("c-1") == []
        await store.close()


async def test_what_decisions_have_in_common_is_read_by_its_keys(kept: Kept) -> None:
    first, second = KeptGround("a1", 1000.0, OCTETS), KeptGround("b2", 1001.0, b"")
    for one in (first, second, KeptGround("a1", 5000.0, OCTETS)):
        kept.store.put_ground(one)
    await kept.settled()
    assert await kept.store.grounds(["b2", "c3"]) == [second]
    assert await kept.store.grounds(["a1"]) == [KeptGround("a1", 5000.0, OCTETS)]
    assert await kept.store.grounds([]) == []


async def test_what_is_too_old_is_forgotten_and_what_others_need_is_not(kept: Kept) -> None:
    for number in range(4):
        kept.store.put_story(story(f"c-{number}", 0.0, float(number)))
        kept.store.put_ground(KeptGround(f"g-{number}", float(number), b"x"))
    kept.store.forget_stories(2.0)
    await kept.settled()
    assert [bool(await kept.store.stories(f"c-{number}")) for number in range(4)] == [False, False, True, True]
    names = [f"g-{number}" for number in range(4)]
    assert len(await kept.store.grounds(names)) == 4
    kept.store.forget_stories(2.0 + GROUND_SPARE_S)
    await kept.settled()
    assert sorted(one.key for one in await kept.store.grounds(names)) == ["g-2", "g-3"]


async def test_a_story_is_given_up_before_what_is_worth_more(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "MOST_BEFORE_PATHS", 2)
    store = await Store.open(f"sqlite:///{tmp_path}/switch.db")
    for number in range(3):
        store.put_story(story(f"c-{number}", 0.0, float(number)))
        store.put_call(facts.call(number))
    assert store.dropped == 2
    await Kept(store).settled()
    assert await store.stories("c-0") and not await store.stories("c-1")
    assert len(await store.calls()) == 3
    await store.close()


async def test_a_story_is_read_back_with_all_its_reasons(kept: Kept) -> None:
    told = [one for contact in ("c-0", "c-1") if (one := stories.story(contact)) is not None]
    for one in told:
        for key, what in grounds(one).items():
            kept.store.put_ground(ground(key, what, stories.UNIX))
        kept.store.put_story(keep(one))
    await kept.settled()
    for one in told:
        (again,) = await read_stories(kept.store, one.contact)
        assert (again.began_at, again.ended_at, again.waits, again.failed) == (
            one.began_at, one.ended_at, one.waits, one.failed,
        )  # fmt: skip
        (mine,), (its,) = one.decisions, again.decisions
        assert its.decided.passed_over == mine.decided.passed_over
        assert its.decided.replay() == mine.decided.agent
        assert [type(entry) for entry in again.entries] == [type(entry) for entry in one.entries]
    assert await read_stories(kept.store, "c-9") == []
