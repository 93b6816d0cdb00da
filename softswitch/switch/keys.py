"""Keys of all legs: what is pressed on one, once in however many forms it comes; what is pressed for it, in its own.

A leg takes keys as telephone events (RFC 4733) where that was agreed on, else as tones in the sound, unless the setting
``digits`` of its user or trunk says otherwise: ``info`` or ``tone``. Tones are listened for where no events were agreed
on, and where the setting says that they come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from softswitch.call.press import Form, Presses
from softswitch.call.signal import Digit, SendKeys
from softswitch.contact.order import Key, PressKeys
from softswitch.core.effect import Effect
from softswitch.sdp.media import Media
from softswitch.switch.ports import KeyHeard

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch


class Keys:
    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._presses: dict[str, Presses] = {}  # by leg, from its first key on
        self._events: dict[str, bool] = {}  # by leg: they were agreed on

    def handlers(self) -> dict[type[Effect], Callable[[Any], Sequence[Effect]]]:
        return {Digit: lambda event: self.heard(KeyHeard(event.leg, event.digit, Form.INFO)), PressKeys: self._press}

    def ended(self, leg: str) -> None:
        self._presses.pop(leg, None)
        self._events.pop(leg, None)

    def agreed(self, leg: str, media: Media) -> bool:
        """Take in what offer and answer have come to; whether keys may come as tones."""
        self._events[leg] = media.telephone_event is not None
        return not self._events[leg] or self._switch.calls.digits(leg) == Form.TONE

    def heard(self, event: KeyHeard) -> Sequence[Effect]:
        contact = self._switch.calls.contact_at(event.stream)
        if not contact:
            return []
        presses = self._presses.setdefault(event.stream, Presses())
        if not presses.hear(event.digit, event.form, self._switch.now):
            return []
        return self._switch.calls.to_contact(contact, Key(event.stream, event.digit, event.form))

    def _press(self, order: PressKeys) -> Sequence[Effect]:
        form = self._form(order.leg)
        if form is Form.INFO:
            return self._switch.calls.tell_leg(order.leg, SendKeys(order.digits))
        if form is Form.TONE:
            self._presses.setdefault(order.leg, Presses()).sent(order.digits, self._switch.now)
        if form is not Form.TONE or order.heard is not Form.TONE:  # a tone goes its way with the sound
            self._switch.ports.media.press(order.leg, order.digits, form)
        return []

    def _form(self, name: str) -> Form:
        wish = self._switch.calls.digits(name)
        if wish != "auto":
            return Form(wish)
        return Form.EVENT if self._events.get(name) else Form.TONE
