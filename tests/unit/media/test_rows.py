"""Rows are compact, ports are spread out, rooms vanish with their last member."""

import socket

import numpy as np
import pytest

from softswitch.audio import FRAME
from softswitch.core.errors import PortsExhausted
from softswitch.media.allot import Ports
from softswitch.media.rooms import Rooms
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


def hears(rooms: Rooms) -> list[int]:
    said = np.repeat(np.array([1, 10, 100, 1000], np.int16)[:, None], FRAME, axis=1)
    heard = np.zeros_like(said)
    rooms.mix(said, heard)
    return heard[:, 0].tolist()


def test_members_hear_their_room_and_no_other() -> None:
    rooms = Rooms(4)
    for room, row in (("a", 0), ("a", 1), ("b", 2), ("b", 3)):
        rooms.join(room, row)
    assert hears(rooms) == [10, 1, 1000, 100]
    rooms.join("a", 2)  # it leaves b
    assert hears(rooms) == [110, 101, 11, 0]
    rooms.leave(3)
    assert len(rooms) == 1
    rooms.join("c", 3)
    rooms.leave(0)
    assert hears(rooms) == [0, 100, 10, 0]
    assert len(rooms) == 2
