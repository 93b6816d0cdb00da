"""The store of a rehearsal: promises are durable after a moment, and nothing is read again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from softswitch.acd.kept import KeptGround, KeptStory
from softswitch.acd.statistics import AgentFigures, QueueFigures
from softswitch.call.record import CallRecord
from softswitch.callback.listed import Listed
from softswitch.callback.model import Promise, Tally
from softswitch.contact.event import SurveyAnswered
from softswitch.contact.mailbox import Greeting
from softswitch.contact.mailbox import Message as Voicemail
from softswitch.contact.outbox import Delivery
from softswitch.core.effect import DomainEvent
from softswitch.ivr.calendar import Override
from softswitch.ivr.path import CallPath, Edge
from softswitch.rehearsal.happening import Happening, Host
from softswitch.sip.registrar import Binding
from softswitch.switch.ports import Stored

COMMIT_S = 0.002


class Forgetful:
    """``Keeper``."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def _stored(self, key: str, token: str) -> None:
        self._host.after(COMMIT_S, lambda: self._host.feed(Stored(key, token, True)))

    def put_promise(self, promise: Promise, token: str, by: str = "") -> None:
        self._stored(promise.id, token)

    def put_served(self, promise: Promise, token: str, by: str = "") -> None:
        self._stored(promise.id, token)

    def put_tally(self, tally: Tally) -> None: ...

    def put_call(self, record: CallRecord) -> None: ...

    def put_binding(self, binding: Binding) -> None: ...

    def remove_binding(self, binding: Binding) -> None: ...

    def put_agent(self, agent: str, logged_in: bool, paused: str, phone: str) -> None: ...

    def put_voicemail(self, message: Voicemail) -> None: ...

    def remove_voicemail(self, voicemail: str, token: str) -> None:
        self._stored(voicemail, token)

    def put_greeting(self, greeting: Greeting, token: str) -> None:
        self._stored(greeting.mailbox, token)

    def put_answer(self, answer: SurveyAnswered) -> None: ...

    def put_delivery(self, delivery: Delivery, token: str = "") -> None:
        if not token:  # it is tried again
            return
        data = json.loads(delivery.body)["data"]
        told = json.dumps(data, ensure_ascii=False)
        details = {"event": delivery.event, "hook": delivery.hook, "json": data}
        self._host.note(Happening(self._host.now, "", "emits", f"emits {delivery.event} {told}", details))
        self._stored(delivery.id, token)

    def remove_delivery(self, delivery: str) -> None: ...

    def put_override(self, override: Override) -> None: ...

    def remove_override(self, id: str) -> None: ...

    def put_do_not_call(self, rows: Sequence[Listed]) -> None: ...

    def remove_do_not_call(self, numbers: Sequence[str]) -> None: ...

    def put_path(self, path: CallPath) -> None: ...

    def put_story(self, story: KeptStory) -> None: ...

    def put_ground(self, ground: KeptGround) -> None: ...

    def put_edge(self, hour: int, plan: str, edge: Edge) -> None: ...

    def put_queue_interval(self, start: float, queue: str, figures: QueueFigures) -> None: ...

    def put_agent_interval(self, start: float, agent: str, figures: AgentFigures) -> None: ...

    def put_event(self, at: float, event: DomainEvent) -> None: ...
