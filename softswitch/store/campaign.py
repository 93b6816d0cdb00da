"""Of campaigns: which are paused, and what has come of the promises on their lists so far."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, Row, Select, func, select, union_all

from softswitch.core.legible import legible
from softswitch.store import schema
from softswitch.store.database import Transaction

_PAUSE = (
    "INSERT INTO campaign_pauses (campaign, \"by\", at) VALUES (:campaign, :by, :at)"
    " ON CONFLICT (campaign) DO UPDATE SET \"by\" = :by, at = :at"
)  # fmt: skip
_RESUME = "DELETE FROM campaign_pauses WHERE campaign = :campaign"


class Pause(NamedTuple):
    campaign: str
    by: str
    at: float  # Unix s


class Share(NamedTuple):
    """Promises of a campaign that are alike."""

    campaign: str
    state: str
    outcome: str
    disposition: str
    promises: int
    attempts: int


def set_paused(transaction: Transaction, pause: Pause, paused: bool) -> None:
    row = {key: legible(value) for key, value in pause._asdict().items()}
    transaction.change(*((_PAUSE, row) if paused else (_RESUME, {"campaign": row["campaign"]})))


def setting(pause: Pause, paused: bool) -> Any:
    """The same, as work for the store."""
    return partial(set_paused, pause=pause, paused=paused)


def pauses() -> Select[Any]:
    return select(schema.campaign_pauses)


def shares(campaign: str) -> CompoundSelect[Any]:
    """Of one campaign, whose name is its own; open ones and ended ones each by the index that they have by name."""
    table = schema.promises.c
    alike = (table.campaign, table.state, table.outcome, table.disposition)
    columns = (*alike, func.count().label("promises"), func.sum(table.attempts).label("attempts"))
    parts = (
        select(*columns).where(row, table.name == legible(campaign), table.campaign != "").group_by(*alike)
        for row in (schema.OPEN_ROW, schema.ENDED_ROW)
    )
    return union_all(*parts)


def to_pause(row: Row[Any]) -> Pause:
    return Pause(**row._mapping)


def to_share(row: Row[Any]) -> Share:
    return Share(**row._mapping)
