"""What nobody may read who looks at calls."""

from __future__ import annotations

import pytest

from softswitch.sip.secret import masked

HEAD = b"INVITE sip:8000@127.0.0.1 SIP/2.0\r\n"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b'Authorization: Digest username="a", response="6629fae4", qop=auth', b'response="xxxxxxxx"'),
        (b"Proxy-Authorization: Digest response=6629fae4,qop=auth", b"response=xxxxxxxx,qop"),
        (b'AUTHORIZATION: Digest RESPONSE = "6629fae4"', b'RESPONSE = "xxxxxxxx"'),
        (b'Authorization: Digest username="a",\r\n response=\r\n "6629fae4"', b'"xxxxxxxx"'),
    ],
)
def test_the_proof_of_a_password(line: bytes, shown: bytes) -> None:
    text = HEAD + line + b"\r\nContent-Length: 0\r\n\r\n"
    assert shown in masked(text) and b"6629" not in masked(text)
    assert len(masked(text)) == len(text)


def test_the_keys_of_the_media() -> None:
    body = b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpV|2^20|1:4\r\n"
    assert masked(HEAD + b"\r\n" + body).endswith(b" inline:xxxxxxxxxxxxxxxxxxxxxxxx|2^20|1:4\r\n")


@pytest.mark.parametrize(
    ("kind", "body", "shown"),
    [
        (b"application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", b"Signal=x\r\nDuration=160\r\n"),
        (b"application/dtmf-relay", b"Duration=160\r\nSignal= #\r\n", b"Duration=160\r\nSignal= x\r\n"),
        (b"application/dtmf", b"5", b"x"),
    ],
)
def test_the_keys_that_are_pressed(kind: bytes, body: bytes, shown: bytes) -> None:
    head = b"INFO sip:a SIP/2.0\r\nContent-Type: " + kind + b"\r\n\r\n"
    assert masked(head + body) == head + shown


def test_nothing_else() -> None:
    text = HEAD + b"Subject: response=open\r\nContent-Type: text/plain\r\n\r\nresponse=7 signal=5"
    assert masked(text) == text
