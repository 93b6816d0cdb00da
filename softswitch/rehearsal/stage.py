"""The scene of one transcript: a configuration that needs no network, the time of day, and who is where.

Everybody's telephone is there, and leads to one place of the rehearsal; so does each trunk. What somebody does whose
telephone rings has to be said, but for agents: one who is free picks up.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from softswitch.acd.model import (
    AgentState,
    ContactEnded,
    Join,
    LogIn,
    LogOut,
    OfferAnswered,
    Resumed,
    SetPaused,
    SetReady,
)
from softswitch.contact.order import TellAcd
from softswitch.core.effect import Effect
from softswitch.ivr.calendar import Calendar
from softswitch.rehearsal.customer import begun
from softswitch.rehearsal.grammar import WEEKDAYS
from softswitch.rehearsal.matching import same_person
from softswitch.rehearsal.script import (
    CALLER,
    At,
    CalendarIs,
    CampaignCalls,
    From,
    HttpAnswers,
    Is,
    Line,
    OthersWait,
    Picks,
    To,
    Transcript,
)
from softswitch.rehearsal.site import Site, Upcalls
from softswitch.rehearsal.world import SWITCH, World
from softswitch.sip.flow import ListeningPoint
from softswitch.switch.configuration import Configuration, User
from softswitch.switch.trunk_rule import Watch

MONDAY = date(2026, 3, 2)
MORNING = 10 * 60  # minutes
PHONES = ("127.0.0.1", 6000)
TRUNK_PORT = 7000
OUTSIDE = "13800138000"
ALWAYS = {day: ((0, 1440),) for day in range(7)}
TALK_S = 60.0  # of others, who were in the queue before


class WrongScene(ValueError):
    """A line that names what is not there; ``line`` is its number."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class Scene:
    """What the transcript says before anybody does anything."""

    at: At = field(default_factory=lambda: At("", MORNING))
    caller: From = field(default_factory=lambda: From(OUTSIDE))
    to: str = ""
    calendars: dict[str, CalendarIs] = field(default_factory=dict)
    others: list[OthersWait] = field(default_factory=list)
    at_line: int = 0
    campaign: CampaignCalls | None = None  # that has made the call
    campaign_line: int = 0

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Scene:
        scene = cls()
        for line in lines:
            match line.meaning:
                case At() as at:
                    scene.at, scene.at_line = at, line.number
                case From() as caller:
                    scene.caller, scene.to = caller, caller.to or scene.to
                case CampaignCalls() as made:
                    scene.campaign, scene.campaign_line = made, line.number
                case To(number):
                    scene.to = number
                case CalendarIs(calendar):
                    scene.calendars[calendar] = line.meaning
                case OthersWait() as others:
                    scene.others.append(others)
        return scene


def moment(at: At, zone: str) -> datetime:
    """The aware time of a scene; in ``zone`` where it names none. Raises ``ValueError`` for what there is not."""
    name = at.zone or zone
    try:
        info = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone; write for example Asia/Shanghai") from None
    day = MONDAY
    if at.day in WEEKDAYS:
        day += timedelta(days=WEEKDAYS.index(at.day))
    elif at.day:
        try:
            day = date.fromisoformat(at.day)
        except ValueError:
            raise ValueError(f"there is no day {at.day}") from None
    return datetime.combine(day, time(at.minute // 60, at.minute % 60), info)


class _EveryDay:
    """``PublicHolidays`` of a year of leisure."""

    def name(self, day: date) -> str:
        return "as the transcript says"

    def worked(self, day: date) -> bool:
        return False


def _whatever_the_time(calendar: Calendar, said: CalendarIs) -> Calendar:
    weekly = ALWAYS if said.open else {}
    return Calendar(calendar.name, calendar.zone, weekly, holidays=_EveryDay() if said.holiday else None)


def configured(configuration: Configuration, scene: Scene) -> Configuration:
    """The same house, with its phones and trunks at the places of the rehearsal."""
    contact = "sip:{}@" + f"{PHONES[0]}:{PHONES[1]};transport=udp"
    # Everybody has sat down: an agent without a phone of the own has one here.
    agents = tuple(
        spec if spec.user else dataclasses.replace(spec, user=f"desk-{spec.name}") for spec in configuration.agents
    )
    desks = {spec.user: User("") for spec in agents if spec.user not in configuration.users}
    users = {
        name: dataclasses.replace(user, contact=contact.format(name), srtp="off", digits="auto")
        for name, user in {**configuration.users, **desks}.items()
    }
    trunks = {
        name: dataclasses.replace(
            trunk, address=(PHONES[0], port), transport="udp", sources=((PHONES[0], port),), credentials=None,
            certificate="", challenge=False, registering=None, watch=Watch(), srtp="off", digits="auto",
        )
        for port, (name, trunk) in enumerate(configuration.trunks.items(), TRUNK_PORT)
    }  # fmt: skip
    calendars = {
        name: _whatever_the_time(calendar, scene.calendars[name]) if name in scene.calendars else calendar
        for name, calendar in configuration.calendars.items()
    }
    return dataclasses.replace(
        configuration, users=users, agents=agents, trunks=trunks, calendars=calendars,
        campaigns={name: begun(one) for name, one in configuration.campaigns.items()},
        policies=tuple(begun(one) for one in configuration.policies),
        listeners=(ListeningPoint("udp", SWITCH),), probe_s=0.0, secret=b"rehearsal",
    )  # fmt: skip


class Stage:
    """``configuration`` as ``configured``; ``upcalls`` are how its sites tell what happens. ``customer`` is the number
    at which a campaign finds the caller; "": none does."""

    def __init__(self, configuration: Configuration, world: World, upcalls: Upcalls, customer: str = "") -> None:
        self._world = world
        self._customer = customer
        self.configuration = configuration
        self.agents = {spec.name: spec for spec in configuration.agents}
        self._users = {user: spec.name for spec in configuration.agents for user in (spec.user, *spec.also) if user}
        self._manners: dict[str, Picks] = {CALLER: Picks(CALLER)}
        self._others: set[str] = set()
        self.house = world.sites[PHONES] = Site(PHONES, SWITCH, world.ids, upcalls, self._rung_inside)
        self.trunks: dict[str, Site] = {}
        for name, trunk in configuration.trunks.items():
            site = Site(trunk.address, SWITCH, world.ids, upcalls, self._rung_outside)
            self.trunks[name] = world.sites[trunk.address] = site

    def known_as(self, user: str) -> str:
        """An agent by the name, another user by the number."""
        return self._users.get(user, user)

    def _rung_inside(self, user: str) -> str:
        return CALLER if user == self._customer else self.known_as(user)

    def _rung_outside(self, number: str) -> str:
        return CALLER if self._customer and same_person(self._customer, number) else number

    # ---- who is there ------------------------------------------------------------------------------------------

    def set(self, meaning: Is | Picks | HttpAnswers) -> None:
        """A line of the scene that may come later too. Raises ``ValueError``."""
        match meaning:
            case HttpAnswers():
                self._world.internet.answers.append(meaning)
            case Picks(who):
                self._manners[self.known_as(who)] = meaning
            case Is(who, state) if who in self.agents:
                self._agent_is(who, state)
            case Is(who, state):
                if state not in ("busy", "away"):
                    raise ValueError(f"{who} is the name of no agent; a telephone answers, is busy or is away")
                self._manners[self.known_as(who)] = Picks(who, 486 if state == "busy" else 480)

    def _agent_is(self, who: str, state: str) -> None:
        other = f"other-{who}"
        if state == "free":
            self._manners.setdefault(who, Picks(who))
        match state:
            case "free" if other in self._others:
                self._others.discard(other)
                self._tell(ContactEnded(other, who), SetReady(who))
            case "free":
                self._tell(LogIn(who), SetReady(who))
            case "busy" if self._world.switch.acd.agent(who).state in (AgentState.TALKING, AgentState.RESERVED):
                pass
            case "busy":
                self._tell(LogOut(who))
                self._others.add(other)
                queue = next(iter(self.configuration.queues), None)
                self._tell(Resumed(other, who, queue.name if queue else ""), LogIn(who))
            case "on a break":
                self._tell(LogIn(who), SetPaused(who, "break"))
            case _:
                self._tell(LogOut(who))

    def picks(self, who: str) -> Picks | None:
        """What somebody does whose telephone rings; None: nothing is known of it."""
        return next((picks for known, picks in self._manners.items() if same_person(known, who)), None)

    def line_up(self, others: OthersWait) -> None:
        """Callers who were there before; each talks for a minute to whoever is free first."""
        for _ in range(others.count):
            name = f"other-{len(self._others) + 1}"
            self._others.add(name)
            self._tell(Join(name, others.queue, self._world.now - 1.0))

    def offered(self, agent: str, contact: str) -> None:
        """An agent was found for one of the others."""
        if contact in self._others:
            self._world.after(1.0, lambda: self._tell(OfferAnswered(contact, agent)))
            self._world.after(1.0 + TALK_S, lambda: self._tell(ContactEnded(contact, agent)))

    def _tell(self, *events: object) -> None:
        orders: list[Effect] = [TellAcd(event) for event in events]  # type: ignore[arg-type]
        self._world.switch.command(lambda: orders)

    # ---- who calls ---------------------------------------------------------------------------------------------

    def site_of(self, who: str, trunk: str) -> tuple[Site, str, tuple[str, str] | None]:
        """Where somebody calls from, as whom, and how that is proved. Raises ``ValueError``."""
        user = self.agents[who].user if who in self.agents else who
        if user in self.configuration.users and not trunk:
            return self.house, user, (user, self.configuration.users[user].password)
        site = self.trunks[trunk] if trunk else next(iter(self.trunks.values()), None)
        if site is None:
            raise ValueError(f"{who} calls from outside, and no trunk is configured; let a user of users.yaml call")
        return site, user, None


def unix(transcript: Transcript, scene: Scene, configuration: Configuration) -> float:
    """When the call is made, in Unix seconds. Raises ``WrongScene``."""
    try:
        return moment(scene.at, configuration.zone).astimezone(UTC).timestamp()
    except ValueError as error:
        raise WrongScene(scene.at_line or transcript.number, str(error)) from None
