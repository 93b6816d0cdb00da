"""Ports that cannot be tried are as good as taken."""

import errno
import socket

import pytest

from softswitch.core.errors import PortsExhausted
from softswitch.media.allot import Ports
from tests.support.ports import claim


def test_out_of_file_descriptors_is_out_of_ports_and_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    span = claim(8)
    ports = Ports("127.0.0.1", span.start, span.start + 7)
    free = len(ports)

    def refuse(*_: object) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as without:
        without.setattr(socket, "socket", refuse)
        with pytest.raises(PortsExhausted):
            ports.take()
    assert len(ports) == free
    assert ports.take() in span
