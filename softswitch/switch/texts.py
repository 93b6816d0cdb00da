"""Texts between people outside of a call (RFC 3428): from a phone, from a carrier, or from the API, to a user's phones.

Any user may write to any other, and so may a carrier whom we trust; nothing leaves through a carrier. The writer's
transaction stays open until a phone has taken the text or all have refused: there is a limit to how many may wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from softswitch.call.compose import ALLOW, caller
from softswitch.call.identity import ANONYMOUS, private
from softswitch.call.signal import Respond
from softswitch.contact.order import TextTold, WriteToUser
from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.errors import PeerError
from softswitch.core.legible import legible
from softswitch.sip.effect import ResponseArrived, TransactionFailed
from softswitch.sip.header import NameAddr
from softswitch.sip.page import NOBODY, PLAIN, Page, Text, compose, read
from softswitch.sip.response import respond
from softswitch.sip.uri import Uri, parse_uri
from softswitch.switch.desk import TextWanted

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

MOST_OPEN = 500  # texts that wait for a phone's answer
MOST_OPEN_EACH = 10  # of one writer
_RETRY_AFTER_S = "5"
_NOBODY = NameAddr("Anonymous", parse_uri(ANONYMOUS))
API = "softswitch"  # who writes what comes through the API

Done = Callable[[int], None]  # SIP status: 200 delivered


@dataclass(frozen=True, slots=True)
class TextEnded(DomainEvent):
    """What became of a text."""

    writer: str
    reader: str
    status: int

    @property
    def outcome(self) -> str:
        return "delivered" if self.status == 200 else "unreachable" if self.status == NOBODY else "refused"


@dataclass(slots=True)
class _Open:
    writer: str
    reader: str
    page: Page
    done: Callable[[int], Sequence[Effect]]


class Texts:
    """Every text that is under way."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._open: dict[str, _Open] = {}
        self._of_writer: Counter[str] = Counter()

    def handlers(self) -> dict[type[Effect], Callable[[Any], Sequence[Effect]]]:
        return {TextWanted: self._wanted, WriteToUser: self._from_plan}

    def owns(self, owner: str) -> bool:
        return owner in self._open

    def readable(self, leg: str) -> bool:
        """Whether somebody reads what is written inside the call of this leg."""
        contact = self._switch.calls.contacts.get(self._switch.calls.contact_at(leg))
        return contact is not None and bool(contact.reader_of(leg))

    def send(self, reader: str, text: Text, done: Done) -> list[Effect]:
        """From the API. ``done`` hears the outcome, perhaps before this returns."""

        def told(status: int) -> list[Effect]:
            done(status)
            return []

        writer = NameAddr("", Uri("sip", API, self._switch.configuration.realm))
        try:
            return self._start(writer, API, reader, text, told)
        except PeerError as error:
            return told(error.status)

    def _from_plan(self, order: WriteToUser) -> list[Effect]:
        """Of a dialplan, in the name of the number that was called; only users are written to."""

        def told(status: int) -> Sequence[Effect]:
            return self._switch.calls.to_contact(order.contact, TextTold(order.token, status))

        if order.user not in self._switch.configuration.users:
            return list(told(404))
        writer = NameAddr("", Uri("sip", order.writer, self._switch.configuration.realm))
        text = Text(PLAIN, order.text.encode(errors="replace"))
        try:
            return self._start(writer, order.contact, order.user, text, told)
        except PeerError as error:
            return list(told(error.status))

    def answered(self, event: ResponseArrived | TransactionFailed) -> list[Effect]:
        """One of the phones has answered, or did not."""
        one = self._open[event.owner]
        outcome = one.page.answered(event.response.status if isinstance(event, ResponseArrived) else event.status)
        if outcome is None:
            return []
        del self._open[event.owner]
        self._of_writer[one.writer] -= 1
        if not self._of_writer[one.writer]:
            del self._of_writer[one.writer]
        return self._ended(one, outcome)

    # ---- from the wire -----------------------------------------------------------------------------------------

    def _wanted(self, wanted: TextWanted) -> list[Effect]:
        arrived = wanted.arrived
        text = read(arrived.request)
        reader = arrived.request.target.user
        self._admit(reader, wanted.trunk)

        def told(status: int) -> list[Effect]:
            response = respond(arrived.request, status, to_tag=self._switch.ids.tag())
            return [Respond(arrived.transaction, response)]

        return self._start(self._writer(wanted), wanted.user or wanted.trunk, reader, text, told)

    def _admit(self, reader: str, trunk: str) -> None:
        """Raises ``PeerError`` where nobody of ours is written to."""
        if reader in self._switch.configuration.users:
            return
        if trunk:
            raise PeerError(403, "Forbidden")  # we relay nothing between strangers
        if self._switch.dialplans.route(reader):
            allowed = ", ".join(method for method in ALLOW.split(", ") if method != "MESSAGE")
            raise PeerError(405, "Method Not Allowed", headers=(("Allow", allowed),))
        raise PeerError(404, "Not Found")

    def _writer(self, wanted: TextWanted) -> NameAddr:
        """A phone is who it has proved to be; of a carrier's caller we know what the carrier says."""
        configuration = self._switch.configuration
        request = wanted.arrived.request
        if private(request):
            return _NOBODY
        if wanted.trunk:
            stranger = caller(request, trusted=True)
            number = "" if stranger is None else legible(stranger.uri.number)
            display = "" if stranger is None else legible(stranger.display)
            return NameAddr(display, Uri("sip", number, configuration.realm)) if number else _NOBODY
        return NameAddr(configuration.users[wanted.user].name, Uri("sip", wanted.user, configuration.realm))

    # ---- to the phones -----------------------------------------------------------------------------------------

    def _start(
        self, writer: NameAddr, name: str, reader: str, text: Text, done: Callable[[int], Sequence[Effect]]
    ) -> list[Effect]:
        targets = self._switch.directory.user_targets(reader)
        one = _Open(name, reader, Page(len(targets)), done)
        if not targets:
            return self._ended(one, NOBODY)
        if len(self._open) >= MOST_OPEN or self._of_writer[name] >= MOST_OPEN_EACH:
            raise PeerError(503, "Too Many Messages", headers=(("Retry-After", _RETRY_AFTER_S),))
        id = self._switch.ids.name("text")
        self._open[id] = one
        self._of_writer[name] += 1
        effects: list[Effect] = []
        for target in targets:
            host, port = target.flow.sent_by  # where the phone can answer
            here = Uri("sip", writer.uri.user, host, port)
            shown = writer if writer is _NOBODY else NameAddr(writer.display, here)
            request = compose(target.uri, target.to_uri, shown, text, self._switch.ids, target.route)
            effects += self._switch.signalling.request(request, target.flow, id)
        return effects

    def _ended(self, one: _Open, status: int) -> list[Effect]:
        return [*one.done(status), TextEnded(one.writer, one.reader, status)]
