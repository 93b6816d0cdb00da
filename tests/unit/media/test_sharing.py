"""Who may share a port: one whose peer is not known, and any number of those whose peers are."""

import pytest

from softswitch.core.errors import PortsExhausted
from softswitch.media.allot import Ports
from softswitch.media.sharing import APART, MOST_STREAMS, SharedPorts
from tests.support.ports import claim


@pytest.fixture
def ports() -> SharedPorts:
    first = claim(100).start
    made = SharedPorts(Ports("127.0.0.1", first, first + 99))
    made.shares = True
    return made


def latched(ports: SharedPorts, count: int, name: str = "s") -> list[int]:
    given = []
    for number in range(count):
        given.append(ports.take(f"{name}{number}"))
        ports.heard(f"{name}{number}")
    return given


def test_two_streams_that_nobody_has_heard_are_never_on_one_port(ports: SharedPorts) -> None:
    given = [ports.take(f"s{number}") for number in range(APART + 5)]
    assert len(set(given)) == APART + 5


def test_a_port_is_shared_once_enough_of_them_are_latched_the_longest_waiting_first(ports: SharedPorts) -> None:
    first = latched(ports, APART)
    assert len(set(first)) == APART
    assert latched(ports, APART, "t") == first


def test_a_stream_with_a_new_answer_keeps_its_port_to_itself_until_it_is_heard(ports: SharedPorts) -> None:
    first = latched(ports, APART)
    ports.unheard("s0")
    assert first[0] not in latched(ports, 2 * APART, "t")
    ports.heard("s0")
    assert first[0] in latched(ports, 2 * APART, "u")


def test_a_port_that_somebody_left_goes_to_the_end(ports: SharedPorts) -> None:
    first = latched(ports, APART)
    assert latched(ports, 1, "t") == first[:1]
    ports.give_back("s1")
    ports.give_back("t0")
    assert latched(ports, APART, "u")[1:] == [*first[2:], first[0]]


def test_a_port_has_room_for_so_many(ports: SharedPorts) -> None:
    given = latched(ports, (APART + 2) * MOST_STREAMS)
    assert max(given.count(port) for port in given) == MOST_STREAMS


def test_where_no_port_is_left_the_latched_ones_are_shared_at_once() -> None:
    first = claim(4).start
    ports = SharedPorts(Ports("127.0.0.1", first, first + 3))
    assert latched(ports, 2) == [first, first + 2]
    with pytest.raises(PortsExhausted):
        ports.take("x")
    ports.shares = True
    assert ports.take("x") == first
    assert ports.take("y") == first + 2
    with pytest.raises(PortsExhausted):
        ports.take("z")
    for name in ("s0", "x"):
        ports.give_back(name)
    assert len(ports) == 1
    assert ports.take("z") == first


def test_what_was_claimed_is_given_to_nobody_else_until_it_comes_back() -> None:
    first = claim(4).start
    ports = SharedPorts(Ports("127.0.0.1", first, first + 3))
    ports.claim("s", first, heard=True)
    ports.claim("s", first + 2, heard=True)  # it has one
    ports.claim("of another range", 1024, heard=False)
    assert ports.take("t") == first + 2
    with pytest.raises(PortsExhausted):
        ports.take("u")
    ports.shares = True
    assert ports.take("u") == first  # heard: it is shared
    for name in ("s", "u", "of another range"):
        ports.give_back(name)
    assert len(ports) == 1
    assert ports.take("v") == first
