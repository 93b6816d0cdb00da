"""A running switch that is not there: what the face sees in tests of the face."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from softswitch.acd.calibration import Calibrated
from softswitch.acd.estimate import Interval
from softswitch.acd.glance import Glance
from softswitch.acd.statistics import Intervals
from softswitch.acd.story import Story
from softswitch.callback.model import Promise
from softswitch.contact.mailbox import Message
from softswitch.ivr.calendar import Calendar, Override, shown
from softswitch.ivr.path import CallPath, Edge, PathStep
from softswitch.sip.flow import Flow
from softswitch.sip.registrar import Binding
from softswitch.switch.ban import Ban
from softswitch.switch.tracebook import Trace, Traced
from softswitch.switch.view import (
    AgentView,
    AgentWish,
    CalendarView,
    CallView,
    DialplanView,
    DrainView,
    QueueView,
    Refused,
    StatisticsView,
    TrunkView,
    WebhookView,
)
from tests.support import stories
from tests.support.fake_barring import FakeBarring
from tests.support.fake_campaigns import FakeCampaigns
from tests.support.fake_desk import FakeDesk

NOON = datetime(2026, 3, 30, 10, 0, tzinfo=UTC)  # 12:00 in Berlin
OVERRIDE = Override("override-1", "office", True, 0.0, NOON.timestamp() + 3600, "fair")
FLOW = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.1", 7001))
FORETOLD = Calibrated({"inside": 3, "above": 2}, 0.5, 1.0)


@dataclass
class FakeControl:
    """Answers with constants; writes down the commands. ``parts`` is what ``ready`` says."""

    parts: dict[str, bool] = field(default_factory=lambda: {"sip": True, "media": True, "store": True})
    done: list[tuple[str, ...]] = field(default_factory=list)

    counted: Intervals = field(default_factory=Intervals)
    desk: FakeDesk | None = None
    barring: FakeBarring = field(default_factory=FakeBarring)
    outbound: FakeCampaigns = field(default_factory=FakeCampaigns)
    drained: DrainView = field(default_factory=lambda: DrainView(False))

    def statistics(self, of_agents: bool) -> StatisticsView:
        return StatisticsView(NOON.timestamp(), "Europe/Berlin", NOON.timestamp() - 900, self.counted)

    def calls(self) -> list[CallView]:
        return [CallView("c-1", "inbound", "+8613800138000", "8000", "queued", "orders", "", "orders", 12.5)]

    def agents(self) -> list[AgentView]:
        return [
            AgentView("alice", "1001", "ready", "", True, 60.0, "", {"orders": 5}, wants=AgentWish("paused", "tea")),
            AgentView("bob", "1002", "paused", "lunch", False, 5.0, "", {"service": 5}),
            AgentView("carol", "1003", "logged_out", "", True, 9.0, "", {"orders": 4}),
        ]

    def queues(self) -> list[QueueView]:
        return [QueueView("orders", 1, 12.5, 1, 2, 1, Interval(60.5, 90.5, 130.5), FORETOLD)]

    def promises(self) -> list[Promise]:
        return list(self.promise_desk().promises())

    def promise_desk(self) -> FakeDesk:
        if self.desk is None:
            self.desk = FakeDesk(self.done)
        return self.desk

    def campaigns(self) -> FakeCampaigns:
        return self.outbound

    def do_not_call(self) -> FakeBarring:
        return self.barring

    def dialplans(self) -> list[DialplanView]:
        return [
            DialplanView(
                "shop", "0123456789ab", "dialplans/shop.yaml", ["8000"], "welcome", 9, ["look-up"], 1, {"ba98": 2}
            )
        ]

    def calendars(self) -> list[CalendarView]:
        return [self.calendar("office")]

    def calendar(self, name: str, at: datetime | None = None) -> CalendarView:
        """Open on weekdays, and it is a Monday."""
        if name != "office":
            raise LookupError(name)
        wall = at or NOON
        calendar = Calendar("office", "Europe/Berlin", dict.fromkeys(range(5), ((540, 1080),)))
        door, ordered = calendar.door(wall), [OVERRIDE] if at is None else []
        return CalendarView(
            "office", calendar.zone, shown(wall, calendar.zone), door.open, door.why, False, "", ordered
        )

    def override(self, name: str, open: bool, since: float, until: float, note: str, by: str) -> Override:
        if until <= since:
            raise Refused("over", "it would be over before it began")
        self.done.append(("override", name, str(open), f"{since - NOON.timestamp():g}", f"{until - since:g}", note, by))
        return Override("override-2", name, open, since, until, note, by)

    def take_back_override(self, name: str, id: str, by: str) -> Override:
        if id != OVERRIDE.id:
            raise LookupError(f"{name} has no override {id!r}")
        self.done.append(("take back", name, id, by))
        return OVERRIDE

    def draining(self) -> DrainView:
        return self.drained

    def drain(self, within_s: float | None, by: str) -> DrainView:
        until = 0.0 if within_s is None else NOON.timestamp() + within_s
        self.drained = DrainView(True, by, NOON.timestamp(), until, 3, 2, 0, 7)
        return self.drained

    def take_back_drain(self, by: str) -> DrainView:
        if not self.drained.draining:
            raise Refused("not draining", "this switch takes calls: there is nothing to take back")
        self.drained = DrainView(False, calls=3, waiting=2)
        return self.drained

    def path(self, contact: str) -> CallPath | None:
        steps = (PathStep("welcome", "say", 0.0, 1.5, "next", "menu"), PathStep("menu", "menu", 1.5))
        return CallPath("c-1", "shop", "0123456789ab", 1.0, 2.5, False, 0, steps) if contact == "c-1" else None

    def edges(self, plan: str) -> list[Edge]:
        return [Edge("menu", "hangup", "", 2)] if plan == "shop" else []

    def version(self) -> str:
        return "4" * 12

    def registrations(self) -> list[Binding]:
        return [
            Binding("1001", "sip:1001@127.0.0.1:7001", FLOW, 1700003600.0),
            Binding("1002", "sip:1002@127.0.0.1:7002", FLOW, math.inf),
        ]

    def trunks(self) -> list[TrunkView]:
        server = "udp:192.0.2.1:5060"
        return [
            TrunkView("carrier", "", True, "", [server], [], {server: 12.0}, 1700003600.0, 3, 30, ""),
            TrunkView("spare", "out", False, "not located", [], [], {}, 0.0, 0, 0, "no name server answers", True),
        ]

    def story(self, contact: str) -> Story | None:
        return stories.story(contact)

    def stories(self, most: int) -> list[str]:
        return stories.told()[0].latest(most)

    def glance(self, contact: str) -> Glance | None:
        return stories.glance(contact)

    def decision_octets(self) -> int:
        return 4096

    def trace(self, name: str) -> Trace:
        if name not in ("c-1", "leg-1", "a/b@phone"):
            raise LookupError(f"no call {name!r}")
        invite = b"INVITE sip:8000@127.0.0.1 SIP/2.0\r\nCSeq: 1 INVITE\r\nCall-ID: a/b@phone\r\n\r\n"
        refusal = b"SIP/2.0 486 Busy \xff\x1b[2J Here\r\nCSeq: 1 INVITE\r\nCall-ID: a/b@phone\r\n\r\n"
        messages = (Traced(1.0, False, "leg-1", FLOW, invite), Traced(1.25, True, "leg-1", FLOW, refusal))
        return Trace("c-1", True, 0, messages)

    def log_in(self, agent: str, ready: bool = True, phone: str = "", by: str = "") -> None:
        if phone == "1001":
            raise Refused("taken", "alice sits at 1001; log alice out first, or take another phone")
        self._agent("log_in", agent, "ready" if ready else "paused", *filter(None, (phone,)))

    def log_out(self, agent: str) -> None:
        self._agent("log_out", agent)

    def set_ready(self, agent: str) -> None:
        self._agent("set_ready", agent)

    def set_paused(self, agent: str, reason: str) -> None:
        self._agent("set_paused", agent, reason)

    def force(self, agent: str, state: str, reason: str, by: str) -> None:
        self._agent("force", agent, state, reason, by)

    def move(self, contact: str, queue: str, by: str) -> None:
        if contact != "c-1":
            raise LookupError(f"no such contact: {contact}")
        if queue != "service":
            raise Refused("unknown queue", f"queues.yaml has no queue {queue!r}")
        self.done.append(("move", contact, queue, by))

    def reprioritise(self, contact: str, priority_s: float, by: str) -> None:
        self.done.append(("reprioritise", contact, f"{priority_s:g}", by))

    def ask_wrap_up(self, agent: str) -> bool:
        self._agent("ask_wrap_up", agent)
        return agent == "alice"

    def extend_wrap_up(self, agent: str, by_s: float) -> bool:
        self._agent("extend_wrap_up", agent, str(by_s))
        return agent == "alice"

    def bans(self) -> list[Ban]:
        return [Ban("192.0.2.66", 1700000000.0, 1700000600.0, "1001", 12)]

    def unban(self, source: str) -> None:
        if source != "192.0.2.66":
            raise LookupError(source)
        self.done.append(("unban", source))

    def audited_at(self) -> float:
        return 1060.5

    def pressure(self) -> float:
        return 0.25

    def pause_recording(self, contact: str, reason: str | None) -> bool:
        if contact not in ("c-1", "c-2"):
            raise LookupError(f"no such call: {contact}")
        self.done.append(("pause_recording", contact, str(reason)))
        return contact == "c-1"

    def supervise(self, target: str, supervisor: str, mode: str, by: str) -> CallView:
        """1001 talks, 1002 does not; 1003 may not supervise, 1004 may."""
        if target not in ("1001", "1002"):
            raise LookupError(f"no call, user or agent {target!r}")
        if supervisor != "1004":
            raise Refused("not allowed", f"{supervisor} may not supervise {target}")
        if target == "1002":
            raise Refused("nobody talks", f"{target} talks to nobody")
        self.done.append(("supervise", target, supervisor, mode, by))
        return CallView("s-1", "supervision", supervisor, target, "ringing", "", "", "", 0.0)

    def hang_up(self, contact: str) -> None:
        if contact != "c-1":
            raise LookupError(f"no call {contact!r}")
        self.done.append(("hang_up", contact))

    def voicemails(self) -> list[Message]:
        return [Message("vm-1", "1001", "c-0", "+8613800138000", "vm-1.wav", 1700000000.0, 7.5)]

    def voicemail_heard(self, voicemail: str) -> None:
        if voicemail != "vm-1":
            raise LookupError(f"no voicemail {voicemail!r}")
        self.done.append(("voicemail_heard", voicemail))

    def delete_voicemail(self, voicemail: str) -> None:
        if voicemail != "vm-1":
            raise LookupError(f"no voicemail {voicemail!r}")
        self.done.append(("delete_voicemail", voicemail))

    def webhooks(self) -> list[WebhookView]:
        return [
            WebhookView("msg-1", "crm", "call.rated", "c-0", "waiting", 1700000000.0, 2, 1700000010.0, "status 503"),
            WebhookView("msg-0", "crm", "call.rated", "c-0", "dead", 1690000000.0, 9, 0.0, "status 500"),
        ]

    def retry_webhook(self, id: str) -> None:
        if id != "msg-0":
            raise LookupError(f"no dead webhook {id!r}")
        self.done.append(("retry_webhook", id))

    def messages(self) -> dict[str, Mapping[tuple[str, str, str], int]]:
        return {"received": {("udp", "INVITE", "request"): 2}, "sent": {("tcp", "BYE", "2xx"): 1}}

    def subscriptions(self) -> dict[str, int]:
        return {"dialog": 3, "presence": 0, "message-summary": 1}

    def send_text(self, user: str, text: str, done: Callable[[int], None]) -> None:
        if user not in ("1001", "1002"):
            raise LookupError(f"no user {user!r}")
        self.done.append(("send_text", user, text))
        done(200 if user == "1001" else 480)

    def losses(self) -> dict[str, int]:
        return {"rows": 0}

    def ready(self) -> dict[str, bool]:
        return self.parts

    def _agent(self, command: str, agent: str, *more: str) -> None:
        if agent not in ("alice", "bob", "carol"):
            raise LookupError(f"no agent {agent!r}")
        self.done.append((command, agent, *more))
