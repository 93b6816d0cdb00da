"""The report on a peak says what happened: a burst through the whole switch, and each person's own account of it."""

from __future__ import annotations

import asyncio
from typing import Any

from softswitch.callback.model import LossNotRecorded
from softswitch.callback.reading import Reading
from softswitch.contact.peak import Account, Came, Fate, Followed, Seen, Turned, account, identity
from tests.simnet.burst import AIR_S, Burst, Size
from tests.simnet.burst import Account as Truth

CN = Reading("CN")
SMALL = Size(120, agents=5, lines=20, waiting=8)


async def _seen(store: Any, begin: float, withheld: bool) -> Seen:
    """What a database would have been asked for."""
    calls = await store.calls(limit=1_000_000)
    came = [
        Came(one.contact, one.caller, one.queue, one.started_at, one.connected_at, one.outcome, one.ended_by)
        for one in calls
        if one.kind == "inbound" and begin <= one.started_at < begin + 2 * AIR_S
        if withheld or identity(one.caller, CN)
    ]
    others = {one.contact for one in calls} - {one.contact for one in came}
    rows = await store.promises()
    followed = [Followed(row, tuple((await store.promise_history(row.id))[0])) for row in rows]
    turned = []
    for event in await store.events(0, 1_000_000):
        if event.name == LossNotRecorded.__name__ and (withheld or identity(event.body["number"], CN)):
            turned.append(Turned(event.at, **event.body))
    return Seen(came, followed, turned, frozenset(others))


def reported(burst: Burst, begin: float, withheld: bool = False) -> Account:
    seen = asyncio.run(_seen(burst.world.store, begin, withheld))
    return account((begin, begin + 2 * AIR_S), seen, lambda number: identity(number, CN))


def told(burst: Burst) -> Truth:
    """Of those who presented a number: the others are nobody twice."""
    people = [person for person in burst.crowd.people if person.refusable != "withheld"]
    return Truth(people, asyncio.run(burst.world.store.promises()))


def agrees(found: Account, truth: Truth) -> None:
    served = found.fates[Fate.SERVED] + found.fates[Fate.BY_HIMSELF]
    assert served == truth.of["served live"]
    assert found.fates[Fate.RECOVERED] == truth.of["kept"]
    assert found.fates[Fate.OPEN] == truth.of["open"]
    assert found.fates[Fate.REFUSED] == sum(n for word, n in truth.of.items() if word.startswith("refused"))
    assert found.callers == truth.total and found.adds_up, found


def test_the_report_equals_what_happened_during_the_peak_and_after_it() -> None:
    burst = Burst(SMALL, seed=3)
    begin = burst.world.switch.unix
    burst.air()
    calls = burst.world.switch.control.calls
    burst.world.run_until(lambda: not any(one.kind == "inbound" for one in calls()), 900.0)  # a record comes at the end
    found = reported(burst, begin)
    agrees(found, told(burst))
    assert found.fates[Fate.OPEN] > 40 and found.fates[Fate.SERVED] > 3
    burst.drain()
    found = reported(burst, begin)
    agrees(found, told(burst))
    assert found.fates[Fate.OPEN] == 0 and found.fates[Fate.RECOVERED] > 40
    assert len(found.kept) == found.fates[Fate.RECOVERED]
    assert all(wait > 0 for _, wait, _ in found.kept)
    everybody = reported(burst, begin, withheld=True)
    withheld = [person for person in burst.crowd.people if person.refusable == "withheld"]
    assert withheld and everybody.adds_up
    assert found.callers + len(withheld) <= everybody.callers, "each of their calls is one"
