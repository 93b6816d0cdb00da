"""The regions of an agent, as tables: what the human wants, and the stage of a contact in hand.

They do not look at each other. A wish that comes while the agent works is the state of his presence at once, and shows
when nothing is in hand any more; LEAVING is how a logout waits for that. A missing cell is a defect of ours.
"""

from __future__ import annotations

from collections.abc import Mapping

from softswitch.core.machine import DROP, Word


class Presence(Word):
    LOGGED_OUT = "logged out"
    READY = "ready"
    PAUSED = "paused"
    SUSPENDED = "suspended"  # paused by the engine; the human wants to be ready
    LEAVING = "leaving"  # logged out as soon as nothing is in hand


P = Presence


class Stage(Word):
    RESERVED = "reserved"
    TALKING = "talking"
    WRAP_UP = "wrap-up"
    OVER = "over"  # no longer in hand


G = Stage


class AgentInput(Word):
    LOG_IN = "log in"
    LOG_IN_PAUSED = "log in paused"
    LOG_OUT = "log out"
    SET_READY = "set ready"  # ends wrap-up too
    SET_PAUSED = "set paused"
    DONE = "done"  # nothing is in hand any more
    RESERVED = "reserved"
    RESUMED = "resumed"  # a new process takes over a conversation
    ANSWERED = "answered"
    NO_ANSWER = "no answer"  # a miss that is forgiven after a short delay
    MISSED_OUT = "missed out"  # the miss that was one too many
    FAILED = "failed"  # busy, rejected, unreachable: says nothing about the human
    RELEASED = "released"  # the contact left while the phone rang
    WRAP_UP_ASKED = "wrap-up asked"  # for after this contact
    ENDED = "ended"  # wrap-up follows
    ENDED_AT_ONCE = "ended at once"  # no wrap-up
    EXTENDED = "extended"  # wrap-up, by the human
    WRAP_UP_OVER = "wrap-up over"


I = AgentInput  # noqa: E741 (the house's word for an input)


class AgentAction(Word):
    EXPLAIN = "explain"  # the reason of the pause
    IDLE = "idle"  # idle from now on
    FORGIVE = "forgive"  # misses and delay start anew
    MISS = "miss"  # count it
    DELAY = "delay"  # no offers for a while
    SUSPEND = "suspend"  # unless the human wants something else anyway
    PROMISE = "promise"  # wrap-up, when the conversation is over
    WAIT = "wait"  # for the end of wrap-up
    PROLONG = "prolong"  # the wrap-up


A = AgentAction

PRESENCE: Mapping[P, Mapping[I, tuple[P | None, tuple[A, ...]]]] = {
    P.LOGGED_OUT: {
        I.LOG_IN: (P.READY, (A.IDLE, A.FORGIVE)),
        I.LOG_IN_PAUSED: (P.PAUSED, (A.EXPLAIN, A.IDLE, A.FORGIVE)),
        I.LOG_OUT: DROP,
        I.SET_READY: DROP,
        I.SET_PAUSED: DROP,
        I.RESUMED: (P.LEAVING, ()),
        I.DONE: DROP,
    },
    P.READY: {
        I.LOG_IN: DROP,
        I.LOG_IN_PAUSED: DROP,
        I.LOG_OUT: (P.LEAVING, ()),
        I.SET_READY: DROP,
        I.SET_PAUSED: (P.PAUSED, (A.EXPLAIN,)),
        I.RESERVED: DROP,
        I.MISSED_OUT: (P.SUSPENDED, (A.EXPLAIN,)),
        I.DONE: DROP,
    },
    P.PAUSED: {
        I.LOG_IN: DROP,
        I.LOG_IN_PAUSED: DROP,
        I.LOG_OUT: (P.LEAVING, ()),
        I.SET_READY: (P.READY, (A.FORGIVE,)),
        I.SET_PAUSED: (None, (A.EXPLAIN,)),
        I.MISSED_OUT: DROP,
        I.DONE: DROP,
    },
    P.SUSPENDED: {
        I.LOG_IN: DROP,
        I.LOG_IN_PAUSED: DROP,
        I.LOG_OUT: (P.LEAVING, ()),
        I.SET_READY: (P.READY, (A.FORGIVE,)),
        I.SET_PAUSED: (P.PAUSED, (A.EXPLAIN,)),
        I.MISSED_OUT: DROP,
        I.DONE: DROP,
    },
    P.LEAVING: {
        I.LOG_IN: (P.READY, ()),
        I.LOG_IN_PAUSED: (P.PAUSED, (A.EXPLAIN,)),
        I.LOG_OUT: DROP,
        I.SET_READY: (P.READY, ()),
        I.SET_PAUSED: (P.PAUSED, (A.EXPLAIN,)),
        I.RESUMED: DROP,  # a second conversation
        I.MISSED_OUT: DROP,
        I.DONE: (P.LOGGED_OUT, ()),
    },
}

STAGES: Mapping[G, Mapping[I, tuple[G | None, tuple[A, ...]]]] = {
    G.RESERVED: {
        I.ANSWERED: (G.TALKING, (A.FORGIVE,)),
        I.NO_ANSWER: (G.OVER, (A.MISS, A.DELAY)),
        I.MISSED_OUT: (G.OVER, (A.MISS, A.SUSPEND)),
        I.FAILED: (G.OVER, (A.DELAY,)),
        I.RELEASED: (G.OVER, ()),
        I.WRAP_UP_ASKED: DROP,  # he does not talk yet
        I.ENDED: DROP,  # no answer has been seen: the end of the ringing is what counts
        I.ENDED_AT_ONCE: DROP,
        I.EXTENDED: DROP,
    },
    G.TALKING: {
        I.ANSWERED: DROP,
        I.WRAP_UP_ASKED: (None, (A.PROMISE,)),
        I.ENDED: (G.WRAP_UP, (A.WAIT,)),
        I.ENDED_AT_ONCE: (G.OVER, (A.IDLE,)),
        I.EXTENDED: DROP,
    },
    G.WRAP_UP: {
        I.ANSWERED: DROP,
        I.WRAP_UP_ASKED: DROP,
        I.ENDED: DROP,
        I.ENDED_AT_ONCE: DROP,
        I.EXTENDED: (None, (A.PROLONG,)),
        I.WRAP_UP_OVER: (G.OVER, (A.IDLE,)),
    },
}
