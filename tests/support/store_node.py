"""A store that belongs to a node, and what the node was told; and databases for such nodes, as fixtures."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from softswitch.callback.model import LedgerInput, Promise
from softswitch.callback.node import Claim, Claimed, NodeInput
from softswitch.store import membership
from softswitch.store.store import Store
from tests.support import postgres
from tests.support.process import eventually

QUIET_S = 62.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership, "ROUND_S", 0.05)
    monkeypatch.setattr(membership, "SETTLE_S", 0.3)


@dataclass
class Node:
    """A store that belongs to a node, and all that it was told."""

    store: Store
    name: str
    rows: list[Promise] = field(default_factory=list)
    heard: list[NodeInput | LedgerInput] = field(default_factory=list)
    answers: dict[str, bool] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    closed: bool = False

    @classmethod
    async def open(cls, url: str, name: str = "a") -> Node:
        node = cls(await Store.open(url, node=name), name)
        node.store.on_stored = lambda key, token, ok: node.answers.update({token: ok})
        try:
            node.rows = await node.store.shared.join(name, QUIET_S)
        except BaseException:
            await node.store.close()
            raise
        node.store.shared.start(node.heard.append, lambda key, token: node.taken.append(token))
        return node

    async def put(self, promise: Promise) -> bool:
        token = uuid.uuid4().hex
        self.store.put_promise(replace(promise, node=self.name), token)
        await eventually(lambda: token in self.answers or token in self.taken, 10, "an answer")
        return self.answers.get(token, False)

    async def hear(self, kind: type[Any], count: int = 1) -> Any:
        await eventually(lambda: len([one for one in self.heard if isinstance(one, kind)]) >= count, 10, kind.__name__)
        return [one for one in self.heard if isinstance(one, kind)][count - 1]

    async def claim(self, most: int = 10, below: float = float("inf"), name: str = "sales") -> list[str]:
        count = len([one for one in self.heard if isinstance(one, Claimed)])
        self.store.shared.claim(Claim(name, most, below))
        answer = await self.hear(Claimed, count + 1)
        assert answer.ok and all(promise.node == self.name for promise in answer.promises)
        return [promise.id for promise in answer.promises]

    async def stop(self) -> None:
        """As a process that is stopped: no round, no goodbye."""
        member = self.store.shared._member
        assert member is not None and member._round is not None
        member._round.cancel()

    async def row(self, id: str) -> Promise:
        return next(row for row in await self.store.promises() if row.id == id)


@pytest.fixture(params=["sqlite", "postgresql"])
async def a(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Node]:
    node = await Node.open(database_url(request, tmp_path))
    yield node
    if not node.closed:
        await node.store.close()


@pytest.fixture
async def url(server: postgres.Postgres) -> str:
    return server.database(f"t{uuid.uuid4().hex}")


def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/switch.db"
    server: postgres.Postgres = request.getfixturevalue("server")
    return server.database(f"t{uuid.uuid4().hex}")
