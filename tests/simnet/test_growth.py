"""Calls that have ended leave nothing behind: the same objects are there after hundreds of them as before."""

from __future__ import annotations

import gc
from collections import Counter

from softswitch.sip import header
from softswitch.switch.tracebook import Room
from tests.bench.sip import CALLEE, Bench, b2bua, register

CALLS = 100
KEPT = {"CallRecord"}  # by the store in memory


def objects(bench: Bench) -> Counter[str]:
    """How many there are of each class, once everything is quiet."""
    for _ in range(100):
        bench.pass_time(0.1)  # a few calls' messages are pressed at each tick
    header.forget()  # of the texts of the last dialogs a bounded number is remembered
    gc.collect()
    return Counter(type(one).__name__ for one in gc.get_objects())


def test_ended_calls_leave_nothing_behind() -> None:
    bench = Bench(trace=Room(contacts=5))
    register(bench, 1)
    register(bench, 1, "1002", CALLEE)
    b2bua(bench, CALLS)  # what is made once is made
    counts = [objects(bench)]
    for _ in range(2):
        b2bua(bench, CALLS)
        counts.append(objects(bench))
    first, second, third = counts
    grown = (second - first) & (third - second)  # what calls leave grows each time; what other tests have begun, once
    assert not bench.switch.calls.contacts
    assert len(bench.switch.endpoint) == 0
    per_call = {name for name, count in grown.items() if count > CALLS / 2 and name not in KEPT}
    assert not per_call
