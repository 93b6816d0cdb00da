"""Which phone is in which dialogs: what the legs look like to a lamp (RFC 4235 section 3.7).

A user's phone is the caller of the leg that it began, or the called of the leg that rings it. Whom it talks to is
shown as the admin wants it: a customer's number need not be known to everybody with a lamp.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from softswitch.call.leg import Leg
from softswitch.call.table import S
from softswitch.core.legible import legible
from softswitch.sip.event.dialog_info import DialogState, DialogView
from softswitch.sip.uri import Uri
from softswitch.switch.configuration import Configuration

_SEEN: Mapping[S, DialogState] = {
    S.NEW: DialogState.TRYING,
    S.OFFERED: DialogState.TRYING,  # EARLY as soon as it has heard a provisional response
    S.ACCEPT_DUE: DialogState.EARLY,
    S.CALLING: DialogState.TRYING,
    S.RINGING: DialogState.EARLY,
    S.ANSWERED: DialogState.CONFIRMED,
    S.UP: DialogState.CONFIRMED,
    S.ABANDONED: DialogState.TERMINATED,
    S.CANCELLING: DialogState.TERMINATED,
    S.BYE_DUE: DialogState.TERMINATED,
    S.LEAVING: DialogState.TERMINATED,
    S.ENDED: DialogState.TERMINATED,
    S.FINISHED: DialogState.TERMINATED,
}


@dataclass(frozen=True, slots=True)
class _Dialog:
    leg: Leg
    user: str
    initiator: bool
    remote: str  # number
    remote_name: str


class Extensions:
    """``touched(user)`` hears that a dialog of his may look different from now on."""

    def __init__(self, configuration: Configuration, touched: Callable[[str], None]) -> None:
        self._configuration = configuration
        self._touched = touched
        self._dialogs: dict[str, _Dialog] = {}  # by leg
        self._of_user: dict[str, dict[str, None]] = {}  # legs, the oldest first
        self._living: dict[str, dict[str, None]] = {}  # the same without those that linger: they are many more

    def begun(self, leg: Leg, user: str, initiator: bool, remote: str, remote_name: str = "") -> None:
        """A leg to or from a phone of ``user``."""
        self._dialogs[leg.id] = _Dialog(leg, user, initiator, remote, remote_name)
        self._of_user.setdefault(user, {})[leg.id] = None
        self._living.setdefault(user, {})[leg.id] = None
        self._touched(user)

    def moved(self, leg: str) -> None:
        """Something has happened to this leg."""
        dialog = self._dialogs.get(leg)
        if dialog is not None:
            if dialog.leg.leg.over:
                _drop(self._living, dialog.user, leg)
            self._touched(dialog.user)

    def talks_to(self, leg: str, remote: str, remote_name: str = "") -> None:
        """Somebody else is at the other end: one of the two was transferred."""
        dialog = self._dialogs.get(leg)
        if dialog is not None:
            self._dialogs[leg] = replace(dialog, remote=remote, remote_name=remote_name)
            self._touched(dialog.user)

    def shown(self, leg: str) -> tuple[str, bool, str, str] | None:
        """As ``begun`` and ``talks_to`` said: user, initiator, number and name of the other side."""
        dialog = self._dialogs.get(leg)
        return None if dialog is None else (dialog.user, dialog.initiator, dialog.remote, dialog.remote_name)

    def ended(self, leg: str) -> None:
        dialog = self._dialogs.pop(leg, None)
        if dialog is None:
            return
        _drop(self._of_user, dialog.user, leg)
        _drop(self._living, dialog.user, leg)
        self._touched(dialog.user)

    def living(self, user: str) -> list[str]:
        """His legs that are not over."""
        return [leg for leg in self._living.get(user, ()) if not self._dialogs[leg].leg.leg.over]

    def dialogs(self, user: str) -> tuple[DialogView, ...]:
        """The living ones first, so that a document that is cut short says what matters."""
        views = [self._view(self._dialogs[leg]) for leg in self._of_user.get(user, ())]
        return tuple(sorted(views, key=lambda view: view.state is DialogState.TERMINATED))

    def _view(self, dialog: _Dialog) -> DialogView:
        leg = dialog.leg
        state = _SEEN[leg.state]
        ringing = leg.leg.inbound is not None and leg.leg.inbound.provisional is not None
        if leg.state is S.OFFERED and ringing:
            state = DialogState.EARLY
        remote, name = self._shown(dialog.remote, dialog.remote_name)
        return DialogView(leg.id, state, dialog.initiator, remote, name)

    def _shown(self, number: str, name: str) -> tuple[str, str]:
        """URI and name of the other side, as far as lamps may tell."""
        configuration = self._configuration
        known = configuration.users.get(number)
        shown = configuration.lamps.show
        if not number or shown == "nobody" or (shown == "colleagues" and known is None):
            return "", ""
        return legible(str(Uri("sip", number, configuration.realm))), known.name if known else name


def _drop(legs_of: dict[str, dict[str, None]], user: str, leg: str) -> None:
    legs = legs_of.get(user, {})
    legs.pop(leg, None)
    if not legs:
        legs_of.pop(user, None)
