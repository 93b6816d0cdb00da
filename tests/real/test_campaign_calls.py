"""A list that was imported is called through by a real switch: to the last number, and none of them too often."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml

from tests.bench.kill_peers import LOOPBACK, Carrier, Phones
from tests.real.test_campaign_import import CAMPAIGN, Told, campaign, imported
from tests.support import ports
from tests.support.process import eventually
from tests.support.switch_process import SwitchProcess, queue

pytestmark = pytest.mark.real
AGENTS, ROWS = 3, 12


async def test_a_list_is_called_through_and_the_campaign_is_finished(tmp_path: Path) -> None:
    phones, carrier = Phones(), Carrier(random.Random(7), lambda node, since, until: True, talk_s=0.3)
    await phones.open(ports.free_port())
    await carrier.open(ports.free_port())
    plans = tmp_path / "plans"
    plans.mkdir()
    names = [f"agent{number}" for number in range(AGENTS)]
    contact = f"{LOOPBACK}:{phones.port}"
    made = SwitchProcess(
        tmp_path,
        users={name: {"password": f"pw-{name}-x", "contact": f"sip:{name}@{contact}"} for name in names},
        agents={name: {"user": name, "skills": {"service": 5}, "auto_login": True} for name in names},
        queues={"service": queue("service", wrap_up="0s", record=False)},
        trunk_port=carrier.port,
        dialplans=plans,
    )
    spring = CAMPAIGN | {"retry": {"busy": "1s", "no_answer": "1s", "failed": "1s"}, "max_attempts": 9}
    (made.config / "campaigns.yaml").write_text(yaml.safe_dump({"campaigns": {"welcome": spring}}))
    numbers = [f"+86138000013{n:02d}" for n in range(ROWS)]
    async with made as switch:
        await imported(switch, ("number\n" + "\n".join(numbers) + "\n").encode())

        async def over() -> Told | None:
            shown = await campaign(switch)
            return shown if shown["state"] == "finished" else None

        shown = await eventually(over, 60.0, "the campaign is finished")
        assert (shown["promises"], shown["open"], shown["by_state"]) == (ROWS, 0, {"kept": ROWS})
        assert shown["attempts"] == sum(len(one.attempts) for one in carrier.customers.values())
        records = [one for one in await switch.api("GET", "/api/v1/records") if one["kind"] == "callback"]
        spoken = next(one for one in records if one["promise"] and one["agent"])
        await switch.api("POST", f"/api/v1/calls/{spoken['contact']}/disposition", {"code": "sold"})

        async def noted() -> bool:
            return (await campaign(switch))["by_disposition"] == {"sold": 1}

        await eventually(noted, 10.0, "the disposition is in the store")
        told = (await switch.api("GET", f"/api/v1/promises/{spoken['promise']}"))["promise"]
        last = told["history"][-1]
        assert (last["state"], last["disposition"], last["by"]) == ("kept", "sold", "api local")
    assert sorted(carrier.customers) == numbers
    account = carrier.account
    assert (account.doubled, account.overlapping, account.again) == ([], [], [])
    phones.close()
    carrier.close()
