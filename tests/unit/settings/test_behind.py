"""PINs, mailboxes and webhooks: as they are written, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.build import configuration
from softswitch.core.errors import ConfigError
from softswitch.settings import Settings, load
from softswitch.settings.behind import guessable

SECRET = "whsec_c2FtcGxlIHNlY3JldCwgcHVibGlj"


def written(directory: Path, softswitch: str = "", pin: str = "'4711'") -> Settings:
    files = {
        "softswitch": softswitch,
        "users": f"users: {{'1001': {{password: a-long-password, pin: {pin}}}}}",
        "queues": "queues: {orders: {needs: [{skill: orders, level: 1}], pin: '9027'}}",
    }
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text)
    return load(directory, {})


def test_what_mailboxes_are_told(tmp_path: Path) -> None:
    settings = written(tmp_path, "voicemail: {pin: elsewhere, tries: 2, failures: 4, lock: 1m}\nzone: Europe/Berlin")
    rules = configuration(settings, {}, (), b"").mailboxes
    assert rules.pins == {"1001": "4711", "orders": "9027"} and rules.boxes == {"1001", "orders"}
    assert (rules.own_phone_free, rules.tries, rules.failures, rules.lock_s) == (True, 2, 4, 60.0)
    assert str(rules.zone) == "Europe/Berlin" and "4711" not in repr(rules) + repr(settings.users["1001"])


def test_what_webhooks_are_told(tmp_path: Path) -> None:
    settings = written(tmp_path, f'webhooks: {{crm: {{url: "http://127.0.0.1:9/h", secret: {SECRET}, expire: 2h}}}}')
    assert configuration(settings, {}, (), b"").webhooks == {"crm": 7200.0}
    assert SECRET not in repr(settings.webhooks["crm"])


@pytest.mark.parametrize(
    ("softswitch", "pin", "error"),
    [
        ("", "4711x", "4 to 12 digits in quotes"),
        ("", "'123'", "4 to 12 digits in quotes"),
        ("voicemail: {pin: never}", "'4711'", "voicemail.pin"),
        ("voicemail: {trunk: carier}", "'4711'", "trunks.yaml has no trunk 'carier'"),
        (f'webhooks: {{crm: {{url: "https://crm.example/h", secret: {SECRET}}}}}', "'4711'",
         "crm.example:443 is not in http_step.allowed_hosts"),
        (f"webhooks: {{crm: {{url: ftp://127.0.0.1/h, secret: {SECRET}}}}}", "'4711'", "is not an address such as"),
        ('webhooks: {crm: {url: "http://127.0.0.1/h", secret: short}}', "'4711'", "webhooks.crm.secret"),
        ("feature_codes: {voicemail: '*11'}", "'4711'", "*11 is the code for login already"),
        ('sip: {listen: ["udp:192.0.2.1:5060"]}', "'4711'", "a sample PIN, and sip.listen"),
    ],
)  # fmt: skip
def test_what_may_not_be(tmp_path: Path, softswitch: str, pin: str, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        written(tmp_path, softswitch, pin)
    assert error in str(caught.value)


@pytest.mark.parametrize("pin", ["1001", "1234", "0000", "987654", "7777777"])
def test_a_pin_that_somebody_would_try_first_is_a_warning(tmp_path: Path, pin: str) -> None:
    assert guessable(pin, "1001")
    (warning,) = (one for one in written(tmp_path, pin=f"'{pin}'").warnings if one.key.endswith("pin"))
    assert "somebody would try first" in warning.message


def test_a_pin_that_is_none_of_these_is_not_guessed() -> None:
    assert not any(guessable(pin, "1001") for pin in ("4711", "1357", "9027", "10011"))
