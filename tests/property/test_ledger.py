"""Whatever happens, in whatever order, with a crash at any point and a store that fails or lies about it: no promise is
lost, none is dialled twice, nobody's phone rings twice at a time, agents are never asked for more than there are, and
customers who are dialled first are not abandoned beyond the limit.
"""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.callback import mover
from tests.property.promise_world import World

WEIGHTS = {
    World.lost: 2,
    World.lost_and_stored: 4,
    World.imported: 6,
    World.no_agent_in_time: 1,
    World.admin: 1,
    World.store_answers: 3,
    World.store_answers_all: 3,
    World.store_goes_or_comes: 1,
    World.agent_picks_up: 2,
    World.agent_picks_up_and_stored: 5,
    World.agent_is_lost: 1,
    World.customer_answers: 4,
    World.attempt_fails: 3,
    World.calls_end: 2,
    World.number_busy: 1,
    World.live_callers: 1,
    World.agents_are_shy: 1,
    World.withdrawn: 1,
    World.time_passes: 6,
    World.night_passes: 1,
    World.crash: 1,
}
STEP = st.tuples(st.sampled_from([what for what, weight in WEIGHTS.items() for _ in range(weight)]), st.integers(0, 99))


@settings(max_examples=200)
@given(st.lists(STEP, min_size=70, max_size=100))
def test_whatever_happens(steps: list[tuple[Callable[[World, int], None], int]]) -> None:
    live(World(), steps)


class Between(World):
    """Two steps: until all were looked at nobody is dialled, as the oldest may be among the others."""

    def nobody_waits_for_an_agent_who_is_free(self) -> None:
        if not self.ledger._move.late:
            super().nobody_waits_for_an_agent_who_is_free()


@settings(max_examples=100)
@given(st.lists(STEP, min_size=70, max_size=100))
def test_whatever_happens_before_all_were_looked_at(steps: list[tuple[Callable[[World, int], None], int]]) -> None:
    """After a crash, a night, a reload: one promise in a step, and the world goes on between two of them."""
    with patch.object(mover, "STEP", 1):
        live(Between(), steps)


def live(world: World, steps: list[tuple[Callable[[World, int], None], int]]) -> None:
    for what, n in steps:
        what(world, n)
        world.check()
    world.finish()
