"""Who can be reached where: what contacts may look up (``contact.order.Directory``)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from softswitch.acd.acd import Acd
from softswitch.acd.estimate import Interval
from softswitch.acd.model import AgentState
from softswitch.acd.told import Told
from softswitch.contact.answering import PLAIN, Answering
from softswitch.contact.mailbox import Mailboxes
from softswitch.contact.order import Target
from softswitch.contact.overflow import Ways
from softswitch.contact.presentation import rewritten
from softswitch.contact.routing import is_outside, is_plain
from softswitch.contact.seats import Seats
from softswitch.contact.treatment import SILENT, Treatment
from softswitch.core.errors import PeerError
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request
from softswitch.sip.registrar import Registrar
from softswitch.sip.uri import Uri, parse_uri
from softswitch.switch.configuration import Configuration, Trunk
from softswitch.switch.trunks import Trunks
from softswitch.switch.way import static_flow, way

MAX_TRIES = 8  # servers, of all trunks together, for one call


class SwitchDirectory:
    """Reads the registrar, the ACD and the configuration; changes nothing."""

    def __init__(
        self, configuration: Configuration, registrar: Registrar, acd: Acd, trunks: Trunks, mailboxes: Mailboxes
    ) -> None:
        self.mailboxes = mailboxes
        self._configuration = configuration
        self._trunks = trunks
        self._registrar = registrar
        self._acd = acd
        self.seats = Seats()
        self.configure(configuration)
        self.unix_now = 0.0  # set by the driver before each unit of work
        self.living: Callable[[str], list[str]] = lambda user: []  # his legs; set by who owns them
        self.kept_place: Callable[[str, str], float | None] = lambda number, queue: None  # likewise
        self.can_promise: Callable[[str, str], bool] = lambda number, queue: False  # likewise
        self.takes_keyed: Callable[[str], bool] = lambda queue: False  # likewise
        self.last_agent: Callable[[str, str], tuple[str, float] | None] = lambda number, queue: None  # likewise

    def configure(self, configuration: Configuration) -> None:
        """What is configured from now on."""
        self._configuration = configuration
        self.seats.configure(configuration.agents, configuration.seats)

    def user_targets(self, user: str) -> tuple[Target, ...]:
        bindings = self._registrar.lookup(user, self.unix_now)
        to_uri = f"sip:{user}@{self._configuration.realm}"
        return tuple(
            Target(one.contact, to_uri, way(one, self._configuration), user=user, route=one.path) for one in bindings
        )

    def in_call(self, user: str) -> bool:
        return bool(self.living(user))

    def trunk_target(self, trunk: str, number: str, careful: bool = False) -> Target | None:
        ways = self._trunks.ways(trunk, careful)[:MAX_TRIES] if is_plain(number) else []
        targets = tuple(trunk_call(line.spec, flow, number) for line, _, flow in ways)
        return replace(targets[0], others=targets[1:]) if targets else None

    def redirected(self, target: Target, contacts: tuple[str, ...]) -> Target | None:
        line = self._trunks.lines.get(target.trunk)
        if line is None or not line.spec.manners.follow_redirects:
            return None
        hosts = {line.spec.address[0].lower(), *(hop.address[0] for hop in line.known)}
        for contact in contacts:
            with contextlib.suppress(PeerError):
                uri = parse_uri(contact)
                if uri.scheme == "sip" and uri.host.lower() in hosts and is_outside(uri.user):
                    return replace(target, uri=str(_bare(uri)))
        return None

    def customer_target(self, trunk: str, number: str) -> Target | None:
        if number not in self._configuration.users:
            return self.trunk_target(trunk, number, careful=True)
        return next(iter(self.user_targets(number)), None)  # one phone: an attempt is one Call-ID, and one dial

    @property
    def agents_of(self) -> Mapping[str, str]:
        """The agent at each phone that has one."""
        return self.seats.agents_of

    def agent_users(self, agent: str) -> tuple[str, ...]:
        return self.seats.users(agent)

    def agent_state(self, agent: str) -> AgentState:
        return self._acd.agent(agent).state

    def position(self, contact: str) -> int | None:
        return self._acd.position(contact)

    def expected(self, contact: str, now: float) -> Interval | None:
        return self._acd.expected(contact, now)

    def told(self, contact: str, former: Told | None, now: float) -> Told | None:
        return self._acd.told(contact, former, now)

    def overflow(self, queue: str) -> Ways:
        return self._configuration.overflow.get(queue, {})

    def treatment(self, queue: str) -> Treatment:
        return self._configuration.treatments.get(queue, SILENT)

    def answering(self, name: str) -> Answering:
        return self._configuration.answering.get(name, PLAIN)

    def agent_name(self, agent: str) -> str:
        own = next((spec.user for spec in self._configuration.agents if spec.name == agent), "")
        return (self._configuration.users[own].name if own in self._configuration.users else "") or agent

    def records(self, queue: str) -> bool:
        return queue in self._configuration.recorded

    def told_in(self, queue: str, agent: str) -> str:
        if queue not in self._configuration.told:
            return ""
        user = next(iter(self.agent_users(agent)), "")
        return self._configuration.spoken_to(self._configuration.users.get(user))

    def hold_music(self, queue: str) -> str:
        return self._configuration.music.get(queue, "")

    def may_record(self) -> bool:
        return self._configuration.recording

    def recording_ending(self) -> str:
        return self._configuration.recording_ending

    def trunk_of(self, flow: Flow, request: Request | None = None) -> Trunk | None:
        """The trunk that this comes from without having to prove it: by its source, or by the contact it was told."""
        trunk = self._trunks.of_flow(flow)
        if trunk is None and request is not None and request.method == "INVITE":
            trunk = self._trunks.of_contact(request.target.user)
        return None if trunk is None or trunk.challenge else trunk


def trunk_call(trunk: Trunk, flow: Flow, number: str) -> Target:
    """A number behind the server to which ``flow`` leads."""
    host, port = trunk.address
    params = (("transport", trunk.transport),) if trunk.transport in ("tcp", "tls") else ()
    uri = str(Uri("sip", rewritten(number, trunk.manners.outbound), host, port or None, params))
    return Target(
        uri, uri, flow, trunk.credentials, trunk.manners.presentation, trunk.name, trunk.watch.try_s
    )  # fmt: skip


def fixed(configuration: Configuration) -> frozenset[tuple[str, int | None]]:
    """The addresses that the admin wrote down: trunks, and phones that do not register. None is any port."""
    trunks = configuration.trunks.values()
    found: set[tuple[str, int | None]] = {source for trunk in trunks for source in trunk.sources}
    found |= {trunk.address for trunk in trunks}
    flows = [static_flow(user.contact, configuration) for user in configuration.users.values() if user.contact]
    return frozenset(found | {flow.remote for flow in flows if flow})


def _bare(uri: Uri) -> Uri:
    """As it may stand in a Request-URI (RFC 3261 sections 8.1.3.4, 19.1.1)."""
    kept = tuple(pair for pair in uri.params if pair[0].lower() != "method")
    return replace(uri, params=kept, headers="")
