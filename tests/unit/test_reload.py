"""What was written is taken over whole, or refused whole with every reason; what cannot change live is named."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from softswitch import reload as module
from softswitch.core.errors import ConfigError
from softswitch.ivr.meter import Meter
from softswitch.reload import READINGS, Reloader, begin, changed, first, prove
from softswitch.settings import load
from softswitch.settings.kept import kept_file
from softswitch.store.shelf import PlanShelf
from softswitch.switch.dialplans import Busy
from softswitch.switch.event import Reloaded, ReloadRefused
from tests.simnet.house import House

PLAN = """dialplan: shop
numbers: ["8000"]
language: en
start: open?
steps:
  open?: {hours: office, open: orders, closed: bye}
  orders: {queue: {name: QUEUE, failed: bye, full: bye, timeout: bye}, next: bye}
  bye: {hangup: normal}
"""
OFFICE = "calendars:\n  office: {zone: Asia/Shanghai, open: {mon-fri: ['HOURS']}}\n"
QUEUES = "queues:\n  orders: {}\n"


class Place:
    """A configuration, and a switch that was started with it."""

    def __init__(self, home: Path) -> None:
        self.home, self.config, self.plans = home, home / "config", home / "dialplans"
        self.config.mkdir()
        self.plans.mkdir()
        self.write("config/softswitch.yaml", "sip: {realm: one}\n")
        self.write("config/queues.yaml", QUEUES)
        self.write("config/calendars.yaml", OFFICE.replace("HOURS", "09:00-18:00"))
        self.write("dialplans/shop.yaml", PLAN.replace("QUEUE", "orders"))
        self.settings = load(self.config, {})
        dialplans, self.shelf = first(self.settings)
        self.house = House(plans=dialplans.plans, calendars=self.settings.office_calendars())
        self.switch = self.house.world.switch
        self.reloader = Reloader(self.config, self.settings, self.switch, self.shelf)

    def write(self, file: str, text: str) -> None:
        (self.home / file).write_text(text)

    async def refused(self) -> list[str]:
        """What is told; and nothing has changed."""
        before = self.switch.dialplans.release
        with pytest.raises(ConfigError) as told:
            await self.reloader.reload("admin")
        assert self.switch.dialplans.release is before
        return [str(problem).replace(f"{self.home}/", "") for problem in told.value.problems]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_dialplans_calendars_and_prompts_are_taken_over(place: Place) -> None:
    place.write("config/calendars.yaml", OFFICE.replace("HOURS", "10:00-18:00"))
    place.write(
        "dialplans/night.yaml", PLAN.replace("QUEUE", "orders").replace("shop", "night").replace("8000", "8001")
    )
    prompts = place.home / "media" / "prompts" / "en"
    prompts.mkdir(parents=True)
    (prompts / "hello.wav").touch()
    outcome = await place.reloader.reload("admin")
    assert [(change.plan, change.what) for change in outcome.changes.plans] == [("night", "added")]
    assert (outcome.changes.calendars, outcome.changes.prompts) == (("office",), ("en/hello.wav",))
    assert (outcome.needs_restart, outcome.warnings) == ((), ())
    facts = place.switch.dialplans.release.facts
    assert facts.calendars["office"].weekly[0] == ((600, 1080),)
    assert facts.prompts == {"en": frozenset({"hello.wav"})}
    assert [(fact.by, fact.plans) for fact in place.house.world.facts(Reloaded)] == [("admin", ("night added",))]
    assert not (await place.reloader.reload("admin")).changes


async def test_what_needs_a_restart_is_named_without_its_value(place: Place) -> None:
    place.write("config/softswitch.yaml", "sip: {realm: two, ring: 20s}\nstore: {url: 'postgresql://u:geheim@h/n'}\n")
    place.write("config/users.yaml", "users: {'1001': {password: geheim-1001}}\n")
    outcome = await place.reloader.reload("admin")
    assert outcome.needs_restart == ("sip.realm", "sip.ring", "store.url", "users.1001")
    assert outcome.version.endswith("+"), "what is at work is not what is written"
    assert "geheim" not in repr(outcome)
    assert (await place.reloader.reload("admin")).needs_restart == outcome.needs_restart, "it is still so"


async def test_the_log_can_say_more_from_now_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: list[tuple[object, ...]] = []
    monkeypatch.setattr(module, "configure", lambda *how: wanted.append(how))
    place.write("config/softswitch.yaml", "sip: {realm: one}\nlog: {level: debug, format: json}\n")
    outcome = await place.reloader.reload("admin")
    assert (outcome.log, outcome.needs_restart) == (("log.format", "log.level"), ())
    assert wanted == [("json", "debug", True)]
    assert not (await place.reloader.reload("admin")).log and len(wanted) == 1


async def test_a_dialplan_cannot_use_what_needs_a_restart(place: Place) -> None:
    place.write("config/users.yaml", "users: {'1009': {password: long-enough}}\n")
    text = PLAN.replace(
        "queue: {name: QUEUE, failed: bye, full: bye, timeout: bye}", "dial: {user: '1009', failed: bye}"
    )
    place.write("dialplans/shop.yaml", text)
    wrong, why = await place.refused()
    assert wrong.startswith("dialplans/shop.yaml:7:") and "there is no user '1009'" in wrong
    assert why == "config:0:1: warning: users.1009: has changed, which needs a restart"
    (fact,) = place.house.world.facts(ReloadRefused)
    assert (fact.by, fact.errors) == ("admin", 1) and "no user '1009'" in fact.first


async def test_all_that_is_wrong_is_told_at_once(place: Place) -> None:
    place.write("dialplans/a.yaml", "dialplan: [\n")
    place.write("dialplans/b.yaml", PLAN.replace("QUEUE", "orders"))
    (place.plans / "c.yaml").mkdir()
    told = await place.refused()
    assert [problem.partition(": ")[0] for problem in told] == [
        "dialplans/c.yaml:0:1", "dialplans/a.yaml:2:1", "dialplans/shop.yaml:1:1", "dialplans/shop.yaml:2:11",
    ]  # fmt: skip


async def test_a_configuration_that_is_wrong_is_refused_too(place: Place) -> None:
    place.write("config/calendars.yaml", OFFICE.replace("HOURS", "18:00-9"))
    (problem,) = await place.refused()
    assert problem.startswith("config/calendars.yaml:2:")


async def test_a_directory_that_is_gone(place: Place) -> None:
    shutil.rmtree(place.plans)
    (problem,) = await place.refused()
    assert "is not a directory" in problem
    shutil.rmtree(place.config)
    assert await place.refused() == ["config:0:1: is not a directory; name one with --config"]


async def test_a_file_that_grows_while_it_is_read_is_read_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    proven, readings = module._proven, []

    def busy(*given: object) -> object:
        readings.append(given)
        with (place.plans / "shop.yaml").open("a") as file:
            file.write("# more\n" * (len(readings) < until))
        return proven(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_proven", busy)
    until = READINGS
    prove(place.config, place.settings)
    assert len(readings) == READINGS
    readings.clear()
    until = READINGS + 1
    assert await place.refused() == ["config:0:1: changes while it is read; reload when all is written"]
    assert len(readings) == READINGS


async def test_one_after_the_other_and_not_without_end(place: Place) -> None:
    place.write("dialplans/shop.yaml", PLAN.replace("QUEUE", "orders") + "# new\n")
    wanted = [asyncio.create_task(place.reloader.reload(str(number))) for number in range(6)]
    done = await asyncio.gather(*wanted, return_exceptions=True)
    changes = [bool(one.changes) for one in done if isinstance(one, module.Outcome)]
    assert changes == [True, False, False, False]
    assert [type(one) for one in done[4:]] == [Busy] * 2 and "3 others wait" in str(done[5])


async def test_signals_that_come_together_are_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    async def reload(by: str) -> None:
        seen.append(by)
        if len(seen) == 1:
            for _ in range(5):
                wanted.set()
        if len(seen) == 2:
            done.set()
        raise ConfigError([])

    monkeypatch.setattr(place.reloader, "reload", reload)
    wanted, done = asyncio.Event(), asyncio.Event()
    following = asyncio.create_task(place.reloader.follow(wanted, "SIGHUP"))
    wanted.set()
    async with asyncio.timeout(5):
        await done.wait()
    following.cancel()
    assert seen == ["SIGHUP"] * 2


async def test_a_disk_that_is_full_keeps_nobody_from_reloading(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PlanShelf, "write", full)
    place.write("dialplans/shop.yaml", PLAN.replace("QUEUE", "orders") + "# new\n")
    outcome = await place.reloader.reload("admin")
    assert outcome.changes
    assert ["No space left" in problem.message for problem in outcome.warnings] == [True]


async def test_a_process_that_comes_back_to_a_mistake_goes_on_with_what_worked(place: Place) -> None:
    place.write("dialplans/shop.yaml", "dialplan: [\n")
    dialplans, shelf = first(place.settings)
    assert dialplans.plans == place.switch.dialplans.release.plans
    following = Reloader(place.config, place.settings, place.switch, shelf, dialplans.problems).follow(
        asyncio.Event(), "SIGHUP"
    )
    task = asyncio.create_task(following)
    await asyncio.sleep(0)
    task.cancel()
    assert [(fact.by, fact.errors) for fact in place.house.world.facts(ReloadRefused)] == [("start", 1)]
    shutil.rmtree(place.home / "var")
    with pytest.raises(ConfigError):
        first(place.settings)


@pytest.mark.parametrize("plan", ["as it was", "wrong"])
def test_a_process_that_comes_back_to_a_plan_whose_queue_is_gone_goes_on_with_all_that_worked(
    place: Place, plan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file is right by itself."""
    monkeypatch.setattr(module, "configure", lambda *_: None)  # the log of the tests stays what it is
    kept = kept_file(place.settings.paths.var)
    assert begin(place.config, kept).problems == ()
    place.write("config/queues.yaml", QUEUES.replace("orders", "sales"))
    if plan == "wrong":
        place.write("dialplans/shop.yaml", "dialplan: [\n")
    for _ in range(2):
        found = begin(place.config, kept)
        assert list(found.settings.queues) == list(place.settings.queues)
        assert found.dialplans.plans == place.switch.dialplans.release.plans
        assert {Path(problem.file).name for problem in found.problems} == {"shop.yaml"}
    place.write("dialplans/shop.yaml", PLAN.replace("QUEUE", "sales"))
    found = begin(place.config, kept)
    assert (found.problems, "sales" in found.settings.queues) == ((), True)
    place.write("config/queues.yaml", QUEUES)
    kept.unlink()
    shutil.rmtree(place.home / "var" / "dialplans")
    with pytest.raises(ConfigError, match=r"shop\.yaml"):
        begin(place.config, kept)


def test_where_settings_differ() -> None:
    assert list(changed({"a": 1, "b": {"c": 2}}, {"b": {"c": 3}})) in (["a", "b.c"], ["b.c", "a"])
    assert not list(changed((1, 2), (1, 2)))


def test_proving_computes_no_expression(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What expressions may cost is counted in one place, for the loop's thread alone."""

    computed: list[object] = []
    monkeypatch.setattr(Meter, "charge", lambda *charged: computed.append(charged))
    say = "{say: \"{{ 'a' | upper }} {{ [2, 1] | sort | join }} {{ {('a' | lower): 1} }}\", next: orders}"
    place.write(
        "dialplans/shop.yaml", PLAN.replace("QUEUE", "orders").replace("open: orders", "open: s") + f"  s: {say}\n"
    )
    assert "s" in prove(place.config, place.settings).dialplans.plans["shop"].steps and not computed


CAMPAIGN = "campaigns: {spring: {queue: orders, trunk: carrier}}\n"


class WithTrunk(Place):
    def write(self, file: str, text: str) -> None:
        super().write("config/trunks.yaml", "trunks: {carrier: {address: '192.0.2.1'}}\n")
        super().write(file, text)


@pytest.fixture
def with_trunk(tmp_path: Path) -> Place:
    return WithTrunk(tmp_path)


async def test_campaigns_are_taken_over_paused_and_taken_away(with_trunk: Place) -> None:
    place = with_trunk
    campaigns = place.switch.control.campaigns()
    place.write("config/campaigns.yaml", CAMPAIGN)
    outcome = await place.reloader.reload("admin")
    assert [(one.name, one.what) for one in outcome.staff.campaigns] == [("spring", "added")]
    assert [(one.campaign, one.paused_by) for one in campaigns.views()] == [("spring", "")]
    place.write("config/campaigns.yaml", CAMPAIGN.replace("carrier", "carrier, paused: true"))
    outcome = await place.reloader.reload("admin")
    assert [(one.name, one.what, one.keys) for one in outcome.staff.campaigns] == [("spring", "changed", ("paused",))]
    assert campaigns.views()[0].stopped_by == "paused"
    place.write("config/campaigns.yaml", "")
    assert [one.what for one in (await place.reloader.reload("admin")).staff.campaigns] == ["removed"]
    assert campaigns.views() == []


async def test_a_campaign_cannot_use_a_trunk_that_needs_a_restart(place: Place) -> None:
    place.write("config/trunks.yaml", "trunks: {carrier: {address: '192.0.2.1'}}\n")
    place.write("config/campaigns.yaml", CAMPAIGN)
    (wrong,) = await place.refused()
    assert wrong.startswith("config/campaigns.yaml:1:") and "what has changed there needs a restart" in wrong


LED = CAMPAIGN.replace("trunk: carrier", "trunk: carrier, first: customer, plan: shop, variables: {item: tea}")


def of_item(flow: str = "campaign.item") -> tuple[str, str]:
    """A number's dialplan, to which a campaign leads too, and its flow that reads a column of the campaign's list."""
    led = "{flow: {name: told, outcomes: {said: bye}}, failed: bye}"
    told = f'{{say: "{{{{ {flow} }}}}", next: back, failed: back}}'
    plan = PLAN.replace("{queue: {name: QUEUE, failed: bye, full: bye, timeout: bye}, next: bye}", led)
    return plan, f"flow: told\nstart: a\nsteps:\n  a: {told}\n  back: {{return: said}}\n"


@pytest.fixture
def with_list(with_trunk: Place) -> Place:
    with_trunk.write("config/campaigns.yaml", LED)
    for name, text in zip(("shop", "told"), of_item(), strict=True):
        with_trunk.write(f"dialplans/{name}.yaml", text)
    with_trunk.settings = load(with_trunk.config, {})
    first(with_trunk.settings)
    return with_trunk


async def test_a_campaign_is_taken_out_whose_list_the_flow_of_a_number_reads(with_list: Place) -> None:
    place = with_list
    await place.reloader.reload("admin")
    place.write("config/campaigns.yaml", "")
    outcome = await place.reloader.reload("admin")
    assert [(one.name, one.what) for one in outcome.staff.campaigns] == [("spring", "removed")]
    (warning,) = outcome.warnings
    assert (Path(warning.file).name, warning.line) == ("told.yaml", 4) and "no campaign leads here" in warning.message
    shutil.rmtree(place.home / "var")  # nothing of a former process
    dialplans, _ = first(load(place.config, {}))
    assert set(dialplans.plans) == {"shop"} and dialplans.problems == (warning,)


def test_what_worked_before_serves_on_where_a_campaign_has_another_list(with_list: Place) -> None:
    """A process that comes back; and a call that went by the former dialplan still does."""
    place = with_list
    former = first(place.settings)[0].plans["shop"]
    place.write("config/campaigns.yaml", LED.replace("item", "thing"))
    settings = load(place.config, {})
    dialplans, shelf = first(settings)
    assert [problem.level for problem in dialplans.problems] == ["error"]
    assert dialplans.plans["shop"].version == former.version
    place.write("dialplans/told.yaml", of_item("campaign.thing")[1])
    dialplans, shelf = first(settings)
    assert dialplans.right and dialplans.plans["shop"].version != former.version
    assert shelf.plan("shop", former.version) == former
