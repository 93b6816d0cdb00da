"""Rooms across processes: whoever is heard in one room is heard in the wired one, and nobody hears himself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from softswitch.media.ties import PREFIX, Member, Wiring, end, wiring


def heard(wired: Wiring) -> dict[str, list[str]]:
    """Whose voices each real stream hears, by following the sound through all rooms and lines; twice is an echo."""
    other = {a.stream: b.stream for tie in wired.ties for a, b in ((tie.near, tie.far), (tie.far, tie.near))}
    members = {member.stream: member for member in wired.members}
    found: dict[str, list[str]] = {name: [] for name in members if not name.startswith(PREFIX)}

    def say(speaker: str, voice: str, depth: int) -> None:
        assert depth < 10, "sound goes round"
        said = members[speaker]
        for ear in wired.members:
            if ear.process != said.process or ear.stream == speaker:
                continue
            if said.heard_by is None or ear.stream in said.heard_by:
                if ear.stream in other:
                    say(other[ear.stream], voice, depth + 1)
                else:
                    found[ear.stream].append(voice)

    for name in found:
        say(name, name, 0)
    return found


@st.composite
def rooms(draw: st.DrawFn) -> list[Member]:
    names = [f"s{number}" for number in range(draw(st.integers(1, 7)))]
    ears = st.one_of(st.none(), st.lists(st.sampled_from(names), max_size=3, unique=True).map(tuple))
    return [Member(name, draw(st.integers(1, 4)), draw(ears)) for name in names]


@given(rooms())
def test_all_hear_as_in_one_process(members: list[Member]) -> None:
    found = heard(wiring("r", members))
    for listener in members:
        talkers = [
            one.stream
            for one in members
            if one.stream != listener.stream and (one.heard_by is None or listener.stream in one.heard_by)
        ]
        assert sorted(found[listener.stream]) == sorted(talkers)


def test_a_room_in_one_process_is_as_it_was() -> None:
    members = [Member("a", 2), Member("b", 2, ("a",), 0.5), Member("c", 2, ())]
    assert wiring("r", members) == Wiring((), tuple(members))


def test_a_line_joins_two_processes() -> None:
    wired = wiring("r", [Member("a", 2), Member("b", 1), Member("c", 1)])
    assert [(tie.near.stream, tie.far.stream) for tie in wired.ties] == [(end("r", 2, 1), end("r", 1, 2))]
    assert [member.heard_by for member in wired.members] == [None] * 5


def test_a_whisper_goes_by_its_own_line() -> None:
    wired = wiring("r", [Member("caller", 1), Member("agent", 1), Member("boss", 2, ("agent",))])
    assert heard(wired) == {"caller": ["agent"], "agent": ["caller", "boss"], "boss": ["caller", "agent"]}
    assert len(wired.ties) == 2
