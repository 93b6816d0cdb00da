"""The dialogs of an extension, for lamps (RFC 4235): always the full state, in a version that rises by one.

Neither Call-ID nor tags are told: who has them can take the call over (RFC 3891), and a lamp does not need them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from softswitch.sip.event.markup import PROLOGUE, text
from softswitch.sip.event.package import Package

MOST_DIALOGS = 8  # in one document; a lamp shines for one as for all


class DialogState(enum.Enum):
    """Section 3.7.1, the states that a phone of ours can be seen in."""

    TRYING = "trying"
    EARLY = "early"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class DialogView:
    """One dialog of the phone, as the watcher may see it."""

    id: str
    state: DialogState
    initiator: bool  # whether the phone called; False: it was called
    remote: str = ""  # URI of the other side; "" where the watcher may not know
    remote_name: str = ""


@dataclass(frozen=True, slots=True)
class Extension:
    entity: str  # URI of what is watched
    dialogs: tuple[DialogView, ...] = ()  # none: idle


def render(extension: Extension, version: int) -> bytes:
    dialogs = "".join(_dialog(dialog) for dialog in extension.dialogs[:MOST_DIALOGS])
    return (
        f'{PROLOGUE}<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="{version}" state="full"'
        f' entity="{text(extension.entity)}">\n{dialogs}</dialog-info>\n'
    ).encode()


def _dialog(dialog: DialogView) -> str:
    direction = "initiator" if dialog.initiator else "recipient"
    return (
        f'<dialog id="{text(dialog.id)}" direction="{direction}"><state>{dialog.state.value}</state>'
        f"{_remote(dialog)}</dialog>\n"
    )


def _remote(dialog: DialogView) -> str:
    if not dialog.remote:
        return ""
    name = f' display="{text(dialog.remote_name)}"' if dialog.remote_name else ""
    uri = text(dialog.remote)
    return f'<remote><identity{name}>{uri}</identity><target uri="{uri}"/></remote>'


PACKAGE = Package("dialog", "application/dialog-info+xml", 1.0, render)  # section 4.10: one a second at most
