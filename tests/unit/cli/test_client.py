"""Where the command line finds its own switch, and whom it believes there."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from softswitch.cli.client import Base, Failed, base_url, request
from softswitch.cli.main import app
from tests.support.certificates import Certificates


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"calls": []}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shown(tmp_path: Path) -> Certificates:
    """For a name that is not the one at which the command line asks."""
    return Certificates(tmp_path / "shown", "pbx.example.com")


@pytest.fixture
def port(shown: Certificates) -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.certificate, shown.private_key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def configured(directory: Path, port: int, certificates: Certificates) -> Base:
    home = directory / "config"
    home.mkdir()
    tls = f"{{certificate: {certificates.certificate}, private_key: {certificates.private_key}}}"
    (home / "softswitch.yaml").write_text(f"http: {{listen: '127.0.0.1:{port}', tls: {tls}}}")
    return base_url("", home)


def test_our_own_certificate_is_known_by_itself(tmp_path: Path, port: int, shown: Certificates) -> None:
    base = configured(tmp_path, port, shown)
    assert str(base) == f"https://127.0.0.1:{port}"
    assert request(base, "GET", "/api/v1/calls", "calls") == []


def test_another_certificate_is_not_believed(tmp_path: Path, port: int, capsys: pytest.CaptureFixture[str]) -> None:
    for base in (
        configured(tmp_path, port, Certificates(tmp_path / "ours", "pbx.example.com")),
        Base(f"https://127.0.0.1:{port}"),
    ):
        with pytest.raises(Failed):
            request(base, "GET", "/api/v1/calls", "calls")
        told = capsys.readouterr().err
        assert "CERTIFICATE_VERIFY_FAILED" in told and "is not believed" in told and "softswitch run" not in told


def test_a_mistake_in_another_file_is_no_reason_not_to_ask(
    tmp_path: Path, port: int, shown: Certificates, capsys: pytest.CaptureFixture[str]
) -> None:
    base = configured(tmp_path, port, shown)
    home = tmp_path / "config"
    (home / "agents.yaml").write_text("agents: {alice: {}}\n")
    assert base_url("", home) == base
    (home / "softswitch.yaml").write_text("http: {listen: 8080}\n")
    with pytest.raises(Failed):
        base_url("", home)
    assert "softswitch.yaml:1:8: http.listen" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [["why"], ["agent", "ready"], ["report", "--queue"], ["callbacks", "list", "--queue"], ["do-not-call", "add"]],
)
def test_a_name_that_is_no_text_is_one_that_nobody_has(command: list[str]) -> None:
    """Octets that are no UTF-8 come as lone surrogates (PEP 383)."""
    told = CliRunner().invoke(app, [*command, "\udcff", "--url", "http://127.0.0.1:1"])
    assert told.exit_code == 1 and "no switch answers at http://127.0.0.1:1" in told.output
