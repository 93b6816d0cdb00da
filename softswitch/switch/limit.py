"""How many calls there may be at once: what is said to one too many, and how many one user may have.

A user has a limit so that a stolen password does not buy a call centre's worth of calls. Counted is what his phones
are in, called or calling, from the first message on; a call that rings three phones of his is one, and so is one that
another phone of his takes over (RFC 3891). One too many, of his or to him, is refused with 486, as if he were busy: it
is he who has no line free, and not the switch, as 503 would say (RFC 3261 sections 21.4.24, 21.5.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.core.errors import PeerError
from softswitch.switch.event import UserFull

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch


class AtLimit(PeerError):
    """There are as many calls as there may be; ``why`` is a reason of ``CallShed``."""

    def __init__(self, status: int, reason: str, why: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(status, reason, headers=headers)
        self.why = why


class UserLimits:
    """Reads what ``Calls`` and ``Extensions`` know; remembers nothing."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    def admit(self, user: str, contact: str, called: str = "") -> None:
        """One more call of ``user``, who has dialled ``called``; "" where he is rung. Raises ``AtLimit``.

        ``contact`` is what it becomes part of, "" where it is new: that is not counted against itself.
        """
        known = self._switch.configuration.users.get(user)
        if known is None or not known.calls:
            return
        if len(self._calls(user) - {contact}) >= known.calls:
            self._switch.publish(UserFull(user, called, known.calls))
            raise AtLimit(486, "Call Limit", "user")

    def _calls(self, user: str) -> set[str]:
        """The contacts that his phones are in; a leg that has none stands for one."""
        calls = self._switch.calls
        return {calls.contact_at(leg) or leg for leg in calls.extensions.living(user)}
