"""A caller is told a longer wait than before: the cause stands in his story, in memory, in the store, for people."""

from __future__ import annotations

from typing import cast

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from softswitch.acd.kept import ground, grounds, keep
from softswitch.acd.model import ExpectedWaitRose, LogOut, QueueSpec, WrapUp
from softswitch.acd.story import Moment, Story, WaitRose
from softswitch.acd.storybook import Storybook
from softswitch.cli.table import duration
from softswitch.cli.why import draw_brief, draw_why
from softswitch.core.effect import DomainEvent
from softswitch.metrics import Metrics
from softswitch.metrics.fact import counted
from softswitch.switch.tracebook import Trace
from softswitch.web import make_app
from softswitch.web.server import StoreReader
from softswitch.web.trace import shown
from tests.support.fake_control import FakeControl
from tests.support.memory import Memory
from tests.unit.acd.centre import Centre, spec


class Control(FakeControl):
    """Nothing in memory: all of it is in the store."""

    def story(self, contact: str) -> Story | None:
        return None


def risen() -> tuple[Story, ExpectedWaitRose]:
    """Of two agents one goes home while c waits behind another."""
    centre = Centre([spec("ann"), spec("bob")], [QueueSpec("q", wrap_up=WrapUp.timed(0))])
    centre.staff("ann", "bob")
    for number in range(4):
        centre.join(f"c{number}")
    for contact, agent in (("c0", "ann"), ("c1", "bob")):
        centre.answer(contact, agent)
    first = centre.acd.told("c3", None, centre.now)
    centre.tell(LogOut("bob"))
    centre.end("c1", "bob")
    told = centre.acd.told("c3", first, centre.now)
    rose = told.rose("c3") if told is not None else None
    assert rose is not None
    book = Storybook()
    facts = [one for one in centre.said if isinstance(one, DomainEvent)]
    for fact in (*facts, rose):
        book.note(fact, Moment(1000.0 + centre.now, centre.now, "v1"))
    story = book.story("c3")
    assert story is not None
    return story, rose


def test_the_story_names_the_cause() -> None:
    story, rose = risen()
    last = story.entries[-1]
    assert isinstance(last, WaitRose)
    assert (last.queue, last.from_s, last.to_s, last.cause) == ("q", rose.from_s, rose.to_s, "agents left")
    assert 1.5 < rose.to_s / rose.from_s < 2.5  # one agent instead of two


def test_it_is_counted_by_cause() -> None:
    assert counted(risen()[1]) == (("queue_wait_rises", "q", "agents left"),)


async def test_what_the_store_kept_of_it_is_told_by_the_api_and_on_the_command_line() -> None:
    story, rose = risen()
    memory = Memory()
    for key, what in grounds(story).items():
        memory.put_ground(ground(key, what, 1.0))
    memory.put_story(keep(story))
    async with TestClient(TestServer(make_app(Control(), cast(StoreReader, memory), Metrics()))) as client:
        one = cast("TestClient[web.Request, web.Application]", client)
        async with one.get("/api/v1/contacts/c3/why") as answer:
            told = (await answer.json())["why"]
    entry = told["entries"][-1]
    assert (entry["what"], entry["cause"], entry["from_s"]) == ("wait rose", "agents left", rose.from_s)
    (line,) = [line for line, _ in draw_why(told, False) if "agents left" in line]
    assert "told" in line and "instead of" in line


def test_the_trace_of_the_call_names_the_cause() -> None:
    story, rose = risen()
    shown_trace = shown(Trace("c3", True, 0, ()), story)
    text, style = draw_brief(shown_trace.queues[-1])
    assert text == f"told {duration(rose.to_s)} instead of {duration(rose.from_s)}: agents left" and style
