"""What a ledger says to the store, and hears from it, where promises are shared: with a pool, and with other nodes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from softswitch.callback.campaign import PauseSet
from softswitch.callback.model import DoNotCall, Lost, Policy, Promise, Promote, RetryNow, Withdraw
from softswitch.core.effect import Effect

LONGEST_S = 62.0  # that an attempt may ring where no policy says how long


def quiet_s(policies: Iterable[Policy]) -> float:
    """How long an attempt by one of these may ring from its intent on, at most."""
    return max((policy.ring_s + policy.settle_s for policy in policies), default=LONGEST_S)


# ---- inputs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leased:
    """Until then (Unix s, by our clock) what is ours stays ours, whatever happens to the database."""

    until: float


@dataclass(frozen=True, slots=True)
class StoreAway:
    """The store does not answer, or does again. Said whenever that changes, also where we have nothing to write."""

    away: bool


@dataclass(frozen=True, slots=True)
class Inherited:
    """Rows that are ours in the life that ``Disowned`` begins. Where there are very many they are told before it, some
    at a time, and made ready; until then nothing is known of them."""

    promises: tuple[Promise, ...]


@dataclass(frozen=True, slots=True)
class Disowned:
    """We were declared dead: what we led is others' by now, save these rows, and those that were ``Inherited``, which
    are ours in the new life."""

    promises: tuple[Promise, ...]


@dataclass(frozen=True, slots=True)
class Owned:
    """All that is ours in the store, as an answer may have been lost; what is led already is led on."""

    promises: tuple[Promise, ...]


@dataclass(frozen=True, slots=True)
class Claimed:
    """The answer to ``Claim``: ours from now on, the lowest rank first."""

    name: str  # of the policy
    promises: tuple[Promise, ...]
    ok: bool = True  # False: the store does not answer


@dataclass(frozen=True, slots=True)
class Met:
    """The answer to ``Meet``: who is there. None: nobody any more. One that has ended: what others made of ours."""

    promise: str
    token: str
    there: Promise | None
    ours: bool  # it lay in the pool, or was ours before; else its node has been told of the loss
    ok: bool = True  # False: the store does not answer


@dataclass(frozen=True, slots=True)
class LostElsewhere:
    """Another node that met this promise of ours was told of a further loss."""

    promise: str
    loss: Lost
    added: bool = False  # to the promise before, as the store has it: a process died before the word was gone


@dataclass(frozen=True, slots=True)
class Dialled:
    """Attempts that others have made, or we before a restart, and who was let go then for want of an agent.

    Each is a number as promises have it, and when (Unix s).
    """

    attempts: tuple[tuple[str, float], ...] = ()
    dropped: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Served:
    """By an earlier process of ours a customer was served under this promise, as it was then; the store may not know
    it, and others may lead the promise by now."""

    promise: Promise


@dataclass(frozen=True, slots=True)
class ServedElsewhere:
    """Another node has served him under this promise: it is kept, and not ours any more."""

    promise: str


@dataclass(frozen=True, slots=True)
class Drains:
    """This switch is about to be taken out of service: nothing is dialled any more (``on``), or again."""

    on: bool
    gives_back: bool = False  # there may be others to dial it


# The last is for who keeps the pauses.
NodeInput = (
    Leased | StoreAway | Inherited | Disowned | Owned | Claimed | Met | LostElsewhere | Dialled | Served |
    ServedElsewhere | Drains | PauseSet
)  # fmt: skip

# ---- orders ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim(Effect):
    """Take the first promises of this policy out of the pool, those of a rank below that; then ``Claimed``."""

    name: str
    most: int
    below: float  # Unix s


@dataclass(frozen=True, slots=True)
class Meet(Effect):
    """Our new promise was refused by one for the same number: take that, or tell its node; then ``Met``."""

    promise: Promise
    token: str
    loss: Lost


@dataclass(frozen=True, slots=True)
class GiveBack(Effect):
    """Into the pool, where it waits until ``not_before``; we have forgotten it. Not answered."""

    promise: Promise


@dataclass(frozen=True, slots=True)
class KeepServed(Effect):
    """The customer was served under this promise, which is others' by now: it is kept, whoever leads it and whether we
    have a lease or not, unless he was lost once more than we know. Durably; then ``Persisted(promise.id, token)``."""

    promise: Promise
    token: str
    by: str = ""  # whose order the last change was, where it was one


@dataclass(frozen=True, slots=True)
class WithdrawNumber:
    """Whatever is promised to a number within a group."""

    number: str
    key: str  # "": in every group
    why: str
    stages: tuple[str, ...] = ()  # only for a loss at one of these; none: whatever it is for


@dataclass(frozen=True, slots=True)
class Elsewhere(Effect):
    """Do this to a promise that we do not lead: in the pool, or by telling its node. Not answered; nothing is lost.

    Of the do-not-call list, of paused campaigns and of what was dialled all other nodes are told.
    """

    what: Withdraw | RetryNow | Promote | WithdrawNumber | DoNotCall | PauseSet | Dialled
