"""A minute of television, simulated: 5,000 calls, of which the switch has lines for a tenth, and the backlog after it.

    python -m tests.bench.burst [CALLS] [SEED]

First with an agent on the line before each customer is dialled, then customers first, progressive and predictive. Who
came to what is the carrier's account (``tests.simnet.burst``); ends with status 1 where somebody is missing, is owed
two calls, or was dialled when he must not be. Lines for people. Idle is a free agent for whom nobody's phone rings: who
listens to the ringing, agent first, is at work, and so is he for whom it rings, customer first.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Any

from tests.bench.command import numbers
from tests.simnet.burst import AIR_S, Account, Burst, Size, order

WAYS: dict[str, dict[str, Any]] = {
    "agent first": {},
    "customer first, progressive": {"first": "customer", "pacing": "progressive"},
    "customer first, predictive": {"first": "customer", "pacing": "predictive", "ratio": 3.0},
    "the same, and phones of agents that answer by themselves": {
        "first": "customer",
        "pacing": "predictive",
        "ratio": 3.0,
        "by_itself": True,
    },
}


def scaled(calls: int) -> Size:
    """Agents, lines and places in the queue in proportion."""
    whole = Size()
    part = calls / whole.calls
    return Size(calls, whole.duplicates, max(3, round(whole.agents * part ** 0.5)) if part < 1 else whole.agents,
                max(10, round(whole.lines * part)), max(5, round(whole.waiting * part)))  # fmt: skip


def tell(name: str, burst: Burst) -> bool:
    """Play it and say what came of it; whether all is as it must be."""
    began = time.monotonic()
    burst.air()
    aired = burst.account()
    _account(f"{name}: after the minute", aired)
    statuses = Counter(status for person in burst.crowd.people for status in person.statuses)
    made = sum(len(person.called_at) for person in burst.crowd.people)
    print(f"  {made:,} calls in {AIR_S:.0f} s and while they lasted, {statuses[503]:,} of them refused with 503 "
          f"({', '.join(f'{count:,} by {why}' for why, count in burst.shed.items())})")  # fmt: skip
    print("  promises by the stage of the last loss: ", dict(aired.stages.most_common()))
    burst.drain()
    drained, watch, ordered = burst.account(), burst.watch, order(burst)
    _account("  when all is drained", drained)
    dials = sum(len(person.dialled_at) for person in burst.crowd.people)
    print(
        f"  {burst.drained_s / 3600:.1f} h, {dials:,} dials, {burst.crowd.answered:,} answered, "
        f"{burst.dropped:.2%} of them to nobody; while a promise was due ({watch.due_s / 3600:.1f} h): "
        f"talk {watch.talk:.1%}, longest idle {watch.longest_idle_s:.1f} s, {watch.at_work:.1%} not idle; "
        f"where phones that ring are no work: longest {watch.longest_free_s:.1f} s, {watch.occupancy:.1%}\n"
        f"  first dials in the order of losses: Kendall's tau {ordered['tau_rank']:.4f} by the ledger's rank, "
        f"{ordered['tau_called']:.4f} by the carrier's clock; {ordered['inversions']:,} of {ordered['pairs']:,} pairs "
        f"the other way round, {ordered['unexplained']:,} without a reason\n"
        f"  {time.monotonic() - began:.0f} s of this machine",
        flush=True,
    )
    wrong = [*burst.crowd.wrong, *aired.double, *drained.double, *map(str, burst.defects)]
    wrong += [f"{person.number} is missing" for one in (aired, drained) for person in one.missing]
    for one in wrong[:20]:
        print(f"  WRONG: {one}")
    return not wrong


def _account(when: str, found: Account) -> None:
    told = ", ".join(f"{word} {count:,}" for word, count in sorted(found.of.items(), key=lambda one: -one[1]))
    print(f"{when}: {found.total:,} people: {told}", flush=True)


def main() -> None:
    calls, seed = numbers(__doc__, calls=Size().calls, seed=1)
    right = [tell(name, Burst(scaled(calls), seed, **policy)) for name, policy in WAYS.items()]
    sys.exit(0 if all(right) else 1)


if __name__ == "__main__":
    main()
