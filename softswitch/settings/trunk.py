"""``trunks.yaml``: carriers and other switches."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from softswitch.contact.presentation import PREFIX
from softswitch.settings.kind import (
    NAME,
    NAME_IS,
    CallerId,
    Line,
    Pattern,
    Peer,
    PositiveSeconds,
    Seconds,
    Source,
    Strict,
    regular,
    written,
)
from softswitch.settings.people import Codecs, DigitForm, Secrecy, ToneCountry


class Registration(Strict):
    """We register with it, as ``username``."""

    expires: PositiveSeconds = 3600.0  # asked for; renewed before what is granted is over
    retry: PositiveSeconds = 30.0  # after the first failure; doubled with each one, up to 30 minutes


class TrunkLimits(Strict):
    """Both directions together; 0: none."""

    calls: int = Field(default=0, ge=0)  # at a time
    calls_per_second: float = Field(default=0.0, ge=0.0, le=10_000.0)


class Rewrite(Strict):
    """Digits are a prefix that is replaced; anything else an expression for the whole number."""

    match: str = Field(max_length=256)
    replace: str = Field(default="", max_length=64)  # may use the groups of an expression: \\1

    @field_validator("match")
    @classmethod
    def _readable(cls, match: str) -> str:
        return match if PREFIX.fullmatch(match) else regular(match)

    @model_validator(mode="after")
    def _groups_exist(self) -> Rewrite:
        if PREFIX.fullmatch(self.match):
            return self
        try:
            found = re.match(f"(?:{self.match})?", "")
            assert found is not None, "what is optional fits everything"
            found.expand(self.replace)
        except (re.error, IndexError) as error:
            raise ValueError(f"replace: {self.replace!r} does not go with {self.match!r} ({error})") from None
        return self


class Rewrites(Strict):
    """Of called numbers; the first rule that fits is used."""

    inbound: tuple[Rewrite, ...] = ()
    outbound: tuple[Rewrite, ...] = ()


class Trunk(Strict):
    """A carrier or another switch."""

    address: Peer  # a name without a port is looked up by NAPTR and SRV
    transport: Literal["auto", "udp", "tcp", "tls"] = "auto"  # auto: what its domain says, else udp
    sources: tuple[Source, ...] = ()  # whence calls are accepted unchallenged; none: its servers
    username: Line = ""
    password: str = Field(default="", repr=False)
    certificate: Annotated[str, written(r"([a-z0-9-]+\.)*[a-z0-9-]*", "a domain such as sip.carrier.example")] = ""
    challenge: bool = False  # its calls must prove username and password; then they may come from anywhere
    registration: Registration | None = None
    caller_id: CallerId = ""  # shown to the called, in place of the number of our own phone
    caller_ids: tuple[Pattern, ...] = ()  # whole numbers that are shown as they are; all others as caller_id
    anonymous: bool = False  # nobody's number is shown
    assert_identity: bool = False  # it is told who calls, also who wants to be withheld (P-Asserted-Identity, RFC 3325)
    believe_identity: bool = True  # its P-Asserted-Identity and its diversions count
    prefix: Annotated[str, written(r"[0-9*#]{0,6}", "a prefix of up to 6 keys")] = ""  # phones dial it + the number
    rewrite: Rewrites = Rewrites()
    codecs: Codecs = ()  # in order of preference
    ring: PositiveSeconds = 30.0
    group: Annotated[str, written(rf"({NAME})?", NAME_IS)] = ""  # trunks of one group stand in for each other
    priority: int = Field(default=0, ge=0, le=65535)  # within the group; lower goes first
    weight: int = Field(default=1, ge=0, le=65535)  # share among those of one priority
    limits: TrunkLimits = TrunkLimits()
    answer_within: PositiveSeconds = 4.0  # a server that has said nothing for so long is given up for the next one
    dead_for: PositiveSeconds = 30.0  # so long a server that failed comes last
    probe: Seconds = 0.0  # between two OPTIONS to each server; 0: none
    probe_failures: int = Field(default=2, ge=1, le=100)  # unanswered in a row until a server is down
    follow_redirects: bool = False  # 3xx to servers of the trunk itself
    transfer: bool = False  # whoever is behind it may transfer whom he talks to, to our dialplans
    srtp: Secrecy = "off"
    digits: DigitForm = "auto"
    tones: ToneCountry | None = None  # of call progress; none: those of the switch

    @model_validator(mode="after")
    def _consistent(self) -> Trunk:
        if bool(self.username) != bool(self.password):
            raise ValueError("username and password go together; write both or none")
        if not self.username and (self.registration or self.challenge):
            raise ValueError("registration and challenge need username and password")
        return self
