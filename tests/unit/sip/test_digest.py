"""Digest authentication (RFC 7616, RFC 8760)."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.errors import PeerError
from softswitch.sip.digest import Authenticator, Verdict, answer, choose

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "digest.json"
NOW = 1_700_000_000.0
PASSWORDS = {"alice": "wonderland"}

# RFC 7616 section 3.9.1: two challenges to one request.
MUFASA = {
    "MD5": "8ca523f5e9506fed4657c9700eebdbec",
    "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
}


def authenticator(**changes: int) -> Authenticator:
    return Authenticator(b"secret", "example.com", **changes)


def credentials(ours: Authenticator, password: str = "wonderland", which: int = 0, now: float = NOW, **how: int) -> str:
    return answer(ours.challenges(now)[which], "REGISTER", "sip:example.com", "alice", password, "c0ffee", **how)


def verdict(ours: Authenticator, given: str, now: float = NOW, method: str = "REGISTER") -> Verdict:
    return ours.verify(given, method, PASSWORDS.get, now, uri="sip:example.com")[0]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_the_example_of_rfc_7616(algorithm: str) -> None:
    challenge = (
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    given = answer(challenge, "GET", "/dir/index.html", "Mufasa", "Circle of Life", cnonce)
    assert f'response="{MUFASA[algorithm]}"' in given
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in given


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared test vectors are not here")
def test_every_known_vector() -> None:
    for vector in json.loads(VECTORS.read_text()):
        challenge = ", ".join(
            [f'Digest realm="{vector["realm"]}"', f'nonce="{vector["nonce"]}"', f"algorithm={vector['algorithm']}"]
            + ([f'qop="{vector["qop"]}"'] if vector.get("qop") else [])
        )
        given = answer(
            challenge, vector["method"], vector["uri"], vector["username"], vector["password"], vector.get("cnonce", "")
        )
        assert f'response="{vector["response"]}"' in given, vector["source"]


def offered(ours: Authenticator, user_agent: str = "") -> list[str]:
    return re.findall(r"algorithm=([^,]+)", " ".join(ours.challenges(NOW, user_agent=user_agent)))


def test_md5_is_offered_before_sha256_because_many_look_at_the_first_challenge_only() -> None:
    assert offered(authenticator()) == ["MD5", "SHA-256"]
    assert "stale=true" in authenticator().challenges(NOW, stale=True)[0]


def test_the_order_is_the_operators() -> None:
    assert offered(Authenticator(b"secret", "example.com", algorithms=("SHA-256", "MD5"))) == ["SHA-256", "MD5"]


@pytest.mark.parametrize(
    ("user_agent", "algorithms"),
    [("baresip v1.0.0 (x86_64/linux)", ["MD5"]), ("baresip v3.10.1", ["MD5", "SHA-256"]), ("", ["MD5", "SHA-256"])],
)
def test_who_gives_up_at_the_sight_of_sha256_is_not_shown_it(user_agent: str, algorithms: list[str]) -> None:
    assert offered(authenticator(), user_agent) == algorithms


def test_md5_is_not_offered_where_the_operator_does_not_want_it() -> None:
    ours = Authenticator(b"secret", "example.com", algorithms=("SHA-256",))
    assert offered(ours, "baresip v1.0.0") == ["SHA-256"]


@pytest.mark.parametrize("which", [0, 1])
def test_the_right_password_is_accepted(which: int) -> None:
    ours = authenticator()
    given = credentials(ours, which=which)
    assert ours.verify(given, "REGISTER", PASSWORDS.get, NOW, uri="sip:example.com") == (Verdict.OK, "alice")


def test_what_does_not_fit_is_bad() -> None:
    ours = authenticator()
    assert verdict(ours, credentials(ours, "wrong")) is Verdict.BAD
    assert verdict(ours, credentials(ours), method="INVITE") is Verdict.BAD
    assert verdict(ours, credentials(ours).replace('username="alice"', 'username="bob"')) is Verdict.BAD
    assert ours.verify(credentials(ours), "REGISTER", PASSWORDS.get, NOW, uri="sip:other.com")[0] is Verdict.BAD


@pytest.mark.parametrize(
    ("signed", "verdict"),
    [
        ("sip:8000@example.com", Verdict.OK),
        ("sip:8000@example.com:5070;transport=tcp", Verdict.OK),
        ("sip:example.com", Verdict.OK),  # the server as a whole: so does sipp
        ("sip:192.0.2.1:5060", Verdict.OK),
        ("sip:9000@example.com", Verdict.BAD),
        ("sip:other.com", Verdict.BAD),
        ("sip:8000@192.0.2.1", Verdict.BAD),
    ],
)
def test_the_uri_that_was_signed_names_the_called_user_or_us(signed: str, verdict: Verdict) -> None:
    ours = authenticator()
    given = answer(ours.challenges(NOW)[0], "INVITE", signed, "alice", "wonderland", "c0ffee")
    found = ours.verify(given, "INVITE", PASSWORDS.get, NOW, uri="sip:8000@example.com", here="192.0.2.1")
    assert found == (verdict, "alice")


def test_no_password_makes_an_unknown_user_known() -> None:
    ours = authenticator()
    given = answer(ours.challenges(NOW)[0], "REGISTER", "sip:example.com", "bob", "", "c")
    assert ours.verify(given, "REGISTER", PASSWORDS.get, NOW) == (Verdict.BAD, "bob")


def test_a_nonce_count_is_good_once() -> None:
    ours = authenticator()
    assert verdict(ours, credentials(ours, nc=1)) is Verdict.OK
    assert verdict(ours, credentials(ours, nc=1)) is Verdict.REPLAYED
    assert verdict(ours, credentials(ours, nc=3)) is Verdict.OK
    assert verdict(ours, credentials(ours, nc=2)) is Verdict.REPLAYED


def test_an_old_or_foreign_nonce_is_stale_for_who_knows_the_password_only() -> None:
    ours = authenticator(nonce_ttl_s=300)
    assert verdict(ours, credentials(ours), now=NOW + 300) is Verdict.OK
    assert verdict(ours, credentials(ours), now=NOW + 301) is Verdict.STALE
    assert verdict(ours, credentials(ours, "wrong"), now=NOW + 301) is Verdict.BAD
    assert verdict(Authenticator(b"other", "example.com"), credentials(ours)) is Verdict.STALE


def test_memory_is_bounded_and_a_forgotten_proof_cannot_be_replayed() -> None:
    ours = authenticator(max_proofs=2)
    given = [credentials(ours, now=NOW + second) for second in range(4)]
    assert [verdict(ours, one, NOW + 4) for one in given] == [Verdict.OK] * 4
    assert len(ours._proofs) == 2
    assert [verdict(ours, one, NOW + 4) for one in given] == [Verdict.STALE] * 2 + [Verdict.REPLAYED] * 2


def test_other_schemes_and_realms_are_no_credentials() -> None:
    ours = authenticator()
    assert verdict(ours, "NoOneKnowsThisScheme opaque-data=here") is Verdict.ABSENT
    assert verdict(ours, credentials(ours).replace("realm=", 'realm="other", x-realm=')) is Verdict.ABSENT


@pytest.mark.parametrize(
    ("old", "new"),
    [("nc=00000001", "nc=1"), ("nc=00000001", "nc=zzzzzzzz"), ("qop=auth, ", ""), ("uri=", "urx="), ("cnonce=", "x="),
     ("algorithm=MD5", "algorithm=SHA-1"), ("username=", "nonce=x, username="), ("c0ffee", "c" * 300)],
)  # fmt: skip
def test_incomplete_credentials_are_malformed(old: str, new: str) -> None:
    ours = authenticator()
    assert old in credentials(ours)
    assert verdict(ours, credentials(ours).replace(old, new)) is Verdict.MALFORMED


def test_the_first_challenge_that_we_know_is_chosen() -> None:
    known = 'Digest realm="x", nonce="y", algorithm=MD5'
    assert choose(['Digest realm="x", nonce="y", algorithm=SHA-512-256', "Basic realm=x", "Digest x", known]) == known
    assert choose([]) is None
    with pytest.raises(PeerError):
        answer("Basic realm=x", "GET", "/", "u", "p", "c")


@given(st.text())
def test_any_text_gets_a_verdict(text: str) -> None:
    assert verdict(authenticator(), text) is not Verdict.OK
    assert verdict(authenticator(), f"Digest {text}") is not Verdict.OK


def test_a_challenge_knows_to_which_host_it_went() -> None:
    ours = authenticator(nonce_ttl_s=300)
    challenge = ours.challenges(NOW, source="192.0.2.7")[0]
    given = answer(challenge, "REGISTER", "sip:example.com", "alice", "guess", "c0ffee")
    assert ours.challenged(given, "192.0.2.7", NOW + 1)
    assert not ours.challenged(given, "192.0.2.8", NOW + 1)  # an address that was forged: the challenge never got there
    assert not ours.challenged(given, "192.0.2.7", NOW + 301)
    assert not ours.challenged(given.replace('nonce="', 'nonce="A'), "192.0.2.7", NOW + 1)
    assert not ours.challenged('Digest nonce="', "192.0.2.7", NOW)
    assert not ours.challenged("Basic abc", "192.0.2.7", NOW)


def test_a_phone_whose_address_changed_between_challenge_and_answer_is_let_in() -> None:
    ours = authenticator()
    given = answer(
        ours.challenges(NOW, source="192.0.2.7")[0], "REGISTER", "sip:example.com", "alice", "wonderland", "c"
    )
    assert verdict(ours, given) is Verdict.OK
