"""Every subscription there is (RFC 6665 section 4.2): which SUBSCRIBE is taken, to which one belongs what comes later.

Decided here: the package, the interval (423), what the watcher can read (406), how many there may be. Who asks has
been proved before (``digest``); what he may watch, and whether there is such a thing, the ``Source`` says. A phone that
comes back after a restart, under the Contact of its former self, takes the place of what that one had subscribed to.

Subscriptions end with the process. One that ends in order says so (``close``); after a crash a refresh of what nobody
knows gets 481, and the phone subscribes anew (section 4.1.2.2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from softswitch.core.digits import whole
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.core.ids import Ids
from softswitch.core.timers import Deadlines
from softswitch.sip.dialog import Dialog
from softswitch.sip.event.package import Package
from softswitch.sip.flow import Flow
from softswitch.sip.header import parse_params
from softswitch.sip.inspection import acceptable
from softswitch.sip.message import Request, Response
from softswitch.sip.response import respond
from softswitch.sip.subscription import S, Subscription, SubscriptionBegan, Watch

_RETRY_AFTER_S = "60"
_LONGEST_ID = 64  # of the id that a watcher gives: it comes back in each NOTIFY
_LARGEST = 8192  # characters of a header section that is kept for as long as the subscription
_BRIEF_S = 3600  # section 4.2.1.1: an hour or more is never too brief


class Source(Protocol):
    """What is watched."""

    def content(self, package: str, resource: str, watcher: str) -> Any:
        """How it is now, as the watcher may see it. Raises ``PeerError``: 404 no such thing, 403 not for him."""


@dataclass(frozen=True, slots=True)
class Limits:
    min_expires_s: int = 60
    max_expires_s: int = 3600  # also what is granted to who asks for none
    per_watcher: int = 200
    most: int = 20_000


class Notifier:
    """``packages`` are by name. Dialogs are those of ``softswitch.sip.dialog``."""

    def __init__(self, packages: Mapping[str, Package], source: Source, ids: Ids, limits: Limits) -> None:
        self.allow_events = ", ".join(packages)
        self._packages = packages
        self._source = source
        self._ids = ids
        self._limits = limits
        self._all: dict[str, Subscription] = {}
        self._by_dialog: dict[tuple[str, str], str] = {}  # (Call-ID, our tag)
        self._watching: dict[tuple[str, str], dict[str, None]] = {}  # (package, resource)
        self._of_watcher: Counter[str] = Counter()
        self._deadlines = Deadlines()

    # ---- SUBSCRIBE ---------------------------------------------------------------------------------------------

    def begin(
        self, request: Request, flow: Flow, watcher: str, contact: str, now: float
    ) -> tuple[Response, list[Effect]]:
        """A SUBSCRIBE outside a dialog; the response goes before the effects. ``contact`` is ours, as it is written."""
        tag = self._ids.tag()
        try:
            return self._begin(request, flow, watcher, contact, tag, now)
        except PeerError as error:
            return _refusal(request, error, tag), []

    def refresh(
        self, name: str, request: Request, flow: Flow, watcher: str, contact: str, now: float
    ) -> tuple[Response, list[Effect]]:
        """A SUBSCRIBE in the dialog of the subscription ``name``."""
        one = self._all[name]
        try:
            effects = self._refresh(one, request, flow, watcher, contact, now)
        except PeerError as error:
            return _refusal(request, error, one.dialog.local_tag), []
        return self._accepted(request, one, now), effects

    def _begin(
        self, request: Request, flow: Flow, watcher: str, contact: str, tag: str, now: float
    ) -> tuple[Response, list[Effect]]:
        package = self._package(request)
        expires_s = self._expires_s(request)
        _check_size(request)
        acceptable(request, package.content_type)
        resource = request.target.user
        content = self._source.content(package.name, resource, watcher)
        watch = Watch(self._ids.name("sub"), watcher, resource, package, _event(request, package))
        one = Subscription(watch, Dialog.uas(request, tag), flow, contact, content)
        effects = self._make_room(one, expires_s > 0, now)
        self._keep(one)
        effects.append(SubscriptionBegan(package.name, watcher, resource))
        effects += self._settle(one, one.subscribe(expires_s, content, now))
        return self._accepted(request, one, now), effects

    def _refresh(
        self, one: Subscription, request: Request, flow: Flow, watcher: str, contact: str, now: float
    ) -> list[Effect]:
        if watcher != one.watch.watcher:
            raise PeerError(403, "Forbidden")
        one.dialog.check(request)
        if one.over or _event(request, self._package(request)) != one.watch.event:
            raise PeerError(481, "Subscription Does Not Exist")
        expires_s = self._expires_s(request)
        _check_size(request)
        one.dialog.refresh(request)
        one.flow, one.contact = flow, contact
        content = self._source.content(one.watch.package.name, one.watch.resource, watcher)
        return self._settle(one, one.subscribe(expires_s, content, now))

    def _package(self, request: Request) -> Package:
        name = (request.headers.get("Event") or "").partition(";")[0].strip()
        package = self._packages.get(name)
        if package is None:
            raise PeerError(489, "Bad Event", headers=(("Allow-Events", self.allow_events),))
        return package

    def _expires_s(self, request: Request) -> int:
        limits = self._limits
        expires_s = whole(request.headers.get("Expires"))
        if expires_s is None:
            return limits.max_expires_s
        if 0 < expires_s < min(limits.min_expires_s, _BRIEF_S):
            raise PeerError(423, "Interval Too Brief", headers=(("Min-Expires", str(limits.min_expires_s)),))
        return min(expires_s, limits.max_expires_s)

    def _accepted(self, request: Request, one: Subscription, now: float) -> Response:
        left_s = round(max(0.0, one.expires_at - now))
        headers = (("Contact", one.contact), ("Expires", str(left_s)), ("Allow-Events", self.allow_events))
        return respond(request, 200, to_tag=one.dialog.local_tag, headers=headers)

    # ---- what happens ------------------------------------------------------------------------------------------

    def find(self, call_id: str, local_tag: str) -> str | None:
        """The subscription whose dialog this is."""
        return self._by_dialog.get((call_id, local_tag))

    def watched(self, package: str, resource: str) -> bool:
        return (package, resource) in self._watching

    def changed(self, package: str, resource: str, now: float) -> list[Effect]:
        """Whoever watches it is told, where it looks different to him."""
        effects: list[Effect] = []
        for name in list(self._watching.get((package, resource), ())):
            one = self._all[name]
            if not one.over:
                content = self._source.content(package, resource, one.watch.watcher)
                effects += self._settle(one, one.changed(content, now))
        return effects

    def answered(self, name: str, status: int, now: float) -> list[Effect]:
        """What became of the NOTIFY of ``name``."""
        one = self._all.get(name)
        return [] if one is None else self._settle(one, one.answered(status, now))

    def drop(self, flow: Flow, now: float) -> list[Effect]:
        """The stream connection of ``flow`` is gone, and with it the way to who subscribed over it."""
        if not flow.connection:
            return []
        return self._lose([one for one in self._all.values() if one.flow.connection == flow.connection], now)

    def close(self, now: float) -> list[Effect]:
        """Every watcher is told to subscribe anew: whoever answers then."""
        return [effect for one in list(self._all.values()) for effect in self._settle(one, one.close(now))]

    @property
    def deadline(self) -> float | None:
        return self._deadlines.next()

    def tick(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        for name in self._deadlines.due(now):
            one = self._all[str(name)]
            effects += self._settle(one, one.tick(now))
        return effects

    def counts(self) -> dict[str, int]:
        """How many there are of each package."""
        found = dict.fromkeys(self._packages, 0)
        for one in self._all.values():
            found[one.watch.package.name] += 1
        return found

    def __contains__(self, name: str) -> bool:
        return name in self._all

    def __len__(self) -> int:
        return len(self._all)

    # ---- the table ---------------------------------------------------------------------------------------------

    def _make_room(self, new: Subscription, stays: bool, now: float) -> list[Effect]:
        """End what the phone had before it was restarted. Raises ``PeerError`` (503) where there is no room.

        One that does not stay (a fetch) takes nobody's place.
        """
        names = self._watching.get((new.watch.package.name, new.watch.resource), ())
        former = [one for one in map(self._all.__getitem__, names) if stays and _same_watcher(one, new)]
        room = len(self._all) - len(former) < self._limits.most
        if not room or self._of_watcher[new.watch.watcher] - len(former) >= self._limits.per_watcher:
            raise PeerError(503, "Too Many Subscriptions", headers=(("Retry-After", _RETRY_AFTER_S),))
        return self._lose(former, now)

    def _lose(self, those: Iterable[Subscription], now: float) -> list[Effect]:
        return [effect for one in those for effect in self._settle(one, one.lost(now))]

    def _keep(self, one: Subscription) -> None:
        watch = one.watch
        self._all[watch.id] = one
        self._by_dialog[one.dialog.call_id, one.dialog.local_tag] = watch.id
        self._watching.setdefault((watch.package.name, watch.resource), {})[watch.id] = None
        self._of_watcher[watch.watcher] += 1

    def _settle(self, one: Subscription, effects: list[Effect]) -> list[Effect]:
        """Arm its deadline, or forget it."""
        watch = one.watch
        ended = one.state is S.ENDED
        self._deadlines.set(watch.id, None if ended else one.deadline)
        if ended and self._all.pop(watch.id, None) is not None:
            del self._by_dialog[one.dialog.call_id, one.dialog.local_tag]
            key = (watch.package.name, watch.resource)
            del self._watching[key][watch.id]
            if not self._watching[key]:
                del self._watching[key]
            self._of_watcher[watch.watcher] -= 1
            if not self._of_watcher[watch.watcher]:
                del self._of_watcher[watch.watcher]
        return effects


def _refusal(request: Request, error: PeerError, tag: str) -> Response:
    return respond(request, error.status, error.reason, to_tag=tag, headers=error.headers)


def _same_watcher(one: Subscription, other: Subscription) -> bool:
    """One phone, under one Contact, that watches one thing once."""
    same = one.watch.watcher == other.watch.watcher and one.watch.event == other.watch.event
    return same and one.dialog.remote_target == other.dialog.remote_target


def _event(request: Request, package: Package) -> str:
    """What the Event header of its NOTIFYs says (section 8.2.1: only the id is compared). Raises ``PeerError``."""
    _, _, tail = (request.headers.get("Event") or "").partition(";")
    given = next((value for name, value in parse_params(tail) if name.lower() == "id"), None)
    if given is not None and len(given) > _LONGEST_ID:
        raise PeerError(400, "an Event id that is too long")
    return package.name if given is None else f"{package.name};id={given}"


def _check_size(request: Request) -> None:
    """Raises ``PeerError`` (513): names, routes and target are what each NOTIFY is made of."""
    if sum(len(name) + len(value) for name, value in request.headers) > _LARGEST:
        raise PeerError(513, "Message Too Large")
