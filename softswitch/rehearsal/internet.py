"""Who answers the http steps of a rehearsal: what the transcript says, in the forms in which the fetcher reports it."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable

from softswitch.ivr.model import Fetch, Fetched
from softswitch.rehearsal.happening import Happening, Host
from softswitch.rehearsal.script import HttpAnswers
from softswitch.switch.ports import HttpDone


class Internet:
    """``Fetcher``. ``otherwise`` is asked about a request to which nobody has written an answer."""

    def __init__(self, host: Host, otherwise: Callable[[Fetch], HttpAnswers | None]) -> None:
        self.answers: list[HttpAnswers] = []  # the last that fits counts
        self._host, self._otherwise = host, otherwise

    def fetch(self, contact: str, request: int, order: Fetch) -> None:
        details = {"method": order.method, "address": order.url, "json": order.json}
        self._host.note(Happening(self._host.now, "", "asks", f"asks {order.method} {order.url}", details))
        fitting = (one for one in reversed(self.answers) if one.method == order.method)
        answer = next((one for one in fitting if same_address(one.address, order.url)), None) or self._otherwise(order)
        if answer is None:
            return
        seconds = min(answer.after_s, order.timeout_s)
        done = HttpDone(contact, request, _fetched(answer, order, seconds))
        self._host.after(seconds, lambda: self._host.feed(done))


def _fetched(answer: HttpAnswers, order: Fetch, seconds: float) -> Fetched:
    if answer.after_s >= order.timeout_s:
        return Fetched(0, None, f"no answer within {order.timeout_s:.3g} s", seconds, "timeout")
    if answer.error:
        return Fetched(0, None, answer.error, seconds, "unreachable")
    if order.expect == "json" and isinstance(answer.body, str) and 200 <= answer.status < 300:
        return Fetched(answer.status, None, "the answer is not JSON", seconds, "unusable")
    return Fetched(answer.status, answer.body, "", seconds)


def same_address(pattern: str, url: str) -> bool:
    """``*`` is whatever; a pattern without a host fits every host."""
    if pattern.startswith("/"):
        pattern = f"*://*{pattern}"
    return fnmatch.fnmatchcase(url, pattern.replace("[", "[[]").replace("?", "[?]"))
