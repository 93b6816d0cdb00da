"""The driver: one unit of work at a time, effects in the order in which they were returned.

A unit begins with something that the world tells (or a deadline) and ends when no effect is left. Effects go through
one first-in-first-out queue: everything that a machine ordered in one step is done before the consequences of any of
it, so that no machine is entered while it is still speaking.

Nothing that a peer sends raises past ``feed``: a ``PeerError`` becomes a response, anything else a ``UnitFailed``.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone
from functools import partial
from zoneinfo import ZoneInfo

from softswitch.acd.acd import Acd
from softswitch.callback.ledger import Ledger
from softswitch.contact.mailbox import Mailboxes
from softswitch.core.effect import DomainEvent, Effect
from softswitch.core.errors import PeerError
from softswitch.core.ids import Ids
from softswitch.core.timers import Deadlines
from softswitch.sip.endpoint import Endpoint
from softswitch.sip.flow import Address, Flow
from softswitch.sip.registrar import Registrar
from softswitch.switch.archive import Archive
from softswitch.switch.ban import Bans
from softswitch.switch.calls import Calls
from softswitch.switch.configuration import Configuration
from softswitch.switch.control import SwitchControl
from softswitch.switch.decisions import Decisions
from softswitch.switch.desk import CallWanted, Desk
from softswitch.switch.dialplans import Dialplans
from softswitch.switch.directory import SwitchDirectory, fixed
from softswitch.switch.do_not_call import DoNotCallList
from softswitch.switch.door import Door
from softswitch.switch.event import CallShed, MessageDropped, UnitFailed
from softswitch.switch.facts import Facts
from softswitch.switch.figures import Figures
from softswitch.switch.gatherings import Gatherings
from softswitch.switch.hours import Hours
from softswitch.switch.journal import CallJournal
from softswitch.switch.lamps import Lamps
from softswitch.switch.last_agents import LastAgents
from softswitch.switch.mending import Mending
from softswitch.switch.offices import Offices
from softswitch.switch.orphan import Orphans
from softswitch.switch.outbox import Outbox
from softswitch.switch.outlook import SwitchOutlook
from softswitch.switch.overload import Overload
from softswitch.switch.oversight import Oversight
from softswitch.switch.paths import Paths
from softswitch.switch.phones import Phones
from softswitch.switch.pool_port import Shared
from softswitch.switch.ports import (
    Arrived,
    Clock,
    FlowFailed,
    HttpDone,
    Hushed,
    KeyHeard,
    Listener,
    Malformed,
    Measured,
    Noted,
    Played,
    Ports,
    Posted,
    Resolved,
    Stored,
    StreamLost,
    Unrecorded,
    WorldInput,
)
from softswitch.switch.redials import Redials
from softswitch.switch.restart import Kept, Restart
from softswitch.switch.rollcall import RollCall
from softswitch.switch.signalling import Signalling
from softswitch.switch.sound import Sound
from softswitch.switch.staff import Staff
from softswitch.switch.supervisions import Supervisions
from softswitch.switch.texts import Texts
from softswitch.switch.trunk_questions import TrunkQuestions
from softswitch.switch.trunks import Trunks
from softswitch.switch.wire import Wire
from softswitch.switch.workplaces import Workplaces

log = logging.getLogger("softswitch.switch")

Handler = Callable[[Effect], Sequence[Effect]]
_ENDPOINT = ("endpoint", "")
RUNAWAY = 100_000  # effects in one unit of work that come of others: a loop of ours, not work


class Switch:
    """All machines of one node and the world around them. Synchronous; ``feed`` and ``tick`` return when all is done.

    ``rearm(deadline)`` is called when the earliest deadline (monotonic seconds, or None) may have changed.
    """

    def __init__(
        self,
        configuration: Configuration,
        ports: Ports,
        ids: Ids,
        clock: Clock,
        rearm: Callable[[float | None], None] = lambda deadline: None,
    ) -> None:
        self.configuration = configuration
        self.ports = ports
        self.ids = ids
        self.clock = clock
        self._read_clock()
        self._rearm = rearm
        self._listeners: list[Listener] = []
        self._queue: deque[Effect] = deque()
        self._deadlines = Deadlines()
        self.arm = self._deadlines.set  # a machine's deadline as it is now
        self._armed: float | None = None
        self._restart: Restart | None = None
        self.deaf_listeners = 0  # facts that a listener failed to take

        self.endpoint = Endpoint(ids, configuration.timing, symmetric=configuration.nat, stream_to=self._stream_to)
        self.registrar = Registrar(
            round(configuration.min_expires_s),
            round(configuration.max_expires_s),
            max_bindings=configuration.max_bindings,
        )
        self.acd = Acd(configuration.agents, configuration.queues, configuration.version)
        self.ledger = Ledger(
            configuration.policies, ids, configuration.region, ports.shared.node, configuration.area_code
        )
        self.trunks = Trunks(self)
        self.questions = TrunkQuestions(self)
        self.mailboxes = Mailboxes(configuration.mailboxes)
        self.directory = SwitchDirectory(configuration, self.registrar, self.acd, self.trunks, self.mailboxes)
        self.wire = Wire(self)
        self.archive = Archive(self)
        self.outbox = Outbox(self, configuration.webhooks)
        self.lamps = Lamps(self)
        self.texts = Texts(self)
        self.journal = CallJournal(self)
        self.hours = Hours(self)
        self.do_not_call = DoNotCallList(self)
        self.outlook = SwitchOutlook(self)
        self.redials = Redials(self)
        self.last_agents = LastAgents(self)
        self.dialplans = Dialplans(self)
        self.staff = Staff(self)
        self.paths = Paths(self)
        self.figures = Figures(self)
        self.decisions = Decisions(self)
        self.calls = Calls(self)
        self.supervisions = Supervisions(self)
        self.offices = Offices(self)
        self.gatherings = Gatherings(self)
        self.phones = Phones(self)
        self.workplaces = Workplaces(self)
        self.facts = Facts(self)
        self.oversight = Oversight(self)
        self.orphans = Orphans(self)
        self.rollcall = RollCall(self)
        self.overload = Overload()
        self.door = Door(Bans(configuration.bans), self.overload, configuration.strangers, fixed(configuration))
        desk = Desk(configuration, self.registrar, self.directory.trunk_of, ids.tag, self.door)
        self.signalling = Signalling(self, desk)
        self.mending = Mending(self)
        self.control = SwitchControl(self)
        self._handlers = self._performing()
        self._inputs = self._hearing()
        self._due_offices: dict[str, Callable[[], Iterable[Effect]]] = {
            "lamps": self.lamps.due,
            "turned away": self.signalling.write_down,
            "phones": self.phones.due,
            "orphans": self.orphans.due,
            "outbox": self.outbox.due,
            "book": self.wire.due,
            "dialplans": self.dialplans.due,
            "paths": self.paths.due,
            "figures": self.figures.due,
            "hours": self.hours.due,
            "redials": self.redials.due,
        }

    def _performing(self) -> dict[type[Effect], Handler]:
        """Who carries out which effect."""
        sound = Sound(self.ports.media, self.ports.fetcher, self.configuration.recordings, self.calls.country)
        calls = self.calls
        offices = (
            self.signalling, calls, calls.keys, self.offices, self.questions, self.lamps, self.texts, self.outbox,
            self.supervisions, self.gatherings, self.redials, self.do_not_call, sound,
        )  # fmt: skip
        return {kind: handler for office in offices for kind, handler in office.handlers().items()}

    def _hearing(self) -> dict[type[WorldInput], tuple[str, Callable[..., Iterable[Effect]]]]:
        """Who takes which input, and what a unit of work is called that begins with it."""
        return {
            Arrived: ("message", self.signalling.arrived),
            Malformed: ("message", self.signalling.malformed),
            FlowFailed: ("message", self.signalling.flow_failed),
            Played: ("media", self.calls.played),
            StreamLost: ("media", self.calls.stream_lost),
            KeyHeard: ("media", self.calls.keys.heard),
            Noted: ("media", self.calls.measuring.noted),
            Measured: ("media", self.calls.measuring.measured),
            Stored: ("store", self.offices.stored),
            Shared: ("store", lambda event: self.offices.to_ledger(event.event)),
            Hushed: ("media", self.calls.hushed),
            Unrecorded: ("media", self.calls.unrecorded),
            HttpDone: ("http", self.calls.http_done),
            Posted: ("http", self.outbox.posted),
            Resolved: ("dns", self.questions.resolved),
        }

    def _stream_to(self, remote: Address) -> Flow | None:
        return self.configuration.flow("tcp", remote)

    # ---- time --------------------------------------------------------------------------------------------------

    def _read_clock(self) -> None:
        """The time of a unit of work: in the clock's seconds, and in Unix seconds."""
        self.now = self.clock.monotonic()
        self.unix = self.now + self.clock.epoch

    def wall(self) -> datetime:
        """Local time, as so many hours from UTC: what is added to it later is time that has passed."""
        local = datetime.fromtimestamp(self.unix, ZoneInfo(self.configuration.zone))
        return local.replace(tzinfo=timezone(local.utcoffset() or timedelta()))

    @property
    def deadline(self) -> float | None:
        return self._deadlines.next()

    def arm_registrar(self) -> None:
        self.arm_unix(("registrar", ""), self.registrar.deadline)

    def arm_unix(self, key: tuple[str, str], deadline: float | None) -> None:
        """The same for the machines whose times are Unix seconds."""
        self.arm(key, None if deadline is None else deadline - self.clock.epoch)

    # ---- units of work -----------------------------------------------------------------------------------------

    def feed(self, event: WorldInput) -> None:
        """Something has happened in the world."""
        where, take = self._inputs[type(event)]
        self._unit(where, partial(take, event), event)

    def admits(self, flow: Flow) -> bool:
        """Whether a message from there is worth reading; asked before it is read."""
        now = self.clock.monotonic()
        return self.door.admits(flow, now, now + self.clock.epoch)

    def measured(self, lag_s: float, backlog: float) -> None:
        """How late the loop is and how full the sockets are; called many times a second."""
        share, refused = self.door.turned_away()
        self.overload.sample(lag_s, backlog, self.clock.monotonic(), share)
        for (transport, reason), count in refused.items():
            self.publish(MessageDropped(transport, reason, count))
        if self.signalling.shed:
            self.publish(CallShed("overload", self.signalling.shed))
            self.signalling.shed = 0

    def command(self, work: Callable[[], Iterable[Effect]]) -> None:
        """Something that the face wants, and that makes sense."""
        self._unit("command", work)

    def tick(self) -> None:
        """Do everything that is due."""
        self._read_clock()
        for key in self._deadlines.due(self.now):
            assert isinstance(key, tuple)
            self._unit("timer", partial(self._due, *key), key)
        self._rearm_if_changed(force=True)

    def listen(self, listener: Listener) -> None:
        """``listener(event, unix)`` hears every fact from now on."""
        self._listeners.append(listener)

    def restore(self, kept: Kept) -> None:
        """What was kept of the former process, before anything else happens."""
        self._restart = Restart(self, kept)
        self._unit("store", self._restart.take_over)

    def begin(self) -> None:
        """The listeners are open: go on with the calls, let agents work, look for trunks' servers, ask the phones."""
        if self._restart is not None:
            self._unit("store", self._restart.go_on)
        self._unit("timer", self.dialplans.due)
        self._unit("timer", self.trunks.start)
        self._unit("timer", self.phones.restored)

    def end(self) -> bool:
        """Say goodbye to carriers that we registered with and phones that watch; is there anything to wait for?"""
        self._unit("timer", self.trunks.goodbye)
        self._unit("timer", self.lamps.close)
        self._unit("timer", self.paths.due)
        self._unit("timer", self.figures.flush)
        return self.trunks.leaving or self.lamps.leaving

    def _unit(self, where: str, work: Callable[[], Iterable[Effect]], about: object = None) -> None:
        """``about`` is the input or the timer's key: whose contact it is, should the unit fail."""
        self._read_clock()
        self.directory.unix_now = self.unix
        self.mending.begin()
        try:
            self._queue.extend(work())
            self._drain(where)
            while effects := self._settled():
                self._queue.extend(effects)
                self._drain(where)
        except Exception:
            self._queue.clear()
            self._failed(where)
            self._rescue(where, about)
        self.journal.settle()
        self.arm(_ENDPOINT, self.endpoint.deadline)  # which nearly every effect moves
        self._rearm_if_changed()

    def _settled(self) -> list[Effect]:
        offices = (self.workplaces, self.offices, self.supervisions, self.lamps)
        return [effect for office in offices for effect in office.settle()]

    def _rescue(self, where: str, about: object) -> None:
        """End the one contact that a defect of ours has met, rather than leave its caller in silence for ever.

        What is broken may not be able to hang up either: the second time it is not asked.
        """
        for _ in range(2):
            try:
                self._queue.extend(self.mending.after(about))
                self._drain(where)
                return
            except Exception:
                self._queue.clear()
                self._failed(where)

    def _failed(self, where: str) -> None:
        with contextlib.suppress(OSError):  # the log's disk may be what is full
            log.exception("a unit of work (%s) failed and was dropped", where)
        self.publish(UnitFailed(where))

    def _drain(self, where: str) -> None:
        queue, handlers = self._queue, self._handlers
        for _ in range(RUNAWAY + len(queue)):
            if not queue:
                return
            effect = queue.popleft()
            try:
                if isinstance(effect, DomainEvent):
                    self.publish(effect)
                    queue.extend(self.facts.note(effect))
                else:
                    queue.extend(handlers[type(effect)](effect))
            except PeerError as error:
                queue.extend(self.signalling.blame(effect, error))
            except Exception:
                # One effect of many: what else was ordered in this unit (a BYE, a release) is still to be done.
                self._failed(where)
                mended = self.mending.after(effect, queue)
                if not (mended and isinstance(effect, CallWanted)):  # else its leg refuses it
                    queue.extend(self.signalling.blame(effect, PeerError(500, "Server Internal Error")))
                queue.extend(mended)
        raise RuntimeError(f"{RUNAWAY} effects in one unit of work")

    def publish(self, event: DomainEvent) -> None:
        """Tell every listener; what one fails to take (a full disk, a broken pipe) is counted, and the rest go on."""
        for listener in self._listeners:
            try:
                listener(event, self.unix)
            except Exception:
                self.deaf_listeners += 1

    def _due(self, kind: str, name: str) -> Iterable[Effect]:
        match kind:
            case "endpoint":
                return self.endpoint.tick(self.now)
            case "registrar":
                effects = self.registrar.tick(self.unix)
                self.arm_registrar()
                return effects
            case "trunk":
                return self.trunks.due(name)
            case "leg" | "contact":
                return self.calls.due(kind, name)
            case _:
                return self._due_offices[kind]() if kind in self._due_offices else self.offices.due(kind)

    def _rearm_if_changed(self, force: bool = False) -> None:
        deadline = self._deadlines.next()
        if force or deadline != self._armed:
            self._armed = deadline
            self._rearm(deadline)
