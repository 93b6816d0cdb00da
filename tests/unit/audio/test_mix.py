"""Mix-minus against the plain loop, for any rooms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.audio.mix import Seating, Table

ROOMS = st.lists(st.integers(1, 8), min_size=1, max_size=6)


def plain_loop(said: np.ndarray, tables: list[Table]) -> dict[int, list[int]]:
    wanted = {}
    for table in tables:
        for ear, me in enumerate(table.rows):
            total = np.zeros(said.shape[1])
            for voice, you in enumerate(table.rows):
                gain = float(me != you) if table.gains is None else float(table.gains[ear, voice])
                total = total + gain * said[you]
            wanted[me] = np.clip(np.rint(total), -32768, 32767).astype(int).tolist()
    return wanted


def mixed(said: np.ndarray, seating: Seating) -> dict[int, list[int]]:
    heard = np.full((len(seating.rows), said.shape[1]), 77, np.int16)
    seating.mix(said[seating.rows], heard)
    return {int(row): frame.tolist() for row, frame in zip(seating.rows, heard, strict=True)}


@given(sizes=ROOMS, gained=st.sets(st.integers(0, 5)), seed=st.integers(0, 2**32 - 1), loud=st.booleans())
def test_it_equals_the_plain_loop(sizes: list[int], gained: set[int], seed: int, loud: bool) -> None:
    random = np.random.default_rng(seed)
    rows = random.permutation(sum(sizes))
    tables = []
    for number, (size, end) in enumerate(zip(sizes, np.cumsum(sizes), strict=True)):
        gains = random.integers(0, 4, (size, size)).astype(np.float32) / 2 if number in gained else None
        tables.append(Table(rows[end - size : end].tolist(), gains))
    top = 8031 if loud else 500  # the loudest of mu-law, in 14 bits
    said = random.integers(-top, top + 1, (len(rows) + 1, 8)).astype(np.int16)
    seating = Seating(tables, alone=[len(rows)])
    assert mixed(said, seating) == plain_loop(said, tables) | {len(rows): [0] * 8}
    assert seating.in_rooms == len(rows)


@pytest.mark.parametrize("size", [4, 5, 6, 50])
def test_the_loudest_talkers_of_all_do_not_wrap(size: int) -> None:
    said = np.full((size, 4), 8064, np.int16)
    heard = mixed(said, Seating([Table(range(size))]))
    assert heard[0] == [min((size - 1) * 8064, 32767)] * 4


def test_nobody_is_mixed_with_nobody() -> None:
    assert mixed(np.zeros((0, 4), np.int16), Seating([])) == {}
