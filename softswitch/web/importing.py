"""A list of numbers over HTTP: the file comes in pieces, and what has become of its rows goes back at the same time.

The answer is JSON, a line for each thing that is told: what the file was read as (``begun``), each row that is not
taken (``row``), how far it is (``progress``), and the account at the end (``done``, or ``failed`` with why). What a
``progress`` counts as added is durable. After a failure, and after a crash, the same file again adds the rest.

The switch goes on meanwhile: a few rows at a time, then whatever else there is to do, and more slowly while it is busy.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from softswitch.callback.model import Promise
from softswitch.callback.sheet.decoding import ENCODINGS
from softswitch.callback.sheet.mistake import Mistake, SheetError
from softswitch.callback.sheet.reader import Reader
from softswitch.callback.sheet.row import Import, Row
from softswitch.core.legible import legible, printable, to_json
from softswitch.store.trouble import DatabaseAway
from softswitch.switch.view import Control
from softswitch.web.body import expect_known
from softswitch.web.problem import ApiError

PIECE = 50  # rows between two looks at what else there is to do
BATCH = 1000  # rows that the store is given at once
PATIENCE_S = 60.0  # for a peer who sends nothing, or takes nothing
BUSY_PAUSE_S = 0.1  # after each piece, when the switch is as busy as can be
MOST_AT_ONCE = 2
TYPES = ("text/csv", "application/octet-stream")
PARAMETERS = ("consent", "round", "encoding", "dry_run")
LINES = "application/x-ndjson"
AGAIN = "import the same file again: what is there already is not added twice"
_log = structlog.get_logger("softswitch.web")


class ImportStore(Protocol):
    async def import_promises(self, rows: Sequence[Promise]) -> list[bool]: ...


class Importing:
    """One handler, and which campaigns are being filled just now."""

    def __init__(self, control: Control, store: ImportStore) -> None:
        self._control = control
        self._store = store
        self._under_way: set[str] = set()

    async def handle(self, request: web.Request, common: Import, who: str) -> web.StreamResponse:
        name = common.campaign.name
        if request.content_type not in TYPES:  # none that a foreign web page can send unasked
            raise ApiError(415, f"the body is {request.content_type}", "send Content-Type: text/csv")
        if request.headers.get("Content-Encoding", "identity") != "identity":  # a small one may be endless
            raise ApiError(415, "the body is compressed", "send the file as it is")
        expect_known("parameter", request.query, PARAMETERS)  # who misspells dry_run would have the list called
        encoding = request.query.get("encoding", "auto")
        if encoding not in ENCODINGS:
            raise ApiError(400, f"encoding={encoding!r} is not read", f"one of {', '.join(ENCODINGS)}")
        if name in self._under_way or len(self._under_way) >= MOST_AT_ONCE:
            raise ApiError(
                409, f"a list is being imported for {', '.join(sorted(self._under_way))}", "wait for its end"
            )
        self._under_way.add(name)
        try:
            trial = request.query.get("dry_run", "0") != "0"
            one = OneImport(self._control, None if trial else self._store, Reader(common, encoding), request)
            _log.info("campaign_import_began", campaign=name, by=who, trial=trial)
            response = await one.run()
            tally = one.reader.tally
            _log.info("campaign_imported", campaign=name, by=who, rows=tally.rows, added=tally.added, trial=trial,
                      refused=tally.refused.total(), failed=one.failed)  # fmt: skip
            if not trial:
                self._control.campaigns().imported(name, tally.rows, tally.added, tally.refused, f"api {who}")
            return response
        finally:
            self._under_way.discard(name)


class OneImport:
    """``store`` is None for a trial: the rows are read and judged, and nothing is kept."""

    def __init__(self, control: Control, store: ImportStore | None, reader: Reader, request: web.Request) -> None:
        self.reader = reader
        self.failed = ""
        self._control = control
        self._store = store
        self._request = request
        self._response = web.StreamResponse(headers={"Content-Type": LINES, "Cache-Control": "no-store"})
        self._lines: list[bytes] = []
        self._batch: list[tuple[int, Promise]] = []
        self._octets = 0
        self._writing: asyncio.Task[None] | None = None  # the batch before, while the next is read

    async def run(self) -> web.StreamResponse:
        """Raises ``ApiError`` for a file of which nothing can be read; what fails later is in the answer."""
        try:
            await self._read()
            await self._flush()
            await self._flush()
        except (DatabaseAway, TimeoutError, ConnectionError, HttpProcessingError, web.RequestPayloadError) as error:
            self.failed = _told(error)
            if not self._response.prepared:  # a peer who is slow or gone is no defect of ours
                raise ApiError(400, f"the list cannot be read: {self.failed}", AGAIN) from None
            if self._writing is not None:  # what it adds is not counted any more
                await asyncio.gather(self._writing, return_exceptions=True)
        return await self._end()

    async def _read(self) -> None:
        """All of the file, or as far as it makes sense."""
        try:
            async for octets, final in self._pieces():
                self._octets += len(octets)
                self.reader.feed(octets, final)
                if not self._response.prepared and self.reader.columns:
                    await self._begin()
                await self._rows()
        except SheetError as error:
            if not self._response.prepared:
                raise ApiError(400, f"the list cannot be read: {error}") from None
            self.failed = str(error)

    async def _pieces(self) -> AsyncIterator[tuple[bytes, bool]]:
        while True:
            async with asyncio.timeout(PATIENCE_S):
                octets = await self._request.content.readany()
            final = not octets and self._request.content.at_eof()
            yield octets, final
            if final:
                return

    async def _begin(self) -> None:
        reader = self.reader
        await self._response.prepare(self._request)
        self._tell("begun", columns=reader.columns, encoding=reader.encoding, separator=reader.separator)
        await self._send()

    async def _rows(self) -> None:
        """All that can be read by now."""
        while True:
            some = list(self.reader.rows(PIECE))
            if not some:
                return
            for row in some:
                self._take(row)
            if len(self._batch) >= BATCH:
                await self._flush()
            elif self._lines:
                await self._send()
            await asyncio.sleep(BUSY_PAUSE_S * self._control.pressure())

    def _take(self, row: Row) -> None:
        for mistake in row.mistakes:
            self._mistake(mistake)
        if row.promise is None:
            return
        if self._store is None:
            self.reader.taken(row.line, row.promise, True)
        else:
            self._batch.append((row.line, row.promise))

    async def _flush(self) -> None:
        """Wait for the batch before, then have this one written. Raises ``DatabaseAway``: of that batch nothing is
        counted, though some of it may be there."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            await writing
            self._tell("progress", **self._account())
            await self._send()
        batch, self._batch = self._batch, []
        if batch and self._store is not None:
            self._writing = asyncio.create_task(self._write(self._store, batch))

    async def _write(self, store: ImportStore, batch: Sequence[tuple[int, Promise]]) -> None:
        answers = await store.import_promises([promise for _, promise in batch])
        for (line, promise), added in zip(batch, answers, strict=True):
            mistake = self.reader.taken(line, promise, added)
            if mistake is not None:
                self._mistake(mistake)

    async def _end(self) -> web.StreamResponse:
        account = self._account() | {"trial": self._store is None, "encoding": self.reader.encoding}
        if self.failed:
            self._tell("failed", error=self.failed, hint=AGAIN, **account)
        else:
            self._tell("done", **account)
        try:
            await self._send()
            async with asyncio.timeout(PATIENCE_S):
                await self._response.write_eof()
        except (TimeoutError, ConnectionError):
            self.failed = self.failed or "nobody waits for the answer"
        return self._response

    def _account(self) -> dict[str, Any]:
        tally = self.reader.tally
        return {
            "octets": self._octets, "lines": self.reader.line, "rows": tally.rows, "added": tally.added,
            "refused": dict(tally.refused),
        }  # fmt: skip

    def _mistake(self, mistake: Mistake) -> None:
        self._tell(
            "row", line=mistake.line, column=mistake.column, value=mistake.value, wrong=mistake.wrong,
            right=mistake.right, reason=mistake.reason,
        )  # fmt: skip

    def _tell(self, kind: str, **what: Any) -> None:
        self._lines.append(to_json({"kind": kind, **what}) + b"\n")

    async def _send(self) -> None:
        """Raises ``TimeoutError`` where it is not taken."""
        lines, self._lines = self._lines, []
        async with asyncio.timeout(PATIENCE_S):
            await self._response.write(b"".join(lines))


def _told(error: BaseException) -> str:
    if isinstance(error, DatabaseAway):
        return "the database is away"
    if isinstance(error, TimeoutError):
        return f"nothing more came for {PATIENCE_S:g} s"
    return f"the file broke off: {printable(legible(str(error))) or type(error).__name__}"
