"""The sample is right; what is wrong is named by file, line, column and key, with a remedy, all at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from softswitch.acd.model import AgentSpec, Need, Relaxation
from softswitch.build import configuration
from softswitch.callback.model import Window
from softswitch.core.errors import ConfigError, Problem
from softswitch.settings import load
from softswitch.settings.kind import HostPort, Listener

SAMPLE = Path(__file__).parents[3] / "config"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write these files (name without .yaml) into a directory of configuration."""

    def writer(**files: str) -> Path:
        directory = tmp_path / "config"
        directory.mkdir(exist_ok=True)
        for name, text in {"softswitch": "", **files}.items():
            (directory / f"{name}.yaml").write_text(text, "utf-8")
        return directory

    return writer


def problems_of(directory: Path, environment: Mapping[str, str] | None = None) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load(directory, environment or {})
    return caught.value.problems


def one_line(directory: Path) -> str:
    problems = problems_of(directory)
    assert len(problems) == 1, problems
    return str(problems[0]).removeprefix(f"{directory}/")


def test_the_sample_configuration_is_right_and_without_warnings() -> None:
    settings = load(SAMPLE, {})
    assert settings.warnings == ()
    assert settings.root == SAMPLE.parent
    assert [listener.transport for listener in settings.sip.listen] == ["udp", "tcp"]
    assert all(listener.at.loopback for listener in settings.sip.listen)
    assert set(settings.users) == {"1001", "1002", "1003", "1004"}
    assert settings.office_calendars()["office"].weekly == {weekday: ((0, 1440),) for weekday in range(7)}


def test_the_deciding_packages_get_their_own_nouns() -> None:
    settings = load(SAMPLE, {})
    assert AgentSpec("bob", "1002", (("orders", 2), ("service", 5))) in settings.agent_specs()
    orders, service = settings.queue_specs()
    assert orders.needs == (Need("orders", 3),)
    assert orders.relaxations == (Relaxation(30.0, (Need("orders", 1),)),)
    assert service.relaxations == ()
    policy = settings.policies()[0]
    assert (policy.queue, policy.trunk, policy.settle_s, policy.expiry_s) == ("orders", "carrier", 32.0, 172800.0)
    assert policy.numbers == "1[0-9]{3}"
    assert policy.window == Window("Asia/Shanghai", 0, 1440, (0, 1, 2, 3, 4, 5, 6))
    treatment = settings.treatments({})["orders"]
    assert (treatment.every_s, treatment.position, treatment.wait, treatment.messages) == (30.0, True, False, ())


def test_an_empty_configuration_is_the_defaults_on_loopback(write: Write) -> None:
    directory = write()
    settings = load(directory, {})
    assert settings.sip.listen[0] == Listener("udp", HostPort("127.0.0.1", 5060))
    assert (settings.sip.t1, settings.sip.max_expires, settings.limits.calls) == (0.5, 3600.0, 2000)
    assert settings.paths.recordings == directory.parent / "var/recordings"
    assert settings.store.url == f"sqlite:///{directory.parent}/var/softswitch.db"
    assert settings.policies() == []


def test_the_session_timer_is_carried_to_the_legs(write: Write) -> None:
    settings = load(write(softswitch="sip: {session_expires: 10m, min_se: 2m}"), {})
    session = configuration(settings, {}, (), b"").session
    assert (session.expires_s, session.min_s) == (600, 120)


def test_a_user_may_have_as_many_calls_as_is_said_of_him_or_of_all(write: Write) -> None:
    users = "users: {a: {password: x}, b: {password: x, calls: 0}, c: {password: x, calls: 5}}"
    built = configuration(load(write(softswitch="limits: {calls_per_user: 2}", users=users), {}), {}, (), b"")
    assert [built.users[name].calls for name in "abc"] == [2, 0, 5]
    assert configuration(load(write(softswitch=""), {}), {}, (), b"").users["a"].calls == 0


def test_recording_off_for_all_beats_the_queue(write: Write) -> None:
    settings = load(write(softswitch="recording: false", queues="queues: {a: {record: true}}"), {})
    assert configuration(settings, {}, (), b"").recorded == frozenset()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("sip: {realmm: x}", "1:7: sip.realmm: unknown key; did you mean 'realm'?"),
        ("sip: {t1: 500}", "1:7: sip.t1: 500 has no unit; write for example 500s or 500m"),
        ("sip: {t1: 0s}", "1:7: sip.t1: must be longer than 0s"),
        ("sip: {listen: []}", "1:7: sip.listen: must name at least one listener"),
        ("limits: {calls: 0}", "1:10: limits.calls: must be greater than or equal to 1"),
        ("lamps: {show: all}", "1:9: lamps.show: must be 'nobody', 'colleagues' or 'everybody'"),
        ("lamps: {per_user: 0}", "1:9: lamps.per_user: must be greater than or equal to 1"),
        ("lamps: {max_expires: 30s}", "1:1: lamps: min_expires must not be longer than max_expires"),
        ("limits: {calls_per_user: -1}", "1:10: limits.calls_per_user: must be greater than or equal to 0"),
        ("limits: {calls: many}", "1:10: limits.calls: must be a whole number"),
        ("log: {format: jsn}", "1:7: log.format: must be 'text' or 'json'; did you mean 'json'?"),
        ("http: 8080", "1:1: http: must be a mapping of keys to values"),
        ("recording: maybe", "1:1: recording: must be true or false"),
        ("region: china", "1:1: region: 'china' is not a country such as CN"),
        ("region: UK", "1:1: region: 'UK' is not a country such as GB"),
        ("users: {}", "1:1: users: unknown key; it belongs into users.yaml"),
        ("root: /x", "1:1: root: unknown key; known: agents, area_code"),
        ("callbacks: {settel: 1s}", "1:13: callbacks.settel: unknown key; did you mean 'settle'?"),
        ("store: {url: 'mysql://x'}", "1:9: store.url: must begin with sqlite:/// or postgresql://"),
        ("media: {ports: 10-20}", "1:9: media.ports: '10-20' is not a range of ports above 1023"),
        ("media: {ports: 20000-20007, processes: 3}", "1:1: media: ports must have room for four ports of each of the"),
        ("media: {address: 0.0.0.0}", "1:9: media.address: '0.0.0.0' is not the numeric address of an interface"),
        ("media: {jitter: {first: 30ms}}", "1:18: media.jitter.first: must be a multiple of 20ms, and at most 320ms"),
        ("media: {jitter: {most: 5s}}", "1:18: media.jitter.most: must be a multiple of 20ms, and at most 320ms"),
        ("media: {jitter: {least: 0s}}", "1:18: media.jitter.least: must be a multiple of 20ms"),
        ("media: {jitter: {least: 60ms}}", "1:9: media.jitter: must be least <= first <= most"),
        ("media: {jitter: 40ms}", "1:9: media.jitter: must be a mapping of keys to values"),
        ("http: {listen: 'localhost:80'}", "1:8: http.listen: 'localhost:80' must be a numeric address with a port"),
        ("feature_codes: {login: '*12'}", "1:1: feature_codes.logout: *12 is the code for login already"),
        ("sip: {listen: ['tcp:127.0.0.1:8080']}", "1:1: http.listen: sip.listen has this address and port already"),
        ("http: {listen: '0.0.0.0:80'}", "1:8: http.listen: not loopback, so http.tokens must have at least one"),
        ("- a", "1:1: must be a mapping of keys to values"),
        ("a: [", "1:5: not readable as YAML"),
        ("sip:\nsip:\n", "2:1: sip: written twice; the first one is in line 1"),
    ],
)
def test_a_mistake_in_the_main_file(write: Write, text: str, line: str) -> None:
    assert one_line(write(softswitch=text)).startswith(f"softswitch.yaml:{line}")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("upd:127.0.0.1:5060", "must begin with udp:, tcp: or tls:"),
        ("udp:0.0.0.0:5060", "name the one address at which phones reach this machine"),
        ("udp:0.0.0.0:5060", "or write {listen: 'udp:0.0.0.0:5060', advertise: THAT_ADDRESS}"),
        ("tls:127.0.0.1:5061", "TLS needs a certificate: write sip.tls: {certificate: FILE, private_key: FILE}"),
        ("udp:127.0.0.1", "must be a numeric address with a port"),
        ("udp:127.0.0.1:99999", "is not an address"),
    ],
)
def test_a_listener_names_transport_address_and_port(write: Write, written: str, message: str) -> None:
    assert message in one_line(write(softswitch=f"sip: {{listen: ['{written}']}}"))


def test_an_ipv6_listener(write: Write) -> None:
    settings = load(write(softswitch="sip: {listen: ['udp:[::1]:5060']}"), {})
    assert (settings.sip.listen[0].host, settings.sip.listen[0].port) == ("::1", 5060)


USER = 'users: {"1001": {password: long-enough-1}}'


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("agents", 'agents: {al: {user: "1010"}}', "agents.yaml:1:15: agents.al.user: users.yaml has no user '1010'"),
        (
            "agents",
            'agents: {al: {user: "1001"}, bo: {user: "1001"}}',
            "agents.yaml:1:35: agents.bo.user: agent 'al' has this phone already",
        ),
        (
            "agents",
            'agents: {al: {user: "1001", skills: {a: 11}}}',
            "agents.yaml:1:38: agents.al.skills.a: must be less",
        ),
        ("agents", "agents: {a b: {}}", "agents.yaml:1:10: agents.a b: "),
        (
            "queues",
            "queues: {q: {callback: {trunk: x}}}",
            "queues.yaml:1:25: queues.q.callback.trunk: trunks.yaml has no",
        ),
        ("queues", "queues: {q: {callback: {}}}", "queues.yaml:1:14: queues.q.callback: the key 'trunk' is missing"),
        (
            "queues",
            "queues: {q: {relax: {after: 0}}}",
            "queues.yaml:1:22: queues.q.relax.after: must be longer than 0s",
        ),
        (
            "queues",
            "queues: {q: {callback: {trunk: t, numbers: '('}}}",
            "queues.yaml:1:35: queues.q.callback.numbers: '(' is not a regular expression",
        ),
        (
            "queues",
            "queues: {q: {callback: {trunk: t, stages: [abandoned, lost]}}}",
            "queues.yaml:1:55: queues.q.callback.stages[1]:"
            " must be 'abandoned', 'queue-full', 'accepted-offer', 'keyed', 'shed', 'early-cancel', 'ivr', 'closed' or"
            " 'voicemail-empty'",
        ),
        ("queues", "queus: {}", "queues.yaml:1:1: queus: unknown key; this file holds queues: only"),
        ("trunks", "trunks: {t: {address: 'a b'}}", "trunks.yaml:1:14: trunks.t.address: 'a b' is not an address"),
        (
            "trunks",
            "trunks: {t: {address: 192.0.2.1, username: u}}",
            "trunks.yaml:1:10: trunks.t: username and password go",
        ),
        (
            "calendars",
            "calendars: {c: {open: {mon-fre: []}}}",
            "calendars.yaml:1:17: calendars.c.open: 'mon-fre' is not a",
        ),
        (
            "calendars",
            "calendars: {c: {closed: [2026-13-01]}}",
            "calendars.yaml:1:26: calendars.c.closed[0]: '2026-13-01'",
        ),
        (
            "calendars",
            "calendars: {c: {zone: Asia/Shangai}}",
            "calendars.yaml:1:17: calendars.c.zone: 'Asia/Shangai' is",
        ),
    ],
)
def test_a_mistake_in_another_file(write: Write, file: str, text: str, line: str) -> None:
    assert one_line(write(**{"users": USER, file: text})).startswith(line)


def test_two_trunks_cannot_share_a_prefix(write: Write) -> None:
    directory = write(trunks='trunks: {a: {address: 1.1.1.1, prefix: "9"}, b: {address: 1.1.1.1, prefix: "9"}}')
    told = "trunk 'a' has this prefix already; give both the same group"
    assert one_line(directory) == f"trunks.yaml:1:68: trunks.b.prefix: {told}"


def test_all_mistakes_of_all_files_are_reported_at_once(write: Write) -> None:
    directory = write(softswitch="sip: {x: 1}\nlog: {level: loud}", users="users: {1001: {}}", queues="queues: {q: 1}")
    assert [Path(problem.file).name for problem in problems_of(directory)] == [
        "queues.yaml",
        "softswitch.yaml",
        "softswitch.yaml",
        "users.yaml",
    ]


def test_a_skill_that_nobody_has_is_a_warning(write: Write) -> None:
    agents = 'agents: {al: {user: "1001", skills: {orders: 2}}}'
    queues = "queues: {a: {needs: [{skill: ordres}]}, b: {needs: [{skill: orders, level: 3}]}}"
    settings = load(write(users=USER, agents=agents, queues=queues), {})
    first, second = (str(problem) for problem in settings.warnings)
    assert "warning: queues.a.needs[0].skill: no agent has the skill 'ordres'; did you mean 'orders'?" in first
    assert "no agent has 'orders' at level 3; highest: 2" in second


@pytest.mark.parametrize(("password", "refused"), [("sample-1001", True), ("short", True), ("long-enough-1", False)])
def test_a_sample_or_weak_password_stays_on_loopback(write: Write, password: str, refused: bool) -> None:
    directory = write(
        softswitch="sip: {listen: ['udp:192.0.2.1:5060']}", users=f"users: {{1001: {{password: {password}}}}}"
    )
    if refused:
        assert "users.1001.password: a sample or weak password" in one_line(directory)
        assert password not in one_line(directory).partition("password: ")[2].replace("sample", "")
    else:
        assert load(directory, {}).users["1001"].password == password


def test_every_sample_password_is_known_as_one() -> None:
    assert all(user.weak_for(number) for number, user in load(SAMPLE, {}).users.items())


def test_secrets_come_from_the_environment_or_a_file(write: Write, tmp_path: Path) -> None:
    directory = write(users="users: {1001: {password: '${PW}x'}, 1002: {password: 'file:../secret'}}")
    (tmp_path / "secret").write_text("from a file\n")
    users = load(directory, {"PW": "from-env"}).users
    assert (users["1001"].password, users["1002"].password) == ("from-envx", "from a file")


def test_a_secret_that_is_not_there_is_one_problem(write: Write) -> None:
    directory = write(users="users: {1001: {password: '${PASSWRD}'}, 1002: {password: 'file:none'}}")
    first, second = problems_of(directory, {"PASSWORD": "x"})
    assert (first.key, first.message) == (
        "users.1001.password",
        "the environment has no PASSWRD; did you mean 'PASSWORD'?",
    )
    assert "cannot be read" in second.message


TOKEN = "plain-token-of-the-wallboard"


@pytest.mark.parametrize(
    "main",
    [
        'http: {tokens: [{name: w, sha256: "${TOK}"}]}',
        f"http: {{tokens: [{{name: w, sha256: {TOKEN}}}]}}",
        "http: {tokens: [{name: w, sha256: file:../secret}]}",
        'http: {tokens: [{name: w, role: "${TOK}", sha256: x}]}',
        f"store: {{url: {TOKEN}}}",
        'store: {url: "${TOK}"}',
        'sip: {listen: ["udp:${TOK}"]}',
        'trunks: {t: {address: "a ${TOK}"}}',
    ],
)
def test_no_secret_is_told_in_a_problem(write: Write, tmp_path: Path, main: str) -> None:
    (tmp_path / "secret").write_text(f"{TOKEN}\n")
    directory = write(**{"trunks" if main.startswith("trunks") else "softswitch": main})
    problems = problems_of(directory, {"TOK": TOKEN})
    assert problems
    assert TOKEN not in " ".join(str(problem) for problem in problems)


def test_a_secret_that_the_environment_puts_into_a_key_is_not_told(write: Write) -> None:
    problems = problems_of(write(), {"SOFTSWITCH__HTTP__TOKENS": f"[{{name: w, sha256: {TOKEN}}}]"})
    assert [problem.message for problem in problems] == ["this is not 64 hexadecimal digits in small letters"]


def test_what_was_fetched_is_named_as_it_is_written(write: Write) -> None:
    problem = problems_of(write(softswitch='sip: {listen: ["udp:${HOST}"]}'), {"HOST": "here\nor there"})[0]
    assert problem.message.startswith("'${HOST}' is not an address")


def test_no_secret_is_shown_by_repr(write: Write) -> None:
    directory = write(
        users="users: {1001: {password: hush-hush-1}}", softswitch="store: {url: 'postgresql://u:hush@h/d'}"
    )
    assert "hush" not in repr(load(directory, {}))


def test_the_environment_overrides_a_key(write: Write) -> None:
    directory = write(softswitch="http: {listen: '127.0.0.1:8080'}")
    environment = {"SOFTSWITCH__HTTP__LISTEN": "127.0.0.1:9999", "SOFTSWITCH__SIP__LISTEN": "['udp:127.0.0.1:7000']"}
    settings = load(directory, environment)
    assert settings.http.listen.port == 9999
    assert [listener.port for listener in settings.sip.listen] == [7000]


def test_a_wrong_override_names_its_variable(write: Write) -> None:
    problem = problems_of(write(), {"SOFTSWITCH__HTTP__LISTEN": "nowhere"})[0]
    assert (problem.file, problem.key) == ("environment SOFTSWITCH__HTTP__LISTEN", "http.listen")


def test_a_directory_that_is_none(tmp_path: Path) -> None:
    assert "--config" in problems_of(tmp_path / "nothing")[0].message
    assert "softswitch.yaml" in problems_of(tmp_path)[0].file


def test_hold_music_that_is_not_there_is_a_warning(write: Write, tmp_path: Path) -> None:
    (tmp_path / "media" / "hold" / "jazz").mkdir(parents=True)
    directory = write(queues="queues:\n  a: {music: jazz}\n  b: {music: jaz}\n  c: {}\n")
    (warning,) = load(directory, {}).warnings
    assert (warning.key, warning.message) == (
        "queues.b.music",
        "media/hold has no directory 'jaz'; did you mean 'jazz'?",
    )
