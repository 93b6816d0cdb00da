"""RFC 3842."""

from __future__ import annotations

import pytest

from softswitch.sip.event.message_summary import Summary, render


@pytest.mark.parametrize(("new", "old", "waiting"), [(0, 0, "no"), (0, 3, "no"), (2, 1, "yes")])
def test_it_says_whether_messages_wait_and_how_many(new: int, old: int, waiting: str) -> None:
    assert (
        render(Summary("sip:1001@house", new, old), 5)
        == (
            f"Messages-Waiting: {waiting}\r\nMessage-Account: sip:1001@house\r\nVoice-Message: {new}/{old} (0/0)\r\n"
        ).encode()
    )


def test_an_account_writes_no_lines_of_its_own() -> None:
    assert render(Summary("sip:1001@house\r\nVoice-Message: 9/9", 0, 0), 0).count(b"\r\n") == 3
