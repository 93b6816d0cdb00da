"""What waits in a mailbox."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.contact.mailbox import MOST_KEPT, Mailboxes, MailboxRules, Message, VoicemailHeard


def message(number: int, mailbox: str = "1001", heard: bool = False) -> Message:
    return Message(f"vm-{number}", mailbox, "c-1", "138", f"vm-{number}.wav", 1000.0 + number, 5.0, heard)


def test_messages_are_new_until_somebody_has_heard_them() -> None:
    boxes = Mailboxes()
    for one in (message(1), message(2), message(3, "1002")):
        boxes.put(one)
    assert (boxes.counts("1001"), boxes.counts("1002"), boxes.counts("1003")) == ((2, 0), (1, 0), (0, 0))
    assert boxes.heard("vm-1") == [VoicemailHeard(message(1, heard=True))]
    boxes.put(message(1, heard=True))
    assert boxes.counts("1001") == (1, 1) and boxes.heard("vm-1") == []


def test_one_that_nobody_knows_cannot_have_been_heard() -> None:
    with pytest.raises(LookupError, match="no such voicemail: vm-9"):
        Mailboxes().heard("vm-9")


def test_they_are_listed_the_newest_first_whatever_the_order_of_the_rows() -> None:
    boxes = Mailboxes()
    boxes.restore([message(2), message(3, "1002"), message(1)])
    assert [one.id for one in boxes.messages()] == ["vm-3", "vm-2", "vm-1"]


def test_what_was_heard_is_forgotten_first() -> None:
    boxes = Mailboxes()
    for number in range(MOST_KEPT):
        boxes.put(message(number))
    boxes.put(replace(message(5), heard=True))
    boxes.put(message(MOST_KEPT))
    assert boxes.counts("1001") == (MOST_KEPT, 0)
    boxes.put(message(MOST_KEPT + 1))
    assert boxes.counts("1001") == (MOST_KEPT, 0) and "vm-0" not in {one.id for one in boxes.messages()}


def test_strangers_cannot_shut_the_owner_out_and_the_owner_gives_them_no_further_tries() -> None:
    boxes = Mailboxes(MailboxRules(failures=3, lock_s=900.0))
    for now in (0.0, 1.0):
        boxes.refused("1001", own=False, now=now)
    boxes.opened("1001", own=True)
    boxes.refused("1001", own=False, now=2.0)
    assert boxes.locked("1001", own=False, now=3.0) and not boxes.locked("1001", own=True, now=3.0)
    for now in (4.0, 5.0, 6.0):
        boxes.refused("1001", own=True, now=now)
    assert boxes.locked("1001", own=True, now=905.0) and not boxes.locked("1001", own=False, now=905.0)
