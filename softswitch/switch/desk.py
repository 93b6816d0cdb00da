"""The front desk: requests that belong to no leg yet. Who are you, and may you?

REGISTER and every INVITE that does not come from a configured trunk address are challenged (RFC 3261 section 22); the
answer to a wrong password and to an unknown user is the same. OPTIONS is a probe and answered without one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from softswitch.call.compose import ALLOW
from softswitch.call.signal import Respond
from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sip.digest import Authenticator, Verdict
from softswitch.sip.effect import RequestArrived
from softswitch.sip.message import ParseError, Request, Response
from softswitch.sip.registrar import Registrar
from softswitch.sip.response import respond
from softswitch.switch.configuration import Configuration, Trunk
from softswitch.switch.event import AuthenticationFailed


@dataclass(frozen=True, slots=True)
class CallWanted(Effect):
    """An INVITE that may be served: from a trunk, or from one of our users."""

    arrived: RequestArrived
    user: str  # "" from a trunk
    trunk: str  # "" from a phone


class Desk:
    """``new_tag`` makes the To tags of its answers; ``trunk_of`` knows trunk addresses."""

    def __init__(
        self,
        configuration: Configuration,
        registrar: Registrar,
        trunk_of: Callable[..., Trunk | None],
        new_tag: Callable[[], str],
    ) -> None:
        self._configuration = configuration
        self._registrar = registrar
        self._trunk_of = trunk_of
        self._new_tag = new_tag
        self._authenticator = Authenticator(configuration.secret, configuration.realm, algorithms=configuration.digest)

    def request(self, arrived: RequestArrived, unix: float) -> list[Effect]:
        """A request outside any dialog of ours. Raises ``PeerError`` for what cannot be served."""
        request = arrived.request
        match request.method:
            case "REGISTER":
                return self._register(arrived, unix)
            case "INVITE":
                return self._invite(arrived, unix)
            case "OPTIONS":
                return [self._answer(arrived, 200, (("Allow", ALLOW), ("Accept", "application/sdp")))]
            case "BYE" | "INFO" | "UPDATE" | "PRACK" | "NOTIFY" | "REFER":
                raise PeerError(481, "Call/Transaction Does Not Exist")
            case "MESSAGE" | "SUBSCRIBE" | "PUBLISH":
                return [self._answer(arrived, 405, (("Allow", ALLOW),))]
            case _:
                return [self._answer(arrived, 501, (("Allow", ALLOW),))]

    def refusal(self, request: Request, error: PeerError) -> Response:
        headers = (("Warning", error.warning),) if error.warning else ()
        return respond(request, error.status, error.reason, to_tag=self._new_tag(), headers=headers)

    def malformed(self, error: ParseError) -> Response | None:
        """The answer to a request that could not be read, if so much of it could."""
        if error.status == 0 or error.partial is None:
            return None
        try:
            return respond(error.partial, error.status, error.reason, to_tag=self._new_tag())
        except PeerError:
            return None

    def _register(self, arrived: RequestArrived, unix: float) -> list[Effect]:
        user, challenge = self._authenticated(arrived, unix)
        if challenge:
            return challenge
        aor = arrived.request.to.uri.user
        if aor != user:
            raise PeerError(403, "Forbidden")  # nobody registers for somebody else
        response, effects = self._registrar.register(arrived.request, arrived.flow, aor, unix)
        return [*effects, Respond(arrived.transaction, response)]

    def _invite(self, arrived: RequestArrived, unix: float) -> list[Effect]:
        trunk = self._trunk_of(arrived.flow)
        if trunk is not None:
            return [CallWanted(arrived, "", trunk.name)]
        user, challenge = self._authenticated(arrived, unix)
        return challenge or [CallWanted(arrived, user, "")]

    def _authenticated(self, arrived: RequestArrived, unix: float) -> tuple[str, list[Effect]]:
        """(user, []) where the credentials are right; ("", [the challenge]) where not."""
        request = arrived.request
        verdict, user = Verdict.ABSENT, ""
        for credentials in request.headers.all("Authorization"):  # one for each realm that the phone knows
            verdict, user = self._authenticator.verify(
                credentials, request.method, self._password, unix, request.body, request.uri
            )
            if verdict is Verdict.OK:
                return user, []
            if verdict is not Verdict.ABSENT:
                break
        stale = verdict in (Verdict.STALE, Verdict.REPLAYED)  # the password was right: the phone may try again
        refused: list[Effect] = [self._challenge(arrived, unix, stale)]
        if not stale and verdict is not Verdict.ABSENT:
            refused.append(AuthenticationFailed(arrived.flow.transport, request.method, arrived.flow.remote[0], user))
        return "", refused

    def _password(self, user: str) -> str | None:
        known = self._configuration.users.get(user)
        return known.password if known else None

    def _challenge(self, arrived: RequestArrived, unix: float, stale: bool) -> Effect:
        challenges = self._authenticator.challenges(unix, stale)
        return self._answer(arrived, 401, tuple(("WWW-Authenticate", value) for value in challenges))

    def _answer(self, arrived: RequestArrived, status: int, headers: tuple[tuple[str, str], ...]) -> Effect:
        response = respond(arrived.request, status, to_tag=self._new_tag(), headers=headers)
        # Whose answer this is nobody knows yet: it is not repeated to an address that may be forged (section 26.3.2.4).
        return Respond(arrived.transaction, response, once=status == 401)
