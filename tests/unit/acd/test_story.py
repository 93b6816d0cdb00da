"""Stories of contacts: which facts are in them, how long they are kept, and what is told of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.acd import story as story_module
from softswitch.acd.decision import Decided
from softswitch.acd.kept import Unreadable, keep, needed, opened
from softswitch.acd.model import (
    AgentState,
    AgentStateChanged,
    Leave,
    LogIn,
    Need,
    OfferFailed,
    QueueJoined,
    QueueLeft,
    QueueSpec,
    Reachability,
    Relaxation,
    SetPaused,
    Strategy,
)
from softswitch.acd.story import Decision, Joined, Left, Moment, OfferEnded, Story
from softswitch.acd.storybook import AGENT_BYTES, CANDIDATES_BYTES, Shelf, Storybook
from softswitch.acd.telling import figures, groups, parts
from softswitch.core.effect import DomainEvent, Effect
from tests.unit.acd.centre import GERMAN, Centre, spec

START = 1_790_000_000.0  # Unix s at the machine's zero


class Library:
    """A centre whose facts a book takes in."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.book = Storybook()
        self.rested: list[Story] = []
        self._heard = 0

    def listen(self) -> None:
        """All that was said since."""
        for effect in self.centre.said[self._heard :]:
            self.hear(effect)
        self._heard = len(self.centre.said)

    def hear(self, effect: Effect) -> None:
        now = self.centre.now
        if isinstance(effect, DomainEvent):
            rested = self.book.note(effect, Moment(START + now, now, "v1"))
            self.rested += [rested] if rested is not None else []

    def story(self, contact: str) -> Story:
        found = self.book.story(contact)
        assert found is not None
        return found


def two_agents() -> Library:
    queue = QueueSpec("q", (GERMAN,), (Relaxation(30, (Need("german"),)),), ring_timeout_s=15.0)
    return Library(Centre([spec("ann", german=5), spec("bob", german=5), spec("low", german=1)], [queue]))


def test_a_story_has_what_happened_in_the_order_of_time() -> None:
    library = two_agents()
    centre = library.centre
    centre.staff("ann", "bob")
    for contact in ("c1", "c2", "c3"):
        centre.join(contact)
    library.listen()
    centre.now += 5
    centre.tell(OfferFailed("c1", "ann", "busy"))
    library.listen()
    told = [type(one).__name__ for one in library.story("c1").entries]
    assert told == ["Joined", "Decision", "OfferEnded", "Decision"]
    joined, decision, ended, nobody = library.story("c1").entries
    assert isinstance(joined, Joined) and (joined.queue, joined.position) == ("q", 1)
    assert isinstance(decision, Decision) and (decision.decided.agent, decision.now, decision.version) == (
        "ann", 1002.0, "v1",
    )  # fmt: skip
    assert ended == OfferEnded(START + 1007.0, "ann", "busy")
    assert isinstance(nobody, Decision) and nobody.decided.agent is None
    assert library.story("c1").waits and library.story("c3").failed
    centre.tell(Leave("c1", "abandoned"))
    library.listen()
    assert library.story("c1").entries[-1] == Left(START + 1007.0, "q", "abandoned", 5.0)
    assert not library.story("c1").waits


def test_how_each_offer_ended() -> None:
    library = two_agents()
    centre = library.centre
    centre.staff("ann", "bob")
    centre.join("c1")
    centre.tell(OfferFailed("c1", "ann", "rejected"))
    centre.pass_time(16)  # bob does not pick up; ann's delay is over
    centre.answer("c1", "ann")
    library.listen()
    ended = [(one.agent, one.how) for one in library.story("c1").entries if isinstance(one, OfferEnded)]
    assert ended == [("ann", "rejected"), ("bob", "no answer"), ("ann", "answered")]
    assert library.story("c1").failed
    assert [(part.offered, part.reason, part.how) for part in parts(library.story("c1").entries, "bob")] == [
        (False, "idle for less time", ""), (True, "", "no answer"), (False, "retry delay", ""),
    ]  # fmt: skip
    assert [part.reason for part in parts(library.story("c1").entries, "low")] == ["level too low in german"] * 3
    assert {part.reason for part in parts(library.story("c1").entries, "zoe")} == {"not configured then"}


def test_of_all_who_were_rung_one_answered() -> None:
    library = Library(Centre([spec("ann"), spec("bob"), spec("cat")], [QueueSpec("q", strategy=Strategy.RING_ALL)]))
    library.centre.staff("ann", "bob")
    library.centre.join("c1")
    library.centre.answer("c1", "bob")
    library.listen()
    told = {name: next(parts(library.story("c1").entries, name)) for name in ("ann", "bob", "cat")}
    assert {name: (part.offered, part.reason, part.how) for name, part in told.items()} == {
        "ann": (True, "", "answered elsewhere"), "bob": (True, "", "answered"), "cat": (False, "logged out", ""),
    }  # fmt: skip
    assert told["ann"].decision.decided.agents == ("ann", "bob")


def test_of_who_wished_to_pause_while_it_rang_the_pause_is_told() -> None:
    library = two_agents()
    library.centre.staff("ann")
    library.centre.join("c1")
    library.centre.tell(SetPaused("ann", "lunch"), OfferFailed("c1", "ann", "busy"))
    library.listen()
    ended = [one for one in library.story("c1").entries if isinstance(one, OfferEnded)]
    assert [one.how for one in ended] == ["not answered; paused (lunch)"]


def test_what_comes_after_the_end_opens_no_story_again() -> None:
    library = two_agents()
    library.centre.staff("ann")
    library.centre.join("c1")
    library.centre.tell(Leave("c1", "abandoned"))
    library.listen()
    ready, reserved = AgentState.READY, AgentState.RESERVED
    for contact in ("c1", "c9"):
        library.hear(AgentStateChanged("ann", reserved, ready, "answered elsewhere", contact))
    assert not library.story("c1").waits and library.book.story("c9") is None


def test_a_story_is_handed_over_when_its_contact_comes_to_rest() -> None:
    library = two_agents()
    library.centre.staff("ann")
    for contact in ("c1", "c2"):
        library.centre.join(contact)
    library.listen()
    assert [story.contact for story in library.rested] == ["c2"]  # nobody is free for it; of c1 more is to come
    library.centre.answer("c1", "ann")
    library.listen()
    assert [story.contact for story in library.rested] == ["c2", "c1"]
    library.centre.pass_time(30)
    library.listen()
    assert [story.contact for story in library.rested] == ["c2", "c1", "c2"]  # other needs: another answer


def nobody(library: Library, contact: str = "c1") -> Decided:
    library.centre.join(contact)
    (decided,) = [one for one in library.centre.said if isinstance(one, Decided) and one.contact == contact]
    return decided


def test_the_same_answer_given_again_is_one_entry() -> None:
    library = two_agents()
    decided = nobody(library)
    library.listen()
    before = library.book.octets
    for _ in range(3):
        library.centre.now += 1
        library.hear(replace(decided, waited_s=decided.waited_s + 1))
    (only,) = library.story("c1").decisions
    assert (only.times, only.at, only.last_at) == (4, START + 1000, START + 1003)
    assert library.book.octets == before
    assert len(library.rested) == 1
    library.hear(replace(decided, relaxed=1))
    assert [one.times for one in library.story("c1").decisions] == [4, 1]


def test_of_a_long_story_the_beginning_and_the_end_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story_module, "MOST_ENTRIES", 10)
    monkeypatch.setattr(story_module, "BEGINNING", 3)
    library = two_agents()
    decided = nobody(library)
    library.listen()
    octets = []
    for relaxed in range(1, 31):
        library.hear(replace(decided, relaxed=relaxed))
        octets.append(library.book.octets)
    story = library.story("c1")
    assert [one.decided.relaxed for one in story.decisions] == [0, 1, *range(24, 31)]
    assert story.missing == 22 and len(story.entries) == 10
    assert octets[-1] == octets[9]


def test_a_story_of_large_decisions_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story_module, "MOST_BYTES", 6000)
    library = two_agents()
    decided = nobody(library)
    library.listen()
    for relaxed in range(1, 31):
        library.hear(replace(decided, relaxed=relaxed))
        assert library.story("c1").octets <= 6000
    left = [one.decided.relaxed for one in library.story("c1").decisions]
    assert left[:5] == [0, 1, 2, 3, 4] and left[-1] == 30 and library.story("c1").missing == 31 - len(left)


def test_what_no_encoder_takes_costs_no_call() -> None:
    library = two_agents()
    library.centre.staff("ann")
    library.centre.join("c1")
    library.centre.tell(SetPaused("ann", "\ud800"), OfferFailed("c1", "ann", "busy"), Leave("c1", "\udcff"))
    library.listen()
    assert keep(library.story("c1")).outcome == "\ufffd"


def fill(library: Library, contacts: int) -> None:
    for number in range(contacts):
        library.centre.join(f"c{number}")
        library.centre.tell(Leave(f"c{number}", "abandoned"))
    library.listen()


def kept(library: Library, contacts: int) -> list[int]:
    return [number for number in range(contacts) if library.book.story(f"c{number}") is not None]


def test_for_want_of_room_the_contact_goes_that_left_first() -> None:
    roomy = two_agents()
    fill(roomy, 100)
    library = two_agents()
    library.book.shelf = Shelf(octets=roomy.book.octets // 2)
    library.centre.join("waits")
    fill(library, 100)
    left = kept(library, 100)
    assert left == list(range(100 - len(left), 100)) and 40 < len(left) < 60
    assert library.book.octets <= library.book.shelf.octets
    assert library.book.forgotten == 100 - len(left)
    assert library.book.story("waits") is not None


def test_who_waits_is_forgotten_only_when_nobody_else_is_left() -> None:
    library = two_agents()
    library.book.shelf = Shelf(octets=20_000)
    for number in range(100):
        library.centre.join(f"c{number}")
        library.listen()
        assert library.book.octets <= 20_000
    left = kept(library, 100)
    assert left == list(range(100 - len(left), 100)) and len(left) > 5


def test_what_is_a_day_old_is_forgotten_and_not_counted_as_lost() -> None:
    library = two_agents()
    library.book.shelf = Shelf(keep_s=3600.0)
    for contact in ("c0", "c1", "c2"):
        library.centre.join(contact)
        library.centre.tell(Leave(contact, "abandoned"))
        library.listen()
        library.centre.now += 1800
    library.centre.join("c3")
    library.listen()
    assert kept(library, 4) == [1, 2, 3]
    assert library.book.forgotten == 0


def test_what_decisions_share_is_counted_once_and_given_back() -> None:
    library = two_agents()
    fill(library, 1)
    one = library.book.octets
    fill(library, 2)  # the first again, and a second
    shared = AGENT_BYTES * 3 + CANDIDATES_BYTES
    assert one > shared and library.book.octets < one + 2 * (one - shared)
    library.book.shelf = Shelf(keep_s=0.0)
    library.centre.now += 10
    library.hear(QueueJoined("last", "q", 1, "call"))  # then all else is too old
    assert kept(library, 2) == [] and library.story("last").decisions == []
    assert library.book.octets == library.story("last").octets


def test_the_same_answer_after_reloads_there_and_back_is_given_back_once() -> None:
    library = two_agents()
    library.hear(nobody(library))
    library.hear(nobody(two_agents()))  # who is configured is the same, and was found out anew
    library.book.shelf = Shelf(keep_s=0.0)
    library.hear(QueueLeft("c1", "q", "abandoned", 1.0, "call"))
    library.centre.now += 10
    library.hear(QueueJoined("last", "q", 1, "call"))
    assert library.book.octets == library.story("last").octets


def test_nothing_is_kept_where_nothing_is_to_be_kept() -> None:
    library = two_agents()
    library.book.shelf = Shelf(octets=0)
    fill(library, 3)
    assert kept(library, 3) == [] and library.rested == [] and library.book.octets == 0


def test_a_contact_that_comes_back_goes_on_with_its_story() -> None:
    library = two_agents()
    fill(library, 1)
    library.centre.join("c0")
    library.listen()
    assert [type(one).__name__ for one in library.story("c0").entries] == [
        "Joined", "Decision", "Left", "Joined", "Decision",
    ]  # fmt: skip
    assert library.story("c0").waits and library.book.latest(5) == ["c0"]


def test_the_latest_are_named_first() -> None:
    library = two_agents()
    fill(library, 4)
    library.centre.join("w1")
    library.centre.join("w2")
    library.listen()
    assert library.book.latest(4) == ["w2", "w1", "c3", "c2"]
    assert library.book.latest(0) == []


def test_a_large_story_that_is_over_is_pressed_and_reads_the_same() -> None:
    queue = QueueSpec("q", (GERMAN,))
    library = Library(Centre([spec(f"a{number:03}", german=5) for number in range(500)], [queue]))
    library.centre.staff(*(f"a{number:03}" for number in range(500)))
    for number in range(20):
        library.centre.join(f"c{number}")
        library.centre.answer(f"c{number}", f"a{number:03}")
    library.listen()
    before, octets = [library.story(f"c{number}") for number in range(20)], library.book.octets
    for story in before:
        library.book.press(keep(story))
        library.book.press(keep(story))  # a second time there is nothing to press
    assert library.book.octets < AGENT_BYTES * 500 + (octets - AGENT_BYTES * 500) * 0.6
    for story in before:
        again = library.story(story.contact)
        assert again is not story and again.octets == story.octets
        assert [type(one) for one in again.entries] == [type(one) for one in story.entries]
        assert again.decisions[0].same(again.decisions[0]) is False  # somebody got it
        assert again.decisions[0].decided.passed_over == story.decisions[0].decided.passed_over
    pressed = library.book.octets
    library.centre.join("c3")  # comes back
    library.listen()
    assert len(library.story("c3").decisions) == 2 and library.book.octets > pressed
    library.book.shelf = Shelf(keep_s=0.0)
    library.centre.now += 10
    library.centre.tell(Leave("c3", "abandoned"))
    library.listen()
    assert kept(library, 20) == [3]
    assert library.book.octets == library.story("c3").octets + AGENT_BYTES * 500 + CANDIDATES_BYTES + 8 * 500


# ---- what is told --------------------------------------------------------------------------------------------------


def last_decision(centre: Centre) -> Decision:
    decided = [one for one in centre.said if isinstance(one, Decided)][-1]
    return Decision(START + centre.now, centre.now, "v1", decided)


@pytest.mark.parametrize("harmed", [(b"among", b"amonk"), (b"decided", b"\x8aecided"), (b"ann", b"\xffnn")])
def test_a_story_whose_octets_were_harmed_is_told_as_one_that_cannot_be_read(harmed: tuple[bytes, bytes]) -> None:
    library = two_agents()
    library.centre.staff("ann")
    library.centre.join("c1")
    library.listen()
    row = keep(library.story("c1"))
    assert needed([row])
    with pytest.raises(Unreadable, match="another version has written it"):
        needed([replace(row, story=row.story.replace(*harmed))])


@pytest.mark.parametrize(("times", "begins"), [(1, 0x82), (5, 0x48), (500, 0x78)])
def test_a_story_of_any_length_is_read_as_it_was(times: int, begins: int) -> None:
    library = two_agents()
    library.centre.staff("ann")
    library.centre.join("c1")
    library.centre.answer("c1", "ann")
    library.listen()
    story = library.story("c1")
    story.entries = story.entries * times
    row = keep(story)
    assert row.story[0] == begins, "a map, or the size of the window (RFC 1950)"
    again = opened(row, {one.decided.record.among.key: one.decided.record.among for one in story.decisions})
    assert len(again.entries) == len(story.entries) and keep(again) == row


def test_reasons_stand_together_the_nearest_to_the_contact_first() -> None:
    agents = [spec(name, german=5) for name in ("ann", "bob", "cat", "dan")] + [spec("low", german=1), spec("eve")]
    centre = Centre(agents, [QueueSpec("q", (GERMAN,))])
    centre.staff("ann", "bob", "cat")
    centre.tell(SetPaused("cat", "lunch"), Reachability("dan", False), LogIn("dan"))
    centre.join("c1")
    found = groups(last_decision(centre).decided.record)
    assert list(found.items()) == [
        ("idle for less time", ["bob"]),
        ("unreachable", ["dan"]),
        ("paused", ["cat"]),
        ("level too low in german", ["low"]),
        ("lacks skill german", ["eve"]),
    ]


@pytest.mark.parametrize(
    ("strategy", "winner", "numbers"),
    [
        (Strategy.LONGEST_IDLE, "ann", {"idle_s": 12.0}),
        (Strategy.BEST_FIT, "bob", {"surplus": 0.0, "other_skills": 5.0, "idle_s": 11.0}),
        (Strategy.MOST_SKILLED, "ann", {"skill": 9.0, "idle_s": 12.0}),
        (Strategy.LINEAR, "bob", {"place": 0.0}),
        (Strategy.FEWEST_CALLS, "ann", {"calls": 0.0, "idle_s": 12.0}),
    ],
)
def test_the_numbers_by_which_somebody_won(strategy: Strategy, winner: str, numbers: dict[str, float]) -> None:
    agents = [spec("bob", german=5, french=5), spec("ann", german=9)]
    centre = Centre(agents, [QueueSpec("q", (GERMAN,), strategy=strategy)])
    centre.staff("ann", "bob")
    centre.pass_time(10)
    centre.join("c1")
    decision = last_decision(centre)
    assert decision.decided.agent == winner
    assert figures(decision) == numbers
