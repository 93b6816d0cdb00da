"""Session timers: who shows how often that the session still stands (RFC 4028).

Decided here: which interval is agreed on and who refreshes, as the caller (sections 7.1, 7.2) and as the called one
(section 9), what is too short (422), and when silence is the end (section 10). The refresh itself is a change that
changes nothing: ``renegotiate`` sends it. Peers who know nothing of timers are asked by ``probe``.
"""

from __future__ import annotations

from softswitch.call.compose import has_option
from softswitch.call.state import Change, LegState, Refresh
from softswitch.core.errors import PeerError
from softswitch.sip.final import seconds
from softswitch.sip.header import param, parse_params
from softswitch.sip.message import Message, Request, Response
from softswitch.sip.section import HeaderLines

LEAST_S = 90  # section 5
_MOST_S = 86_400
_PATIENCE_S = 5.0  # between a refresh that was refused and the next one


# ---- as UAC ----------------------------------------------------------------------------------------------------


def asked(leg: LegState) -> HeaderLines:
    """What our INVITE, re-INVITE or UPDATE says of the timer."""
    refresh, policy = leg.refresh, leg.setup.session
    wanted = refresh.interval_s or policy.expires_s
    if not wanted:
        return ()
    least = max(refresh.min_s, policy.min_s)
    value = str(max(wanted, least))
    if refresh.interval_s:  # who refreshes stays who it was; uac is whoever sends this request
        value += ";refresher=uac" if refresh.ours else ";refresher=uas"
    return (("Session-Expires", value), ("Min-SE", str(least)))


def granted(leg: LegState, response: Response, now: float) -> None:
    """A 2xx of the peer's says what holds. Without the header there is no timer (section 7.2)."""
    found = _expires(response)
    if found is None:
        stop(leg)
        return
    _arm(leg, found[0], found[1] != "uas", now)


def raised(leg: LegState, response: Response) -> bool:
    """A 422 asks for a longer interval; whether it makes sense to try again."""
    least = seconds(response.headers.get("Min-SE"))
    if not leg.refresh.min_s < least <= _MOST_S:
        return False
    leg.refresh.min_s = least
    return True


def refused(leg: LegState, now: float) -> None:
    """A refresh of ours was not taken: another try, while there is time."""
    refresh = leg.refresh
    if refresh.end_at is not None:
        refresh.due_at = now + max(_PATIENCE_S, (refresh.end_at - now) / 2)


# ---- as UAS ----------------------------------------------------------------------------------------------------


def check(leg: LegState, request: Request) -> None:
    """Raises ``PeerError`` (422) where the peer wants to be asked more often than we allow."""
    least = max(leg.setup.session.min_s, LEAST_S)
    wanted = seconds((request.headers.get("Session-Expires") or "").partition(";")[0])
    if 0 < wanted < least and has_option(request, "Supported", "timer"):
        raise PeerError(422, "Session Interval Too Small", headers=(("Min-SE", str(least)),))


def serve(leg: LegState, request: Request, now: float) -> HeaderLines:
    """What our 2xx says of the timer, which starts with it (section 9, table 2)."""
    found, policy = _expires(request), leg.setup.session
    knows = has_option(request, "Supported", "timer")
    wanted = policy.expires_s if found is None else min(found[0], policy.expires_s or found[0])
    if not wanted or (found is None and not knows):
        stop(leg)
        return ()
    least = max(seconds(request.headers.get("Min-SE")), policy.min_s if found is None else 0)
    interval_s = min(max(wanted, least), _MOST_S)
    theirs = knows and (found is None or found[1] != "uas")
    _arm(leg, interval_s, not theirs, now)
    value = ("Session-Expires", f"{interval_s};refresher={'uac' if theirs else 'uas'}")
    return (value, ("Require", "timer")) if theirs else (value,)


# ---- time ------------------------------------------------------------------------------------------------------


def stop(leg: LegState) -> None:
    leg.refresh = Refresh(min_s=leg.refresh.min_s)


def due(leg: LegState, now: float) -> None:
    """Half of the interval is over (section 7.2). A change that is wanted or under way anyway refreshes, too."""
    leg.refresh.due_at = None
    if leg.change is None:
        leg.change = Change(False, False, leg.exchange.direction, now)


def _arm(leg: LegState, interval_s: int, ours: bool, now: float) -> None:
    interval_s = max(interval_s, LEAST_S)
    before_s = min(32.0, interval_s / 3)  # section 10: so long before the end the BYE is sent
    due_at = now + interval_s / 2 if ours else None
    leg.refresh = Refresh(interval_s, ours, due_at, now + interval_s - before_s, leg.refresh.min_s)


def _expires(message: Message) -> tuple[int, str] | None:
    """Interval in seconds, within bounds, and refresher ("" where not said)."""
    text = message.headers.get("Session-Expires")
    if text is None:
        return None
    number, _, rest = text.partition(";")
    interval_s = min(seconds(number), _MOST_S)
    if not interval_s:
        return None
    try:
        refresher = param(parse_params(rest), "refresher") or ""
    except PeerError:
        refresher = ""
    return max(interval_s, LEAST_S), refresher.lower()
