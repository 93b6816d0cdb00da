"""Mix-minus against the plain loop, for any seating."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from softswitch.audio.mix import NOWHERE, Seating, mix_minus


def plain_loop(said: np.ndarray, room: list[int], heard: np.ndarray) -> np.ndarray:
    wanted = heard.copy()
    for me, mine in enumerate(room):
        if mine == NOWHERE:
            continue
        for sample in range(said.shape[1]):
            total = sum(int(said[you, sample]) for you, its in enumerate(room) if its == mine and you != me)
            wanted[me, sample] = max(-32768, min(32767, total))
    return wanted


@given(room=st.lists(st.integers(-1, 4), min_size=1, max_size=12), seed=st.integers(0, 2**32 - 1), loud=st.booleans())
def test_it_equals_the_plain_loop(room: list[int], seed: int, loud: bool) -> None:
    top = 32767 if loud else 3000
    said = np.random.default_rng(seed).integers(-top - 1, top, (len(room), 8)).astype(np.int16)
    heard = np.full_like(said, 77)
    wanted = plain_loop(said, room, heard)
    mix_minus(said, Seating.of(np.array(room)), heard)
    assert np.array_equal(heard, wanted)


def test_it_clips_once_and_not_on_the_way() -> None:
    said = np.array([[30000], [30000], [-30000], [5]], np.int16)
    heard = np.zeros_like(said)
    mix_minus(said, Seating.of(np.zeros(4, int)), heard)
    assert heard[:, 0].tolist() == [5, 5, 32767, 30000]


def test_alone_in_a_room_is_silence() -> None:
    heard = np.full((1, 4), 9, np.int16)
    mix_minus(np.full((1, 4), 1000, np.int16), Seating.of(np.array([3])), heard)
    assert not heard.any()
