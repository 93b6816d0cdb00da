"""``softswitch.yaml``: where the switch listens, where it keeps things, and its limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from softswitch.ivr.speech.language import FALLBACK
from softswitch.settings.behind import Voicemail, Webhook
from softswitch.settings.kind import (
    BindAddress,
    Country,
    FeatureCode,
    HostPort,
    Line,
    Listener,
    Name,
    Network,
    NumericHost,
    Peer,
    Place,
    PortRange,
    Ports,
    PositiveSeconds,
    Seconds,
    SipListener,
    Source,
    SpokenLanguage,
    Strict,
    Zone,
    written,
)
from softswitch.settings.people import ToneCountry
from softswitch.settings.tracing import Decisions, Hep, Trace
from softswitch.settings.transport import Certificate, SipTls, WebSocket

LOOPBACK = ("127.0.0.0/8", "::1/128")
FRAME_S = 0.02  # what the media process works by
MOST_FRAMES = 16  # of jitter: half of the ring (``rtp.jitter``)


class Ban(Strict):
    """Who guesses passwords is not heard for a while."""

    failures: int = Field(default=20, ge=0)  # wrong credentials from one address; 0: nobody is banned
    within: PositiveSeconds = 60.0
    time: PositiveSeconds = Field(default=600.0, alias="for")
    exempt: tuple[Network, ...] = LOOPBACK


class Strangers(Strict):
    """What one address may send that has no phone registered and is no trunk."""

    rate: float = Field(default=100.0, gt=0)  # messages a second
    burst: float = Field(default=500.0, ge=1)
    exempt: tuple[Network, ...] = LOOPBACK  # held to it only while the switch is busy


class Sip(Strict):
    listen: tuple[SipListener, ...] = (
        Listener("udp", HostPort("127.0.0.1", 5060)),
        Listener("tcp", HostPort("127.0.0.1", 5060)),
    )
    tls: SipTls | None = None  # needed by the listeners that begin with tls:
    websocket: WebSocket | None = WebSocket()  # null: none
    realm: Line = Field(default="softswitch", min_length=1, max_length=64)
    # Offered to phones in this order. Many look at the first only, and old ones (sipp too) know nothing but MD5.
    digest: tuple[Literal["SHA-256", "MD5"], ...] = ("MD5", "SHA-256")
    t1: PositiveSeconds = 0.5  # RFC 3261 section 17.1.1.1
    t2: PositiveSeconds = 4.0
    t4: PositiveSeconds = 5.0
    min_expires: Seconds = 60.0  # a shorter registration is answered 423
    max_expires: PositiveSeconds = 3600.0  # a longer one is granted this much
    ring: PositiveSeconds = 30.0  # of a call between two internal phones
    max_bindings: int = Field(default=8, ge=1, le=100)  # of one user; one more pushes out the oldest
    nat: Literal["auto", "off"] = "auto"  # auto: a phone is answered and called where its packets come from
    keep_alive: Seconds = 25.0  # between our packets to a UDP phone behind a NAT; 0: none
    probe: Seconds = 120.0  # between our questions whether a registered phone is still there; 0: none
    session_expires: Seconds = Field(default=1800.0, le=86_400)  # RFC 4028; 0: no session timer is asked for
    min_se: Seconds = Field(default=90.0, ge=90, le=86_400)  # a shorter session timer is refused with 422
    ban: Ban = Ban()
    strangers: Strangers = Strangers()

    @field_validator("listen")
    @classmethod
    def _somewhere(cls, listen: tuple[Listener, ...]) -> tuple[Listener, ...]:
        if not listen:
            raise ValueError("must name at least one listener, for example udp:127.0.0.1:5060")
        return listen

    @field_validator("digest")
    @classmethod
    def _each_once(cls, digest: tuple[str, ...]) -> tuple[str, ...]:
        if not digest or len(set(digest)) < len(digest):
            raise ValueError("must name at least one algorithm, and none twice, for example [MD5, SHA-256]")
        return digest


class Token(Strict):
    """A bearer token, known only by its digest: ``printf %s TOKEN | sha256sum``."""

    name: Name
    role: Literal["agent", "supervisor", "admin", "ops"] = "supervisor"
    sha256: Annotated[str, written(r"[0-9a-f]{64}", "64 hexadecimal digits in small letters")] = Field(repr=False)


class Http(Strict):
    listen: BindAddress = HostPort("127.0.0.1", 8080)
    tls: Certificate | None = None  # then it is https and wss
    tokens: tuple[Token, ...] = ()


class Talk(Strict):
    """When somebody talks. A stream talks above both thresholds; see docs/digits.md."""

    level: float = Field(default=-45.0, ge=-90, le=0)  # dBov
    margin: float = Field(default=9.0, ge=0, le=40)  # dB above the background of the line
    hangover: Seconds = Field(default=0.3, le=5)  # a pause that is part of the talk
    silence: PositiveSeconds = 10.0  # after that a stream counts as silent


def _whole_frames(wait_s: float) -> float:
    frames = round(wait_s / FRAME_S)
    if not 1 <= frames <= MOST_FRAMES or abs(wait_s - frames * FRAME_S) > 1e-6:
        raise ValueError("must be a multiple of 20ms, and at most 320ms")
    return wait_s


JitterWait = Annotated[Seconds, AfterValidator(_whole_frames)]


class JitterBuffer(Strict):
    """How long what is received waits for what comes late; ``first`` is where each stream begins."""

    least: JitterWait = 0.02
    first: JitterWait = 0.04
    most: JitterWait = 0.2

    @model_validator(mode="after")
    def _in_order(self) -> JitterBuffer:
        if not self.least <= self.first <= self.most:
            raise ValueError("must be least <= first <= most")
        return self

    def frames(self) -> tuple[int, int, int]:
        """Least, first and most, in frames."""
        return round(self.least / FRAME_S), round(self.first / FRAME_S), round(self.most / FRAME_S)


class MediaPlaneSettings(Strict):
    address: NumericHost = "127.0.0.1"
    ports: Ports = PortRange(20000, 29999)  # shared out among the processes
    processes: int = Field(default=1, ge=1, le=64)  # one for each core that signalling and the database leave
    realtime: bool = False  # their ticks go before all other work of the machine, where the system permits it
    outlive: Seconds = 60.0  # that calls go on without the control process, which takes them up again
    jitter: JitterBuffer = JitterBuffer()
    talk: Talk = Talk()

    @model_validator(mode="after")
    def _enough_ports(self) -> MediaPlaneSettings:
        if self.ports.last + 1 - self.ports.first < 4 * self.processes:
            raise ValueError("ports must have room for four ports of each of the processes")
        return self


class Store(Strict):
    url: str = Field(default="sqlite:///var/softswitch.db", repr=False)

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str) -> str:
        if not url.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return url


class Paths(Strict):
    """Directories; ``load`` makes relative ones absolute."""

    var: Place = Path("var")
    prompts: Place = Path("media/prompts")
    hold: Place = Path("media/hold")
    dialplans: Place = Path("dialplans")
    recordings: Place = Path("var/recordings")


class Recordings(Strict):
    """How conversations and voicemails are kept; whether they are is said by ``recording`` and by each queue."""

    format: Literal["wav", "flac", "opus"] = "wav"  # they grow as WAVE files, and are converted when they are over
    keep_free: int = Field(default=1000, ge=0)  # MB of the disk: with less, recordings end and none begins


class Log(Strict):
    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "info"
    mask_numbers: bool = True


BEFORE_NUMBERS = frozenset({"listen", "whisper", "barge", "force_ready", "force_pause", "force_logout"})


class FeatureCodes(Strict):
    """What an agent, or a supervisor, dials on the own phone."""

    login: FeatureCode = "*11"
    logout: FeatureCode = "*12"
    ready: FeatureCode = "*13"
    pause: FeatureCode = "*14"  # a digit of pause_reasons may follow
    wrap_up: FeatureCode = "*15"  # in a call: there is to be some; after it: a minute more, or as many as follow
    disposition: FeatureCode = "*57"  # and a digit: how the call of a campaign ended, by the place of its code
    voicemail: FeatureCode = "*97"  # hear the messages of the own mailbox
    listen: FeatureCode = "*31"  # BEFORE_NUMBERS: these, before that of who is supervised
    whisper: FeatureCode = "*32"
    barge: FeatureCode = "*33"
    force_ready: FeatureCode = "*35"
    force_pause: FeatureCode = "*36"
    force_logout: FeatureCode = "*37"


PauseDigit = Annotated[str, written(r"[0-9]", "one digit in quotes, such as '1'")]
PAUSE_REASONS = {"1": "break", "2": "lunch", "3": "meeting", "4": "training", "5": "other work"}


class HostRest(Strict):
    """A host that does not answer is left alone, so that it does not cost each caller the whole ``timeout``."""

    failures: int = Field(default=5, ge=0)  # requests in a row that nobody answered; 0: it is always asked
    time: PositiveSeconds = Field(default=10.0, alias="for")


Voice = Annotated[str, written(r"[A-Za-z0-9+_-]{1,40}", "a voice of espeak-ng, such as en-us or cmn")]


class Speech(Strict):
    """How texts are spoken that nobody has recorded, and which language stands in for another."""

    voices: dict[SpokenLanguage, Voice] = Field(default_factory=dict)  # of espeak-ng
    fallback: tuple[SpokenLanguage, ...] = Field(default=FALLBACK, max_length=8)  # after the caller's own
    cache: int = Field(default=500, ge=10)  # MB of speech that are kept in var/speech


class HttpStep(Strict):
    """The ``http`` verb of dialplans."""

    allowed_hosts: tuple[Peer, ...] = (HostPort("127.0.0.1", 0),)  # by name; with a port, only that
    budget: PositiveSeconds = 10.0  # what all http steps of one call may take together
    most_bytes: int = Field(default=256_000, ge=1000, le=10_000_000)  # of an answer
    rest: HostRest = HostRest()


class Dns(Strict):
    """Who is asked for the servers of trunks."""

    nameservers: tuple[Source, ...] = ()  # with the port where it is not 53; none: those of the machine
    timeout: PositiveSeconds = 2.0  # of one question to one name server


class Limits(Strict):
    calls: int = Field(default=2000, ge=1, le=100_000)  # a new INVITE beyond is shed with 503
    calls_per_user: int = Field(default=0, ge=0)  # at once, where users.yaml says nothing else; 0: any number


class Lamps(Strict):
    """What phones may subscribe to: who talks, who is there, which messages wait."""

    show: Literal["nobody", "colleagues", "everybody"] = "colleagues"  # who is named as talking to a watched phone
    min_expires: Seconds = 60.0  # a shorter subscription is answered 423
    max_expires: PositiveSeconds = 600.0  # a longer one is granted this much; so long lamps may be wrong after a crash
    per_user: int = Field(default=200, ge=1)  # subscriptions; more are answered 503
    most: int = Field(default=20_000, ge=1)  # of all users

    @model_validator(mode="after")
    def _in_order(self) -> Lamps:
        if self.min_expires > self.max_expires:
            raise ValueError("min_expires must not be longer than max_expires")
        return self


QUEUE_LOG = "queue_log"  # in paths.var


class Statistics(Strict):
    """What is counted of queues and agents."""

    days: int = Field(default=400, ge=1, le=3650)  # that it is kept
    queue_log: bool = False  # True: a file like Asterisk's is written, var/queue_log


class Events(Strict):
    """What happened in queues, to agents and to promises: each fact is a row of the database."""

    days: int = Field(default=35, ge=1, le=3650)  # that they stay there


class Callbacks(Strict):
    settle: Seconds = 32.0  # on top of the ring time: how long an attempt that a crash cut short stays uncertain


class System(Strict):
    node: Annotated[str, written(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", "a name of letters, digits and _ . -")] = (
        "softswitch"
    )
    sip: Sip = Sip()
    http: Http = Http()
    media: MediaPlaneSettings = MediaPlaneSettings()
    store: Store = Store()
    paths: Paths = Paths()
    region: Country = "CN"  # of numbers without a country code
    area_code: Annotated[str, written(r"[0-9]{0,6}", "an area code such as '10' or '010'")] = ""  # of local numbers
    do_not_call: Place | None = None  # file with numbers that are never to be called
    tones: ToneCountry | None = None  # of call progress; none: those of the region, if they are known, else of the US
    language: Annotated[str, written(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", "a language such as zh or en-GB")] = "zh"
    zone: Zone = "Asia/Shanghai"  # of the time of day in dialplans
    speech: Speech = Speech()
    log: Log = Log()
    feature_codes: FeatureCodes = FeatureCodes()
    pause_reasons: dict[PauseDigit, Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        default_factory=PAUSE_REASONS.copy
    )  # by the digit that follows the code for a pause
    recording: bool = True  # False: nothing is recorded, whatever a queue says
    recordings: Recordings = Recordings()
    http_step: HttpStep = HttpStep()
    limits: Limits = Limits()
    trace: Trace = Trace()
    decisions: Decisions = Decisions()
    statistics: Statistics = Statistics()
    events: Events = Events()
    hep: Hep = Hep()
    dns: Dns = Dns()
    callbacks: Callbacks = Callbacks()
    lamps: Lamps = Lamps()
    voicemail: Voicemail = Voicemail()
    webhooks: dict[Name, Webhook] = Field(default_factory=dict)
