"""What strangers do to a switch on the network: floods, forgeries, hijacks, smuggling, reflection.

In every one of them a healthy phone is served within 100 ms (p95), nothing that was not proved is believed, nothing
crashes. Each flood comes from a process of its own.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.healthy import Healthy, status
from tests.support.switch_process import ROOT, SwitchProcess

pytestmark = [pytest.mark.interop, pytest.mark.alone, pytest.mark.asyncio(loop_scope="module")]

P95_S = 0.1
FLOOD_S = 15.0  # at most; it ends with the measurement
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
)  # fmt: skip
FORGED = (
    'Authorization: Digest username="1001", realm="softswitch", nonce="AAAB@@", uri="sip:softswitch", '
    f'response="{"0" * 32}", algorithm=MD5, qop=auth, nc=00000001, cnonce="x"\r\n'
)


def template(method: str, headers: str = "", body: str = "", tag: str = "") -> str:
    return (
        f"{method} sip:8000@softswitch SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKfl@@;rport\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:1001@softswitch>;tag=f@@\r\nTo: <sip:8000@softswitch>{tag}\r\n"
        f"Call-ID: flood@@\r\nCSeq: 1 {method}\r\nContact: <sip:1001@127.0.0.1:9>\r\n{headers}"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )


TYPE = "Content-Type: application/sdp\r\n"
RESPONSE = (
    "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKfl@@\r\n"
    "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: flood@@\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
)
FLOODS = {
    "OPTIONS": template("OPTIONS"),
    "REGISTER": template("REGISTER"),
    "REGISTER with forged credentials": template("REGISTER", FORGED),
    "INVITE": template("INVITE", TYPE, SDP),
    "INVITE with forged credentials": template("INVITE", FORGED + TYPE, SDP),
    "INVITE of no known dialog": template("INVITE", TYPE, SDP, ";tag=forged"),
    "ACK": template("ACK", tag=";tag=forged"),
    "BYE of no known dialog": template("BYE", tag=";tag=forged"),
    "CANCEL of nothing": template("CANCEL"),
    "SUBSCRIBE": template("SUBSCRIBE", "Event: dialog\r\n"),
    "NOTIFY": template("NOTIFY", "Event: dialog\r\n", tag=";tag=forged"),
    "MESSAGE": template("MESSAGE", "Content-Type: text/plain\r\n", "buy"),
    "REFER": template("REFER", "Refer-To: <sip:x@y>\r\n", tag=";tag=forged"),
    "unknown methods": template("FOO@@"),
    "responses to nothing": RESPONSE,
    "junk": "\x00\x01junk @@",
    "half a request": template("INVITE")[:200],
    "nothing at all": "\r\n\r\n",
    "header bombs": template("OPTIONS", "X-Bomb: y\r\n" * 3000),
    "via bombs": template("OPTIONS", "Via: SIP/2.0/UDP a;branch=z9hG4bK@@\r\n" * 500),
    "long lines": template("INVITE", f"Subject: {'<' * 30000}\r\n"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def switch(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SwitchProcess]:
    strict = {"sip": {"digest": ["SHA-256", "MD5"]}}
    async with SwitchProcess(tmp_path_factory.mktemp("switch"), settings=strict) as switch:
        yield switch


@pytest.fixture(scope="module")
def healthy(switch: SwitchProcess) -> Iterator[Healthy]:
    with Healthy(switch.sip) as phone:
        assert phone.register() == 200
        yield phone


async def unhurt(switch: SwitchProcess, healthy: Healthy, count: int = 20) -> None:
    """Registers, is answered in time; no defect of ours was met; nobody else is registered; no call was begun."""
    delays = healthy.delays(count)
    assert delays[int(len(delays) * 0.95) - 1] < P95_S, delays
    assert healthy.register() == 200
    registered = await switch.api("GET", "/api/v1/registrations")
    assert [(one["aor"], one["contact"]) for one in registered] == [("1001", f"sip:1001@127.0.0.1:{healthy.port}")]
    assert await switch.api("GET", "/api/v1/calls") == []
    failed = {name: n for name, n in (await switch.metrics()).items() if name.startswith("softswitch_units_failed")}
    assert sum(failed.values()) == 0, failed
    switch.assert_no_traceback()


# ---- floods --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flood(switch: SwitchProcess, healthy: Healthy, kind: str) -> None:
    delays = during(switch, healthy, FLOODS[kind], sockets=30 if kind == "OPTIONS" else 1)
    assert delays[int(len(delays) * 0.95) - 1] < P95_S, delays
    await unhurt(switch, healthy, 5)


def during(switch: SwitchProcess, healthy: Healthy, flood: str, sockets: int) -> list[float]:
    """What a healthy phone waits while the flood goes on, sorted; it registers meanwhile, too."""
    argv = [sys.executable, "-m", "tests.support.flood", switch.host, str(switch.sip_port), str(FLOOD_S), str(sockets)]
    process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(flood.encode()[:60_000])
        process.stdin.close()
        assert process.stdout.readline() == b"begun\n"
        delays = healthy.delays(30)
        assert healthy.register() == 200
        assert process.poll() is None, "the flood was over before the measurement"
        return delays
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


async def test_connections_that_are_opened_and_left(switch: SwitchProcess, healthy: Healthy) -> None:
    opened = [socket.create_connection(switch.sip) for _ in range(200)]
    await unhurt(switch, healthy)
    for one in opened:
        one.close()
    await unhurt(switch, healthy, 5)


async def test_slow_senders(switch: SwitchProcess, healthy: Healthy) -> None:
    text = healthy.text("OPTIONS").replace("/UDP", "/TCP").encode()
    slow = [socket.create_connection(switch.sip) for _ in range(100)]
    for at in range(0, 60, 4):
        for one in slow:
            one.sendall(text[at : at + 4])
    await unhurt(switch, healthy)
    for one in slow:
        one.close()


async def test_connections_that_promise_a_large_body(switch: SwitchProcess, healthy: Healthy) -> None:
    head = healthy.text("MESSAGE").replace("/UDP", "/TCP").replace("Content-Length: 0", "Content-Length: 60000")
    slow = [socket.create_connection(switch.sip) for _ in range(50)]
    for one in slow:
        one.sendall(head.encode() + b"x" * 1000)
    await unhurt(switch, healthy)
    for one in slow:
        one.close()


# ---- credentials ---------------------------------------------------------------------------------------------------


async def test_a_replayed_register_is_not_believed(switch: SwitchProcess, healthy: Healthy) -> None:
    with Healthy(switch.sip, "1002", "sample-1002") as phone:
        challenge = phone.ask(phone.text("REGISTER"))
        proof = phone.proof(challenge, "REGISTER", "sip:softswitch")
        assert status(phone.ask(phone.text("REGISTER", f"Expires: 0\r\n{proof}"))) == 200
        with Healthy(switch.sip, "1002", "") as thief:
            heard = thief.ask(thief.text("REGISTER", f"Expires: 600\r\n{proof}"))
            assert status(heard) == 401
            assert "stale=true" in heard
    await unhurt(switch, healthy, 3)


CREDENTIALS = {
    "an empty response": lambda proof: proof.replace("response=", 'response="", x='),
    "a nonce of somebody else": lambda proof: proof.replace('nonce="', 'nonce="BBBB'),
    "a nonce of the future": lambda proof: proof.replace('nonce="A', 'nonce="Z'),
    "no cnonce": lambda proof: proof.replace("cnonce=", "conce="),
    "no qop": lambda proof: proof.replace("qop=auth, ", ""),
    "auth-int": lambda proof: proof.replace("qop=auth", "qop=auth-int"),
    "another count": lambda proof: proof.replace("nc=00000001", "nc=00000009"),
    "a count that is none": lambda proof: proof.replace("nc=00000001", "nc=-1"),
    "another algorithm": lambda proof: proof.replace("algorithm=SHA-256", "algorithm=MD5"),
    "an unknown algorithm": lambda proof: proof.replace("algorithm=SHA-256", "algorithm=ROT13"),
    "another user": lambda proof: proof.replace('username="1002"', 'username="1001"'),
    "two users": lambda proof: proof.replace('username="1002"', 'username="1002", username="1001"'),
    "a quote in the user": lambda proof: proof.replace('username="1002"', 'username="1002\\" or \\"1'),
    "another realm": lambda proof: proof.replace('realm="softswitch"', 'realm="elsewhere"'),
    "another uri": lambda proof: proof.replace('uri="sip:softswitch"', 'uri="sip:evil"'),
    "Basic": lambda proof: "Authorization: Basic MTAwMjpzYW1wbGUtMTAwMg==\r\n",
    "a very long cnonce": lambda proof: proof.replace('cnonce="', f'cnonce="{"c" * 5000}'),
    "a broken quote": lambda proof: proof.replace('nonce="', "nonce="),
}


@pytest.mark.parametrize("kind", CREDENTIALS)
async def test_forged_credentials(switch: SwitchProcess, healthy: Healthy, kind: str) -> None:
    with Healthy(switch.sip, "1002", "sample-1002") as phone:
        challenge = phone.ask(phone.text("REGISTER"))
        proof = phone.proof(challenge, "REGISTER", "sip:softswitch")
        forged = CREDENTIALS[kind](proof)
        assert forged != proof
        assert 400 <= status(phone.ask(phone.text("REGISTER", forged))) < 500
    await unhurt(switch, healthy, 3)


async def test_the_proof_of_one_method_is_none_of_another(switch: SwitchProcess, healthy: Healthy) -> None:
    with Healthy(switch.sip, "1002", "sample-1002") as phone:
        challenge = phone.ask(phone.text("INVITE"))
        proof = phone.proof(challenge, "INVITE", "sip:softswitch")
        assert status(phone.ask(phone.text("REGISTER", proof))) == 401
    await unhurt(switch, healthy, 3)


async def test_known_and_unknown_users_are_answered_alike(switch: SwitchProcess, healthy: Healthy) -> None:
    shapes = []
    for user in ("1003", "9003"):
        with Healthy(switch.sip, user, "wrong-pass") as phone:
            challenge = phone.ask(phone.text("REGISTER"))
            refused = phone.ask(phone.text("REGISTER", phone.proof(challenge, "REGISTER", "sip:softswitch")))
            shapes.append([[line.partition(":")[0] for line in text.split("\r\n")] for text in (challenge, refused)])
            assert (status(challenge), status(refused)) == (401, 401)
    assert shapes[0] == shapes[1]
    await unhurt(switch, healthy, 3)


# ---- hijacks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", ["Expires: 600\r\n", "Expires: 0\r\n"])
async def test_nobody_registers_for_somebody_else(switch: SwitchProcess, healthy: Healthy, headers: str) -> None:
    with Healthy(switch.sip, "1002", "sample-1002") as thief:
        challenge = thief.ask(thief.text("REGISTER", headers, to="1001"))
        proof = thief.proof(challenge, "REGISTER", "sip:softswitch")
        assert status(thief.ask(thief.text("REGISTER", headers + proof, to="1001"))) == 403
    await unhurt(switch, healthy, 3)


async def test_nobody_removes_the_phones_of_somebody_else(switch: SwitchProcess, healthy: Healthy) -> None:
    with Healthy(switch.sip, "1002", "sample-1002") as thief:
        own = f"<sip:1002@127.0.0.1:{thief.port}>"
        challenge = thief.ask(thief.text("REGISTER", "Expires: 0\r\n", to="1001").replace(own, "*"))
        proof = thief.proof(challenge, "REGISTER", "sip:softswitch")
        star = thief.text("REGISTER", f"Expires: 0\r\n{proof}", to="1001").replace(own, "*")
        assert status(thief.ask(star)) == 403
    await unhurt(switch, healthy, 3)


@pytest.mark.parametrize(
    "spoof", ["", "P-Asserted-Identity: <sip:1001@softswitch>\r\n", "Remote-Party-ID: <sip:1001@x>\r\n"]
)
async def test_a_caller_is_who_he_has_proved_to_be(switch: SwitchProcess, healthy: Healthy, spoof: str) -> None:
    uri = "sip:8000@softswitch"
    with Healthy(switch.sip, "1004", "sample-1004") as liar:
        challenge = liar.ask(liar.text("INVITE", uri=uri, user="1001", to="8000"))
        proof = liar.proof(challenge, "INVITE", uri)
        invite = liar.text("INVITE", spoof + proof + TYPE, uri=uri, user="1001", to="8000", body=SDP)
        answered = liar.ask(invite)
        assert status(answered) == 200
        calls = await switch.api("GET", "/api/v1/calls")
        assert [call["caller"] for call in calls] == ["1004"]
        tag = answered.partition("\r\nTo: ")[2].partition("tag=")[2].partition("\r\n")[0]
        serial = int(invite.partition("Call-ID: h")[2].partition("@")[0])
        bye = liar.text("BYE", uri=uri, user="1001", to="8000", tag=tag, serial=serial, cseq=serial + 1)
        assert status(liar.ask(bye)) == 200
    await switch.eventually("/api/v1/calls", lambda calls: calls == [], what="no call")
    await unhurt(switch, healthy, 3)


# ---- smuggling -----------------------------------------------------------------------------------------------------

SMUGGLED = {
    "two lengths": lambda text: text.replace("Content-Length: 0", "Content-Length: 0\r\nContent-Length: 999"),
    "a length with a sign": lambda text: text.replace("Content-Length: 0", "Content-Length: +0"),
    "bare line feeds": lambda text: text.replace("\r\n", "\n"),
    "a NUL": lambda text: text.replace("Max-Forwards: 70", "Max-Forwards: 70\x00"),
    "a second request behind the first": lambda text: text + text,
    "two Call-IDs": lambda text: text.replace("Call-ID:", "Call-ID: other\r\nCall-ID:"),
    "another method in CSeq": lambda text: text.replace(" REGISTER\r\nContact", " INVITE\r\nContact"),
}


@pytest.mark.parametrize("kind", SMUGGLED)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_what_is_smuggled_is_not_believed(
    switch: SwitchProcess, healthy: Healthy, kind: str, transport: str
) -> None:
    with Healthy(switch.sip, "1002", "sample-1002") as phone:
        text = SMUGGLED[kind](phone.text("REGISTER"))
        if transport == "udp":
            assert status(phone.ask(text, 0.1)) in (0, 400, 401, 505)
        else:
            with socket.create_connection(switch.sip) as stream:
                stream.settimeout(0.1)
                stream.sendall(text.encode())
                try:
                    heard = stream.recv(65536)
                except TimeoutError:
                    heard = b""
                assert not heard.startswith(b"SIP/2.0 200")
    await unhurt(switch, healthy, 3)


# ---- reflection ----------------------------------------------------------------------------------------------------

TINY = "{0} sip:a SIP/2.0\r\nv:SIP/2.0/UDP a;branch=z9hG4bK{1}\r\nf:<sip:a>\r\nt:<sip:a>\r\ni:{1}\r\nCSeq:1 {0}\r\n\r\n"


@pytest.mark.parametrize("method", ["OPTIONS", "REGISTER", "INVITE", "SUBSCRIBE", "MESSAGE", "BYE", "FOO"])
async def test_never_more_than_three_octets_for_one(switch: SwitchProcess, healthy: Healthy, method: str) -> None:
    with Healthy(switch.sip) as forged:
        for number, text in enumerate((TINY.format(method, "1"), TINY.format(method, "22"), forged.text(method))):
            forged.socket.sendto(text.encode(), switch.sip)
            heard, forged_end = 0, time.monotonic() + (0.8 if number == 2 else 0.1)
            while (left := forged_end - time.monotonic()) > 0:
                forged.socket.settimeout(left)
                try:
                    heard += len(forged.socket.recv(65536))
                except TimeoutError:
                    break
            assert heard <= 3 * len(text), (method, heard, len(text))
    await unhurt(switch, healthy, 3)


# ---- guessing ------------------------------------------------------------------------------------------------------


async def test_who_guesses_is_banned_and_a_registered_phone_of_the_same_address_is_not(tmp_path: Path) -> None:
    rule = {"sip": {"ban": {"failures": 5, "within": "60s", "for": "10m", "exempt": []}}}
    async with SwitchProcess(tmp_path, settings=rule) as strict:
        with Healthy(strict.sip) as phone, Healthy(strict.sip, "1002", "wrong") as guesser:
            assert phone.register() == 200
            assert [guesser.register() for _ in range(5)] == [401] * 5
            assert guesser.ask(guesser.text("OPTIONS"), 0.2) == ""
            assert phone.register() == 200
            (ban,) = await strict.api("GET", "/api/v1/bans")
            assert (ban["source"], ban["user"]) == ("127.0.0.1", "1002")
            assert ban["dropped"] >= 1
            assert (await strict.metrics())["softswitch_sip_bans_total"] == 1
            await strict.api("DELETE", "/api/v1/bans/127.0.0.1")
            assert status(guesser.ask(guesser.text("OPTIONS"))) == 200
