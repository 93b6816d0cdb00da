"""``users.yaml`` and ``agents.yaml``: phones, and the people at the phones."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from softswitch.acd.model import AgentSpec
from softswitch.audio.progress import COUNTRIES
from softswitch.contact.permission import EVERYBODY
from softswitch.settings.behind import Pin
from softswitch.settings.kind import Line, Name, Strict, written

# The passwords of the sample configuration are public: no listener outside of loopback starts with one of them.
SAMPLE_PASSWORDS = frozenset({"sample-1001", "sample-1002", "sample-1003", "sample-1004", "secret", "password"})
_SHORTEST_PASSWORD = 8

Level = Annotated[int, Field(ge=1, le=10)]
SipUri = Annotated[
    str, written(r"sips?:[^@\s]+@[^@\s]+", "a SIP address such as sip:1001@127.0.0.1:7000;transport=udp")
]


# Of the media: "optional" is RFC 8643, "required" refuses calls without keys (488).
Secrecy = Literal["off", "optional", "required"]
# Of the keys that it is sent: "auto" is telephone events where they were agreed on, else tones in the sound.
DigitForm = Literal["auto", "info", "tone"]


def _sounding(country: str) -> str:
    if country not in COUNTRIES:
        raise ValueError(f"the tones of {country!r} are not known; write one of {', '.join(COUNTRIES)}")
    return country


ToneCountry = Annotated[str, AfterValidator(_sounding)]


def _once(named: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(named)) < len(named):
        raise ValueError("has a codec twice")
    return named


# In order of preference; L16 is for those who have bandwidth and no time. None: what ``sdp.codecs`` has as usual.
Codecs = Annotated[
    tuple[Literal["PCMU", "PCMA", "G722", "opus", "L16", "L16/16000"], ...], AfterValidator(_once)
]  # fmt: skip


def _everybody(written: object) -> object:
    return [EVERYBODY] if written == EVERYBODY else written


def _different(named: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(named)) < len(named):
        raise ValueError("has a phone twice")
    return named


AgentNumber = Annotated[str, written(r"[0-9]{1,12}", "digits in quotes, such as '501'")]

# Users and queues by name, or the word "all".
Supervised = Annotated[tuple[Name, ...], BeforeValidator(_everybody)]


class User(Strict):
    """A phone that may register and call."""

    password: str = Field(min_length=1, repr=False)
    name: Line = ""
    language: str = ""
    contact: SipUri | None = None  # of a phone that does not register
    calls: int | None = Field(default=None, ge=0)  # at once; None: limits.calls_per_user
    srtp: Secrecy = "off"
    digits: DigitForm = "auto"
    tones: ToneCountry | None = None  # of call progress; none: those of the switch
    codecs: Codecs = ()
    supervises: Supervised = ()  # whose calls he may listen to, whisper into and join
    pin: Pin | None = Field(default=None, repr=False)  # of his mailbox; none: it cannot be opened by phone with one

    def weak_for(self, user: str) -> bool:
        """True where the password must not be used on a network that others can reach."""
        known = self.password in SAMPLE_PASSWORDS or self.password == user
        return known or len(self.password) < _SHORTEST_PASSWORD


class Agent(Strict):
    """With phones of the own (``user`` or ``users``), or with a number and a PIN to sit down at any."""

    user: str = ""  # whose phones ring
    users: Annotated[tuple[str, ...], AfterValidator(_different)] = ()  # the same, of several: the first to answer
    number: AgentNumber | None = None  # that he types to log in at a phone that is no agent's
    pin: Pin | None = Field(default=None, repr=False)  # that goes with it
    skills: dict[Name, Level] = Field(default_factory=dict)
    auto_login: bool = False  # logged in and ready from the start

    @model_validator(mode="after")
    def _somewhere(self) -> Agent:
        if self.user and self.users:
            raise ValueError("has user and users; write all his phones under users")
        if self.phones and (self.number or self.pin):
            raise ValueError("has phones of his own, and no use for a number or a PIN; leave out one or the other")
        if not self.phones and not (self.number and self.pin):
            raise ValueError('has no phone; write user: "1001", or number: "501" and pin: "7362" to sit down at any')
        if not self.phones and self.auto_login:
            raise ValueError("auto_login needs a phone of the own: who sits down at any says at which")
        return self

    @property
    def phones(self) -> tuple[str, ...]:
        return self.users or ((self.user,) if self.user else ())

    def spec(self, agent: str) -> AgentSpec:
        user, *also = self.phones or ("",)
        return AgentSpec(agent, user, tuple(sorted(self.skills.items())), tuple(also))
