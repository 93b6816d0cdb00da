"""A list goes into a real switch: counted to the row, twice without harm, and whole after a kill in its middle."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from tests.support import postgres
from tests.support.switch_process import CALLBACK, ROOT, SwitchProcess

pytestmark = pytest.mark.real

CAMPAIGN = {**CALLBACK, "queue": "service", "dispositions": ["sold", {"code": "call again", "retry": "2h"}]}
Told = dict[str, Any]


@pytest.fixture(params=["sqlite", "postgresql"])
async def switch(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SwitchProcess]:
    settings = {}
    if request.param == "postgresql":
        server: postgres.Postgres = request.getfixturevalue("server")
        settings = {"store": {"url": server.database(f"t{uuid.uuid4().hex}")}}
    made = SwitchProcess(tmp_path, settings=settings)
    (made.config / "campaigns.yaml").write_text(yaml.safe_dump({"campaigns": {"welcome": CAMPAIGN}}))
    async with made as switch:
        yield switch


def file_of(rows: int, broken: int = 0) -> bytes:
    good = "".join(f"138{n:08d},客户 {n}\r\n" for n in range(rows))
    return ("number,name\r\n" + "12,x\r\n" * broken + good).encode()


async def imported(switch: SwitchProcess, file: bytes, until: int | None = None, **query: str) -> list[Told]:
    """The lines of the answer; ``until``: only up to the account that has so many added."""

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(file), 20_000):
            yield file[at : at + 20_000]

    url = f"http://{switch.host}:{switch.http_port}/api/v1/campaigns/welcome/import"
    lines: list[Told] = []
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=pieces(), params=query, headers={"Content-Type": "text/csv"}) as answer,
    ):
        assert answer.status == 200, await answer.text()
        async for line in answer.content:
            lines.append(json.loads(line))
            if until is not None and lines[-1].get("added", 0) >= until:
                break
    return lines


async def campaign(switch: SwitchProcess) -> Told:
    return dict(await switch.api("GET", "/api/v1/campaigns/welcome"))["campaign"]


async def test_a_list_is_counted_to_the_row_and_a_second_time_adds_nothing(switch: SwitchProcess) -> None:
    file = file_of(2500, broken=3)
    trial = await imported(switch, file, dry_run="1")
    assert (trial[-1]["added"], trial[-1]["trial"], (await campaign(switch))["promises"]) == (2500, True, 0)
    lines = await imported(switch, file, consent="C-7")
    assert [line["kind"] for line in lines[:4]] == ["begun", "row", "row", "row"]
    assert [line["line"] for line in lines[1:4]] == [2, 3, 4]
    last = lines[-1]
    assert (last["kind"], last["rows"], last["added"], last["refused"]) == ("done", 2503, 2500, {"invalid": 3})
    shown = await campaign(switch)
    assert (shown["promises"], shown["open"], sum(shown["by_state"].values())) == (2500, 2500, 2500)
    again = (await imported(switch, file))[-1]
    assert (again["added"], again["refused"]) == (0, {"invalid": 3, "already promised": 2500})
    (row,) = await switch.api("GET", "/api/v1/promises?campaign=welcome&limit=1")
    assert (row["consent"], row["stage"]) == ("C-7", "imported")
    await _killed_in_the_middle(switch, file_of(20_000), there=2500)


async def test_a_form_on_a_page_is_one_request_however_often_it_is_sent(switch: SwitchProcess) -> None:
    form = b"number,name\n139 0013 9000,Li\n"

    async def sent(*requests: str) -> list[int]:
        return [(await imported(switch, form, round=one))[-1]["added"] for one in requests]

    assert await sent("r-1", "r-1", "r-2") == [1, 0, 0]
    (row,) = await switch.api("GET", "/api/v1/promises?number=13900139000")
    await switch.api("POST", f"/api/v1/promises/{row['id']}/cancel")
    await switch.promise_of("+8613900139000", "withdrawn")
    assert await sent("r-1", "r-3") == [0, 1]


async def _killed_in_the_middle(switch: SwitchProcess, file: bytes, there: int) -> None:
    """What was acknowledged is there, the same file adds the rest, and a pause holds all the while."""
    await switch.api("POST", "/api/v1/campaigns/welcome/pause")
    with contextlib.suppress(aiohttp.ClientError):
        lines = await imported(switch, file, until=3000)
    acknowledged = lines[-1]["added"]
    assert 3000 <= acknowledged < 20_000 - there
    await switch.kill9()
    await switch.start()
    shown = await campaign(switch)
    assert (shown["state"], shown["stopped_by"], shown["paused_by"]) == ("paused", "paused", "api local")
    now = shown["promises"]
    assert there + acknowledged <= now < 20_000
    last = (await imported(switch, file))[-1]
    assert (last["added"], last["refused"]) == (20_000 - now, {"already promised": now})
    await switch.api("POST", "/api/v1/campaigns/welcome/resume")
    shown = await campaign(switch)
    assert (shown["state"], shown["promises"]) == ("running", 20_000)


async def test_the_command_shows_how_far_it_is_and_writes_down_what_it_did_not_take(tmp_path: Path) -> None:
    made = SwitchProcess(tmp_path)
    (made.config / "campaigns.yaml").write_text(yaml.safe_dump({"campaigns": {"welcome": CAMPAIGN}}))
    file, errors = tmp_path / "list.csv", tmp_path / "errors.csv"
    file.write_bytes(b"number,name\n=cmd,x\n13800138000,Li\n\n")
    async with made as switch:
        url = f"http://{switch.host}:{switch.http_port}"

        async def command(*words: str) -> tuple[int, str]:
            argv = (sys.executable, "-m", "softswitch.cli.main", "campaign", *words, "--url", url)
            process = await asyncio.create_subprocess_exec(
                *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=ROOT
            )
            out, _ = await process.communicate()
            return process.returncode or 0, out.decode()

        code, out = await command("import", "welcome", str(file), "--errors", str(errors))
        assert code == 0 and "2 rows, 1 added" in out and "1 not: invalid" in out, out
        assert errors.read_text("utf-8-sig").splitlines()[1].startswith("2,number,'=cmd,is not called: invalid")
        file.write_bytes(b"PK\x03\x04")
        code, out = await command("import", "welcome", str(file))
        assert code == 1 and "is a workbook or an archive, and no CSV" in out, out
        code, out = await command("import", "welcom", str(file))
        assert code == 1 and "did you mean 'welcome'?" in out, out
        code, out = await command("export", "welcome")
        assert out.splitlines()[1].split(",")[1:5] == ["'+8613800138000", "Li", "service", "welcome"]
