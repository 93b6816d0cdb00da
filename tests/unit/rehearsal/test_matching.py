"""What fits what was written, where a rehearsal is not needed to see it."""

from __future__ import annotations

import pytest

from softswitch.rehearsal.happening import Happening
from softswitch.rehearsal.matching import fits
from softswitch.rehearsal.script import Happens


@pytest.mark.parametrize(
    ("wanted", "right"),
    [
        ("Call Li back.", True),
        ("Call Li  back.", True),
        ("Call…", True),
        ("Call...", True),
        ("Call", False),
        ("Li…", False),
    ],
)
def test_a_text_is_the_whole_of_it_unless_it_says_that_it_is_the_beginning(wanted: str, right: bool) -> None:
    read = Happening(0.0, "1001", "reads", "", {"text": "Call Li back."})
    assert fits(Happens("reads", "1001", {"text": wanted}), read, str) is right


@pytest.mark.parametrize(
    ("wanted", "right"),
    [
        ("13800138000", True),
        ("013800138000", True),
        ("+8613800138000", True),
        ("8000", False),
        ("0", False),
        ("13800138001", False),
    ],
)
def test_a_number_is_not_any_that_ends_like_it(wanted: str, right: bool) -> None:
    promise = Happening(0.0, "caller", "promise", "", {"queue": "orders", "number": "+8613800138000"})
    assert fits(Happens("promise", "caller", {"number": wanted}), promise, str) is right
