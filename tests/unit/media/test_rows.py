"""Rows are compact, ports are spread out."""

import socket

import pytest

from softswitch.core.errors import PortsExhausted
from softswitch.media.allot import Ports
from softswitch.media.streams import Rows
from tests.support.ports import claim


def test_the_lowest_free_row_is_taken() -> None:
    rows = Rows(3)
    assert [rows.take(name) for name in "abc"] == [0, 1, 2]
    assert rows.take("d") is None
    rows.give_back("a")
    rows.give_back("c")
    assert (rows.used, len(rows), rows.row("a"), rows.row("b"), rows.name(1)) == (2, 1, None, 1, "b")
    assert rows.take("e") == 0
    rows.give_back("b")
    rows.give_back("e")
    assert rows.used == 0


def test_ports_are_even_and_a_returned_one_is_used_last() -> None:
    first = claim(6).start
    first += first % 2
    ports = Ports("127.0.0.1", first - 1, first + 4)
    assert [ports.take(), ports.take()] == [first, first + 2]
    ports.give_back(first)
    assert [ports.take(), ports.take()] == [first + 4, first]
    with pytest.raises(PortsExhausted):
        ports.take()


def test_a_port_of_somebody_else_is_passed_over() -> None:
    first = claim(6).start
    first += first % 2
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", first))
        assert Ports("127.0.0.1", first, first + 2).take() == first + 2
