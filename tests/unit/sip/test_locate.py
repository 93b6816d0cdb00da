"""RFC 3263: which records are asked for, what comes of them, and the lot of RFC 2782."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from softswitch.sip.dead_target import MAX_REMEMBERED, DeadTargets
from softswitch.sip.locate import (
    Hop,
    Located,
    Naptr,
    Question,
    Records,
    Server,
    Srv,
    Wish,
    at_once,
    drawn,
    in_turn,
    locate,
)

TWO = (Srv(0, 1, 5060, "server1.example.com"), Srv(0, 2, 5060, "server2.example.com"))
ZONE: dict[tuple[str, str], Records] = {
    # The example of section 4.1.
    ("NAPTR", "example.com"): Records(
        (
            Naptr(100, 50, "s", "SIP+D2U", "_sip._udp.example.com"),
            Naptr(90, 50, "s", "SIP+D2T", "_sip._tcp.example.com"),
            Naptr(50, 50, "s", "SIPS+D2T", "_sips._tcp.example.com"),
            Naptr(10, 50, "u", "E2U+sip", "."),
        ),
        900.0,
    ),
    ("SRV", "_sip._tcp.example.com"): Records(TWO, 600.0),
    ("SRV", "_sip._udp.example.com"): Records(TWO, 600.0),
    ("SRV", "_sips._tcp.example.com"): Records((Srv(0, 0, 5061, "server1.example.com"),), 600.0),
    ("SRV", "_sip._udp.only.example"): Records((Srv(10, 0, 5070, "a.only.example"), Srv(5, 0, 0, "gone.example"))),
    ("SRV", "_sip._udp.closed.example"): Records((Srv(0, 0, 0, "."),)),
    ("ADDRESS", "server1.example.com"): Records(("192.0.2.1", "2001:db8::1"), 30.0),
    ("ADDRESS", "server2.example.com"): Records(("192.0.2.2",), 300.0),
    ("ADDRESS", "a.only.example"): Records(("192.0.2.3",), 60.0),
    ("ADDRESS", "plain.example"): Records(("192.0.2.9", "192.0.2.10"), 120.0),
    ("ADDRESS", "closed.example"): Records(("192.0.2.66",)),
}


def run(wish: Wish, supported: Sequence[str] = ("udp", "tcp", "tls")) -> tuple[Located, list[Question]]:
    search = locate(wish, supported)
    asked: list[Question] = []
    answer: Records | None = None
    while True:
        try:
            question = search.send(answer)  # type: ignore[arg-type]  # the first one is None
        except StopIteration as end:
            return end.value, asked
        asked.append(question)
        answer = ZONE.get((question.kind, question.name), Records())


def addresses(located: Located) -> list[str]:
    return [str(hop) for hop in located.hops]


def test_4_1_naptr_names_the_preferred_transport_that_we_support() -> None:
    located, asked = run(Wish("example.com"), ("udp", "tcp"))
    assert asked[:2] == [Question("NAPTR", "example.com"), Question("SRV", "_sip._tcp.example.com")]
    assert addresses(located) == ["tcp:192.0.2.2:5060", "tcp:192.0.2.1:5060", "tcp:[2001:db8::1]:5060"]
    assert [server.weight for server in located.servers] == [2, 1]
    located, _ = run(Wish("example.com"))
    assert addresses(located) == ["tls:192.0.2.1:5061", "tls:[2001:db8::1]:5061"]
    assert located.hops[0].server_name == "example.com"  # the domain, not the target that DNS made of it


def test_the_shortest_ttl_says_when_to_ask_again() -> None:
    assert run(Wish("example.com"))[0].ttl_s == 30.0


def test_4_1_a_transport_that_is_given_is_used() -> None:
    located, asked = run(Wish("example.com", transport="udp"))
    assert asked[0] == Question("SRV", "_sip._udp.example.com")
    assert {hop.transport for hop in located.hops} == {"udp"}
    assert run(Wish("example.com", transport="tls"))[1][0] == Question("SRV", "_sips._tcp.example.com")


@pytest.mark.parametrize(
    ("wish", "hop"),
    [
        (Wish("192.0.2.7"), "udp:192.0.2.7:5060"),
        (Wish("192.0.2.7", 5090, "tcp"), "tcp:192.0.2.7:5090"),
        (Wish("2001:db8::7", transport="tls"), "tls:[2001:db8::7]:5061"),
    ],
)
def test_4_1_a_numeric_host_needs_no_question(wish: Wish, hop: str) -> None:
    located = at_once(wish)
    assert located is not None and addresses(located) == [hop]
    assert located.hops[0].server_name == ""


def test_a_name_needs_questions() -> None:
    assert at_once(Wish("example.com")) is None


def test_4_2_a_port_that_is_given_skips_naptr_and_srv() -> None:
    located, asked = run(Wish("plain.example", 5080))
    assert asked == [Question("ADDRESS", "plain.example")]
    assert addresses(located) == ["udp:192.0.2.9:5080", "udp:192.0.2.10:5080"]


def test_4_1_without_naptr_srv_is_asked_for_each_transport() -> None:
    located, asked = run(Wish("only.example"), ("tcp", "udp"))
    assert [question.name for question in asked[1:3]] == ["_sip._tcp.only.example", "_sip._udp.only.example"]
    assert addresses(located) == ["udp:192.0.2.3:5070"]  # the target without an address is left out


def test_4_2_without_srv_the_host_itself_is_asked() -> None:
    located, asked = run(Wish("plain.example"))
    assert asked[-1] == Question("ADDRESS", "plain.example")
    assert addresses(located) == ["udp:192.0.2.9:5060", "udp:192.0.2.10:5060"]


def test_rfc_2782_a_single_dot_means_that_there_is_no_such_service() -> None:
    assert run(Wish("closed.example", transport="udp"))[0].servers == ()


def test_a_name_that_does_not_exist_has_no_servers() -> None:
    assert run(Wish("nowhere.example"))[0].servers == ()


def servers(*of: tuple[str, int, int]) -> list[Server]:
    return [Server((Hop("udp", (name, 5060)),), priority, weight) for name, priority, weight in of]


def names(found: list[Server]) -> str:
    return "".join(server.hops[0].address[0] for server in found)


def test_rfc_2782_the_lower_priority_goes_first_whatever_the_weights() -> None:
    some = servers(("c", 20, 100), ("a", 10, 0), ("b", 10, 0))
    assert names(drawn(some, lambda: 0.0))[-1] == "c"


def test_rfc_2782_weights_are_shares() -> None:
    some = servers(("a", 0, 1), ("b", 0, 3))
    first = Counter(names(drawn(some, lambda mark=n: mark / 1000))[0] for n in range(1000))  # type: ignore[misc]
    assert 300 < first["a"] < 500 and 500 < first["b"] < 700  # (0 or 1) and (2, 3, 4) of 5 marks


def test_rfc_2782_weight_0_has_a_small_chance_beside_others() -> None:
    some = servers(("a", 0, 0), ("b", 0, 99))
    first = Counter(names(drawn(some, lambda mark=n: mark / 1000))[0] for n in range(1000))  # type: ignore[misc]
    assert first["a"] == 10


def test_every_server_is_drawn_once() -> None:
    some = servers(("a", 0, 5), ("b", 0, 5), ("c", 0, 0), ("d", 1, 7))
    for mark in (0.0, 0.4, 0.999999):
        assert sorted(names(drawn(some, lambda: mark))) == list("abcd")  # noqa: B023 (called at once)
    assert len(in_turn(some, lambda: 0.5)) == 4


def test_a_dead_target_comes_last_until_its_time_is_over() -> None:
    dead, (a, b) = DeadTargets(), (Hop("udp", ("192.0.2.1", 1)), Hop("udp", ("192.0.2.2", 1)))
    dead.bury(a, 30.0, 100.0)
    assert dead.in_turn((a, b), 100.0) == [b, a]
    dead.bury(a, 5.0, 101.0)  # does not shorten it
    assert dead.left_s(a, 101.0) == 29.0
    assert dead.in_turn((a, b), 130.0) == [a, b]
    dead.bury(b, 60.0, 130.0)
    dead.bury(a, 90.0, 130.0)
    assert dead.in_turn((a, b), 131.0) == [b, a]  # all dead: none is left out
    dead.revive(a)
    assert dead.in_turn((b, a), 131.0) == [a, b]


def test_whoever_is_careful_avoids_a_target_until_it_has_answered_again() -> None:
    dead, (a, b) = DeadTargets(), (Hop("udp", ("192.0.2.1", 1)), Hop("udp", ("192.0.2.2", 1)))
    dead.bury(a, 30.0, 100.0)
    assert dead.in_turn((a, b), 5000.0, careful=True) == [b, a]
    dead.revive(a)
    assert dead.in_turn((a, b), 5000.0, careful=True) == [a, b]


def test_the_memory_is_bounded() -> None:
    dead = DeadTargets()
    for port in range(MAX_REMEMBERED + 10):
        dead.bury(Hop("udp", ("192.0.2.1", port)), 30.0, 0.0)
    assert dead.left_s(Hop("udp", ("192.0.2.1", 0)), 0.0) == 0.0
    assert dead.left_s(Hop("udp", ("192.0.2.1", MAX_REMEMBERED)), 0.0) == 30.0
