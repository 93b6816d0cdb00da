"""From what the admin wrote to what the driver works with: settings and dialplans to one ``Configuration``."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from softswitch.acd.storybook import Shelf
from softswitch.audio import codec
from softswitch.call.state import SessionPolicy
from softswitch.contact.mailbox import MailboxRules
from softswitch.contact.presentation import Presentation, Rewrite
from softswitch.contact.queue_log import Serving
from softswitch.contact.seats import SeatRules
from softswitch.core.errors import Problem
from softswitch.core.yaml_nodes import did_you_mean, load_yaml, locate
from softswitch.ivr.load import load_plans
from softswitch.ivr.plan import Plan
from softswitch.ivr.verb.callback import KEYED_STAGE, PROMISE_STAGE
from softswitch.ivr.world import Columns, World
from softswitch.media.prompts import Speaking
from softswitch.sdp.codecs import KNOWN, USUAL
from softswitch.settings import Settings
from softswitch.settings.file import Unreadable, read_text
from softswitch.settings.kind import HostPort
from softswitch.settings.people import User as UserSettings
from softswitch.settings.queue import Queue as QueueSettings
from softswitch.settings.system import QUEUE_LOG
from softswitch.settings.treatment import prompt_files
from softswitch.settings.trunk import Rewrite as RewriteSettings
from softswitch.settings.trunk import Trunk as TrunkSettings
from softswitch.sip.flow import Address, ListeningPoint
from softswitch.sip.timing import Timing
from softswitch.store.queue_log import QueueLogFile
from softswitch.switch.ban import BanRule
from softswitch.switch.configuration import Configuration, DecisionPolicy, LampPolicy, LastAgentRule, Trunk, User
from softswitch.switch.door import StrangerRule
from softswitch.switch.ports import Listener
from softswitch.switch.tracebook import Room
from softswitch.switch.trunk_rule import CallLimits, Manners, Registering, Watch

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

MOST_FILES, MOST_TOGETHER = 2000, 8_000_000  # of dialplans; characters


@dataclass(frozen=True, slots=True)
class Dialplans:
    plans: Mapping[str, Plan]  # none where there is an error
    problems: tuple[Problem, ...]
    texts: Mapping[str, str] = field(default_factory=dict)  # by file
    world: World = field(default_factory=World)  # that they were proven in

    @property
    def right(self) -> bool:
        return not any(problem.level == "error" for problem in self.problems)


_CAMPAIGNS = "campaigns.yaml"
_SUPERVISED = ("listen", "whisper", "barge")  # feature codes that are modes of supervision


def listening_points(settings: Settings) -> tuple[ListeningPoint, ...]:
    """Where SIP listens, WebSockets excepted: nobody can open one to a phone."""
    return tuple(
        ListeningPoint(one.transport, (one.host, one.port), _known_as(one.advertise)) for one in settings.sip.listen
    )


def websocket_point(settings: Settings) -> ListeningPoint:
    """Our end of the WebSockets, which the HTTP listener takes."""
    listen, websocket = settings.http.listen, settings.sip.websocket
    known_as = websocket.advertise if websocket else None
    transport = "ws" if settings.http.tls is None else "wss"
    port = listen.port if known_as is None else known_as.port or listen.port
    return ListeningPoint(transport, (listen.host, listen.port), (known_as.host, port) if known_as else None)


def _known_as(address: HostPort | None) -> Address | None:
    return (address.host, address.port) if address else None


def load_dialplans(settings: Settings) -> Dialplans:
    """Read and check every dialplan of the dialplan directory; valid together or not at all."""
    directory = settings.paths.dialplans
    if not directory.is_dir():
        problem = Problem(str(directory), 0, 1, "", "is not a directory; set paths.dialplans to the one with dialplans")
        return Dialplans({}, (problem,))
    texts: dict[str, str] = {}
    try:
        found = [problem for path in sorted(directory.iterdir()) for problem in _read(path, texts)]
    except OSError as error:
        return Dialplans({}, (Problem(str(directory), 0, 1, "", f"cannot be read: {error}"),))
    if not texts and not found:  # right before the first one is written; after that, somebody has lost them
        nobody = "has no dialplan (*.yaml), so that nobody who calls is answered"
        found = [Problem(str(directory), 0, 1, "", nobody, "warning")]
    world = plan_world(settings)
    plans, problems = load_plans(texts, world)
    unread = any(problem.level == "error" for problem in found)
    return Dialplans({} if unread else plans, (*found, *problems, *_missing_plans(settings, plans)), texts, world)


def _missing_plans(settings: Settings, plans: Mapping[str, Plan]) -> Iterator[Problem]:
    """Those that campaigns name. Where no plan is right, that is what there is to say."""
    _, places, _ = load_yaml(settings.texts.get(_CAMPAIGNS, ""), _CAMPAIGNS)
    for name, campaign in settings.campaigns.items():
        if plans and campaign.plan is not None and campaign.plan not in plans:
            line, column = locate(places, ("campaigns", name, "plan"))
            message = f"no dialplan is called {campaign.plan!r}{did_you_mean(campaign.plan, plans)}"
            yield Problem(str(settings.directory / _CAMPAIGNS), line, column, f"campaigns.{name}.plan", message)


def plan_world(settings: Settings) -> World:
    """The names that a dialplan may use."""
    skills = {skill for agent in settings.agents.values() for skill in agent.skills}
    return World(
        queues=frozenset(settings.queues),
        promising=frozenset(policy.queue for policy in settings.policies() if PROMISE_STAGE in policy.stages),
        keyed=frozenset(policy.queue for policy in settings.policies() if KEYED_STAGE in policy.stages),
        skills=frozenset(skills),
        agents=frozenset(settings.agents),
        users=frozenset(settings.users),
        trunks=frozenset(settings.trunks) | {trunk.group for trunk in settings.trunks.values() if trunk.group},
        calendars=frozenset(settings.calendars),
        features=frozenset(settings.feature_codes.model_dump().values()),
        webhooks=frozenset(settings.webhooks),
        columns=_columns(settings),
        hosts=frozenset((host.host.lower(), host.port) for host in settings.http_step.allowed_hosts),
        prompts=prompt_files(settings.paths.prompts),
        speech=importlib.util.find_spec("espeakng_loader") is not None,
    )


def _columns(settings: Settings) -> Columns:
    """What every row of a campaign's list has, by the dialplan that leads those who are in it."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    for name, one in settings.campaigns.items():
        if one.plan is not None:
            found.setdefault(one.plan, {})[name] = frozenset({*one.variables, *one.required})
    return found


def _read(path: Path, texts: dict[str, str]) -> list[Problem]:
    """Add the text of a dialplan; whatever keeps it from being read is a problem of that file."""
    if path.suffix != ".yaml":
        if path.suffix.lower() in (".yml", ".yaml"):
            return [Problem(str(path), 0, 1, "", f"is not read; rename it to {path.stem}.yaml", "warning")]
        return []
    if len(texts) >= MOST_FILES or sum(map(len, texts.values())) > MOST_TOGETHER:
        most = f"{MOST_FILES:,} files and {MOST_TOGETHER:,} characters"
        return [Problem(str(path), 0, 1, "", f"is not read: of dialplans, {most} are read at most")]
    try:
        texts[str(path)] = read_text(path, "replace")
    except Unreadable as error:
        return [Problem(str(path), 0, 1, "", str(error))]
    except OSError as error:
        return [Problem(str(path), 0, 1, "", f"cannot be read: {error}")]
    return []


def speaking(settings: Settings) -> Speaking:
    speech = settings.speech
    return Speaking(speech.voices, speech.fallback, speech.cache * 1_000_000)


def configuration(
    settings: Settings,
    plans: Mapping[str, Plan],
    listeners: tuple[ListeningPoint, ...],
    secret: bytes,
) -> Configuration:
    """``listeners`` are the SIP listeners."""
    prompts = prompt_files(settings.paths.prompts)
    codes = settings.feature_codes
    sip = settings.sip
    return Configuration(
        users={name: _user(user, settings.limits.calls_per_user) for name, user in settings.users.items()},
        usual_codecs=tuple(one for one in USUAL if codec.has(one.name, one.rate_hz)),
        listeners=listeners,
        trunks={name: _trunk(name, trunk) for name, trunk in settings.trunks.items()},
        agents=tuple(settings.agent_specs()),
        seats=SeatRules(
            {agent.number: name for name, agent in settings.agents.items() if agent.number},
            {name: agent.pin for name, agent in settings.agents.items() if agent.pin},
        ),
        auto_login=frozenset(name for name, agent in settings.agents.items() if agent.auto_login),
        queues=tuple(settings.queue_specs()),
        policies=tuple(settings.policies()),
        campaigns=settings.outbound(),
        version=settings.version,
        promises={name: queue.promise() for name, queue in settings.queues.items()},
        overflow={name: queue.overflow.ways() for name, queue in settings.queues.items()},
        treatments=settings.treatments(prompts),
        answering=settings.answering(prompts),
        last_agents={
            name: LastAgentRule(one.last_agent.within, one.last_agent.for_)
            for name, one in settings.queues.items()
            if one.last_agent
        },
        recording_ending=f".{settings.recordings.format}",
        told=frozenset(name for name, queue in settings.queues.items() if queue.tell_agent),
        music={name: queue.music for name, queue in settings.queues.items()},
        recorded=frozenset(name for name, queue in settings.queues.items() if settings.recording and queue.record),
        plans=plans,
        calendars=settings.office_calendars(),
        http_budget_s=settings.http_step.budget,
        prompts=prompts,
        features={code: name for name, code in codes.model_dump().items() if name not in _SUPERVISED},
        pause_reasons=settings.pause_reasons,
        supervise_codes={getattr(codes, name): name for name in _SUPERVISED},
        recordings=settings.paths.recordings,
        recording=settings.recording,
        mailboxes=_mailboxes(settings),
        webhooks={name: hook.expire for name, hook in settings.webhooks.items()},
        realm=sip.realm,
        digest=sip.digest,
        secret=secret,
        timing=Timing(sip.t1, sip.t2, sip.t4),
        session=SessionPolicy(int(sip.session_expires), int(sip.min_se)),
        min_expires_s=sip.min_expires,
        max_expires_s=sip.max_expires,
        ring_s=sip.ring,
        region=settings.region,
        area_code=settings.area_code,
        barred=settings.barred,
        tones=settings.tones or settings.region,
        language=settings.language,
        zone=settings.zone,
        fallback=settings.speech.fallback,
        max_calls=settings.limits.calls,
        trace=Room(settings.trace.messages, settings.trace.contacts, settings.trace.bytes),
        decisions=DecisionPolicy(Shelf(settings.decisions.bytes, settings.decisions.keep), settings.decisions.store),
        path_steps=settings.trace.steps,
        max_bindings=sip.max_bindings,
        nat=sip.nat == "auto",
        keep_alive_s=sip.keep_alive,
        probe_s=sip.probe,
        bans=BanRule(sip.ban.failures, sip.ban.within, sip.ban.time, sip.ban.exempt),
        strangers=StrangerRule(sip.strangers.rate, sip.strangers.burst, sip.strangers.exempt),
        lamps=LampPolicy(
            settings.lamps.show, settings.lamps.min_expires, settings.lamps.max_expires, settings.lamps.per_user,
            settings.lamps.most,
        ),
    )  # fmt: skip


def queue_log(settings: Settings, switch: Switch) -> list[Listener]:
    """Who is to hear the facts for it; nobody, where it is not wanted."""
    if not settings.statistics.queue_log:
        return []
    serving = Serving(lambda: (switch.configuration.agents, switch.configuration.queues))
    return [QueueLogFile(settings.paths.var / QUEUE_LOG, serving).observe]


def _mailboxes(settings: Settings) -> MailboxRules:
    owners: list[tuple[str, UserSettings | QueueSettings]] = [*settings.users.items(), *settings.queues.items()]
    wanted = settings.voicemail
    return MailboxRules(
        boxes=frozenset(name for name, _ in owners),
        pins={name: owner.pin for name, owner in owners if owner.pin},
        own_phone_free=wanted.pin == "elsewhere",
        tries=wanted.tries,
        failures=wanted.failures,
        lock_s=wanted.lock,
        zone=ZoneInfo(settings.zone),
        trunk=wanted.trunk or "",
    )


def _user(user: UserSettings, calls: int) -> User:
    """``calls``: how many at once, where nothing is said of this one."""
    most = calls if user.calls is None else user.calls
    return User(
        user.password, user.name, user.language, user.contact or "", most, user.srtp, user.digits, user.tones or "",
        tuple(KNOWN[one] for one in user.codecs), user.supervises,
    )  # fmt: skip


def _trunk(name: str, trunk: TrunkSettings) -> Trunk:
    sources = tuple((source.host, source.port or None) for source in trunk.sources)
    credentials = (trunk.username, trunk.password) if trunk.username else None
    address = trunk.address.host, trunk.address.port
    asked = trunk.registration
    registering = Registering(round(asked.expires), asked.retry) if asked else None
    manners = Manners(
        Presentation(trunk.caller_id, trunk.caller_ids, trunk.anonymous, trunk.assert_identity),
        _rules(trunk.rewrite.inbound), _rules(trunk.rewrite.outbound),
        tuple(KNOWN[one] for one in trunk.codecs), trunk.follow_redirects, trunk.believe_identity,
    )  # fmt: skip
    return Trunk(
        name, address, "" if trunk.transport == "auto" else trunk.transport, sources, credentials, trunk.prefix,
        trunk.ring, trunk.group, trunk.priority, trunk.weight, trunk.certificate, trunk.challenge, registering,
        Watch(trunk.probe, trunk.probe_failures, trunk.answer_within, trunk.dead_for),
        CallLimits(trunk.limits.calls, trunk.limits.calls_per_second), manners, trunk.transfer, trunk.srtp,
        trunk.digits, trunk.tones or "",
    )  # fmt: skip


def _rules(written: tuple[RewriteSettings, ...]) -> tuple[Rewrite, ...]:
    return tuple(Rewrite(one.match, one.replace) for one in written)
