"""One request to the HTTP API of a running switch, and what to say when there is none."""

from __future__ import annotations

import json
import os
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import typer

from softswitch.core.errors import ConfigError
from softswitch.settings import load
from softswitch.settings.file import Unreadable, read_text
from softswitch.settings.kind import HostPort
from softswitch.settings.system import Http
from softswitch.settings.written import MAIN_FILE

DEFAULT_CONFIG = Path("config")
TOKEN_VARIABLE = "SOFTSWITCH_TOKEN"
_TIMEOUT_S = 10.0
_FIRST_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Base:
    """Where the API is. ``certificate``: the file of the one that is shown there, where it is our own switch."""

    url: str
    certificate: Path | None = None

    def __str__(self) -> str:
        return self.url

    def trust(self) -> ssl.SSLContext:
        """Our own certificate is known by itself, whoever signed it and for whatever name; others as the system says.

        Raises ``OSError`` or ``ValueError`` where it cannot be read.
        """
        if self.certificate is None:
            return ssl.create_default_context()
        found = _FIRST_CERTIFICATE.search(self.certificate.read_text("ascii", "replace"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=found[0] if found else "")
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.check_hostname = False
        return context


class Failed(typer.Exit):
    """The command ends with 1, after saying why on stderr."""

    def __init__(self, message: str) -> None:
        super().__init__(1)
        typer.echo(message, err=True)


def base_url(url: str, config: Path) -> Base:
    """``url`` where given, else where the configuration says that the switch listens."""
    if url:
        return Base(url.rstrip("/"))
    if not config.is_dir():
        raise Failed(f"{config} is not a directory; name the switch with --url or its configuration with --config")
    http = _http(config)
    listen = http.listen
    if listen.wildcard:
        listen = HostPort("::1" if ":" in listen.host else "127.0.0.1", listen.port)
    return Base(f"https://{listen}", http.tls.certificate) if http.tls else Base(f"http://{listen}")


def _http(config: Path) -> Http:
    """By softswitch.yaml alone, if that is enough: a mistake in another file is no reason not to ask the switch."""
    with suppress(ConfigError, OSError, Unreadable):
        return load(config, kept={MAIN_FILE: read_text(config / MAIN_FILE)}).http
    try:
        return load(config).http
    except ConfigError as error:
        raise Failed(f"{error}\nthe configuration has errors; name the switch with --url") from None


def request(base: Base, method: str, path: str, key: str, body: Any = None, timeout_s: float = _TIMEOUT_S) -> Any:
    """What the JSON object of the answer has under ``key``, "" for all of it. Raises ``Failed``, telling people why."""
    data = None if body is None else json.dumps(body).encode()
    answer = _ask(base, method, path, data, timeout_s)
    try:
        told = json.loads(answer)
        return told[key] if key else dict(told)
    except (KeyError, TypeError):
        raise Failed(f"what answers at {base} is no softswitch") from None
    except ValueError as error:
        raise no_switch(base, error) from None


def known(base: Base, path: str, key: str, away: bool = False) -> Any:
    """The same of a GET; None where there is no such thing, and with ``away`` where no switch answers."""
    answer = _ask(base, "GET", path, None, _TIMEOUT_S, b"{}", b"{}" if away else None)
    try:
        return json.loads(answer).get(key)
    except (ValueError, AttributeError):
        raise Failed(f"what answers at {base} is no softswitch") from None


def download(base: Base, path: str) -> bytes:
    """The answer as it is. Raises ``Failed``."""
    return _ask(base, "GET", path, None, _TIMEOUT_S)


def _ask(
    base: Base,
    method: str,
    path: str,
    data: bytes | None,
    timeout_s: float,
    missing: bytes | None = None,
    away: bytes | None = None,
) -> bytes:
    """``missing`` is the answer where there is no such thing, ``away`` where no switch answers; None: a failure."""
    headers = {"Content-Type": "application/json"} if data is not None else {}
    if token := os.environ.get(TOKEN_VARIABLE):
        headers["Authorization"] = f"Bearer {token}"
    try:
        asked = urllib.request.Request(f"{base}{path}", data, headers, method=method)
        with _opener(base).open(asked, timeout=timeout_s) as answer:
            octets: bytes = answer.read()
            return octets
    except urllib.error.HTTPError as error:
        if error.code == 404 and missing is not None:
            return missing
        raise Failed(refusal(error.code, error.read())) from None
    except (OSError, ValueError, HTTPException) as error:
        if away is not None:
            return away
        raise no_switch(base, error) from None


def _opener(base: Base) -> urllib.request.OpenerDirector:
    """The switch is near: a proxy of the environment is never asked."""
    kinds: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if base.url.startswith("https:"):
        kinds.append(urllib.request.HTTPSHandler(context=base.trust()))
    return urllib.request.build_opener(*kinds)


def no_switch(base: Base, error: Exception) -> Failed:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Failed(
            f"whoever answers at {base} is not believed ({reason}).\n"
            "With --config its certificate must be the one configured there, with --url one that the system trusts."
        )
    return Failed(
        f"no switch answers at {base} ({reason}).\n"
        "Start one with `softswitch run`, or name another with --url or --config."
    )


def quoted(name: str) -> str:
    """A name as one part of a path. Octets on the command line that are no text are ``?``, which nothing is called."""
    return urllib.parse.quote(name, safe="", errors="replace")


def asked_for(wanted: Mapping[str, Any]) -> str:
    """What somebody has said, as the query of an address."""
    return urllib.parse.urlencode({key: value for key, value in wanted.items() if value}, errors="replace")


def refusal(status: int, body: bytes) -> str:
    """What the switch has said, for people."""
    try:
        told = json.loads(body)
        message = f"{told['error']}\n{told['hint']}" if told.get("hint") else str(told["error"])
    except (ValueError, KeyError, TypeError, AttributeError):
        message = f"HTTP {status}"
    return f"{message}\nset {TOKEN_VARIABLE} to your token" if status == 401 else message
