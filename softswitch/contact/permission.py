"""Who may send whom where, and who may hear whom: the rules of transfer and of supervision.

A transfer is a call that the transferor has us make, so that it reaches what the transferor could have called: an
internal user phones, dialplans and outside numbers; a caller from a trunk nothing, or, where the trunk is configured
for it, what its callers may call: dialplans. The target must be ours: whoever could name a foreign host could have us
call anybody.

A supervisor may hear the calls of the users and of the queues that his entry in ``users.yaml`` names, or all.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from softswitch.contact.routing import FeatureRoute, Route

EVERYBODY = "all"


@dataclass(frozen=True, slots=True)
class Party:
    """Who is at the other end of a leg."""

    user: str = ""  # one of ours, and proved to be; "" outside
    number: str = ""  # by which the party can be called
    refers: bool = False  # behind a trunk that may ask for transfers

    @property
    def internal(self) -> bool:
        return bool(self.user)


def blind(who: Party, ours: bool, route: Route | None) -> int:
    """The status that refuses this transfer, 0 where it may be. ``ours``: the target's host is this switch."""
    if not (who.internal or who.refers) or not ours:
        return 403
    if route is None:
        return 404
    return 403 if isinstance(route, FeatureRoute) else 0  # nobody logs somebody else in


def attended(who: Party, consulting: Party, ours: bool) -> int:
    """Both calls must be the transferor's own."""
    return 0 if who.internal and who.user == consulting.user and ours else 403


def supervise(grants: Collection[str], user: str, queue: str) -> bool:
    """Whether ``grants`` (users, queues) cover a call in which ``user`` talks, of ``queue``; "" is of none."""
    return EVERYBODY in grants or user in grants or (bool(queue) and queue in grants)
