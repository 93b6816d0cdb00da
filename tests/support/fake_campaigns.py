"""Campaigns of a running switch that is not there, and a store that takes their lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from softswitch.callback.campaign import Campaign
from softswitch.callback.model import Promise
from softswitch.callback.reading import Reading
from softswitch.callback.sheet.row import Import
from softswitch.store.campaign import Pause, Share
from softswitch.store.trouble import DatabaseAway
from softswitch.switch.campaign_view import CampaignView, DisposedView
from softswitch.switch.view import Refused

NOON = 1_760_000_000.0
WELCOME = CampaignView("welcome", "sales", "", "", "outside hours", NOON + 3600, 200, 3, 0.03, ["sold", "call again"])
FIXED = CampaignView("fixed", "sales", "", "the configuration", "paused", 0.0, 0, 0, 0.03)


@dataclass
class FakeCampaigns:
    """Writes down the commands."""

    done: list[tuple[str, ...]] = field(default_factory=list)

    def views(self) -> list[CampaignView]:
        return [WELCOME, FIXED]

    def importing(self, name: str, consent: str, round_: str) -> Import:
        self.done.append(("importing", name, consent, round_))
        return Import(
            Campaign(name, "sales"), name, Reading(), 0.0, 86400.0, "Asia/Shanghai", NOON,
            {"+8613900139000"}.__contains__, consent, round_,
        )  # fmt: skip

    def imported(self, name: str, rows: int, added: int, refused: Mapping[str, int], by: str) -> None:
        self.done.append(("imported", name, str(rows), str(added), str(dict(refused)), by))

    def may_pause(self, name: str, paused: bool) -> None:
        if name == "fixed" and not paused:
            raise Refused("configured", "fixed is paused by campaigns.yaml")

    def pause(self, name: str, paused: bool, by: str) -> None:
        self.done.append(("pause" if paused else "resume", name, by))

    def dispose(self, contact: str, code: str, by: str) -> DisposedView:
        if contact != "c-1":
            raise LookupError(contact)
        if code != "sold":
            raise Refused("unknown code", f"welcome has no disposition {code!r}")
        self.done.append(("dispose", contact, code, by))
        return DisposedView(contact, "promise-1", "welcome", code)


class CampaignRows:
    """The store, as far as campaigns go; away after ``fails_after`` batches."""

    def __init__(self, fails_after: int | None = None) -> None:
        self.rows: dict[str, Promise] = {}
        self.batches: list[int] = []
        self.pauses: list[tuple[Pause, bool]] = []
        self._fails_after = fails_after

    async def import_promises(self, rows: Sequence[Promise]) -> list[bool]:
        if self._fails_after is not None and len(self.batches) >= self._fails_after:
            raise DatabaseAway("gone")
        self.batches.append(len(rows))
        new = [row.id not in self.rows for row in rows]
        self.rows |= {row.id: row for row in rows}
        return new

    async def campaign_shares(self, name: str) -> Sequence[Share]:
        if name != "welcome":
            return []
        return [
            Share(name, "kept", "answered", "sold", 30, 40),
            Share(name, "failed", "busy", "", 10, 40),
            Share(name, "recorded", "", "", 60, 0),
        ]

    async def set_paused(self, pause: Pause, paused: bool) -> None:
        self.pauses.append((pause, paused))
