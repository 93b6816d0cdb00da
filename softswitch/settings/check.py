"""What no single key can say: references between the files, and what is safe to expose.

Each check yields (path of the key, message, level).
"""

from __future__ import annotations

import datetime
import math
import pathlib
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urlsplit

from softswitch.audio import codec
from softswitch.contact.permission import EVERYBODY
from softswitch.core.yaml_nodes import Path, did_you_mean
from softswitch.ivr.verb.need import SkillNeed
from softswitch.sdp.codecs import KNOWN
from softswitch.settings.behind import SAMPLE_PINS, guessable
from softswitch.settings.check_campaign import campaign_findings
from softswitch.settings.check_hours import hours_findings
from softswitch.settings.check_manners import manners_findings
from softswitch.settings.check_queue import queue_findings
from softswitch.settings.model import Configuration
from softswitch.settings.queue import Queue
from softswitch.settings.system import BEFORE_NUMBERS

Finding = tuple[Path, str, str]


def findings(settings: Configuration) -> Iterator[Finding]:
    """Everything that is wrong or doubtful across the files."""
    yield from _agents(settings)
    yield from _supervisors(settings)
    yield from _trunks(settings)
    yield from _queue_trunks(settings)
    yield from _skills(settings)
    yield from queue_findings(settings)
    yield from campaign_findings(settings)
    yield from hours_findings(settings)
    yield from manners_findings(settings)
    yield from _shares(settings)
    yield from _codes(settings)
    yield from _expiries(settings)
    yield from _listeners(settings)
    yield from _exposure(settings)
    yield from _open_keys(settings)
    yield from _codecs(settings)
    yield from _mailboxes(settings)
    yield from _webhooks(settings)
    yield from _clock_changes(settings)


def _agents(settings: Configuration) -> Iterator[Finding]:
    owner: dict[str, str] = {}
    numbered: dict[str, str] = {}
    at_phone = {user: name for name, agent in settings.agents.items() for user in agent.phones}
    exposed = next((f"sip.listen {one.at}" for one in settings.sip.listen if not one.at.loopback), "")
    for name, agent in settings.agents.items():
        for index, user in enumerate(agent.phones):
            path: Path = ("agents", name, "users", index) if agent.users else ("agents", name, "user")
            if user not in settings.users:
                yield path, f"users.yaml has no user {user!r}{did_you_mean(user, settings.users)}", "error"
            elif owner.setdefault(user, name) != name:
                yield path, f"agent {owner[user]!r} has this phone already; give each agent one of their own", "error"
        number, pin = agent.number, agent.pin
        if number and numbered.setdefault(number, name) != name:
            yield ("agents", name, "number"), f"agent {numbered[number]!r} has this number already", "error"
        if number in at_phone:  # a supervisor's code would mean either
            yield ("agents", name, "number"), f"is the phone of agent {at_phone[number]!r}; choose another", "error"
        if pin in SAMPLE_PINS and exposed:
            yield ("agents", name, "pin"), f"a sample PIN, and {exposed} is not loopback; choose another", "error"
        elif pin is not None and guessable(pin, number or ""):
            yield ("agents", name, "pin"), "is what somebody would try first; choose another", "warning"


def _supervisors(settings: Configuration) -> Iterator[Finding]:
    known = {EVERYBODY, *settings.users, *settings.queues}
    for number, user in settings.users.items():
        for index, one in enumerate(user.supervises):
            if one not in known:
                message = f"neither users.yaml nor queues.yaml has {one!r}{did_you_mean(one, known)}"
                yield ("users", number, "supervises", index), message, "error"


def _trunks(settings: Configuration) -> Iterator[Finding]:
    owner: dict[str, str] = {}
    proving: dict[str, str] = {}
    for name, trunk in settings.trunks.items():
        first = settings.trunks[owner.setdefault(trunk.prefix, name)]
        if trunk.prefix and first is not trunk and not (trunk.group and trunk.group == first.group):
            message = f"trunk {owner[trunk.prefix]!r} has this prefix already; give both the same group"
            yield ("trunks", name, "prefix"), message, "error"
        if trunk.certificate and (settings.sip.tls is None or settings.sip.tls.client_certificates == "none"):
            message = "nobody is asked for a certificate: write sip.tls.client_certificates: optional"
            yield ("trunks", name, "certificate"), message, "error"
        if trunk.group in settings.trunks:
            yield ("trunks", name, "group"), "is the name of a trunk already", "error"
        if trunk.challenge and trunk.username in settings.users:
            yield ("trunks", name, "username"), "is a user in users.yaml already", "error"
        if trunk.challenge and proving.setdefault(trunk.username, name) != name:
            yield ("trunks", name, "username"), f"trunk {proving[trunk.username]!r} proves itself with it", "error"


def _queue_trunks(settings: Configuration) -> Iterator[Finding]:
    for name, queue in settings.queues.items():
        trunk = queue.callback.trunk if queue.callback else None
        known = {*settings.trunks, *(one.group for one in settings.trunks.values() if one.group)}
        if trunk is not None and trunk not in known:
            message = f"trunks.yaml has no trunk {trunk!r}{did_you_mean(trunk, known)}"
            yield ("queues", name, "callback", "trunk"), message, "error"


def music_findings(settings: Configuration, root: pathlib.Path) -> Iterator[Finding]:
    """Hold music that is not there; its listeners hear the default."""
    hold = root / settings.paths.hold
    for name, queue in settings.queues.items():
        if queue.music != "default" and not (hold / queue.music).is_dir():
            known = {path.name for path in hold.iterdir() if path.is_dir()} if hold.is_dir() else set()
            message = f"{settings.paths.hold} has no directory {queue.music!r}{did_you_mean(queue.music, known)}"
            yield ("queues", name, "music"), message, "warning"


def _skills(settings: Configuration) -> Iterator[Finding]:
    best: dict[str, int] = defaultdict(int)
    for agent in settings.agents.values():
        for skill, level in agent.skills.items():
            best[skill] = max(best[skill], level)
    for name, queue in settings.queues.items():
        for need, below in _needed(queue):
            path, skill = ("queues", name, *below, "skill"), str(need.skill)
            if skill not in best:
                yield path, f"no agent has the skill {skill!r}{did_you_mean(skill, best)}", "warning"
            elif need.level > best[skill]:
                yield path, f"no agent has {skill!r} at level {need.level}; highest: {best[skill]}", "warning"


def _needed(queue: Queue) -> Iterator[tuple[SkillNeed, Path]]:
    """Every skill that it speaks of, and where."""
    written: list[tuple[Path, tuple[SkillNeed, ...]]] = [(("needs",), queue.needs)]
    written += [(("relax", index, "needs"), step.needs) for index, step in enumerate(queue.relax)]
    for path, needs in written:
        for index, need in enumerate(needs):
            yield from ((one, (*path, index, *below)) for one, below in need.of_skills())


def _shares(settings: Configuration) -> Iterator[Finding]:
    sharing = {name: queue.share for name, queue in settings.queues.items() if queue.share is not None}
    total = math.fsum(sharing.values())
    if total > 1 + 1e-9:
        last = list(sharing)[-1]
        message = f"the shares of {', '.join(sharing)} are {total:g} together; at most 1"
        yield ("queues", last, "share"), message, "error"


def _codes(settings: Configuration) -> Iterator[Finding]:
    owner: dict[str, str] = {}
    codes = settings.feature_codes.model_dump()
    for key, code in codes.items():
        longer = next((one for one in codes.values() if one != code and one.startswith(code)), "")
        if longer and key in BEFORE_NUMBERS:
            message = f"a number comes after {code}, so that {longer} could not be told from it"
            yield ("feature_codes", key), message, "error"
        if code in owner:
            yield ("feature_codes", key), f"{code} is the code for {owner[code]} already", "error"
        if code in settings.users:
            yield ("feature_codes", key), f"{code} is a user in users.yaml already", "error"
        owner.setdefault(code, key)


def _expiries(settings: Configuration) -> Iterator[Finding]:
    sip = settings.sip
    if sip.min_expires > sip.max_expires:
        message = f"must not be longer than sip.max_expires ({sip.max_expires:g}s), or no phone can register"
        yield ("sip", "min_expires"), message, "error"
    if 0 < sip.session_expires < sip.min_se:  # RFC 4028 section 7.1
        message = f"must not be shorter than sip.min_se ({sip.min_se:g}s); 0 asks for no timer"
        yield ("sip", "session_expires"), message, "error"


def _listeners(settings: Configuration) -> Iterator[Finding]:
    seen: set[object] = set()
    for index, listener in enumerate(settings.sip.listen):
        taken = (listener.transport == "udp", listener.at)  # TLS is TCP
        if taken in seen:
            yield ("sip", "listen", index), "the same address twice", "error"
        seen.add(taken)
        if listener.transport != "udp" and listener.at == settings.http.listen:
            yield ("http", "listen"), "sip.listen has this address and port already", "error"
        if listener.transport == "tls" and settings.sip.tls is None:
            message = "TLS needs a certificate: write sip.tls: {certificate: FILE, private_key: FILE}"
            yield ("sip", "listen", index), message, "error"
    transports = {listener.transport for listener in settings.sip.listen}
    for name, trunk in settings.trunks.items():
        if trunk.transport not in (*transports, "auto"):
            message = f"sip.listen has no listener that begins with {trunk.transport}: to send from"
            yield ("trunks", name, "transport"), message, "error"


def _exposure(settings: Configuration) -> Iterator[Finding]:
    """Others can reach this machine: then no password that they know, and no HTTP without a token."""
    exposed = next((f"sip.listen {one.at}" for one in settings.sip.listen if not one.at.loopback), "")
    if not exposed and settings.sip.websocket is not None and not settings.http.listen.loopback:
        exposed = f"http.listen {settings.http.listen}, which takes phones by sip.websocket,"
    if exposed:
        for number, user in settings.users.items():
            if user.weak_for(number):
                message = (
                    f"a sample or weak password, and {exposed} is not loopback;"
                    " use 8 characters or more that are not in the samples"
                )
                yield ("users", number, "password"), message, "error"
    if not settings.http.listen.loopback and not settings.http.tokens:
        yield ("http", "listen"), "not loopback, so http.tokens must have at least one token", "error"


def _open_keys(settings: Configuration) -> Iterator[Finding]:
    """The keys of SRTP travel in SIP (RFC 4568 section 10.3): whoever can read that has them."""
    private = any(one.transport == "tls" for one in settings.sip.listen) or settings.http.tls is not None
    for number, user in settings.users.items():
        if user.srtp != "off" and not private:
            message = "its keys are sent in the clear, for want of a tls: listener; see sip.listen and sip.tls"
            yield ("users", number, "srtp"), message, "warning"
    for name, trunk in settings.trunks.items():
        if trunk.srtp != "off" and trunk.transport in ("udp", "tcp"):
            message = f"its keys are sent in the clear, over {trunk.transport}; write transport: tls"
            yield ("trunks", name, "srtp"), message, "warning"


def _clock_changes(settings: Configuration) -> Iterator[Finding]:
    """Hours that begin or end while the clock is set anew, in the year that comes."""
    today = datetime.datetime.now(datetime.UTC).date()
    for name, calendar in settings.calendars.items():
        for place, message in calendar.doubts(today):
            yield ("calendars", name, *place), message, "warning"


def _mailboxes(settings: Configuration) -> Iterator[Finding]:
    exposed = next((f"sip.listen {one.at}" for one in settings.sip.listen if not one.at.loopback), "")
    for kind, owners in (("users", settings.users), ("queues", settings.queues)):
        for name, owner in owners.items():
            path = (kind, name, "pin")
            if owner.pin in SAMPLE_PINS and exposed:
                yield path, f"a sample PIN, and {exposed} is not loopback; choose another", "error"
            elif owner.pin is not None and guessable(owner.pin, name):
                yield path, "is what somebody would try first; choose another", "warning"
    trunk = settings.voicemail.trunk
    if trunk is not None and trunk not in settings.trunks:
        message = f"trunks.yaml has no trunk {trunk!r}{did_you_mean(trunk, settings.trunks)}"
        yield ("voicemail", "trunk"), message, "error"


def _webhooks(settings: Configuration) -> Iterator[Finding]:
    for name, hook in settings.webhooks.items():
        parts = urlsplit(hook.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        allowed = [one.port for one in settings.http_step.allowed_hosts if one.host.lower() == parts.hostname]
        if not {0, port} & set(allowed):
            message = f"{parts.hostname}:{port} is not in http_step.allowed_hosts"
            yield ("webhooks", name, "url"), message, "error"


def _codecs(settings: Configuration) -> Iterator[Finding]:
    """A codec whose library is not there would be silence."""
    for kind, peers in (("users", settings.users), ("trunks", settings.trunks)):
        for name, peer in peers.items():
            for written in peer.codecs:
                if not codec.has(KNOWN[written].name, KNOWN[written].rate_hz):
                    yield (kind, name, "codecs"), f"{written}: its library is not on this machine", "error"
