"""Streams of one port are told apart by the source; strangers change nothing and cost next to nothing."""

from __future__ import annotations

import socket
import time

import numpy as np
import pytest

from softswitch.media.address import Address, Sources, host_of
from softswitch.media.demux import MOST_CANDIDATES, NOBODY, Demux

A, B, NAT, OTHER = "192.0.2.1", "192.0.2.2", "198.51.100.7", "203.0.113.9"


def sources(*addresses: Address) -> Sources:
    hosts = [host for one in addresses if (host := host_of(one[0])) is not None]
    pairs = np.array(hosts, np.uint64).reshape(-1, 2)
    return Sources(pairs[:, 0], pairs[:, 1], np.array([port for _, port in addresses], np.uint16))


class Line:
    """A demultiplexer and the rows that would take what comes."""

    def __init__(self, streams: int = 8, family: int = socket.AF_INET) -> None:
        self.demux = Demux(streams)
        self.family = family
        self.deaf: set[int] = set()

    def stream(self, row: int, port: int, address: Address, signalling: str = "") -> None:
        self.demux.open(row, port, self.family)
        self.demux.signal(row, address, signalling)

    def rows(self, port: int, *addresses: Address) -> list[int]:
        ports = np.full(len(addresses), port)
        valid = np.ones(len(addresses), np.bool_)
        return self.demux.find(ports, sources(*addresses), valid, lambda row, _: row not in self.deaf).tolist()


def test_streams_of_one_port_are_told_apart_and_ports_are_too() -> None:
    line = Line()
    line.stream(0, 5, (A, 4000))
    line.stream(1, 5, (A, 4002))
    line.stream(2, 6, (A, 4000))
    assert line.rows(5, (A, 4002), (A, 4000), (A, 4002)) == [1, 0, 1]
    assert line.rows(6, (A, 4000), (A, 4002)) == [2, NOBODY]
    assert [line.demux.peer(row) for row in range(3)] == [(A, 4000), (A, 4002), (A, 4000)]


def test_one_that_is_not_known_yet_is_learnt_beside_those_that_are() -> None:
    line = Line()
    line.stream(0, 5, ("10.0.0.5", 4000), NAT)
    assert line.rows(5, (NAT, 61000), (NAT, 61000)) == [0, 0]
    line.stream(1, 5, ("10.0.0.6", 4000), NAT)  # another phone behind the same NAT
    assert line.rows(5, (NAT, 61000), (NAT, 61002), (NAT, 61004), (OTHER, 61002)) == [0, 1, NOBODY, NOBODY]
    assert line.demux.learnt == [0, 1]
    assert line.demux.strangers == 2


def test_after_a_new_answer_the_source_that_was_heard_before_finds_its_own_stream() -> None:
    line = Line()
    line.stream(0, 5, ("10.0.0.5", 4000), NAT)
    line.rows(5, (NAT, 61000))
    line.stream(1, 5, ("10.0.0.6", 4000), NAT)
    line.demux.signal(0, ("10.0.0.5", 4000), NAT)
    assert line.rows(5, (NAT, 61000), (NAT, 61002)) == [0, 1]


def test_the_signalled_address_takes_over_once_and_for_good() -> None:
    line = Line()
    line.stream(0, 5, (A, 4000), NAT)
    assert line.rows(5, (NAT, 61000)) == [0]
    assert line.rows(5, (A, 4000)) == [0]
    assert line.rows(5, (NAT, 61000), (A, 4000)) == [NOBODY, 0]
    assert line.demux.peer(0) == (A, 4000)


def test_a_packet_that_the_stream_could_not_be_sent_teaches_nothing() -> None:
    line = Line()
    line.stream(0, 5, (A, 4000), NAT)
    line.deaf.add(0)
    assert line.rows(5, (NAT, 61000)) == [NOBODY]
    line.deaf.clear()
    assert line.rows(5, (NAT, 61002)) == [0]


def test_a_stream_that_is_closed_or_held_is_nobody_s_peer() -> None:
    line = Line()
    line.stream(0, 5, (A, 4000))
    line.rows(5, (A, 4000))
    line.demux.signal(0, None, "")
    assert line.rows(5, (A, 4000)) == [NOBODY]
    assert line.demux.name_size[0] == 0
    line.demux.signal(0, (A, 4000), "")
    line.rows(5, (A, 4000))
    line.demux.close(0)
    line.demux.close(0)
    assert line.rows(5, (A, 4000)) == [NOBODY]
    line.stream(1, 5, (A, 4000))
    assert line.rows(5, (A, 4000)) == [1]


def test_what_another_process_has_learnt_is_known_at_once() -> None:
    line = Line()
    line.stream(0, 5, ("10.0.0.5", 4000), NAT)
    line.demux.resume(0, (NAT, 61000))
    assert line.rows(5, (NAT, 61002), (NAT, 61000)) == [NOBODY, 0]
    assert line.demux.learnt == []


def test_nobody_waits_any_more_for_whom_a_stream_that_is_closed_waited() -> None:
    line = Line()
    line.stream(0, 5, (A, 4000))
    line.stream(1, 5, (B, 4000))
    line.demux.close(0)
    assert line.rows(5, (A, 4000), (B, 4000)) == [NOBODY, 1]
    line.demux.close(1)
    assert line.rows(5, (B, 4000)) == [NOBODY] and not line.demux.name_size.any()


def test_an_address_that_is_taken_on_that_port_is_a_clash_and_changes_nothing() -> None:
    line = Line()
    line.stream(0, 5, (A, 4000))
    line.rows(5, (A, 4000))
    line.stream(1, 5, (A, 4000))
    assert line.rows(5, (A, 4000)) == [0]
    line.demux.resume(1, (A, 4000))
    assert line.demux.clashes == 1
    line.demux.close(1)
    assert line.rows(5, (A, 4000)) == [0]


@pytest.mark.parametrize("zone", ["\0", "lo\0", "no-such-zone", "%", "z" * 60])
def test_a_zone_that_is_none_of_ours_stops_nobody(zone: str) -> None:
    """Who may speak now may have had the call before: a packet of his must not fail the tick of all calls."""
    line, before, after = Line(family=socket.AF_INET6), ("2001:db8::1", 4000), (f"fe80::2%{zone}", 4000)
    line.stream(0, 1, before, NAT)
    assert line.rows(1, before, (NAT, 9)) == [0, NOBODY]
    line.demux.signal(0, after, before[0])
    assert line.rows(1, before, ("fe80::2", 4000)) == [0, 0]


def test_ipv6_and_its_zones() -> None:
    line = Line(family=socket.AF_INET6)
    line.stream(0, 5, ("2001:db8::1", 4000))
    line.stream(1, 5, ("fe80::1%lo", 4000))
    assert line.rows(5, ("fe80::1", 4000), ("2001:db8::1", 4000), ("2001:db8::2", 4000)) == [1, 0, NOBODY]
    assert line.demux.names[1, 24:28].view(np.uint32)[0] == socket.if_nametoindex("lo")


def test_any_number_of_streams_comes_and_goes() -> None:
    random, line, expected = np.random.default_rng(1), Line(200), dict[int, Address]()
    for _ in range(1000):
        row = int(random.integers(200))
        if row in expected:
            line.demux.close(row)
            del expected[row]
        else:
            expected[row] = (A, 2000 + row)
            line.stream(row, row % 7, expected[row])
            assert line.rows(row % 7, expected[row]) == [row]
    for row, address in expected.items():
        assert line.rows(row % 7, address, (OTHER, address[1])) == [row, NOBODY]


@pytest.mark.parametrize("waiting", [False, True])
def test_a_flood_costs_less_than_a_microsecond_each_and_changes_nothing(waiting: bool) -> None:
    line, flood = Line(1000), 20000
    for row in range(900):
        line.stream(row, row % 16, (A, 4000 + row))
        line.rows(row % 16, (A, 4000 + row))
    if waiting:
        line.stream(999, 3, (B, 4000), NAT)
    before = [line.demux.peer(row) for row in range(900)]
    random = np.random.default_rng(1)
    strangers = Sources(
        np.zeros(flood, np.uint64),
        random.integers(1, 2**32, flood).astype(np.uint64),
        random.integers(1, 65536, flood).astype(np.uint16),
    )
    ports, valid = np.full(flood, 3), np.ones(flood, np.bool_)
    spent = []
    for _ in range(3):
        began = time.thread_time()
        rows = line.demux.find(ports, strangers, valid, lambda row, at: True)
        spent.append(time.thread_time() - began)
        assert (rows == NOBODY).all()
    assert min(spent) / flood < 1e-6
    assert [line.demux.peer(row) for row in range(900)] == before


def test_a_flood_from_the_very_host_that_is_waited_for_is_bounded() -> None:
    line = Line()
    line.stream(0, 5, (A, 4000))
    line.deaf.add(0)
    asked = []
    many = sources(*[(A, 5000 + port) for port in range(1000)])
    line.demux.find(np.full(1000, 5), many, np.ones(1000, np.bool_), lambda row, at: asked.append(at) is not None)
    assert len(asked) == MOST_CANDIDATES
