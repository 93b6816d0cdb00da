"""The front desk: requests that belong to no leg yet. Who are you, and may you?

REGISTER and every INVITE that does not come from a configured trunk address are challenged (RFC 3261 section 22); the
answer to a wrong password and to an unknown user is the same. OPTIONS is a probe and answered without one.

Whoever has proved nothing yet costs no memory: a challenge, and the answer to OPTIONS, are given without a transaction
(section 8.2.7), once for each request, and never when they are more than three times as long, so that nobody has us
send to a forged address what is worth forging it for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from softswitch.call.compose import ALLOW
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sip.digest import Authenticator, Verdict
from softswitch.sip.effect import RequestArrived, Send
from softswitch.sip.event.known import ALLOW_EVENTS
from softswitch.sip.flow import Flow
from softswitch.sip.inspection import capabilities, inspect, unserved
from softswitch.sip.message import Message, ParseError, Request, Response
from softswitch.sip.registrar import Registrar
from softswitch.sip.response import respond, stamp_via, stateless_tag, way_back
from softswitch.sip.section import HeaderLines
from softswitch.switch.bucket import Buckets
from softswitch.switch.configuration import Configuration, Trunk
from softswitch.switch.door import Door
from softswitch.switch.event import AuthenticationFailed, Banned, CallShed
from softswitch.switch.overload import retry_after_s


@dataclass(frozen=True, slots=True)
class CallWanted(Effect):
    """An INVITE that may be served: from a trunk, or from one of our users."""

    arrived: RequestArrived
    user: str  # "" from a trunk
    trunk: str  # "" from a phone


@dataclass(frozen=True, slots=True)
class SubscribeWanted(Effect):
    """A SUBSCRIBE of one of our users, outside a dialog or in one."""

    arrived: RequestArrived
    user: str


@dataclass(frozen=True, slots=True)
class TextWanted(Effect):
    """A MESSAGE outside a dialog, from a trunk or from one of our users."""

    arrived: RequestArrived
    user: str  # "" from a trunk
    trunk: str  # "" from a phone


_CHALLENGED = frozenset({"REGISTER", "INVITE", "MESSAGE", "SUBSCRIBE"})
_WITHIN = frozenset({"BYE", "INFO", "UPDATE", "PRACK", "NOTIFY", "REFER"})  # a dialog
_CAPABLE = (*capabilities(ALLOW), ("Allow-Events", ALLOW_EVENTS))
_MOST_OUT = 3  # octets for each one that came in
_MOST_SAID = 5000
_SHARED = frozenset({"MESSAGE", "SUBSCRIBE"})
_SHARE = (20.0, 500.0)  # of these one user may send so many a second, so many at once
_CALLS = (50.0, 300.0)  # the same of calls, while there is too much to do and for some time after
_STRICT_S = 30.0
_LONGEST_NAME = 64  # of a user whom nobody knows, in facts and counts


class Desk:
    """``new_tag`` makes the To tags of its answers; ``trunk_of`` knows trunk addresses; ``door`` whom it knows."""

    def __init__(
        self,
        configuration: Configuration,
        registrar: Registrar,
        trunk_of: Callable[..., Trunk | None],
        new_tag: Callable[[], str],
        door: Door,
    ) -> None:
        self._configuration = configuration
        self._registrar = registrar
        self._trunk_of = trunk_of
        self._new_tag = new_tag
        self._door = door
        trunks = [one for one in configuration.trunks.values() if one.challenge and one.credentials]
        self._trunk_users = {one.credentials[0]: (one.name, one.credentials[1]) for one in trunks if one.credentials}
        self._proven: tuple[Request, str] | None = None  # who sent the request at hand
        self._shares = Buckets(*_SHARE)  # by user
        self._calls = Buckets(*_CALLS)  # by user
        self._strict_until = 0.0  # Unix seconds
        self._said: dict[tuple[object, ...], Response] = {}  # to REGISTERs, the oldest first
        self._authenticator = Authenticator(configuration.secret, configuration.realm, algorithms=configuration.digest)

    def at_once(self, request: Request, flow: Flow, unix: float) -> list[Effect] | None:
        """The answer to a request outside any dialog that needs no transaction; None where it is to be taken up."""
        try:
            inspect(request)
            if request.method == "OPTIONS":
                return self._once(request, flow, 200, _CAPABLE)
            if request.method not in _CHALLENGED:
                raise _unserved(request)
            if request.method != "REGISTER" and self._trunk_of(flow, request):
                return None
            if request.method == "REGISTER":
                return self._register(request, flow, unix)
            user, refused = self._proof(request, flow, unix)
        except PeerError as error:
            return self._once(request, flow, error.status, error.headers, error.reason) if error.status else []
        if not user:
            return refused
        if self._too_many(request.method, user, unix):
            shed: list[Effect] = [CallShed("overload")] if request.method == "INVITE" else []
            return [*self.busy(request, flow), *shed]
        self._proven = (request, user)
        return None

    def _too_many(self, method: str, user: str, unix: float) -> bool:
        """Whether one phone gone mad would keep the others from calling. Of calls there may be any number, as long as
        there is time for all."""
        if user in self._trunk_users:
            return False
        if method in _SHARED:
            return not self._shares.take(user, unix)
        if self._door.strained:
            self._strict_until = unix + _STRICT_S
        return not self._calls.take(user, unix) and unix < self._strict_until

    def request(self, arrived: RequestArrived, unix: float) -> list[Effect]:
        """A request outside any dialog of ours. Raises ``PeerError`` for what cannot be served."""
        request = arrived.request
        match request.method:
            case "INVITE":
                return self._invite(arrived, unix)
            case "SUBSCRIBE":
                return self._subscribe(arrived, unix)
            case "MESSAGE":
                return self._message(arrived, unix)
            case _:
                raise _unserved(request)

    def says(self, request: Request, flow: Flow, status: int) -> list[Effect]:
        """The answer to who speaks of a dialog that is not here, is not his, or in which nobody hears it."""
        return self._once(request, flow, status, ())

    def proves(self, request: Request, flow: Flow, user: str, unix: float) -> list[Effect] | None:
        """None where this request in a dialog, from a place that nobody knows, is ``user``'s; else its answer."""
        proven, refused = self._proof(request, flow, unix)
        return refused if not proven else None if proven == user else self.says(request, flow, 403)

    def busy(self, request: Request, flow: Flow) -> list[Effect]:
        """The answer to a new call when there is too much to do (section 21.5.4)."""
        return self._once(request, flow, 503, (("Retry-After", str(retry_after_s(request.call_id))),))

    def refusal(self, request: Request, error: PeerError) -> Response:
        headers = (*error.headers, *((("Warning", error.warning),) if error.warning else ()))
        return respond(request, error.status, error.reason, to_tag=self._new_tag(), headers=headers)

    def malformed(self, error: ParseError, flow: Flow) -> list[Effect]:
        """The answer to a request that could not be read, if so much of it could. It goes back where it came from."""
        request = error.partial
        if error.status == 0 or request is None:
            return []
        with suppress(PeerError):  # its Via may be what is wrong
            stamp_via(request, flow)
        response = respond(request, error.status, error.reason, to_tag=self._new_tag())
        if not flow.reliable and size(response) > _MOST_OUT * (len(request.octets) or size(request)):
            return []
        return [Send(response, flow)]

    def _register(self, request: Request, flow: Flow, unix: float) -> list[Effect]:
        """Without a transaction, too: when all phones come at once, 32 s of each would be a lot to remember.

        The answers of the last seconds are kept for repeats; a repeat that comes later still is challenged once more.
        """
        via = request.via
        key = (via.branch, via.sent_by, request.call_id, request.cseq.number, flow.remote)
        if (said := self._said.get(key)) is not None:
            return [Send(said, flow)]
        user, refused = self._proof(request, flow, unix)
        if not user:
            return refused
        aor = request.to.uri.user
        if aor != user:
            raise PeerError(403, "Forbidden")  # nobody registers for somebody else
        stamp_via(request, flow)
        response, effects = self._registrar.register(request, flow, aor, unix)
        if not flow.reliable:
            if len(self._said) >= _MOST_SAID:
                del self._said[next(iter(self._said))]
            self._said[key] = response
        return [*effects, Send(response, flow)]

    def _invite(self, arrived: RequestArrived, unix: float) -> list[Effect]:
        trunk = self._trunk_of(arrived.flow, arrived.request)
        if trunk is not None:
            return [CallWanted(arrived, "", trunk.name)]
        user, challenge = self._authenticated(arrived, unix)
        by = self._trunk_users.get(user, ("", ""))[0]
        return challenge or [CallWanted(arrived, "" if by else user, by)]

    def _subscribe(self, arrived: RequestArrived, unix: float) -> list[Effect]:
        if self._trunk_of(arrived.flow):
            raise PeerError(403, "Forbidden")  # what our people do is no carrier's business
        user, challenge = self._authenticated(arrived, unix)
        inspect(arrived.request)
        return challenge or [SubscribeWanted(arrived, user)]

    def _message(self, arrived: RequestArrived, unix: float) -> list[Effect]:
        inspect(arrived.request)
        trunk = self._trunk_of(arrived.flow)
        if trunk is not None:
            return [TextWanted(arrived, "", trunk.name)]
        user, challenge = self._authenticated(arrived, unix)
        return challenge or [TextWanted(arrived, user, "")]

    def _authenticated(self, arrived: RequestArrived, unix: float) -> tuple[str, list[Effect]]:
        """(user, []) where the credentials are right; ("", [the challenge]) where not."""
        proven, self._proven = self._proven, None
        if proven is not None and proven[0] is arrived.request:
            return proven[1], []
        return self._proof(arrived.request, arrived.flow, unix)

    def _proof(self, request: Request, flow: Flow, unix: float) -> tuple[str, list[Effect]]:
        verdict, user, credentials = Verdict.ABSENT, "", ""
        for credentials in request.headers.all("Authorization"):  # one for each realm that the phone knows
            verdict, user = self._authenticator.verify(
                credentials, request.method, partial(self._password, request.method), unix, request.body, request.uri,
                here=flow.sent_by[0], source=None if flow.reliable else flow.remote[0],
            )  # fmt: skip
            if verdict is not Verdict.ABSENT:
                break
        if verdict is Verdict.OK and not self._guarded(user, flow, unix):
            self._door.regulars.add(flow.remote, unix + self._configuration.max_expires_s)
            return user, []
        stale = verdict in (Verdict.STALE, Verdict.REPLAYED)  # the password was right: the phone may try again
        refused = self._challenge(request, flow, unix, stale)
        if verdict in (Verdict.BAD, Verdict.MALFORMED):
            refused += self._failed(request, flow, user, credentials, unix)
        return "", refused

    def _guarded(self, user: str, flow: Flow, unix: float) -> bool:
        """Whether strangers have guessed at this password too often for a stranger to be believed just now."""
        bans = self._door.bans
        if not bans.guarded(user, unix) or bans.exempt(flow.remote[0]) or self._door.known(flow.remote, unix):
            return False
        return all(one.flow.remote[0] != flow.remote[0] for one in self._registrar.lookup(user, unix))

    def _failed(self, request: Request, flow: Flow, user: str, credentials: str, unix: float) -> list[Effect]:
        host, user = flow.remote[0], user[:_LONGEST_NAME]
        facts: list[Effect] = [AuthenticationFailed(flow.transport, request.method, host, user)]
        if self._authenticator.challenged(credentials, host, unix):
            ban = self._door.bans.failed(host, user, unix)
            facts += [Banned(ban.source, ban.until - unix, user)] if ban else []
        return facts

    def _password(self, method: str, user: str) -> str | None:
        """Of a phone; of a trunk too where it calls."""
        known = self._configuration.users.get(user)
        if known is None and method == "INVITE" and user in self._trunk_users:
            return self._trunk_users[user][1]
        return known.password if known else None

    def _challenge(self, request: Request, flow: Flow, unix: float, stale: bool) -> list[Effect]:
        user_agent = request.headers.get("User-Agent") or ""
        challenges = self._authenticator.challenges(unix, stale, flow.remote[0], user_agent)
        return self._once(request, flow, 401, tuple(("WWW-Authenticate", value) for value in challenges))

    def _once(
        self, request: Request, flow: Flow, status: int, headers: HeaderLines, reason: str | None = None
    ) -> list[Effect]:
        """An answer in no transaction: whose address this is nobody knows yet (sections 8.2.7, 26.3.2.4)."""
        stamp_via(request, flow)
        response = respond(request, status, reason, to_tag=stateless_tag(request), headers=headers)
        if not flow.reliable and size(response) > _MOST_OUT * (len(request.octets) or size(request)):
            return []
        return [Send(response, way_back(request, flow, self._configuration.nat))]


def _unserved(request: Request) -> PeerError:
    if request.method in _WITHIN:
        return PeerError(481, "Call/Transaction Does Not Exist")
    return unserved(request, ALLOW)


def size(message: Message) -> int:
    """About how many octets a message has; white space that came with it is not counted.

    Of a response the Content-Length is, with which it will be sent.
    """
    start = len(message.method) + len(message.uri) + 12 if isinstance(message, Request) else len(message.reason) + 35
    return start + len(message.body) + sum([len(name) + len(value) + 4 for _, name, value in message.headers.lines])
