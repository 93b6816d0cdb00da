"""Open promises that this node does not lead, counted per policy: those in the pool, and those of other nodes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import PromiseState
from softswitch.store.promises import Lying
from tests.support import facts
from tests.support.store_node import Node, a, url

__all__ = ["a", "url"]  # fixtures

pytestmark = pytest.mark.real
LATER = 4e9  # another century


async def test_the_pool_is_counted_by_policy_and_by_whether_its_time_has_come(a: Node) -> None:
    rows = [facts.promise(n) for n in (1, 2, 3)]
    rows += [facts.promise(4, not_before=LATER + 60.0), facts.promise(5, not_before=LATER)]
    rows += [facts.promise(9, not_before=LATER + 5.0, outcome="failed"), facts.promise(10, outcome="busy")]
    rows += [facts.promise(6, campaign="spring", group="spring")]
    assert all(await a.store.import_promises(rows))
    assert await a.put(facts.promise(7))  # ours
    assert await a.put(replace(facts.promise(8), state=PromiseState.KEPT))
    assert sorted(await a.store.lying()) == [
        Lying("sales", "", 0.0, "", 4),
        Lying("sales", "", LATER, "", 2),
        Lying("sales", "", LATER + 5.0, "failed", 1),
        Lying("spring", "", 0.0, "", 1),
    ]


async def test_what_another_node_leads_is_counted_as_its(url: str) -> None:
    a, b = await Node.open(url, "a"), await Node.open(url, "b")
    try:
        assert await a.put(facts.promise(1)) and await a.put(facts.promise(2)) and await b.put(facts.promise(3))
        assert await a.store.lying() == [Lying("sales", "b", 0.0, "", 1)]
        assert await b.store.lying() == [Lying("sales", "a", 0.0, "", 2)]
    finally:
        await a.store.close()
        await b.store.close()
