"""The do-not-call list in the store: put, removed, read back, on both databases; and every node knows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.campaign import PauseSet
from softswitch.callback.listed import Listed
from softswitch.callback.model import DoNotCall, PromiseState
from softswitch.callback.node import Elsewhere, WithdrawNumber
from tests.real.test_store_contract import Kept, kept
from tests.support import facts
from tests.support.process import eventually
from tests.support.store_node import Node, a, quick, url

__all__ = ["a", "kept", "quick", "url"]  # fixtures

pytestmark = pytest.mark.real
S = PromiseState


async def test_numbers_are_put_removed_and_read_in_the_order_in_which_they_were_listed(kept: Kept) -> None:
    rows = [Listed(f"+8613800{number:06}", "asked us\x00", "api anna", 1.79e9 - number) for number in range(600)]
    kept.store.put_do_not_call(rows)
    kept.store.put_do_not_call([replace(rows[0], why="again")])
    kept.store.remove_do_not_call([rows[1].number, "+8613900139000"])
    await kept.settled()
    found = await kept.store.do_not_call()
    assert [row.number for row in found] == [row.number for row in reversed(rows) if row is not rows[1]]
    assert (found[-1].why, found[-1].by, found[-1].added_at) == ("again", "api anna", 1.79e9)


async def test_what_lies_in_the_pool_is_withdrawn_whatever_its_group(a: Node) -> None:
    one = facts.promise(1)
    await a.store.import_promises([one, replace(one, id="other", queue="support", group="support"), facts.promise(2)])
    a.store.shared.elsewhere(Elsewhere(WithdrawNumber(one.number, "", "do-not-call")))
    assert await a.put(facts.promise(9))
    states = {row.id: (row.state, row.outcome) for row in await a.store.promises()}
    assert states["promise-1"] == states["other"] == (S.WITHDRAWN, "do-not-call")
    assert states["promise-2"][0] is S.RECORDED


async def test_every_other_node_that_lives_is_told_once(url: str) -> None:
    first, second, third = [await Node.open(url, name) for name in ("a", "b", "c")]
    await third.store.close()
    first.store.shared.elsewhere(Elsewhere(DoNotCall(add=("+8613800138000", "1004"))))
    first.store.shared.elsewhere(Elsewhere(DoNotCall(remove=("1004",))))
    first.store.shared.elsewhere(Elsewhere(PauseSet("welcome", True, "api anna")))
    await second.hear(DoNotCall, 2)
    await second.hear(PauseSet, 1)
    assert PauseSet("welcome", True, "api anna") in second.heard
    told = [one for one in second.heard if isinstance(one, DoNotCall)]
    assert told == [DoNotCall(add=("+8613800138000", "1004")), DoNotCall(remove=("1004",))]
    assert not any(isinstance(one, DoNotCall) for one in first.heard)
    await eventually(lambda: len(second.heard) > 10, 10, "some more rounds")
    assert len([one for one in second.heard if isinstance(one, DoNotCall)]) == 2
    await first.store.close()
    await second.store.close()
