"""What a phone hears of a phone that it has called."""

from __future__ import annotations

import pytest

from softswitch.contact.script import DirectDial
from softswitch.ivr.model import DialEnded, DialOut, EndCall


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        (DialEnded("busy", 600), 486),
        (DialEnded("failed", 404), 404),  # no such number
        (DialEnded("failed", 488), 488),  # no common codec
        (DialEnded("failed", 407), 503),  # it is we who were asked for a password
        (DialEnded("failed", 503), 503),
        (DialEnded("no answer"), 480),
    ],
)
def test_a_direct_call_ends_with_what_the_called_side_said(ended: DialEnded, status: int) -> None:
    assert DirectDial(DialOut()).handle(ended, 1.0) == [EndCall(status=status)]
