"""Whose fault is a failed statement: the row's, which will fail again, or the database's, which will come back?

In doubt it is the row's: then it is tried alone, and a database that is away shows itself there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# SQLSTATE classes of PostgreSQL (appendix A): connection, rollback, resources, intervention, system error.
# 25P03: we were stopped in the midst of a transaction, and it was undone.
PASSING = ("08", "25P03", "40", "53", "57", "58")
DEADLOCK = "40P01"


class DatabaseAway(Exception):
    """Nothing can be read or written now; later it may be."""

    def __init__(self, cause: BaseException | str) -> None:
        super().__init__(str(cause) or type(cause).__name__)  # a timeout has no words of its own


@contextmanager
def asking() -> Iterator[None]:
    """Around a question. Raises ``DatabaseAway`` where the same one may well be answered later."""
    try:
        yield
    except Exception as error:
        if database_is_away(error):
            raise DatabaseAway(error) from error
        raise


def gave_way(error: BaseException) -> bool:
    """Two transactions waited for each other's rows, and this one was undone: the other is not in its way any more."""
    return _sqlstate(error) == DEADLOCK


def database_is_away(error: BaseException) -> bool:
    """True where the same statement may well succeed later.

    SQLAlchemy does not wrap what asyncpg raises while it connects, nor what a driver raises over a value.
    """
    if isinstance(error, (OSError, TimeoutError, PoolTimeout)):
        return True
    code = _sqlstate(error)
    if code is not None:
        return str(code).startswith(PASSING)
    if not isinstance(error, DBAPIError):
        return isinstance(error, (asyncpg.InterfaceError, sqlite3.OperationalError, sqlite3.InterfaceError))
    return error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))


def _sqlstate(error: BaseException) -> object:
    """Of PostgreSQL's; None: it has not answered."""
    return getattr(getattr(error, "orig", error), "sqlstate", None)
