"""Certificates for TLS, which follow their files (RFC 3261 section 26.3.1, RFC 5922, RFC 8446).

Contexts are made anew when a file has changed, so that connections which are there go on with what they have. Files
that do not fit together (a copy is under way, a wrong key) leave the old certificate in place and are tried again with
their next change.
"""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

log = logging.getLogger("softswitch.net")


@dataclass(frozen=True, slots=True)
class TlsFiles:
    certificate: Path  # PEM, with the chain
    private_key: Path
    ca: Path | None = None  # whom peers' certificates must come from; None: whom the system trusts
    client_certificates: Literal["none", "optional", "required"] = "none"
    verify_servers: bool = True  # those that we connect to


class Tls:
    """``server`` and ``client`` are the contexts of the moment. Raises ``OSError`` where the files are not right.

    ``on_change(ok)`` is called when the files have changed: whether they are in use now.
    """

    def __init__(self, files: TlsFiles, on_change: Callable[[bool], None] = lambda ok: None) -> None:
        self._files = files
        self._on_change = on_change
        self._seen = self._stamp()
        self.server, self.client = _server(files), _client(files)

    def follow(self) -> None:
        """Look whether the files have changed; to be called now and then."""
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            server, client = _server(self._files), _client(self._files)
        except (OSError, ValueError) as error:  # SSLError is an OSError
            log.error("the new certificate %s cannot be used, the old one stays: %s", self._files.certificate, error)
            self._on_change(False)
            return
        self.server, self.client = server, client
        log.info("a new certificate is in use: %s", self._files.certificate)
        self._on_change(True)

    def _stamp(self) -> list[tuple[int, int, int] | None]:
        return [_stamp(path) for path in (self._files.certificate, self._files.private_key, self._files.ca) if path]


def _server(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load(context, files)
    if files.client_certificates != "none":
        required = files.client_certificates == "required"
        context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
        _trust(context, files, ssl.Purpose.CLIENT_AUTH)
    return context


def _client(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # ``certificate`` does that, by the rules of SIP
    context.verify_mode = ssl.CERT_REQUIRED if files.verify_servers else ssl.CERT_NONE
    _load(context, files)
    _trust(context, files, ssl.Purpose.SERVER_AUTH)
    return context


def _load(context: ssl.SSLContext, files: TlsFiles) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.certificate, files.private_key, password=_no_password)


def _trust(context: ssl.SSLContext, files: TlsFiles, purpose: ssl.Purpose) -> None:
    if files.ca is not None:
        context.load_verify_locations(files.ca)
    else:
        context.load_default_certs(purpose)


def _no_password() -> NoReturn:
    """Without it OpenSSL would ask at the terminal."""
    raise OSError("the private key is encrypted; keep it unencrypted, readable by the switch alone")


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
