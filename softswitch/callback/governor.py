"""The abandon limit of one campaign or queue, kept as a bound and not as a mean.

Who answered and was let go because no agent was there counts as abandoned; who answered and talked to an agent, as
served. Their counts are of one window at a time (``abandon_window_s`` long, the first of a day at local midnight), for
that is how the law counts: per day, or per thirty days. At any moment in any window

    abandoned <= limit * (abandoned + served)

holds, whatever agents and live callers do, because a customer is dialled before there is an agent for him only if it
would hold with everybody abandoned who is dialled, or has answered and waits:

    abandoned + at_risk + 1 <= limit * (abandoned + served + at_risk + 1)

So the credit is earned by customers served. Without it an agent is on the line first, and nobody can be abandoned; nor
is there any towards the end of a window, for a call that would reach into the next one, where nothing is earned yet.
Where the clock is set back, the window goes on: it does not begin a second time with fresh credit.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from softswitch.callback.model import Policy, Tally
from softswitch.callback.odds import ROUNDING, AnswerRate
from softswitch.callback.written import ANSWER_S


class Governor:
    """What is known of the calls of one policy; the policy itself may change."""

    def __init__(self, tally: Tally | None = None) -> None:
        self.rate = AnswerRate()
        self.tally = tally or Tally("", 0.0, 0, 0)
        self.at_risk: set[str] = set()  # promises: dialled, or answered and waiting, and no agent is theirs

    def may_risk(self, policy: Policy, now: float) -> bool:
        """May one more customer be dialled before there is an agent for him, come what may?"""
        self._turn(policy, now)
        flight_s = ANSWER_S + policy.ring_s + policy.agent_within_s + 2 * policy.settle_s
        if now + flight_s >= self.tally.since + policy.abandon_window_s:
            return False
        risk, tally = len(self.at_risk) + 1, self.tally
        return tally.dropped + risk <= policy.abandon_limit * (tally.answered + risk) + ROUNDING

    def unblemished(self, policy: Policy, now: float) -> bool:
        """Nobody was abandoned in this window."""
        self._turn(policy, now)
        return not self.tally.dropped

    def counted(self, policy: Policy, now: float) -> Tally:
        """In this window."""
        self._turn(policy, now)
        return self.tally

    def served(self, policy: Policy, now: float) -> Tally:
        return self._add(policy, now, dropped=0)

    def dropped(self, policy: Policy, now: float) -> Tally:
        return self._add(policy, now, dropped=1)

    def _add(self, policy: Policy, now: float, dropped: int) -> Tally:
        self._turn(policy, now)
        tally = self.tally
        self.tally = Tally(policy.name, tally.since, tally.answered + 1, tally.dropped + dropped)
        return self.tally

    def _turn(self, policy: Policy, now: float) -> None:
        """Into the next window, if it is time; out of one that a clock far ahead had begun, with its debts alone."""
        tally = self.tally
        if now >= tally.since + policy.abandon_window_s:
            self.tally = Tally(policy.name, window_start(policy, now), 0, 0)
        elif now < tally.since - policy.abandon_window_s:
            self.tally = Tally(policy.name, window_start(policy, now), tally.dropped, tally.dropped)


def window_start(policy: Policy, now: float) -> float:
    """Of the window that ``now`` lies in (Unix s): whole windows since a local midnight."""
    offset = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(policy.window.zone)).utcoffset()
    local = now + (offset.total_seconds() if offset is not None else 0.0)
    return now - local % policy.abandon_window_s
