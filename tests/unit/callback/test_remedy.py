"""What can be done about each reason for which nobody is called."""

from __future__ import annotations

import pytest

from softswitch.callback import standstill, waits
from softswitch.callback.remedy import remedy
from softswitch.callback.waits import PAUSE

SAID_BY_THEMSELVES = {waits.OTHERS_FIRST}
REASONS = {
    word
    for module in (waits, standstill)
    for name, word in vars(module).items()
    if name.isupper() and isinstance(word, str)
}


@pytest.mark.parametrize("reason", sorted(REASONS - SAID_BY_THEMSELVES))
def test_each_reason_has_something_to_do_about_it(reason: str) -> None:
    assert remedy(reason)


def test_a_pause_after_a_carrier_has_refused_is_the_carriers() -> None:
    assert "softswitch trace" in remedy(PAUSE, "failed") == remedy(PAUSE, "rejected")
    assert remedy(PAUSE, "busy") == remedy(PAUSE) != remedy(PAUSE, "failed")
    assert remedy(waits.NO_AGENT, "failed") == remedy(waits.NO_AGENT), "it is not after that that it waits"


def test_a_reason_that_nobody_knows_has_none() -> None:
    assert remedy("at node b") == remedy("being dialled") == ""
