"""One request to the HTTP API of a running switch, and what to say when there is none."""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import typer

from softswitch.core.errors import ConfigError
from softswitch.settings import load
from softswitch.settings.kind import HostPort

DEFAULT_CONFIG = Path("config")
TOKEN_VARIABLE = "SOFTSWITCH_TOKEN"
_TIMEOUT_S = 10.0
# The switch is near: a proxy of the environment is never asked.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Failed(typer.Exit):
    """The command ends with 1, after saying why on stderr."""

    def __init__(self, message: str) -> None:
        super().__init__(1)
        typer.echo(message, err=True)


def base_url(url: str, config: Path) -> str:
    """``url`` where given, else where the configuration says that the switch listens."""
    if url:
        return url.rstrip("/")
    if not config.is_dir():
        raise Failed(f"{config} is not a directory; name the switch with --url or its configuration with --config")
    try:
        listen = load(config).http.listen
    except ConfigError as error:
        raise Failed(f"{error}\nthe configuration has errors; name the switch with --url") from None
    if listen.wildcard:
        listen = HostPort("::1" if ":" in listen.host else "127.0.0.1", listen.port)
    return f"http://{listen}"


def request(base: str, method: str, path: str, key: str, body: Any = None, timeout_s: float = _TIMEOUT_S) -> Any:
    """What the JSON object of the answer has under ``key``. Raises ``Failed`` with a message for people."""
    data = None if body is None else json.dumps(body).encode()
    answer = _ask(base, method, path, data, timeout_s)
    try:
        return json.loads(answer)[key]
    except (KeyError, TypeError):
        raise Failed(f"what answers at {base} is no softswitch") from None
    except ValueError as error:
        raise _no_switch(base, error) from None


def download(base: str, path: str) -> bytes:
    """The answer as it is. Raises ``Failed``."""
    return _ask(base, "GET", path, None, _TIMEOUT_S)


def _ask(base: str, method: str, path: str, data: bytes | None, timeout_s: float) -> bytes:
    headers = {"Content-Type": "application/json"} if data is not None else {}
    if token := os.environ.get(TOKEN_VARIABLE):
        headers["Authorization"] = f"Bearer {token}"
    try:
        asked = urllib.request.Request(base + path, data, headers, method=method)
        with _opener.open(asked, timeout=timeout_s) as answer:
            octets: bytes = answer.read()
            return octets
    except urllib.error.HTTPError as error:
        raise Failed(_refusal(error)) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise _no_switch(base, error) from None


def _no_switch(base: str, error: Exception) -> Failed:
    reason = getattr(error, "reason", error)
    return Failed(
        f"no switch answers at {base} ({reason}).\n"
        "Start one with `softswitch run`, or name another with --url or --config."
    )


def quoted(name: str) -> str:
    """A name as one part of a path."""
    return urllib.parse.quote(name, safe="")


def _refusal(error: urllib.error.HTTPError) -> str:
    try:
        told = json.load(error)
        message = f"{told['error']}\n{told['hint']}" if told.get("hint") else str(told["error"])
    except (ValueError, KeyError, TypeError, AttributeError):
        message = f"HTTP {error.code}"
    return f"{message}\nset {TOKEN_VARIABLE} to your token" if error.code == 401 else message
