"""``users.yaml``, ``trunks.yaml`` and ``agents.yaml``: phones, carriers, and the people at the phones."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from softswitch.acd.model import AgentSpec
from softswitch.settings.kind import Name, Peer, PositiveSeconds, Source, Strict, written

# The passwords of the sample configuration are public: no listener outside of loopback starts with one of them.
SAMPLE_PASSWORDS = frozenset({"sample-1001", "sample-1002", "sample-1003", "sample-1004", "secret", "password"})
_SHORTEST_PASSWORD = 8

Level = Annotated[int, Field(ge=1, le=10)]
SipUri = Annotated[
    str, written(r"sips?:[^@\s]+@[^@\s]+", "a SIP address such as sip:1001@127.0.0.1:7000;transport=udp")
]


class User(Strict):
    """A phone that may register and call."""

    password: str = Field(min_length=1, repr=False)
    name: str = ""
    language: str = ""
    contact: SipUri | None = None  # of a phone that does not register

    def weak_for(self, user: str) -> bool:
        """True where the password must not be used on a network that others can reach."""
        known = self.password in SAMPLE_PASSWORDS or self.password == user
        return known or len(self.password) < _SHORTEST_PASSWORD


class Trunk(Strict):
    """A carrier or another switch."""

    address: Peer
    transport: Literal["udp", "tcp"] = "udp"
    sources: tuple[Source, ...] = ()  # whence calls are accepted unchallenged; without a port: from any port
    username: str = ""
    password: str = Field(default="", repr=False)
    caller_id: str = ""  # shown to the called, in place of the number of our own phone
    prefix: Annotated[str, written(r"[0-9*#]{0,6}", "a prefix of up to 6 keys")] = ""  # phones dial it + the number
    ring: PositiveSeconds = 30.0
    transfer: bool = False  # whoever is behind it may transfer whom he talks to, to our dialplans

    @model_validator(mode="after")
    def _both_or_none(self) -> Trunk:
        if bool(self.username) != bool(self.password):
            raise ValueError("username and password go together; write both or none")
        return self


class Agent(Strict):
    user: str
    skills: dict[Name, Level] = Field(default_factory=dict)
    auto_login: bool = False  # logged in and ready from the start

    def spec(self, agent: str) -> AgentSpec:
        return AgentSpec(agent, self.user, tuple(sorted(self.skills.items())))
