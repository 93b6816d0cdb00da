"""The Reason header: what is kept of it, and how it is written."""

from __future__ import annotations

import pytest

from softswitch.sip.reason import ELSEWHERE, Reason, reason_lines, reasons
from tests.unit.sip.exchange import request


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (['SIP;cause=200;text="Call completed elsewhere"'], (ELSEWHERE,)),
        (["Q.850;cause=16"], (Reason("Q.850", 16),)),
        (["q.850 ; cause=17 ; text=busy"], (Reason("Q.850", 17, "busy"),)),
        (['Q.850;cause=16, SIP;cause=486;text="a, b"'], (Reason("Q.850", 16), Reason("SIP", 486, "a, b"))),
        (["SIP;cause=486", "SIP;cause=487"], (Reason("SIP", 486),)),
        (["Preemption;cause=1", "SIP", "SIP;cause=", "SIP;cause=x", "SIP;cause=700", "Q.850;cause=128", "", ";"], ()),
        (["SIP;cause=²", 'SIP;cause=200;text="open'], ()),
    ],
)
def test_what_is_kept(values: list[str], found: tuple[Reason, ...]) -> None:
    assert reasons(request("BYE", more=tuple(("Reason", value) for value in values))) == found


def test_a_text_is_short_and_has_no_line_end() -> None:
    (one,) = reasons(request("BYE", more=(("Reason", f'SIP;cause=480;text="a\r\nb{"x" * 500}"'),)))
    assert len(one.text) == 80 and one.text.startswith("abx")


def test_what_is_written_is_read_again() -> None:
    given = (Reason("Q.850", 31, 'say "no"'), ELSEWHERE)
    ((name, value),) = reason_lines(given)
    assert name == "Reason" and reasons(request("BYE", more=((name, value),))) == given
    assert reason_lines(()) == ()
