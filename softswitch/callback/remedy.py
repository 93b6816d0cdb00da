"""What whoever runs the switch can do about a reason for which nobody is called, if anything.

The reasons are those of ``waits`` and ``standstill``, and the outcomes of attempts where a pause follows one.
"""

from __future__ import annotations

from softswitch.callback import standstill, waits

GIVES_UP_ITSELF = "nothing: it ends by itself"
_REMEDIES = {
    waits.UNCERTAIN: "nothing: a crash cut an attempt short, and two calls at once are not risked",
    waits.STORE_AWAY: "is the database up, and has its disk room? see the log; it goes on by itself",
    waits.NOT_WRITTEN: "nothing, unless it lasts: then see the log for what the database says",
    waits.LEASE_OVER: "does the database answer? see the log; other nodes take over what this one leads",
    waits.NO_POLICY: "write its `callback:` (queues.yaml) or campaign (campaigns.yaml) again, and `softswitch reload`",
    waits.PAUSE: "`softswitch callbacks retry ID...` ends it, not its hours or `most_per_day`; `retry:` is its length",
    waits.NOT_YET: "nothing: a list, its hours or a pause after an attempt say when",
    waits.LEFT_ALONE: "nothing: `most_per_day` protects the number",
    waits.NEVER_OPENS: "mend `window`, `callee_window` or `closed_on`, and `softswitch reload`",
    waits.TOO_LATE: "widen `window` or `callee_window`, or make `expiry` longer, and `softswitch reload`",
    waits.EXPIRED: "is the clock right? else nothing",
    waits.OUTSIDE_HOURS: "nothing, or widen `window`, `callee_window` or `closed_on`, and `softswitch reload`",
    waits.ON_A_CALL: GIVES_UP_ITSELF,
    waits.RUNG_FOR_ANOTHER: GIVES_UP_ITSELF,
    waits.PAUSED: "`softswitch campaign resume NAME`; or `paused: true` stands in campaigns.yaml",
    waits.DRAINED: "`softswitch drain --cancel`, or let it end: others, or the next start, go on",
    waits.TRUNK_REFUSES: f"{GIVES_UP_ITSELF} when a call gets through. Else: what does the carrier say? "
    "`softswitch callbacks show ID` of who waits has the SIP status",
    waits.TRUNK_DOWN: "`softswitch trunks` says why",
    waits.AGENT_LOST: "nothing: the next one is asked at once",
    waits.LIVE_CALLERS: "nothing: who calls goes first; `softswitch queues` shows them",
    waits.NO_AGENT: "`softswitch agents`: who is paused, in wrap-up, not reachable, or logged out?",
    waits.KEPT_BACK: "more agents, or a smaller `reserve`, and `softswitch reload`",
    standstill.NOT_BEGUN: "`begins` of the campaign",
    standstill.OVER: "`ends` of the campaign",
    standstill.ABANDON_LIMIT: "nothing: it begins again with enough customers served, or the next `abandon_window`",
}
_NETWORK = "what does the carrier say? `softswitch callbacks show ID`, then `softswitch trace CALL-ID`"
_OUTCOMES = {
    "failed": _NETWORK,
    "rejected": _NETWORK,
    "dropped": "no agent was there in time: `agent_within` longer, or `auto_answer` for agents' phones",
}


def remedy(why: str, outcome: str = "") -> str:
    """Of a reason, after an attempt with that ``outcome``; "" where there is nothing to say."""
    return _OUTCOMES.get(outcome, _REMEDIES[waits.PAUSE]) if why == waits.PAUSE else _REMEDIES.get(why, "")
