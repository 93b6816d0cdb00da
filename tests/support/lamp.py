"""A phone with a lamp on a real socket, in some lines of its own: SUBSCRIBE to dialog-info, and 200 to each NOTIFY.

It is no user of the project's messages or machines, so that what both would get wrong alike shows here.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import uuid
from typing import Any

from tests.support.switch_process import SwitchProcess

HOST = "127.0.0.1"


class Lamp(asyncio.DatagramProtocol):
    """``shown`` are the documents that came, as (version, states of the dialogs, document)."""

    def __init__(self, switch: SwitchProcess, user: str, password: str) -> None:
        self.switch = switch
        self.user = user
        self._password = password
        self.shown: list[tuple[int, list[str], str]] = []
        self.call_id = f"lamp-{uuid.uuid4().hex}"
        self.from_ = f"<sip:{user}@{HOST}>;tag={uuid.uuid4().hex[:8]}"
        self.to = ""
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._news = asyncio.Condition()
        self._keep: set[asyncio.Task[None]] = set()
        self._transport: Any = None

    @classmethod
    def of(cls, switch: SwitchProcess, user: str, password: str) -> Lamp:
        return cls(switch, user, password)

    async def __aenter__(self) -> Lamp:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(HOST, 0))
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.close()

    # ---- what it does ------------------------------------------------------------------------------------------

    async def subscribe(self, watched: str) -> None:
        """To the dialogs of ``watched``."""
        headers = {"Call-ID": self.call_id, "From": self.from_, "Event": "dialog", "Expires": "120"}
        challenge = await self.answer(self.request("SUBSCRIBE", watched, headers))
        assert challenge.startswith("SIP/2.0 401"), challenge
        uri = f"sip:{watched}@{HOST}:{self.switch.sip_port}"
        headers["Authorization"] = self._credentials(challenge, "SUBSCRIBE", uri)
        accepted = await self.answer(self.request("SUBSCRIBE", watched, headers, cseq=2))
        assert accepted.startswith("SIP/2.0 200"), accepted
        self.to = header(accepted, "To")

    async def shows(self, *wanted: str) -> None:
        """Wait until the newest document has a dialog in one of these states, "" for none."""

        def there() -> bool:
            newest = max(self.shown, key=lambda one: one[0], default=(0, ["nothing"], ""))
            return any((state in newest[1]) if state else not newest[1] for state in wanted)

        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(there)

    @property
    def document(self) -> str:
        return self.shown[-1][2]

    def request(self, method: str, user: str, headers: dict[str, str], cseq: int = 1) -> str:
        lines = {
            "Via": f"SIP/2.0/UDP {HOST}:{self.port};branch=z9hG4bK{uuid.uuid4().hex};rport", "Max-Forwards": "70",
            "From": self.from_, "To": f"<sip:{user}@softswitch>", "Call-ID": uuid.uuid4().hex,
            "CSeq": f"{cseq} {method}", "Contact": f"<sip:{self.user}@{HOST}:{self.port}>", "Content-Length": "0",
        } | headers  # fmt: skip
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{method} sip:{user}@{HOST}:{self.switch.sip_port} SIP/2.0\r\n{text}\r\n"

    def send(self, message: str) -> None:
        self._transport.sendto(message.encode(), self.switch.sip)

    async def answer(self, message: str) -> str:
        """Send it; the response with its Via."""
        self.send(message)
        branch = header(message, "Via").partition("branch=")[2].partition(";")[0]
        async with asyncio.timeout(10):
            while branch not in (response := await self._answers.get()):
                pass
        return response

    # ---- what it hears -----------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: Any) -> None:
        text = data.decode()
        if text.startswith("SIP/2.0"):
            self._answers.put_nowait(text)
            return
        copied = "".join(f"{name}: {header(text, name)}\r\n" for name in ("Via", "From", "To", "Call-ID", "CSeq"))
        self.send(f"SIP/2.0 200 OK\r\n{copied}Content-Length: 0\r\n\r\n")
        if text.startswith("NOTIFY"):
            task = asyncio.get_running_loop().create_task(self._take(text.partition("\r\n\r\n")[2]))
            self._keep.add(task)
            task.add_done_callback(self._keep.discard)

    async def _take(self, document: str) -> None:
        version = re.search(r'<dialog-info [^>]*version="(\d+)"', document)
        assert version, document
        async with self._news:
            self.shown.append((int(version[1]), re.findall(r"<state>(\w+)</state>", document), document))
            self._news.notify_all()

    def _credentials(self, challenge: str, method: str, uri: str) -> str:
        nonce = re.search(r'nonce="([^"]+)"', challenge)
        assert nonce, challenge

        def md5(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        ha1, ha2 = md5(f"{self.user}:softswitch:{self._password}"), md5(f"{method}:{uri}")
        response = md5(f"{ha1}:{nonce[1]}:00000001:lamp:auth:{ha2}")
        return (
            f'Digest username="{self.user}", realm="softswitch", nonce="{nonce[1]}", uri="{uri}", algorithm=MD5, '
            f'qop=auth, nc=00000001, cnonce="lamp", response="{response}"'
        )


def header(message: str, name: str) -> str:
    found = re.search(rf"^{name}: (.*)\r$", message, re.M)
    return found[1] if found else ""
