"""The table is total over what the ledger can feed in each state, and never dials without a durable intent."""

import pytest

from softswitch.callback.model import OPEN, PromiseState
from softswitch.callback.table import PROMISE, A, I
from softswitch.core.errors import UsageError
from softswitch.core.machine import transition

WORDS = {
    I.AGENT_FOUND,
    I.ANSWERED,
    I.WAITS,
    I.WITHDRAW,
    I.RETRY,
    I.GIVE_UP,
    I.LAPSE,
}  # others may say these at any time


@pytest.mark.parametrize("state", PromiseState)
def test_every_state_has_an_answer_to_what_others_may_say(state: PromiseState) -> None:
    assert set(PROMISE[state]) >= WORDS


@pytest.mark.parametrize("state", [one for one in PromiseState if one not in OPEN])
def test_what_is_closed_stays_closed(state: PromiseState) -> None:
    for what, (following, actions) in PROMISE[state].items():
        assert following is None
        assert set(actions) <= {A.RELEASE}, what


def test_only_a_durable_intent_dials() -> None:
    dialling = {
        (state, what) for state, row in PROMISE.items() for what, (_, actions) in row.items() if A.DIAL in actions
    }
    assert dialling == {(PromiseState.SEEKING, I.INTENT_DURABLE)}


def test_every_end_is_stored() -> None:
    for row in PROMISE.values():
        for following, actions in row.values():
            assert following is None or following in OPEN or A.STORE in actions


def test_a_missing_cell_is_our_bug() -> None:
    with pytest.raises(UsageError, match="INTENT_DURABLE in DUE"):
        transition(PROMISE, PromiseState.DUE, I.INTENT_DURABLE, "promise")
