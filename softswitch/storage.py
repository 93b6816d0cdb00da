"""The store that the settings name: opened, our name in it taken, what it keeps for us read; and what is wrong where
that cannot be.

A database that answers late, or goes away in the midst of our start, is nothing that the supervisor gives up for.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping

from asyncpg import PostgresError
from sqlalchemy.exc import SQLAlchemyError

from softswitch.callback.model import Promise
from softswitch.callback.node import quiet_s
from softswitch.core.errors import ConfigError, Problem
from softswitch.settings import Settings
from softswitch.store.membership import NodeTaken
from softswitch.store.store import Store
from softswitch.store.trouble import DatabaseAway, asking, database_is_away
from softswitch.switch.outlook import RESTORED
from softswitch.switch.ports import Clock
from softswitch.switch.restart import Kept

# The network or its names are not there yet, as when a whole house gets its power back, or PostgreSQL has not made its
# socket; None: several addresses were tried, each in vain in its own way.
UNREACHABLE = frozenset({
    errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETDOWN, errno.ENOENT, socket.EAI_AGAIN, None,
})  # fmt: skip


async def open_store(url: str, node: str = "") -> Store:
    """Raises ``DatabaseAway``, or ``ConfigError`` where trying again would not help."""
    try:
        return await Store.open(url, node=node)
    except (ConnectionError, TimeoutError) as error:
        raise DatabaseAway(error) from error
    except (SQLAlchemyError, PostgresError, OSError, ValueError) as error:
        if url.startswith("postgres") and _passes(error):
            raise DatabaseAway(error) from error
        raise _unusable(error) from error


def _passes(error: BaseException) -> bool:
    return error.errno in UNREACHABLE if isinstance(error, OSError) else database_is_away(error)


def _unusable(error: BaseException) -> ConfigError:
    reason = str(error).partition("\n")[0]  # without the statement, which has the URL near it
    return ConfigError([Problem("softswitch.yaml", 0, 1, "store.url", f"cannot be opened: {reason}")])


async def join_nodes(store: Store, settings: Settings, clock: Clock) -> list[Promise]:
    """The promises that are ours. Raises ``DatabaseAway``, or ``ConfigError`` where one that lives has our name."""
    try:
        with asking():
            return await store.shared.join(
                settings.node, quiet_s(settings.policies()), lambda: clock.monotonic() + clock.epoch
            )
    except NodeTaken as error:
        await store.close()
        raise ConfigError([Problem("softswitch.yaml", 0, 1, "node", str(error))]) from error
    except DatabaseAway as error:
        why = error.__cause__
        if store.shared.alone and isinstance(why, OSError) and not isinstance(why, TimeoutError):
            raise _unusable(why) from error  # a file beside it that we may not write does not mend itself
        raise


async def kept(
    store: Store, settings: Settings, now: float, ours: list[Promise], calls: Mapping[str, bytes], since: float
) -> Kept:
    """What earlier lives have left; statistics from ``since`` on. Times are Unix s. Raises ``DatabaseAway``."""
    return Kept(
        ours, await store.bindings(), await store.agents(), await store.voicemails(),
        overrides=await store.overrides(), do_not_call=await store.do_not_call(), tallies=await store.tallies(),
        dialled=await store.dialled(settings.policies(), now), records=await store.calls(RESTORED),
        calls=calls, greetings=await store.greetings(), deliveries=await store.deliveries(),
        paths=await store.paths_going_on(settings.limits.calls), pauses=await store.pauses(),
        intervals=await store.intervals(since),
    )  # fmt: skip
