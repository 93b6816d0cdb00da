"""The store that the settings name, opened, and our name in it taken; and what is wrong where that cannot be."""

from __future__ import annotations

from asyncpg import CannotConnectNowError, PostgresError
from sqlalchemy.exc import SQLAlchemyError

from softswitch.callback.model import Promise
from softswitch.callback.node import quiet_s
from softswitch.core.errors import ConfigError, Problem
from softswitch.settings import Settings
from softswitch.store.membership import NodeTaken
from softswitch.store.store import Store
from softswitch.switch.ports import Clock


class StoreAway(Exception):
    """The database cannot be reached now; it may be back in a moment."""


async def open_store(url: str, node: str = "") -> Store:
    """Raises ``StoreAway``, or ``ConfigError`` where trying again would not help."""
    try:
        return await Store.open(url, node=node)
    except (ConnectionError, TimeoutError, CannotConnectNowError) as error:
        raise StoreAway(f"the database does not answer: {error}") from error
    except (SQLAlchemyError, PostgresError, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]  # without the statement, which has the URL near it
        raise ConfigError([Problem("softswitch.yaml", 0, 1, "store.url", f"cannot be opened: {reason}")]) from error


async def join_nodes(store: Store, settings: Settings, clock: Clock) -> list[Promise]:
    """The promises that are ours. Raises ``ConfigError`` where another process that lives has our name."""
    try:
        return await store.shared.join(
            settings.node, quiet_s(settings.policies()), lambda: clock.monotonic() + clock.epoch
        )
    except NodeTaken as error:
        await store.close()
        raise ConfigError([Problem("softswitch.yaml", 0, 1, "node", str(error))]) from error
