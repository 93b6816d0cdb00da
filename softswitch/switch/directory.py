"""Who can be reached where: what contacts may look up (``contact.order.Directory``)."""

from __future__ import annotations

import ipaddress

from softswitch.acd.acd import Acd
from softswitch.acd.model import AgentState
from softswitch.contact.order import Target
from softswitch.contact.presentation import Presentation
from softswitch.core.errors import PeerError
from softswitch.sip.flow import Flow
from softswitch.sip.registrar import Registrar
from softswitch.sip.uri import Uri, parse_uri
from softswitch.switch.configuration import Configuration, Trunk


class SwitchDirectory:
    """Reads the registrar, the ACD and the configuration; changes nothing."""

    def __init__(self, configuration: Configuration, registrar: Registrar, acd: Acd) -> None:
        self._configuration = configuration
        self._registrar = registrar
        self._acd = acd
        self._users = {spec.name: spec.user for spec in configuration.agents}
        self.agents_of: dict[str, str] = {spec.user: spec.name for spec in configuration.agents}
        self.unix_now = 0.0  # set by the driver before each unit of work

    def user_targets(self, user: str) -> tuple[Target, ...]:
        bindings = self._registrar.lookup(user, self.unix_now)
        to_uri = f"sip:{user}@{self._configuration.realm}"
        return tuple(Target(binding.contact, to_uri, binding.flow, user=user) for binding in bindings)

    def trunk_target(self, trunk: str, number: str) -> Target | None:
        known = self._configuration.trunks.get(trunk)
        flow = self._configuration.flow(known.transport, known.address) if known else None
        if known is None or flow is None:
            return None
        host, port = known.address
        suffix = ";transport=tcp" if known.transport == "tcp" else ""
        uri = str(Uri("sip", number, host, port)) + suffix
        return Target(uri, uri, flow, known.credentials, Presentation(known.caller_id), known.name)

    def customer_target(self, trunk: str, number: str) -> Target | None:
        if number not in self._configuration.users:
            return self.trunk_target(trunk, number)
        return next(iter(self.user_targets(number)), None)  # one phone: an attempt is one Call-ID, and one dial

    def agent_user(self, agent: str) -> str:
        return self._users[agent]

    def logged_out(self, agent: str) -> bool:
        return self._acd.agent(agent).state is AgentState.LOGGED_OUT

    def position(self, contact: str) -> int | None:
        return self._acd.position(contact)

    def announce_every_s(self, queue: str) -> float:
        return self._configuration.announce_every_s.get(queue, 0.0)

    def records(self, queue: str) -> bool:
        return queue in self._configuration.recorded

    def trunk_of(self, flow: Flow) -> Trunk | None:
        """The trunk whose configured source this is."""
        host, port = flow.remote
        for trunk in self._configuration.trunks.values():
            if (host, port) in trunk.sources or (host, None) in trunk.sources:
                return trunk
        return None


def static_flow(contact: str, configuration: Configuration) -> Flow | None:
    """The flow to a phone that does not register: its URI must have a numeric host."""
    try:
        uri = parse_uri(contact)
        host = str(ipaddress.ip_address(uri.host.strip("[]")))
    except (PeerError, ValueError):
        return None
    transport = (uri.param("transport") or "udp").lower()
    return configuration.flow(transport, (host, uri.port or (5061 if transport == "tls" else 5060)))


def fixed(configuration: Configuration) -> frozenset[tuple[str, int | None]]:
    """The addresses that the admin wrote down: trunks, and phones that do not register. None is any port."""
    trunks = configuration.trunks.values()
    found: set[tuple[str, int | None]] = {source for trunk in trunks for source in trunk.sources}
    found |= {trunk.address for trunk in trunks}
    flows = [static_flow(user.contact, configuration) for user in configuration.users.values() if user.contact]
    return frozenset(found | {flow.remote for flow in flows if flow})
