"""Certificates and WebSockets: how phones and browsers reach the switch besides plain UDP and TCP."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, field_validator

from softswitch.settings.kind import HostPort, Place, Strict, advertised, written

if TYPE_CHECKING:
    from softswitch.settings.model import Configuration

Advertised = Annotated[HostPort, BeforeValidator(advertised)]


class Certificate(Strict):
    """PEM files, read again when they change; the certificate with its chain, the key unencrypted."""

    certificate: Place
    private_key: Place

    def complaint(self, root: Path) -> str:
        """What keeps the two from being used; "" for nothing. Relative paths are under ``root``."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # With a password at hand OpenSSL does not ask for one at the terminal.
            context.load_cert_chain(root / self.certificate, root / self.private_key, password="")
        except FileNotFoundError:
            missing = next((p for p in (self.certificate, self.private_key) if not (root / p).exists()), "a file")
            return f"{missing} does not exist"
        except (OSError, ValueError) as error:
            return f"cannot be used ({error}); both must be PEM, the key unencrypted and the one of the certificate"
        return ""


class SipTls(Certificate):
    """For the TLS listeners, and for the connections that we open. TLS 1.2 is the oldest version that is spoken."""

    ca: Place | None = None  # who must have signed the peers' certificates; None: whom the system trusts
    client_certificates: Literal["none", "optional", "required"] = "none"  # of those who connect to us
    verify_servers: bool = True  # those whom we connect to: signed by ``ca`` and bearing the trunk's name


class WebSocket(Strict):
    """SIP over WebSocket (RFC 7118) on the HTTP listener."""

    path: Annotated[str, written(r"/[A-Za-z0-9_./-]{1,100}", "a path such as /sip")] = "/sip"
    # Whose pages may connect: https://phone.example.com. "*": all; none: the pages of the HTTP listener itself.
    origins: tuple[Annotated[str, written(r"\*|https?://[^/\s]+", "an origin such as https://a.example")], ...] = ()
    advertise: Advertised | None = None  # what Via and Contact say, behind a reverse proxy

    @field_validator("path")
    @classmethod
    def _of_its_own(cls, path: str) -> str:
        if path.startswith("/api") or path in ("/metrics", "/healthz", "/readyz"):
            raise ValueError(f"{path!r} is taken by the HTTP API; write for example /sip")
        return path


def certificate_findings(settings: Configuration, root: Path) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """(path of the key, message, level)."""
    for path, pair in ((("sip", "tls"), settings.sip.tls), (("http", "tls"), settings.http.tls)):
        if pair is not None and (complaint := pair.complaint(root)):
            yield path, complaint, "error"
    tls = settings.sip.tls
    if tls is not None and tls.ca is not None and (complaint := _complaint(root, tls.ca)):
        yield ("sip", "tls", "ca"), complaint, "error"


def _complaint(root: Path, ca: Path) -> str:
    """What keeps ``ca`` from being believed; "" for nothing."""
    try:
        ssl.create_default_context(cafile=root / ca)
    except FileNotFoundError:
        return f"{ca} does not exist"
    except (OSError, ValueError) as error:
        return f"{ca} cannot be used ({error}); it must hold certificates in PEM"
    return ""
