"""Two legs that talk: one room, one recording, and hold as each side asks for it.

Hold is answered on the leg that asks (its re-INVITE is accepted by the leg itself); the other side hears hold music
instead of silence, and learns nothing of the re-INVITE. That keeps phones with different hold dialects apart.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from softswitch.contact.order import (
    HoldMusicTo,
    JoinRoom,
    LeaveRoom,
    PlayTo,
    RecordLegs,
    SilenceTo,
    StopRecording,
)
from softswitch.core.effect import Effect
from softswitch.ivr.model import Prompt
from softswitch.sdp.media import Media


@dataclass(slots=True)
class Bridge:
    """``left`` is the customer (left channel of the recording), ``right`` the agent or called party."""

    room: str
    left: str
    right: str
    recording: str = ""  # file name; "" where it is not recorded
    held_by: frozenset[str] = frozenset()
    music: str = ""  # class of what is heard on hold
    telling: str = ""  # leg that is told something first; the other side hears music so long

    def connect(self, held: Collection[str] = ()) -> list[Effect]:
        """``held``: legs that have put whoever they talk to on hold already."""
        orders: list[Effect] = [SilenceTo(self.left), SilenceTo(self.right)]
        orders += [JoinRoom(self.room, self.left), JoinRoom(self.room, self.right)]
        if self.recording:
            orders.append(RecordLegs(self.room, self.recording, self.left, self.right))
        if held:
            self.held_by = frozenset(leg for leg in (self.left, self.right) if leg in held)
        return orders + [HoldMusicTo(self.other(leg), self.music) for leg in sorted(self.held_by)]

    def resume(self) -> list[Effect]:
        """The same once more, for a media plane that may know it already; what is recorded, it knows."""
        orders: list[Effect] = [JoinRoom(self.room, self.left), JoinRoom(self.room, self.right), *self.told()]
        return orders + [HoldMusicTo(self.other(leg), self.music) for leg in sorted(self.held_by)]

    def tell(self, leg: str, play: str, prompt: Prompt) -> list[Effect]:
        """``leg`` hears this before it hears who is there; ``told`` follows its end."""
        self.telling = leg
        return [HoldMusicTo(self.other(leg), self.music), PlayTo(leg, play, (prompt,))]

    def told(self) -> list[Effect]:
        leg, self.telling = self.telling, ""
        return [SilenceTo(self.other(leg))] if leg and leg not in self.held_by else []

    def updated(self, leg: str, media: Media) -> list[Effect]:
        """A side has renegotiated: hold or resume."""
        other = self.other(leg)
        if media.held and leg not in self.held_by:
            self.held_by |= {leg}
            return [HoldMusicTo(other, self.music)]
        if not media.held and leg in self.held_by:
            self.held_by -= {leg}
            return [] if leg == self.telling else [SilenceTo(other)]
        return []

    def disconnect(self) -> list[Effect]:
        orders: list[Effect] = [LeaveRoom(self.left), LeaveRoom(self.right)]
        if self.recording:
            orders.append(StopRecording(self.room))
        if self.held_by or self.telling:
            orders += [SilenceTo(self.left), SilenceTo(self.right)]
        return orders

    def other(self, leg: str) -> str:
        return self.right if leg == self.left else self.left
