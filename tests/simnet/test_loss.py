"""1,000 calls over bad links; ``python -m tests.bench.loss`` makes 10,000 of them."""

from __future__ import annotations

from tests.simnet.storm import AFTERMATH_S, STEP_S, Storm

CALLS = 1_000


def test_a_storm_loses_no_call_and_leaves_nothing_behind() -> None:
    storm = Storm(CALLS)
    quiet_s, gone_s = storm.run()
    assert not storm.failures()  # eleven tries per hop: what fails is a defect, not bad luck
    assert not storm.ghosts() and not storm.defects()
    records = storm.records()
    assert len(records) == len(set(records)) == CALLS
    assert not storm.left()
    assert quiet_s <= AFTERMATH_S and gone_s <= AFTERMATH_S + STEP_S
