"""Challenges and what we answer to them: each kind once, once more where only the nonce was stale."""

from __future__ import annotations

import itertools

import pytest

from softswitch.core.ids import Ids
from softswitch.sip.challenge import MOST_ANSWERS, again, credentials
from softswitch.sip.message import Response
from softswitch.sip.section import HeaderLines, Headers

ACCOUNT = ("4001", "pw")
SERVER = ("WWW-Authenticate", 'Digest realm="r", nonce="a"')
PROXY = ("Proxy-Authenticate", 'Digest realm="p", nonce="b"')
STALE = ("WWW-Authenticate", 'Digest realm="r", nonce="c", stale="TRUE"')


def ids() -> Ids:
    serial = itertools.count(1)
    return Ids(lambda bits: next(serial))


def tried(status: int, header: tuple[str, str], given: HeaderLines = (), answers: int = 0) -> HeaderLines:
    response = Response(status, "", Headers([header]))
    return again(response, ACCOUNT, "INVITE", "sip:b@example.com", given, answers, ids())


def test_22_2_and_22_3_each_kind_has_its_header() -> None:
    assert [name for name, _ in tried(401, SERVER)] == ["Authorization"]
    assert [name for name, _ in tried(407, PROXY)] == ["Proxy-Authorization"]


def test_22_3_the_credentials_for_the_one_stay_when_the_other_asks() -> None:
    first = tried(407, PROXY)
    assert [name for name, _ in tried(401, SERVER, first, 1)] == ["Proxy-Authorization", "Authorization"]


def test_a_second_challenge_of_a_kind_is_a_wrong_password_unless_the_nonce_was_stale() -> None:
    first = tried(401, SERVER)
    assert tried(401, SERVER, first, 1) == ()
    ((name, value),) = tried(401, STALE, first, 1)
    assert name == "Authorization" and 'nonce="c"' in value


def test_not_for_ever() -> None:
    first = tried(401, SERVER)
    assert tried(401, STALE, first, MOST_ANSWERS - 1) and tried(401, STALE, first, MOST_ANSWERS) == ()


@pytest.mark.parametrize(
    ("status", "header"),
    [
        (403, SERVER),
        (401, PROXY),
        (401, ("WWW-Authenticate", "Basic realm=r")),
        (401, ("WWW-Authenticate", "Digest r")),
    ],
)
def test_what_cannot_be_answered_is_not(status: int, header: tuple[str, str]) -> None:
    assert tried(status, header) == ()


def test_without_an_account_nothing_is_answered() -> None:
    response = Response(401, "", Headers([SERVER]))
    assert credentials(response, None, "INVITE", "sip:b@example.com", ids()) == ()
