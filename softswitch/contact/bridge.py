"""Two legs that talk: one room, one recording, and hold as each side asks for it.

Hold is answered on the leg that asks (its re-INVITE is accepted by the leg itself); the other side hears hold music
instead of silence, and learns nothing of the re-INVITE. That keeps phones with different hold dialects apart.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

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


class Bridge(msgspec.Struct, array_like=True):
    """``left`` is the customer (left channel of the recording), ``right`` the agent or called party."""

    room: str
    left: str
    right: str
    recording: str = ""  # file name; "" where it is not recorded
    held_by: frozenset[str] = frozenset()
    music: str = ""  # class of what is heard on hold
    hearing: dict[str, str] = {}  # legs that are told something first, and its play

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
        orders: list[Effect] = [JoinRoom(self.room, self.left), JoinRoom(self.room, self.right)]
        orders += self._open() if self.hearing else []
        return orders + [HoldMusicTo(self.other(leg), self.music) for leg in sorted(self.held_by)]

    def tell(self, prompts: Mapping[str, Prompt]) -> list[Effect]:
        """What each leg hears before the two hear each other; ``told`` follows the end of each. Whoever is told
        nothing, or is through first, hears music so long."""
        self.hearing = {leg: f"{leg}.told" for leg in prompts}
        wait = [HoldMusicTo(self.other(leg), self.music) for leg in prompts]
        return [*wait, *(PlayTo(leg, self.hearing[leg], (prompt,)) for leg, prompt in prompts.items())]

    def told(self, leg: str, play: str) -> list[Effect]:
        """A leg has heard this to its end; when all have heard theirs, the two talk."""
        if self.hearing.get(leg) != play:
            return []
        del self.hearing[leg]
        return [] if self.hearing else self._open()

    def _open(self) -> list[Effect]:
        self.hearing = {}
        return [SilenceTo(leg) for leg in (self.left, self.right) if self.other(leg) not in self.held_by]

    def updated(self, leg: str, media: Media) -> list[Effect]:
        """A side has renegotiated: hold or resume."""
        other = self.other(leg)
        if media.held and leg not in self.held_by:
            self.held_by |= {leg}
            return [HoldMusicTo(other, self.music)]
        if not media.held and leg in self.held_by:
            self.held_by -= {leg}
            return [] if self.hearing else [SilenceTo(other)]
        return []

    def disconnect(self) -> list[Effect]:
        orders: list[Effect] = [LeaveRoom(self.left), LeaveRoom(self.right)]
        if self.recording:
            orders.append(StopRecording(self.room))
        if self.held_by or self.hearing:
            orders += [SilenceTo(self.left), SilenceTo(self.right)]
        return orders

    def other(self, leg: str) -> str:
        return self.right if leg == self.left else self.left
