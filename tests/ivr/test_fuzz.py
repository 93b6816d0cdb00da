"""Neither damaged plans nor random YAML crash the check, or hold it up; ``tests/ivr/fuzz.py`` makes more of them."""

from __future__ import annotations

import pytest

from tests.ivr.fuzz import bear, texts

COUNT, PARTS = 3000, 6


@pytest.mark.parametrize("part", range(PARTS))
def test_check_bears_what_it_is_given(part: int) -> None:
    right = 0
    for text in texts(part, COUNT // PARTS):
        try:
            right += bear(text)
        except BaseException:
            print(text)  # what pytest shows of a failure
            raise
    assert 0 < right < COUNT // PARTS  # some damage does no harm, most does
