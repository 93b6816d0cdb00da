"""Which messages are kept, under which names, and that there is an end to it."""

from __future__ import annotations

import pytest

from softswitch.sip.flow import Flow
from softswitch.switch.tracebook import (
    AT_ONCE,
    GRAIN_S,
    OVERHEAD,
    PAUSE_S,
    PENDING,
    PENDING_MESSAGES,
    QUIET_S,
    Room,
    Tracebook,
)

FLOW = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.1", 7001))


def see(book: Tracebook, call_id: str, text: str = "INVITE", sent: bool = False, at: float = 0.0) -> str | None:
    if text == "INVITE":
        book.begin(call_id)
    return book.see(call_id, sent, FLOW, text.encode(), at)


def texts(book: Tracebook, name: str) -> list[str]:
    return [one.octets.decode() for one in book.trace(name).messages]


def test_what_comes_before_the_claim_is_the_contacts_too() -> None:
    book = Tracebook()
    assert see(book, "a", at=1.0) == see(book, "a", "401", True, 1.1) == ""
    book.claim("c-1", "leg-a", "a")
    assert see(book, "a", "180", True, 2.0) == "c-1"
    book.claim("c-1", "leg-b", "b")
    see(book, "b", sent=True, at=1.5)
    assert texts(book, "c-1") == ["INVITE", "401", "INVITE", "180"]
    assert [one.leg for one in book.trace("c-1").messages] == ["leg-a", "leg-a", "leg-b", "leg-a"]


@pytest.mark.parametrize("name", ["c-1", "leg-a", "leg-b", "a", "b"])
def test_a_call_is_found_by_contact_leg_and_call_id(name: str) -> None:
    book = Tracebook()
    book.claim("c-1", "leg-a", "a")
    book.claim("c-1", "leg-b", "b")
    assert book.trace(name).contact == "c-1"


@pytest.mark.parametrize("name", ["c-2", "", "nobody's"])
def test_what_is_no_call_is_not_found(name: str) -> None:
    book = Tracebook()
    see(book, "nobody's")
    with pytest.raises(LookupError):
        book.trace(name)


def test_what_belongs_to_no_contact_is_not_kept() -> None:
    book = Tracebook()
    for text in ("REGISTER", "OPTIONS", "200", "BYE"):
        assert see(book, "x", text) is None
    assert book.octets == 0


def test_a_contact_that_is_over_still_hears_what_its_legs_say() -> None:
    book = Tracebook()
    book.claim("c-1", "leg-a", "a")
    book.end("c-1")
    see(book, "a", "200")
    assert texts(book, "c-1") == ["200"]
    assert not book.trace("c-1").live


def test_a_leg_that_moves_speaks_for_its_new_contact() -> None:
    book = Tracebook()
    book.claim("c-1", "leg-a", "a")
    see(book, "a", "before")
    book.claim("c-2", "leg-a", "a")
    see(book, "a", "after")
    assert (texts(book, "c-1"), texts(book, "c-2"), texts(book, "leg-a")) == (["before"], ["after"], ["after"])
    for contact in ("c-1", "c-2"):
        book.end(contact)


def test_the_messages_of_one_contact_have_an_end() -> None:
    book = Tracebook(Room(messages=3))
    book.claim("c-1", "leg-a", "a")
    for number in range(5):
        see(book, "a", str(number))
    assert texts(book, "c-1") == ["0", "1", "2"]
    assert book.trace("c-1").missing == 2


def test_the_contact_that_ended_first_is_forgotten_first_with_all_its_names() -> None:
    book = Tracebook(Room(contacts=2))
    for name in "abc":
        book.claim(f"c-{name}", f"leg-{name}", name)
        see(book, name)
    for name in "bac":
        book.end(f"c-{name}")
    assert book.names() == ["c-a", "c-c"]
    for name in ("c-b", "leg-b", "b"):
        with pytest.raises(LookupError):
            book.trace(name)
    assert see(book, "b", "200") is None
    assert book.octets == 2 * (len("INVITE") + OVERHEAD)


def test_strangers_invites_are_few_and_short() -> None:
    book = Tracebook()
    for number in range(PENDING + 10):
        see(book, f"x{number}")
    for _ in range(PENDING_MESSAGES + 10):
        see(book, f"x{PENDING}")
    assert book.octets == (PENDING + PENDING_MESSAGES - 1) * (len("INVITE") + OVERHEAD)
    book.claim("c-1", "leg", "x0")  # forgotten: nothing of it, and no harm
    assert texts(book, "c-1") == []
    book.claim("c-2", "leg", f"x{PENDING}")
    assert (len(texts(book, "c-2")), book.trace("c-2").missing) == (PENDING_MESSAGES, 11)


def test_octets_have_an_end_and_what_ended_goes_before_what_goes_on() -> None:
    size = 1000 + OVERHEAD
    book = Tracebook(Room(octets=3 * size))
    for name in "abc":
        book.claim(f"c-{name}", f"leg-{name}", name)
        see(book, name, "x" * 1000)
    book.end("c-b")
    see(book, "a", "y" * 1000)
    assert book.names() == ["c-a", "c-c"] and book.octets == 3 * size
    see(book, "c", "z" * 1000)  # nothing has ended: the call that began first loses what it said
    assert (texts(book, "c-a"), book.trace("c-a").missing) == ([], 2)
    assert len(texts(book, "c-c")) == 2 and book.octets == 2 * size


def test_what_is_secret_is_not_shown() -> None:
    book = Tracebook()
    book.claim("c-1", "leg", "a")
    see(book, "a", 'INVITE sip:a SIP/2.0\r\nAuthorization: Digest nc=1, response="0a1b2c"\r\n\r\n')
    assert 'response="xxxxxx"' in texts(book, "c-1")[0]


def test_without_room_nothing_is_kept() -> None:
    book = Tracebook(Room(messages=0))
    see(book, "a")
    book.claim("c-1", "leg", "a")
    see(book, "a", "180")
    assert book.octets == 0 and book.names() == []


def test_a_quiet_call_is_pressed_and_shown_as_before() -> None:
    book = Tracebook()
    book.claim("c-1", "leg-a", "a")
    book.claim("c-2", "leg-b", "b")
    message = "INVITE sip:8000@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK776asdhds\r\n" * 5
    for number in range(8):
        see(book, "a", f"{message}{number}", at=float(number))
    before, size = book.trace("c-1"), book.octets
    assert book.deadline == QUIET_S
    book.tick(QUIET_S)
    assert book.octets == size and book.deadline == 2 * QUIET_S  # it has spoken since
    see(book, "b", at=11.0)
    book.tick(7.0 + QUIET_S)
    assert book.trace("c-1") == before and book.octets < size / 5
    see(book, "a", "BYE", at=20.0)
    assert texts(book, "c-1") == [*(one.octets.decode() for one in before.messages), "BYE"]
    book.tick(30.0)
    assert book.deadline is None and len(texts(book, "c-1")) == 9


def test_pressed_messages_count_and_are_forgotten() -> None:
    book = Tracebook(Room(messages=3, contacts=0))
    book.claim("c-1", "leg-a", "a")
    for number in range(2):
        see(book, "a", str(number))
    book.tick(QUIET_S)
    for number in range(2, 5):
        see(book, "a", str(number), at=10.0)
    assert texts(book, "c-1") == ["0", "1", "2"] and book.trace("c-1").missing == 2
    book.end("c-1")
    assert book.octets == 0
    book.tick(30.0)
    assert book.deadline is None and book.octets == 0


def test_calls_that_fall_quiet_at_nearly_the_same_time_are_looked_at_together() -> None:
    book = Tracebook()
    for number, at in enumerate((0.01, 0.1, GRAIN_S)):
        book.claim(f"c-{number}", f"leg-{number}", str(number))
        see(book, str(number), "x" * 900, at=at)
    size = book.octets
    assert book.deadline == QUIET_S + GRAIN_S
    book.tick(QUIET_S + GRAIN_S)
    assert book.octets < size / 2 and book.deadline is None


def test_a_contact_that_has_ended_is_not_worth_pressing() -> None:
    book = Tracebook()
    book.claim("c-1", "leg-a", "a")
    see(book, "a", "x" * 900, at=0.0)
    size = book.octets
    book.end("c-1")
    book.tick(3 * QUIET_S)
    assert (book.octets, book.deadline) == (size, None) and texts(book, "c-1") == ["x" * 900]


def test_only_a_few_are_pressed_at_once() -> None:
    book = Tracebook()
    for number in range(AT_ONCE + 5):
        book.claim(f"c-{number}", f"leg-{number}", str(number))
        see(book, str(number), "x" * 900)
    size = book.octets
    book.tick(QUIET_S)
    assert book.deadline == QUIET_S + PAUSE_S
    some = book.octets
    assert some < size
    book.tick(QUIET_S + PAUSE_S)
    assert book.octets < some and book.deadline is None
