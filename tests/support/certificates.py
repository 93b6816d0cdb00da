"""Certificates of an authority of our own, as files; a new pair can be put in their place."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


class Certificates:
    """``DIR/cert.pem`` and ``DIR/key.pem`` for ``names``, and ``DIR/ca.pem`` of who signed them."""

    def __init__(self, directory: Path, *names: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.certificate, self.private_key = directory / "cert.pem", directory / "key.pem"
        self.ca = directory / "ca.pem"
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(self.ca)
        self._names = names or ("127.0.0.1", "localhost")
        self.renew()

    def renew(self) -> int:
        """A new pair; its serial number."""
        issued = self._authority.issue_cert(*self._names)
        for path, text in (
            (self.private_key, issued.private_key_pem.bytes()),
            (self.certificate, b"".join(pem.bytes() for pem in issued.cert_chain_pems)),
        ):
            new = path.with_suffix(".new")
            new.write_bytes(text)
            new.replace(path)
        return self.serial

    @property
    def serial(self) -> int:
        decoded = ssl._ssl._test_decode_cert(str(self.certificate))  # type: ignore[attr-defined]
        return int(decoded["serialNumber"], 16)

    @property
    def settings(self) -> dict[str, str]:
        return {"certificate": str(self.certificate), "private_key": str(self.private_key)}

    def trusting(self) -> ssl.SSLContext:
        """The context of a client who trusts the authority."""
        return ssl.create_default_context(cafile=str(self.ca))


def serial_of(transport_or_writer: object) -> int:
    """Of the certificate that the peer of this stream has shown."""
    shown = transport_or_writer.get_extra_info("peercert")  # type: ignore[attr-defined]
    return int(shown["serialNumber"], 16)
