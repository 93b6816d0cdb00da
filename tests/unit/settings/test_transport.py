"""Listeners with another address outside, certificates, WebSockets: what is accepted, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from softswitch.core.errors import ConfigError
from softswitch.settings import Settings, load
from softswitch.settings.kind import HostPort


def written(directory: Path, **files: str) -> Path:
    home = directory / "config"
    home.mkdir(exist_ok=True)
    for name, text in ({"softswitch": "{}"} | files).items():
        (home / f"{name}.yaml").write_text(text)
    return home


def complaints(home: Path) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load(home, {})
    return [f"{problem.key}: {problem.message}" for problem in raised.value.problems]


def loaded(directory: Path, text: str) -> Settings:
    return load(written(directory, softswitch=text), {})


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    """DIR with cert.pem, key.pem and other.pem, the key of another."""
    authority = trustme.CA()
    for name, key in (("127.0.0.1", "key.pem"), ("127.0.0.2", "other.pem")):
        issued = authority.issue_cert(name)
        issued.private_key_pem.write_to_path(tmp_path / key)
        if key == "key.pem":
            issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    return tmp_path


def test_behind_a_nat_another_address_is_advertised(tmp_path: Path) -> None:
    one, two = loaded(
        tmp_path,
        "sip: {listen: [{listen: 'udp:0.0.0.0:5060', advertise: pbx.example.com:5070},"
        " {listen: 'tcp:[::]:5062', advertise: '[2001:db8::1]'}]}",
    ).sip.listen
    assert (one.at, one.advertise) == (HostPort("0.0.0.0", 5060), HostPort("pbx.example.com", 5070))
    assert two.advertise == HostPort("2001:db8::1", 5062)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("{listen: 'udp:0.0.0.0:5060'}", "name the one address at which phones reach this machine"),
        ("{listen: 'udp:0.0.0.0:5060', advertise: 0.0.0.0}", "is nobody's address"),
        ("{advertise: 192.0.2.1}", "must have the keys listen and advertise"),
        ("{listen: 'udp:127.0.0.1:5060', port: 1}", "must have the keys listen and advertise"),
    ],
)
def test_what_is_advertised_is_one_address(tmp_path: Path, entry: str, complaint: str) -> None:
    assert complaint in complaints(written(tmp_path, softswitch=f"sip: {{listen: [{entry}]}}"))[0]


def test_relative_files_of_a_certificate_are_under_the_root(pem: Path) -> None:
    settings = loaded(
        pem,
        "sip: {listen: ['tls:127.0.0.1:5061'], tls: {certificate: cert.pem, private_key: key.pem, ca: cert.pem,"
        " client_certificates: none}}\n"
        "http: {tls: {certificate: cert.pem, private_key: key.pem}}",
    )
    assert settings.sip.tls is not None
    assert (settings.sip.tls.certificate, settings.sip.tls.ca) == (pem / "cert.pem", pem / "cert.pem")
    assert settings.http.tls is not None
    assert settings.http.tls.private_key == pem / "key.pem"


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ("certificate: gone.pem, private_key: key.pem", "sip.tls: gone.pem does not exist"),
        ("certificate: cert.pem, private_key: other.pem", "sip.tls: cannot be used"),
        ("certificate: cert.pem, private_key: cert.pem", "sip.tls: cannot be used"),
        ("certificate: cert.pem, private_key: key.pem, ca: gone.pem", "sip.tls.ca: gone.pem does not exist"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_found_before_the_start(pem: Path, files: str, complaint: str) -> None:
    found = complaints(written(pem, softswitch=f"sip: {{tls: {{{files}}}}}"))
    assert len(found) == 1
    assert found[0].startswith(complaint)


def test_phones_by_websocket_are_phones_of_the_network_too(tmp_path: Path) -> None:
    token = "tokens: [{name: a, sha256: " + "0" * 64 + "}]"
    users = "users: {1001: {password: sample-1001}}"
    open_http = f"http: {{listen: '0.0.0.0:8080', {token}}}"
    assert "which takes phones by sip.websocket" in complaints(written(tmp_path, softswitch=open_http, users=users))[0]
    assert load(written(tmp_path, softswitch=f"{open_http}\nsip: {{websocket: null}}", users=users), {})


@pytest.mark.parametrize("path", ["/metrics", "/api/v1/calls"])
def test_the_path_of_websockets_is_its_own(tmp_path: Path, path: str) -> None:
    found = complaints(written(tmp_path, softswitch=f"sip: {{websocket: {{path: {path}}}}}"))
    assert "is taken by the HTTP API" in found[0]


def test_a_trunk_needs_a_listener_of_its_transport(tmp_path: Path) -> None:
    trunks = "trunks: {carrier: {address: 192.0.2.1, transport: tcp}}"
    found = complaints(written(tmp_path, softswitch="sip: {listen: ['udp:127.0.0.1:5060']}", trunks=trunks))
    assert found == ["trunks.carrier.transport: sip.listen has no listener that begins with tcp: to send from"]


@pytest.mark.parametrize("second", ["tls:127.0.0.1:5060", "{listen: 'tcp:127.0.0.1:5060', advertise: 192.0.2.1}"])
def test_two_listeners_cannot_have_one_address(pem: Path, second: str) -> None:
    tls = "tls: {certificate: cert.pem, private_key: key.pem}"
    second = second if second.startswith("{") else f"'{second}'"
    home = written(pem, softswitch=f"sip: {{listen: ['tcp:127.0.0.1:5060', {second}], {tls}}}")
    assert "the same address twice" in complaints(home)[0]


@pytest.mark.parametrize(("ca", "complaint"), [("no.pem", "does not exist"), ("key.pem", "must hold certificates")])
def test_a_ca_that_signs_nothing(pem: Path, ca: str, complaint: str) -> None:
    home = written(pem, softswitch=f"sip: {{tls: {{certificate: cert.pem, private_key: key.pem, ca: {ca}}}}}")
    (told,) = complaints(home)
    assert told.startswith(f"sip.tls.ca: {ca} ") and complaint in told


@pytest.mark.parametrize(
    ("sip", "told"),
    [
        (
            "tls: {certificate: 3, private_key: key.pem}",
            ["sip.tls.certificate: must be the name of a file or directory"],
        ),
        ("digest: [md5]", ["sip.digest[0]: must be 'SHA-256' or 'MD5'"]),
        ("digest: []", ["sip.digest: must name at least one algorithm"]),
        ("digest: [MD5, MD5]", ["sip.digest: must name at least one algorithm, and none twice"]),
        ("ban: {time: 5m}", ["sip.ban.time: unknown key; known: exempt, failures, for, within"]),
        ("min_expires: 2h", ["sip.min_expires: must not be longer than sip.max_expires (3600s)"]),
        ("session_expires: 60s", ["sip.session_expires: must not be shorter than sip.min_se (90s)"]),
    ],
)
def test_what_contradicts_itself(tmp_path: Path, sip: str, told: list[str]) -> None:
    found = complaints(written(tmp_path, softswitch=f"sip: {{{sip}}}"))
    assert len(found) == len(told)
    assert all(one.startswith(start) for one, start in zip(found, told, strict=True)), found


def test_keys_that_travel_in_the_clear_are_a_warning(tmp_path: Path, pem: Path) -> None:
    users = 'users: {"1001": {password: long-enough, srtp: optional}, "1002": {password: long-enough, srtp: off}}'
    trunks = "trunks: {a: {address: '127.0.0.1:5090', transport: udp, srtp: required}, b: {address: c.example}}"
    files = f"{{certificate: {pem}/cert.pem, private_key: {pem}/key.pem}}"
    tls = f"sip: {{listen: ['udp:127.0.0.1:5060', 'tls:127.0.0.1:5061'], tls: {files}}}"
    settings = load(written(tmp_path, users=users, trunks=trunks), {})
    assert [one.key for one in settings.warnings] == ["users.1001.srtp", "trunks.a.srtp"]
    assert settings.users["1001"].srtp == "optional"
    settings = load(written(tmp_path, softswitch=tls, users=users, trunks=trunks), {})
    assert [one.key for one in settings.warnings] == ["trunks.a.srtp"]
