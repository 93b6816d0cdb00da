"""How a conversation ended, by the agent's code: it stays with the promise, and may lead to another call.

A promise that was kept is final: who wants to be called again has a new one, with the same number, consent and
variables. Its id is made of the former one's, so that saying it twice makes one; and where the agent thinks better of
it, while nothing was dialled, it is withdrawn.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from softswitch.callback.book import Entry
from softswitch.callback.model import Disposed, Promise, PromiseState
from softswitch.callback.mover import Mover
from softswitch.callback.table import I

CHANGED = "another disposition"  # why the next call is withdrawn


def next_id(promise: str) -> str:
    """Of the promise that follows this one."""
    return f"promise-{hashlib.sha256(f'after {promise}'.encode()).hexdigest()[:24]}"


class Disposing:
    def __init__(self, move: Mover) -> None:
        self._move = move

    def disposed(self, event: Disposed) -> None:
        entry = self._move.book.get(event.promise)
        if entry is None or not entry.durable:
            return
        self._move.change(entry, disposition=event.code)
        entry.by = event.by
        self._move.write(entry)
        free = next_id(event.promise)
        while (follows := self._move.book.get(free)) is not None:
            follows.ending = CHANGED
            self._move.apply(follows, I.WITHDRAW, outcome=CHANGED)
            self._move.advance(follows)
            free = next_id(free)
        if event.retry_s is not None:
            self._again(free, entry.promise, event)

    def _again(self, id: str, former: Promise, event: Disposed) -> None:
        """Unless something else is promised to him, or the last promise is being kept already."""
        move = self._move
        key = move.rules.key(former)  # by the groups of now
        if move.open_for(former.number, former.name) or move.book.open_for(former.number, key):
            return
        at = move.now + (event.retry_s or 0.0)
        promise = replace(
            former,
            id=id,
            group=key,
            state=PromiseState.RECORDED,
            recorded_at=move.now,
            attempts=0,
            uncounted=0,
            status=0,
            losses=0,
            not_before=at,
            call_id="",
            outcome="",
            updated_at=move.now,
            expires_at=max(former.expires_at, at + move.rules.policy(former.name).expiry_s),
            disposition="",
        )
        entry = Entry(promise, since=move.now, keep=True, by=event.by)
        move.book.add(entry)
        move.write(entry)
        move.advance(entry)
