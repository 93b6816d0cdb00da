"""A scenario of sipp written as a ladder: ``> INVITE sdp``, ``< 200``, ``> ACK``.

One line is one message of ours (``>``) or of the switch (``<``). After what is sent stand the body (``sdp``, ``hold``,
``digit``; nothing for none) and, after semicolons, headers, in which ``|`` stands for a semicolon. After what is
received, a ``?`` makes it optional; ``~`` says what it has to match, and ``[$part]`` is what its brackets have caught.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

_SDP = """\
v=0
o=sipp 1 {version} IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 8 101
a=rtpmap:101 telephone-event/8000
a={direction}"""
_DIRECTIONS = {"sdp": "sendrecv", "hold": "sendonly"}
_DIGIT = "Signal=1\nDuration=160"
_SAVED = {"via": "Via:", "peer": "From:", "us": "To:", "cseq": "CSeq:"}  # of the INVITE that we are called by
_STEP = re.compile(r"([<>]) (\w+(?:/INVITE)?)(\??)(?: (sdp|hold|digit))?((?:; [^;]+)*)(?: ~ (.+))?")


class Scenario:
    """The lines so far, as XML; ``caller`` has called, the other was called."""

    def __init__(self, name: str, *, caller: bool) -> None:
        self._name = name
        self._caller = caller
        self._cseq = 0 if caller else 100
        self._invite = 0  # CSeq of our last INVITE
        self._branch = 0
        self._invite_branch = 0
        self._confirmed = False
        self._within = False  # the request at hand came inside a dialog
        self._final = 0  # the last final response to an INVITE of ours
        self._parts: list[str] = []

    def xml(self, ladder: Sequence[str]) -> str:
        for line in ladder:
            step = _STEP.fullmatch(line)
            assert step, f"not a step: {line}"
            direction, what, optional, body, more, wanted = step.groups()
            headers = [header.replace("|", ";") for header in (more or "").split("; ") if header]
            if direction == "<":
                self._receive(what, bool(optional), wanted)
            else:
                self._send(what, body, headers)
        head = f'<?xml version="1.0" encoding="UTF-8" ?>\n<scenario name={quoteattr(self._name)}>'
        return "\n".join([head, *self._parts, *self._used(), "</scenario>\n"])

    def _used(self) -> list[str]:
        """sipp refuses a variable that is set and never read."""
        text = "\n".join(self._parts)
        names = [name for name in (*_SAVED, "seen", "part") if re.search(rf'assign_to="(seen,)?{name}\b', text)]
        return [f'<Reference variables="{",".join(names)}"/>'] if names else []

    def _receive(self, what: str, optional: bool, wanted: str | None) -> None:
        kind = "response" if what.isdigit() else "request"
        actions = ""
        if kind == "request":
            self._within = what != "INVITE"
        if kind == "request" and what == "INVITE" and not self._confirmed:
            for name, header in _SAVED.items():
                actions += f'<ereg regexp=".*" search_in="hdr" header="{header}" assign_to="{name}"/>'
        if wanted:
            into = "seen,part" if "(" in wanted else "seen"
            actions += f'<ereg regexp={quoteattr(wanted)} search_in="msg" check_it="true" assign_to="{into}"/>'
        routes = kind == "request" or what[0] == "2" or what == "180"
        attributes = f'{kind}="{what}"' + (' optional="true"' if optional else "") + (' rrs="true"' if routes else "")
        self._parts.append(f"<recv {attributes}>" + (f"<action>{actions}</action>" if actions else "") + "</recv>")
        if kind == "response" and int(what) >= 200:
            self._final = int(what)
            self._confirmed = self._confirmed or int(what) < 300

    def _send(self, what: str, body: str | None, headers: list[str]) -> None:
        lines = self._response(what) if what[0].isdigit() else self._request(what)
        lines += [*headers, *_body(body)]
        text = "\n".join(lines)
        again = "" if what[0].isdigit() or what == "ACK" else ' retrans="500"'
        self._parts.append(f"<send{again}><![CDATA[\n\n{text}\n\n]]></send>")

    def _response(self, status: str) -> list[str]:
        status, _, late = status.partition("/")  # late: others have come since that INVITE
        contact = "Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>"
        if late:
            lines = ["Via: [$via]", "From: [$peer]", "To: [$us];tag=callee[pid]-[call_number]", "CSeq: [$cseq]"]
            return [f"SIP/2.0 {status} Said", *lines, "Call-ID: [call_id]", contact]
        tag = "" if self._caller or self._within else ";tag=callee[pid]-[call_number]"
        lines = ["[last_Via:]", "[last_Record-Route:]", "[last_From:]", f"[last_To:]{tag}", "[last_Call-ID:]"]
        return [f"SIP/2.0 {status} Said", *lines, "[last_CSeq:]", contact]

    def _request(self, method: str) -> list[str]:
        refused = method == "ACK" and self._final >= 300
        if method not in ("ACK", "CANCEL"):
            self._cseq += 1
        number = self._invite if method in ("ACK", "CANCEL") else self._cseq
        self._branch += 1
        branch = self._invite_branch if refused or method == "CANCEL" else self._branch
        if method == "INVITE":
            self._invite, self._invite_branch, self._final = number, branch, 0
        first = self._caller and (not self._confirmed or refused) and method != "PRACK"
        uri = "sip:[service]@[remote_ip]:[remote_port]" if first else "[next_url]"
        ours = "<sip:[field0]@[local_ip]:[local_port]>;tag=caller[pid]-[call_number]"
        again = method == "INVITE" and not self._confirmed  # after a refusal: it belongs to no dialog
        theirs = "<sip:[service]@[remote_ip]:[remote_port]>" + ("" if again else "[peer_tag_param]")
        if not self._caller:
            ours, theirs = "[$us];tag=callee[pid]-[call_number]", "[$peer]"
        return [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-{branch}",
            f"From: {ours}", f"To: {theirs}", "Call-ID: [call_id]", f"CSeq: {number} {method}",
            "Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>", "Max-Forwards: 70",
        ]  # fmt: skip


def _body(kind: str | None) -> list[str]:
    if kind is None:
        return ["Content-Length: 0"]
    if kind == "digit":
        return ["Content-Type: application/dtmf-relay", "Content-Length: [len]", "", _DIGIT]
    text = _SDP.format(version=1 if kind == "sdp" else 2, direction=_DIRECTIONS[kind])
    return ["Content-Type: application/sdp", "Content-Length: [len]", "", text]


def write(directory: Path, name: str, ladder: Sequence[str], *, caller: bool) -> Path:
    """The scenario as a file for ``sipp -sf``."""
    path = directory / f"{name}.xml"
    path.write_text(Scenario(name, caller=caller).xml(ladder))
    return path
