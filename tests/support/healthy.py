"""A phone of a few lines on a raw socket: what it sends is exactly what is written here, and it measures."""

from __future__ import annotations

import itertools
import re
import socket
import time

from softswitch.sip.digest import answer

_SERIAL = itertools.count(1)
LOST_S = 9.0  # what a request without an answer counts as


class Healthy:
    """``transport`` is UDP. Call-IDs and branches are fresh for each request."""

    def __init__(self, switch: tuple[str, int], user: str = "1001", password: str = "sample-1001") -> None:
        self.switch, self.user, self.password = switch, user, password
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def __enter__(self) -> Healthy:
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()

    def text(
        self,
        method: str,
        headers: str = "",
        *,
        uri: str = "sip:softswitch",
        user: str = "",
        to: str = "",
        body: str = "",
        tag: str = "",
        serial: int = 0,
        cseq: int = 0,
    ) -> str:
        serial = serial or next(_SERIAL)
        user = user or self.user
        return (
            f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bKh{serial}c{cseq};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{user}@softswitch>;tag=f{serial}\r\n"
            f"To: <sip:{to or user}@softswitch>{f';tag={tag}' if tag else ''}\r\nCall-ID: h{serial}@{self.port}\r\n"
            f"CSeq: {cseq or serial} {method}\r\nContact: <sip:{user}@127.0.0.1:{self.port}>\r\n"
            f"{headers}Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def ask(self, text: str, timeout_s: float = 3.0) -> str:
        """The first final response to this very request, which is repeated each 0.5 s; "" where none comes."""
        call_id = re.search(r"Call-ID: (\S+)", text, re.IGNORECASE)
        cseq = re.search(r"CSeq: (\d+)", text, re.IGNORECASE)
        wanted = (f"Call-ID: {call_id[1]}\r\n" if call_id else "", f"CSeq: {cseq[1]} " if cseq else "")
        end, again = time.monotonic() + timeout_s, 0.0
        while (now := time.monotonic()) < end:
            if now >= again:
                self.socket.sendto(text.encode("utf-8", "surrogateescape"), self.switch)
                again = now + 0.5  # T1
            self.socket.settimeout(max(0.001, min(again, end) - now))
            try:
                heard = self.socket.recv(65536).decode("utf-8", "replace")
            except TimeoutError:
                continue
            if heard.startswith("SIP/2.0 ") and heard[8] != "1" and all(piece in heard for piece in wanted):
                return heard
        return ""

    def proof(self, challenge: str, method: str, uri: str, user: str = "", password: str = "") -> str:
        """The Authorization header line that answers a challenge."""
        asked = re.findall(r"WWW-Authenticate: (.*)\r\n", challenge)[0]
        given = answer(asked, method, uri, user or self.user, password or self.password, f"cn{next(_SERIAL)}")
        return f"Authorization: {given}\r\n"

    def register(self, expires: int = 600, **how: str) -> int:
        """The status of the second of two REGISTERs."""
        headers = f"Expires: {expires}\r\n"
        challenge = self.ask(self.text("REGISTER", headers, to=how.get("to", "")))
        if not challenge.startswith("SIP/2.0 401"):
            return status(challenge)
        line = self.proof(challenge, "REGISTER", "sip:softswitch", how.get("user", ""), how.get("password", ""))
        return status(self.ask(self.text("REGISTER", headers + line, to=how.get("to", ""))))

    def delays(self, count: int, pause_s: float = 0.01) -> list[float]:
        """Seconds until OPTIONS was answered, sorted."""
        found = []
        for _ in range(count):
            began = time.monotonic()
            found.append(time.monotonic() - began if self.ask(self.text("OPTIONS"), 0.5) else LOST_S)
            time.sleep(pause_s)  # between two measurements, nothing is waited for
        return sorted(found)


def status(response: str) -> int:
    """0 where there is none."""
    return int(response[8:11]) if response else 0
