"""Whether somebody can be reached, and what he is doing (RFC 3856; the document is that of RFC 3863)."""

from __future__ import annotations

from dataclasses import dataclass

from softswitch.sip.event.markup import PROLOGUE, text
from softswitch.sip.event.package import Package


@dataclass(frozen=True, slots=True)
class Presence:
    entity: str  # URI of the presentity
    open: bool  # a call to him now has a chance
    note: str  # for people: "ready", "paused: lunch"


def render(presence: Presence, _version: int) -> bytes:
    basic = "open" if presence.open else "closed"
    entity, note = text(presence.entity), text(presence.note)
    return (
        f'{PROLOGUE}<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="{entity}">\n'
        f'<tuple id="phone"><status><basic>{basic}</basic></status><contact>{entity}</contact>'
        f"<note>{note}</note></tuple>\n<note>{note}</note>\n</presence>\n"
    ).encode()


PACKAGE = Package("presence", "application/pidf+xml", 5.0, render)  # RFC 3856 section 6.10: one in five seconds
