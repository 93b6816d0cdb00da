"""Our own registration with somebody else's registrar: the client's end of RFC 3261 section 10.2.

Decided here: what follows each answer to our REGISTER, when it is renewed, and how long we wait after a failure
(RFC 5626 section 4.5). Not known here: to which server a REGISTER is sent, and by which way (the driver's trunks): it
asks for ``request`` upon ``RegisterWanted`` and reports what came of it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.ids import Ids
from softswitch.core.machine import DROP, transition
from softswitch.sip import challenge
from softswitch.sip.final import granted_s, retry_after_s, seconds
from softswitch.sip.hop import MAX_FORWARDS
from softswitch.sip.message import Headers, Request, Response

LONGEST_WAIT_S = 1800.0  # RFC 5626 section 4.5
_RENEW_SHARE = 0.8  # of the time that was granted: room for one failure and a second try
_LONGEST_S = 86400  # what a 423 may ask of us
_SOONEST_S = 1.0  # whatever little is granted
_MOST_ROUNDS = 10  # requests until one is answered for good


class S(enum.Enum):
    NEW = enum.auto()
    ASKING = enum.auto()  # a REGISTER is out; the transaction's timeout is its deadline
    BOUND = enum.auto()  # until it is to be renewed
    WAITING = enum.auto()  # after a failure
    LEAVING = enum.auto()  # a REGISTER that unbinds us is out
    GONE = enum.auto()


class I(enum.Enum):  # noqa: E742 (the tables call it an input)
    START = enum.auto()
    DUE = enum.auto()
    OK = enum.auto()
    CHALLENGED = enum.auto()  # and we have an answer
    BRIEF = enum.auto()  # 423 with a time that we can ask for
    ELSEWHERE = enum.auto()  # this server failed, another one is left
    FAILED = enum.auto()
    LEAVE = enum.auto()


class A(enum.Enum):
    ASK = enum.auto()
    RENEW_LATER = enum.auto()
    BACK_OFF = enum.auto()


TABLE: Mapping[S, Mapping[I, tuple[S | None, tuple[A, ...]]]] = {
    S.NEW: {I.START: (S.ASKING, (A.ASK,)), I.LEAVE: (S.GONE, ())},
    S.ASKING: {
        I.OK: (S.BOUND, (A.RENEW_LATER,)),
        I.CHALLENGED: (None, (A.ASK,)),
        I.BRIEF: (None, (A.ASK,)),
        I.ELSEWHERE: (None, (A.ASK,)),
        I.FAILED: (S.WAITING, (A.BACK_OFF,)),
        I.LEAVE: (S.GONE, ()),
    },
    S.BOUND: {I.DUE: (S.ASKING, (A.ASK,)), I.LEAVE: (S.LEAVING, (A.ASK,))},
    S.WAITING: {
        I.START: (S.ASKING, (A.ASK,)),  # there are servers now
        I.DUE: (S.ASKING, (A.ASK,)),
        I.LEAVE: (S.GONE, ()),
    },
    S.LEAVING: {
        I.OK: (S.GONE, ()),
        I.CHALLENGED: (None, (A.ASK,)),
        I.BRIEF: (S.GONE, ()),
        I.ELSEWHERE: (None, (A.ASK,)),
        I.FAILED: (S.GONE, ()),
        I.LEAVE: DROP,
    },
    S.GONE: {I.LEAVE: DROP},
}


_OUT = (S.ASKING, S.LEAVING)


@dataclass(frozen=True, slots=True)
class RegisterWanted(Effect):
    """Send ``Registration.request``; then ``answered`` or ``failed``."""

    trunk: str


@dataclass(frozen=True, slots=True)
class TrunkRegistered(DomainEvent):
    trunk: str
    granted_s: float


@dataclass(frozen=True, slots=True)
class TrunkNotRegistered(DomainEvent):
    trunk: str
    status: int  # 408: no answer, 503: no way to the registrar
    retry_s: float


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are at the registrar."""

    user: str
    password: str = field(repr=False)
    domain: str
    expires_s: int = 3600  # asked for
    retry_s: float = 30.0  # after the first failure; doubled with each one


class Registration:
    """``now`` is in monotonic seconds. ``bound_until`` is the moment at which the registrar forgets us."""

    def __init__(self, trunk: str, account: Account, ids: Ids) -> None:
        self.trunk = trunk
        self.account = account
        self.state = S.NEW
        self.bound_until = 0.0
        self.deadline: float | None = None
        self._ids = ids
        self._call_id, self._tag, self._cseq = ids.call_id(), ids.tag(), 0
        self._expires_s = account.expires_s
        self._answers = self._failures = self._rounds = 0
        self._credentials: tuple[tuple[str, str], ...] = ()

    def start(self, now: float) -> list[Effect]:
        """A server is known. Nothing where we are bound or asking already."""
        return self._step(I.START, now) if I.START in TABLE[self.state] else []

    def tick(self, now: float) -> list[Effect]:
        due = self.deadline is not None and self.deadline <= now
        return self._step(I.DUE, now) if due else []

    def flow_lost(self, now: float) -> list[Effect]:
        """The connection by which we are bound is gone, and the binding with it (RFC 5626 section 4.2.1)."""
        return self._step(I.DUE, now) if self.state is S.BOUND else []

    def leave(self, now: float) -> list[Effect]:
        """Unbind us, if we are bound (section 10.2.2)."""
        self._expires_s, self.bound_until = 0, 0.0
        return self._step(I.LEAVE, now)

    @property
    def leaving(self) -> bool:
        return self.state is S.LEAVING

    def request(self, contact: str) -> Request:
        """The REGISTER that is wanted, without a Via; ``contact`` is the URI at which we can be reached."""
        self._cseq += 1
        account = self.account
        aor = f"<sip:{account.user}@{account.domain}>"
        items = [
            ("Max-Forwards", MAX_FORWARDS), ("From", f"{aor};tag={self._tag}"), ("To", aor), ("Call-ID", self._call_id),
            ("CSeq", f"{self._cseq} REGISTER"), ("Contact", f"<{contact}>"), ("Expires", str(self._expires_s)),
            *self._credentials,
        ]  # fmt: skip
        return Request("REGISTER", self._registrar, Headers(items))

    def answered(self, response: Response, contact: str, now: float, elsewhere: bool = False) -> list[Effect]:
        """``elsewhere``: another server can be asked where this one does not serve."""
        status = response.status
        if self.state not in _OUT or status < 200 or response.cseq.number != self._cseq:
            return []
        if status < 300 and self.leaving:
            return self._step(I.OK, now)
        if status < 300:
            bound_s = granted_s(response, contact.partition(":")[2].partition("@")[0], self._expires_s)
            return self._failed(500, now) if bound_s <= 0 else self._step(I.OK, now, bound_s=bound_s)
        if self._patient and self._signed(response):
            return self._step(I.CHALLENGED, now)
        if status == 423 and self._patient and self._longer(response):
            return self._step(I.BRIEF, now)
        return self.failed(status, now, elsewhere and status == 503, retry_after_s(response))

    def failed(self, status: int, now: float, elsewhere: bool = False, at_least_s: float = 0.0) -> list[Effect]:
        """No answer (408), no way (503), or a refusal."""
        if self.state not in _OUT:
            return []
        if elsewhere and self._patient:
            return self._step(I.ELSEWHERE, now)
        return self._failed(status, now, at_least_s)

    @property
    def _patient(self) -> bool:
        """Not for ever: a registrar could keep us asking."""
        return self._rounds < _MOST_ROUNDS

    @property
    def _registrar(self) -> str:
        return f"sip:{self.account.domain}"

    def _failed(self, status: int, now: float, at_least_s: float = 0.0) -> list[Effect]:
        return self._step(I.FAILED, now, status=status, at_least_s=at_least_s)

    def _step(
        self, event: I, now: float, bound_s: float = 0.0, status: int = 0, at_least_s: float = 0.0
    ) -> list[Effect]:
        self.state, actions = transition(TABLE, self.state, event, f"registration {self.trunk}")
        self.deadline = None
        if event is not I.CHALLENGED:
            self._answers, self._credentials = 0, ()
        effects: list[Effect] = []
        for action in actions:
            match action:
                case A.ASK:
                    self._rounds += 1
                    effects.append(RegisterWanted(self.trunk))
                case A.RENEW_LATER:
                    effects.append(self._renew_later(bound_s, now))
                case A.BACK_OFF:
                    effects.append(self._back_off(status, at_least_s, now))
        return effects

    def _renew_later(self, bound_s: float, now: float) -> Effect:
        self._failures = self._rounds = 0
        self.bound_until = now + bound_s
        self.deadline = now + max(_SOONEST_S, bound_s * _RENEW_SHARE)
        return TrunkRegistered(self.trunk, bound_s)

    def _back_off(self, status: int, at_least_s: float, now: float) -> Effect:
        """RFC 5626 section 4.5: between half and the whole of a time that doubles with each failure."""
        whole_s = min(LONGEST_WAIT_S, self.account.retry_s * 2 ** min(self._failures, 16))
        wait_s = max(whole_s * (0.5 + self._ids.fraction() / 2), min(at_least_s, LONGEST_WAIT_S))
        self._failures += 1
        self._rounds = 0
        self.deadline = now + wait_s
        return TrunkNotRegistered(self.trunk, status, wait_s)

    def _signed(self, response: Response) -> bool:
        """Whether we can answer this challenge; the next request carries it then."""
        account = self.account.user, self.account.password
        given, answers = self._credentials, self._answers
        found = challenge.again(response, account, "REGISTER", self._registrar, given, answers, self._ids)
        if found:
            self._answers, self._credentials = answers + 1, found
        return bool(found)

    def _longer(self, response: Response) -> bool:
        least = seconds(response.headers.get("Min-Expires"))
        if not self._expires_s < least <= _LONGEST_S:
            return False
        self._expires_s = least
        return True
