"""One subscription, the notifier's end of it (RFC 6665 section 4.2): what it is told when, and how it ends.

One NOTIFY is under way at a time. What changes meanwhile is told afterwards, the newest state only; changes that come
faster than the package allows wait and are told as one. A SUBSCRIBE is answered with a NOTIFY whatever the rate.

Known here is neither who may watch what nor what the watched thing is: ``content`` is whatever the package renders.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.machine import DROP, transition
from softswitch.core.timers import earliest
from softswitch.sip.dialog import Dialog
from softswitch.sip.event.package import Package
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request

ANSWER_LIMIT_S = 40.0  # the transaction of a NOTIFY reports its end before that, 64*T1 at the latest


class S(enum.Enum):
    NEW = enum.auto()
    QUIET = enum.auto()  # the watcher knows all
    WAITING = enum.auto()  # there is something to tell, but not before ``tell_at``
    TELLING = enum.auto()  # a NOTIFY is under way
    BEHIND = enum.auto()  # as TELLING, and there is something newer to tell
    LAST_DUE = enum.auto()  # as TELLING, and the subscription is over
    LEAVING = enum.auto()  # the last NOTIFY is under way
    ENDED = enum.auto()


class I(enum.Enum):  # noqa: E742 (the table calls it an input)
    SUBSCRIBED = enum.auto()  # the first time, or a refresh
    UNSUBSCRIBED = enum.auto()  # Expires: 0, also the first time (a fetch)
    CHANGED = enum.auto()
    DUE = enum.auto()  # ``tell_at`` has come
    EXPIRED = enum.auto()
    CLOSED = enum.auto()  # the switch goes away
    TOLD = enum.auto()  # the NOTIFY has its answer, and the watcher is still there
    REFUSED = enum.auto()  # 481 and its like, no answer, a broken connection
    GONE = enum.auto()  # the way to the watcher is lost
    OVERDUE = enum.auto()  # nobody has reported what became of the NOTIFY


class A(enum.Enum):
    SCHEDULE = enum.auto()
    NOTIFY = enum.auto()
    NOTIFY_LAST = enum.auto()
    END = enum.auto()


Cell = tuple[S | None, tuple[A, ...]]
_END: dict[I, Cell] = {I.REFUSED: (S.ENDED, (A.END,)), I.GONE: (S.ENDED, (A.END,)), I.OVERDUE: (S.ENDED, (A.END,))}
_REASONS = (I.UNSUBSCRIBED, I.EXPIRED, I.CLOSED)
_OVER: dict[I, Cell] = dict.fromkeys(_REASONS, (S.LEAVING, (A.NOTIFY_LAST,)))
_OVER_SOON: dict[I, Cell] = dict.fromkeys(_REASONS, (S.LAST_DUE, ()))
_DEAF: dict[I, Cell] = dict.fromkeys((*_REASONS, I.CHANGED, I.SUBSCRIBED), DROP)

TABLE: Mapping[S, Mapping[I, Cell]] = {
    S.NEW: {I.SUBSCRIBED: (S.TELLING, (A.NOTIFY,)), I.UNSUBSCRIBED: (S.LEAVING, (A.NOTIFY_LAST,))},
    S.QUIET: {**_END, **_OVER, I.CHANGED: (S.WAITING, (A.SCHEDULE,)), I.SUBSCRIBED: (S.TELLING, (A.NOTIFY,))},
    S.WAITING: {
        **_END, **_OVER, I.CHANGED: DROP, I.SUBSCRIBED: (S.TELLING, (A.NOTIFY,)), I.DUE: (S.TELLING, (A.NOTIFY,)),
    },
    S.TELLING: {**_END, **_OVER_SOON, I.CHANGED: (S.BEHIND, ()), I.SUBSCRIBED: (S.BEHIND, ()), I.TOLD: (S.QUIET, ())},
    S.BEHIND: {
        **_END, **_OVER_SOON, I.CHANGED: DROP, I.SUBSCRIBED: DROP, I.TOLD: (S.WAITING, (A.SCHEDULE,)),
    },
    S.LAST_DUE: {**_END, **_DEAF, I.TOLD: (S.LEAVING, (A.NOTIFY_LAST,))},
    S.LEAVING: {**_END, **_DEAF, I.TOLD: (S.ENDED, (A.END,))},
    S.ENDED: dict.fromkeys(I, DROP),
}  # fmt: skip

# RFC 5057 section 5.1: these end the usage or the dialog, not only the one NOTIFY.
_ENDING = frozenset({404, 405, 408, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 502, 503, 604})


@dataclass(frozen=True, slots=True)
class Notify(Effect):
    """Send this NOTIFY; tell the subscription what became of it."""

    subscription: str
    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class SubscriptionBegan(DomainEvent):
    package: str
    watcher: str
    resource: str


@dataclass(frozen=True, slots=True)
class SubscriptionEnded(DomainEvent):
    package: str
    watcher: str
    resource: str
    why: str  # "unsubscribed", "expired", "refused", "lost", "closed"


@dataclass(frozen=True, slots=True)
class Watch:
    """What does not change from the first moment to the last."""

    id: str
    watcher: str  # user
    resource: str  # what is watched: a user, or a mailbox
    package: Package
    event: str  # the Event header as it is written: with the id that the watcher gave


_WHY = {
    I.UNSUBSCRIBED: "unsubscribed", I.EXPIRED: "expired", I.CLOSED: "closed", I.REFUSED: "refused",
    I.OVERDUE: "lost", I.GONE: "lost",
}  # fmt: skip


@dataclass(slots=True)
class Subscription:
    """Plain values. Times are seconds of the caller's clock."""

    watch: Watch
    dialog: Dialog
    flow: Flow  # by which the last SUBSCRIBE came
    contact: str  # our Contact, as it is written
    content: Any  # the newest
    expires_at: float = 0.0
    state: S = S.NEW
    version: int = 0  # of the next NOTIFY
    told_at: float = -math.inf  # when the last NOTIFY left
    tell_at: float | None = None
    answer_by: float | None = None
    why: str = ""

    @property
    def over(self) -> bool:
        """No SUBSCRIBE reaches it any more: to its watcher it is gone."""
        return self.state in (S.LAST_DUE, S.LEAVING, S.ENDED)

    @property
    def deadline(self) -> float | None:
        expiry = None if self.over else self.expires_at
        return earliest(expiry, self.tell_at, self.answer_by)

    # ---- what happens ------------------------------------------------------------------------------------------

    def subscribe(self, expires_s: float, content: Any, now: float) -> list[Effect]:
        """A SUBSCRIBE was accepted with this interval; 0 ends it."""
        self.content = content
        self.expires_at = now + expires_s
        if self.state is S.TELLING or self.state is S.BEHIND:
            self.told_at = -math.inf  # its NOTIFY follows at once, whatever the rate
        return self._step(I.SUBSCRIBED if expires_s else I.UNSUBSCRIBED, now)

    def changed(self, content: Any, now: float) -> list[Effect]:
        if content == self.content:
            return []
        self.content = content
        return self._step(I.CHANGED, now)

    def answered(self, status: int, now: float) -> list[Effect]:
        """The NOTIFY has a final response, or none came (408, 503)."""
        if status < 200 or self.answer_by is None:
            return []
        self.answer_by = None
        return self._step(I.REFUSED if status in _ENDING else I.TOLD, now)

    def close(self, now: float) -> list[Effect]:
        """The switch goes away, and may be back soon."""
        return self._step(I.CLOSED, now)

    def lost(self, now: float) -> list[Effect]:
        return self._step(I.GONE, now)

    def tick(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        if self.answer_by is not None and self.answer_by <= now:
            effects += self._step(I.OVERDUE, now)
        if not self.over and self.expires_at <= now:
            effects += self._step(I.EXPIRED, now)
        return effects + self._due(now)

    # ---- the machine -------------------------------------------------------------------------------------------

    def _due(self, now: float) -> list[Effect]:
        return self._step(I.DUE, now) if self.tell_at is not None and self.tell_at <= now else []

    def _step(self, event: I, now: float) -> list[Effect]:
        self.state, actions = transition(TABLE, self.state, event, f"subscription {self.watch.id}")
        self.why = self.why or _WHY.get(event, "")
        if self.state is not S.WAITING:
            self.tell_at = None
        effects: list[Effect] = []
        for action in actions:
            effects += self._perform(action, now)
        return effects

    def _perform(self, action: A, now: float) -> list[Effect]:
        match action:
            case A.SCHEDULE:
                self.tell_at = max(now, self.told_at + self.watch.package.gap_s)
                return self._due(now)
            case A.NOTIFY:
                return [self._notify(f"active;expires={max(0, math.ceil(self.expires_at - now))}", now)]
            case A.NOTIFY_LAST:
                # Section 4.1.3: "deactivated" asks for a new subscription at once.
                return [self._notify(f"terminated;reason={'deactivated' if self.why == 'closed' else 'timeout'}", now)]
            case A.END:
                self.answer_by = None
                watch = self.watch
                return [SubscriptionEnded(watch.package.name, watch.watcher, watch.resource, self.why)]

    def _notify(self, state: str, now: float) -> Notify:
        package = self.watch.package
        body = package.render(self.content, self.version)
        self.version += 1
        self.told_at = now
        self.answer_by = now + ANSWER_LIMIT_S
        headers = (
            ("Contact", self.contact), ("Event", self.watch.event), ("Subscription-State", state),
            ("Content-Type", package.content_type),
        )  # fmt: skip
        return Notify(self.watch.id, self.dialog.request("NOTIFY", headers, body), self.flow)
