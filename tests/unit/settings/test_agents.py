"""An agent's phones, or the number and the PIN with which he sits down at any: as written, and what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.acd.model import AgentSpec
from softswitch.build import configuration
from softswitch.contact.seats import SeatRules
from softswitch.core.errors import ConfigError
from softswitch.settings import Settings, load

USERS = "users: {'1001': {password: a}, '1002': {password: b}, mobile-1001: {password: c}}"
EXPOSED = "sip: {listen: ['udp:192.0.2.7:5060']}"


def written(directory: Path, agents: str, system: str = "", users: str = USERS) -> Settings:
    for name, text in {"softswitch": system, "users": users, "agents": f"agents: {{{agents}}}"}.items():
        (directory / f"{name}.yaml").write_text(text)
    return load(directory, {})


def test_phones_of_the_own_and_none(tmp_path: Path) -> None:
    agents = (
        "a: {user: '1002'}, b: {users: ['1001', mobile-1001]}, c: {number: '501', pin: '7362', skills: {orders: 3}}"
    )
    built = configuration(written(tmp_path, agents), {}, (), b"")
    assert built.agents == (
        AgentSpec("a", "1002", ()),
        AgentSpec("b", "1001", (), ("mobile-1001",)),
        AgentSpec("c", "", (("orders", 3),)),
    )
    assert built.seats == SeatRules({"501": "c"}, {"c": "7362"})


@pytest.mark.parametrize(
    ("agents", "error"),
    [
        ("a: {}", 'a: has no phone; write user: "1001", or number: "501" and pin: "7362" to sit down at any'),
        ("a: {number: '501'}", "has no phone"),
        ("a: {pin: '7362'}", "has no phone"),
        ("a: {user: '1001', users: ['1002']}", "has user and users; write all his phones under users"),
        ("a: {users: ['1001', '1001']}", "has a phone twice"),
        ("a: {user: '1001', number: '501', pin: '7362'}", "has phones of his own, and no use for a number or a PIN"),
        ("a: {number: '501', pin: '7362', auto_login: true}", "auto_login needs a phone of the own"),
        ("a: {number: five, pin: '7362'}", "digits in quotes, such as '501'"),
        ("a: {number: '501', pin: '12'}", "agents.a.pin: this is not 4 to 12 digits in quotes, such as '4711'"),
        ("a: {users: ['1001', '1003']}", "agents.a.users[1]: users.yaml has no user '1003'; did you mean"),
        ("a: {users: ['1001', mobile-1001]}, b: {user: mobile-1001}", "agent 'a' has this phone already"),
        ("a: {number: '501', pin: '7362'}, b: {number: '501', pin: '9184'}", "agent 'a' has this number already"),
        ("a: {number: '1001', pin: '7362'}, b: {user: '1001'}", "agents.a.number: is the phone of agent 'b'"),
    ],
)
def test_what_is_wrong(tmp_path: Path, agents: str, error: str) -> None:
    with pytest.raises(ConfigError) as raised:
        written(tmp_path, agents)
    assert error in str(raised.value)


def test_a_pin_that_anybody_would_try_is_warned_of(tmp_path: Path) -> None:
    settings = written(tmp_path, "a: {number: '5010', pin: '5010'}, b: {number: '502', pin: '1234'}")
    assert [str(one).count("somebody would try first") for one in settings.warnings] == [1, 1]


def test_a_sample_pin_is_for_loopback_only(tmp_path: Path) -> None:
    users = "users: {'1001': {password: long-and-private}}"
    with pytest.raises(ConfigError, match=r"agents\.a\.pin: a sample PIN"):
        written(tmp_path, "a: {number: '501', pin: '4711'}", EXPOSED, users)
    assert written(tmp_path, "a: {number: '501', pin: '7362'}", EXPOSED, users).agents["a"].pin == "7362"


def test_codes_and_reasons(tmp_path: Path) -> None:
    built = configuration(written(tmp_path, "", "pause_reasons: {'1': tea}"), {}, (), b"")
    assert built.features == {
        "*11": "login", "*12": "logout", "*13": "ready", "*14": "pause", "*15": "wrap_up", "*97": "voicemail",
        "*35": "force_ready", "*36": "force_pause", "*37": "force_logout", "*57": "disposition",
    }  # fmt: skip
    assert built.pause_reasons == {"1": "tea"}
    assert configuration(written(tmp_path, ""), {}, (), b"").pause_reasons["2"] == "lunch"


@pytest.mark.parametrize(
    ("system", "error"),
    [
        ("pause_reasons: {lunch: '2'}", "one digit in quotes, such as '1'"),
        ("pause_reasons: {'1': ''}", "pause_reasons.1"),
        ("feature_codes: {force_pause: '*3'}", r"a number comes after \*3"),
        ("feature_codes: {force_pause: '*35'}", r"\*35 is the code for force_ready already"),
    ],
)
def test_wrong_codes_and_reasons(tmp_path: Path, system: str, error: str) -> None:
    with pytest.raises(ConfigError, match=error):
        written(tmp_path, "", system)
