"""Who has been told that a number is listed finds it listed after a kill."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.switch_process import SwitchProcess

pytestmark = pytest.mark.real


async def test_a_number_that_was_listed_is_listed_after_a_kill(tmp_path: Path) -> None:
    async with SwitchProcess(tmp_path) as switch:
        numbers = [f"+86138{number:08d}" for number in range(300)]
        answer = await switch.api("PUT", "/api/v1/do-not-call", {"numbers": numbers, "why": "asked us"})
        await switch.kill9()
        assert len(answer["do_not_call"]["added"]) == 300
        await switch.start()
        assert len(await switch.api("GET", "/api/v1/do-not-call")) == 300
        await switch.api("DELETE", f"/api/v1/do-not-call/{numbers[0]}")
        await switch.kill9()
        await switch.start()
        assert len(await switch.api("GET", "/api/v1/do-not-call")) == 299
