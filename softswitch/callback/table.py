"""The transition table of a promise: state x input -> state, actions.

What is final stays final: a promise that ended answers every further input with DROP, save that an agent who turns up
for it is let go. ANSWERED is accepted wherever an attempt may still have been ringing: that the customer was reached is
true, however late we hear of it.
"""

from __future__ import annotations

import enum

from softswitch.callback.model import PromiseState
from softswitch.core.machine import DROP

S = PromiseState
Cell = tuple[S | None, tuple["A", ...]]


class I(enum.Enum):  # noqa: E742 (the standards call it an input)
    """What can happen to a promise."""

    RIPE = enum.auto()  # its time has come, inside the window
    SHUT = enum.auto()  # the window has closed
    OVERDUE = enum.auto()  # older than the policy lets it grow
    SPENT = enum.auto()  # uncertainty is over and no attempt is left
    TURN = enum.auto()  # there is an agent for it
    DIAL_FIRST = enum.auto()  # its turn, and the customer is to be on the line before an agent is
    AGENT_FOUND = enum.auto()
    AGENT_LOST = enum.auto()  # the agent declined or hung up
    SEEK_OVER = enum.auto()  # no agent in time, or the number has become busy: call the seek off
    INTENT_DURABLE = enum.auto()
    INTENT_REFUSED = enum.auto()  # not durable; or durable, and by then it may not be dialled any more
    ANSWERED = enum.auto()  # and an agent is on the line
    WAITS = enum.auto()  # the customer has answered, and no agent is on the line yet
    RETRY = enum.auto()  # the attempt failed, another one follows
    GIVE_UP = enum.auto()  # the attempt failed, and it was the last
    LAPSE = enum.auto()  # the attempt failed, and the next would come too late
    CALLED_OFF = enum.auto()  # the attempt is over, and it was withdrawn meanwhile
    WITHDRAW = enum.auto()


class A(enum.Enum):
    """What is done about it, in this order."""

    WITHDRAW_LATER = enum.auto()  # when the attempt in flight is over
    STORE = enum.auto()  # make the row durable; nothing waits for it
    SEEK = enum.auto()
    WRITE_INTENT = enum.auto()
    DIAL = enum.auto()
    RELEASE = enum.auto()  # let the agent go, and whatever was dialled
    HOLD_OFF = enum.auto()  # do not ask for the next agent at once


WAITING: dict[I, Cell] = {
    I.OVERDUE: (S.EXPIRED, (A.STORE,)),
    I.WITHDRAW: (S.WITHDRAWN, (A.STORE,)),
    I.ANSWERED: (S.KEPT, (A.STORE,)),
    I.WAITS: (S.ANSWERED, (A.STORE,)),  # after a crash, or very late
    I.AGENT_FOUND: (None, (A.RELEASE,)),
    I.AGENT_LOST: DROP,
    I.RETRY: DROP,
    I.GIVE_UP: DROP,
    I.LAPSE: DROP,
}

CLOSED: dict[I, Cell] = {
    I.AGENT_FOUND: (None, (A.RELEASE,)),
    I.AGENT_LOST: DROP,
    I.ANSWERED: DROP,
    I.WAITS: (None, (A.RELEASE,)),
    I.RETRY: DROP,
    I.GIVE_UP: DROP,
    I.LAPSE: DROP,
    I.WITHDRAW: DROP,
}

PROMISE: dict[S, dict[I, Cell]] = {
    S.RECORDED: {**WAITING, I.RIPE: (S.DUE, ())},
    S.DUE: {
        **WAITING,
        I.SHUT: (S.RECORDED, ()),
        I.TURN: (S.SEEKING, (A.SEEK,)),
        I.DIAL_FIRST: (S.SEEKING, (A.WRITE_INTENT,)),
    },
    S.SEEKING: {
        I.AGENT_FOUND: (None, (A.WRITE_INTENT,)),
        I.AGENT_LOST: (S.DUE, (A.STORE, A.HOLD_OFF)),  # the row may say DIALLING by now
        I.SEEK_OVER: (S.DUE, (A.STORE, A.RELEASE, A.HOLD_OFF)),
        I.INTENT_DURABLE: (S.DIALLING, (A.DIAL,)),
        I.INTENT_REFUSED: (S.DUE, (A.STORE, A.RELEASE, A.HOLD_OFF)),
        I.ANSWERED: (S.KEPT, (A.STORE, A.RELEASE)),  # of an earlier attempt
        I.WAITS: (S.ANSWERED, (A.STORE,)),  # the same
        I.RETRY: DROP,
        I.GIVE_UP: DROP,
        I.LAPSE: DROP,
        I.WITHDRAW: (S.WITHDRAWN, (A.STORE, A.RELEASE)),
    },
    S.DIALLING: {
        I.AGENT_FOUND: DROP,
        I.AGENT_LOST: (S.UNCERTAIN, (A.STORE, A.RELEASE)),  # the customer's phone may ring until our CANCEL is through
        I.ANSWERED: (S.KEPT, (A.STORE,)),
        I.WAITS: (S.ANSWERED, (A.STORE,)),
        I.RETRY: (S.RETRY_AT, (A.STORE,)),
        I.GIVE_UP: (S.FAILED, (A.STORE,)),
        I.LAPSE: (S.EXPIRED, (A.STORE,)),
        I.CALLED_OFF: (S.WITHDRAWN, (A.STORE,)),
        I.WITHDRAW: (None, (A.WITHDRAW_LATER, A.STORE)),
    },
    S.ANSWERED: {
        I.AGENT_FOUND: (S.KEPT, (A.STORE,)),
        I.AGENT_LOST: DROP,  # another one is found, or nobody in time
        I.ANSWERED: (S.KEPT, (A.STORE,)),
        I.WAITS: DROP,
        I.RETRY: (S.RETRY_AT, (A.STORE, A.RELEASE)),
        I.GIVE_UP: (S.FAILED, (A.STORE, A.RELEASE)),
        I.LAPSE: (S.EXPIRED, (A.STORE, A.RELEASE)),
        I.CALLED_OFF: (S.WITHDRAWN, (A.STORE, A.RELEASE)),
        I.WITHDRAW: (None, (A.WITHDRAW_LATER, A.STORE)),
    },
    S.UNCERTAIN: {
        **WAITING,
        I.RIPE: (S.DUE, (A.STORE,)),
        I.SPENT: (S.FAILED, (A.STORE,)),
        I.CALLED_OFF: (S.WITHDRAWN, (A.STORE,)),
        I.WITHDRAW: (None, (A.WITHDRAW_LATER, A.STORE)),  # until then nobody else may ring that number
    },
    S.RETRY_AT: {**WAITING, I.RIPE: (S.DUE, ())},
    S.KEPT: {**CLOSED, I.WAITS: DROP},
    S.FAILED: CLOSED,
    S.WITHDRAWN: CLOSED,
    S.EXPIRED: CLOSED,
}
