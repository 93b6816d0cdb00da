"""What may be written about trunks, and what the driver is given from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.build import configuration
from softswitch.contact.presentation import Rewrite
from softswitch.core.errors import ConfigError
from softswitch.sdp.media import PCMA, PCMU
from softswitch.settings import Settings, load
from softswitch.switch.configuration import Trunk

FULL = r"""
trunks:
  carrier:
    address: sip.carrier.example
    transport: udp
    username: "4001"
    password: "a long password"
    challenge: true
    registration: {expires: 10m, retry: 5s}
    caller_id: "+864008001234"
    caller_ids: ["\\+8621[0-9]{8}"]
    prefix: "9"
    rewrite:
      inbound: [{match: "+86"}]
      outbound: [{match: "(1[0-9]{10})", replace: "0086\\1"}]
    codecs: [PCMA, PCMU]
    group: out
    priority: 10
    weight: 3
    limits: {calls: 30, calls_per_second: 2.5}
    answer_within: 3s
    dead_for: 1m
    probe: 20s
    probe_failures: 3
    follow_redirects: true
    transfer: true
  other: {address: "192.0.2.1:5070", prefix: "9", group: out}
"""


def settings(directory: Path, trunks: str, queues: str = "queues: {}") -> Settings:
    config = directory / "config"
    config.mkdir()
    for name, text in {"softswitch": "log: {level: info}", "trunks": trunks, "queues": queues,
                       "users": 'users: {"1001": {password: x}}'}.items():  # fmt: skip
        (config / f"{name}.yaml").write_text(text)
    return load(config, {})


def built(directory: Path, trunks: str) -> dict[str, Trunk]:
    return dict(configuration(settings(directory, trunks), {}, (), b"").trunks)


def test_everything_that_can_be_written_reaches_the_driver(tmp_path: Path) -> None:
    carrier = built(tmp_path, FULL)["carrier"]
    assert (carrier.address, carrier.transport) == (("sip.carrier.example", 0), "udp")
    assert carrier.credentials == ("4001", "a long password") and carrier.challenge
    assert carrier.registering is not None and carrier.registering.retry_s == 5.0
    assert carrier.registering.expires_s == 600
    assert (carrier.group, carrier.priority, carrier.weight, carrier.prefix) == ("out", 10, 3, "9")
    assert (carrier.limits.calls, carrier.limits.calls_per_s) == (30, 2.5)
    assert carrier.transfer
    watch = carrier.watch
    assert (watch.probe_s, watch.failures, watch.try_s, watch.dead_s) == (20.0, 3, 3.0, 60.0)
    manners = carrier.manners
    assert manners.codecs == (PCMA, PCMU) and manners.follow_redirects
    assert manners.inbound == (Rewrite("+86"),) and manners.outbound == (Rewrite("(1[0-9]{10})", r"0086\1"),)
    assert manners.presentation.shown("+862188880000") == "+862188880000"
    assert manners.presentation.shown("1001") == "+864008001234"


def test_what_is_not_written(tmp_path: Path) -> None:
    other = built(tmp_path, FULL)["other"]
    assert (other.address, other.transport, other.sources) == (("192.0.2.1", 5070), "", ())
    assert not other.transfer
    assert other.registering is None and other.credentials is None and not other.challenge
    assert (other.limits.calls, other.limits.calls_per_s, other.watch.probe_s) == (0, 0.0, 0.0)


def test_numbers_that_are_shown_are_told_one_by_one_by_any_expression(tmp_path: Path) -> None:
    trunk = r"trunks: {t: {address: a, caller_id: '1', caller_ids: ['(?P<area>021)[0-9]+', '(?i)x7', '(4)\1']}}"
    shown = built(tmp_path, trunk)["t"].manners.presentation.shown
    assert [shown(caller) for caller in ("0215", "X7", "44", "45")] == ["0215", "X7", "44", "1"]


def test_a_queue_may_call_back_by_a_group(tmp_path: Path) -> None:
    queues = "queues: {orders: {callback: {trunk: out}}}"
    assert settings(tmp_path, FULL, queues).queues["orders"].callback is not None


@pytest.mark.parametrize(
    ("trunk", "told"),
    [
        ("{address: a, username: x}", "username and password go together"),
        ("{address: a, registration: {}}", "need username and password"),
        ("{address: a, challenge: true}", "need username and password"),
        ('{address: a, rewrite: {inbound: [{match: "(", replace: ""}]}}', "is not a regular expression"),
        (r'{address: a, rewrite: {inbound: [{match: "1(2)", replace: "\\2"}]}}', "does not go with"),
        (r'{address: a, rewrite: {inbound: [{match: "1x", replace: "\\g<who>"}]}}', "does not go with"),
        ("{address: a, codecs: [G729]}", "codecs"),
        ("{address: a, codecs: [PCMU, PCMU]}", "has a codec twice"),
        ("{address: a, transport: sctp}", "transport"),
        ("{address: a, transport: tls}", "has no listener that begins with tls:"),
        ("{address: a, certificate: sip.carrier.example}", "client_certificates: optional"),
        ("{address: a, certificate: '*.example'}", "is not a domain"),
        ("{address: a, group: t}", "is the name of a trunk already"),
        ("{address: a, group: a b}", "trunks.t.group: 'a b' is not a name"),
        ('{address: a, username: "1001", password: x, challenge: true}', "is a user in users.yaml already"),
        ("{address: a, limits: {calls: -1}}", "calls"),
    ],
)
def test_what_is_wrong(tmp_path: Path, trunk: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        settings(tmp_path, f"trunks: {{t: {trunk}}}")
    assert told in str(error.value), str(error.value)


def test_a_prefix_is_shared_within_a_group_only(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="give both the same group"):
        settings(tmp_path, FULL.replace('prefix: "9", group: out', 'prefix: "9", group: in'))


def test_each_trunk_that_proves_itself_has_a_user_name_of_its_own(tmp_path: Path) -> None:
    one = "{address: a, username: x, password: y, challenge: true}"
    with pytest.raises(ConfigError, match="trunk 'a' proves itself with it"):
        settings(tmp_path, f"trunks: {{a: {one}, b: {one}}}")
