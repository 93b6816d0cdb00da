"""Web services are told of events: what waits, what is under way, and what is tried again when (``contact.outbox``).

No caller waits for it: an event goes to the store, then on its way, and is gone from the store once it was taken. Where
the store is away it is tried all the same, and does not outlive this process. A service gets a few at once, the oldest
first; what it does not take in time is kept as dead, for people to look at.
"""

from __future__ import annotations

import heapq
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from softswitch.contact.order import PostEvent
from softswitch.contact.outbox import LONGEST_PAUSE_S, Delivery, WebhookDropped, WebhookTried, tried
from softswitch.core.effect import Effect
from softswitch.core.legible import to_json
from softswitch.switch.ports import Posted, Stored

if TYPE_CHECKING:
    from softswitch.switch.driver import Switch

MOST_WAITING = 10_000  # of all services; one more is dropped, and counted
MOST_DEAD = 1000  # the oldest go
MOST_AT_ONCE = 4  # of one service
MOST_OCTETS = 256 * 1024  # of one event
MOST_HELD = 64_000_000  # octets of all that wait
_TOKEN = "outbox/"


class Outbox:
    def __init__(self, switch: Switch, hooks: Mapping[str, float]) -> None:
        """``hooks``: name -> for how long an event is tried, in seconds."""
        self._switch = switch
        self._hooks = hooks
        self.waiting: dict[str, Delivery] = {}
        self._held = 0  # octets of these
        self.dead: OrderedDict[str, Delivery] = OrderedDict()
        self._later: list[tuple[float, str]] = []  # heap: next_at, id
        self._ready: defaultdict[str, deque[str]] = defaultdict(deque)  # by hook
        self._sending: Counter[str] = Counter()  # by hook

    def handlers(self) -> dict[type[Effect], Callable[[Any], Sequence[Effect]]]:
        return {PostEvent: self._post}

    def restore(self, deliveries: Iterable[Delivery]) -> None:
        """What the former process has not got rid of."""
        for one in deliveries:
            if one.state == "dead":
                self._bury(one)
            elif one.hook not in self._hooks:
                self._bury(replace(one, state="dead", error="there is no such webhook any more"))
            else:  # the time of day may have been set back
                self._wait(replace(one, next_at=min(one.next_at, self._switch.unix + LONGEST_PAUSE_S)))

    def stored(self, event: Stored) -> list[Effect] | None:
        """None: it is no write of ours. The first try follows, whether or not it could be written."""
        if not event.token.startswith(_TOKEN):
            return None
        delivery = self.waiting.get(event.key)
        if delivery is not None:
            self._ready[delivery.hook].append(delivery.id)
            self._pump(delivery.hook)
        return []

    def due(self) -> list[Effect]:
        hooks = set()
        while self._later and self._later[0][0] <= self._switch.unix:
            _, id = heapq.heappop(self._later)
            delivery = self.waiting[id]
            self._ready[delivery.hook].append(id)
            hooks.add(delivery.hook)
        for hook in sorted(hooks):
            self._pump(hook)
        self._arm()
        return []

    def posted(self, event: Posted) -> list[Effect]:
        delivery = self.waiting.pop(event.id)
        self._held -= len(delivery.body.encode())
        hook, keeper = delivery.hook, self._switch.ports.keeper
        self._sending[hook] -= 1
        fraction = self._switch.ids.fraction()
        left = tried(delivery, event.status, event.error, self._hooks[hook], fraction, self._switch.unix)
        outcome: Literal["sent", "failed", "dead"] = "sent"
        if left is None:
            keeper.remove_delivery(delivery.id)
        elif left.state == "dead":
            outcome = "dead"
            self._bury(left)
        else:
            outcome = "failed"
            keeper.put_delivery(left)
            self._wait(left)
        self._pump(hook)
        return [WebhookTried(delivery.id, hook, delivery.event, outcome, event.status, event.error)]

    def retry(self, id: str) -> list[Effect]:
        """A dead one has another life. Raises ``LookupError``."""
        delivery = self.dead.get(id)
        if delivery is None or delivery.hook not in self._hooks:
            raise LookupError(f"no such dead webhook: {id}")
        del self.dead[id]
        unix = self._switch.unix
        again = replace(delivery, state="waiting", created_at=unix, next_at=unix, attempts=0)
        self._switch.ports.keeper.put_delivery(again)
        self._wait(again)
        return []

    # ---- one event ---------------------------------------------------------------------------------------------

    def _post(self, order: PostEvent) -> Sequence[Effect]:
        unix = self._switch.unix
        id = self._switch.ids.name("msg")
        if order.hook not in self._hooks:
            return [WebhookDropped(id, order.hook, order.event, "unknown")]
        told = {
            "type": order.event, "timestamp": datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds"),
            "contact": order.contact, "data": order.data,
        }  # fmt: skip
        body = to_json(told)
        if len(body) > MOST_OCTETS:
            return [WebhookDropped(id, order.hook, order.event, "large")]
        if len(self.waiting) >= MOST_WAITING or self._held + len(body) > MOST_HELD:
            return [WebhookDropped(id, order.hook, order.event, "full")]
        delivery = Delivery(id, order.hook, order.event, order.contact, body.decode(), unix, next_at=unix)
        self._hold(delivery)
        self._switch.ports.keeper.put_delivery(delivery, f"{_TOKEN}{id}")
        return []

    def _hold(self, delivery: Delivery) -> None:
        self.waiting[delivery.id] = delivery
        self._held += len(delivery.body.encode())

    def _wait(self, delivery: Delivery) -> None:
        self._hold(delivery)
        heapq.heappush(self._later, (delivery.next_at, delivery.id))
        self._arm()

    def _arm(self) -> None:
        self._switch.arm_unix(("outbox", ""), self._later[0][0] if self._later else None)

    def _pump(self, hook: str) -> None:
        """As many as the service gets at once."""
        ready = self._ready[hook]
        while ready and self._sending[hook] < MOST_AT_ONCE:
            delivery = self.waiting[ready.popleft()]
            self._sending[hook] += 1
            self._switch.ports.poster.post(delivery)

    def _bury(self, delivery: Delivery) -> None:
        keeper = self._switch.ports.keeper
        self.dead[delivery.id] = delivery
        keeper.put_delivery(delivery)
        while len(self.dead) > MOST_DEAD:
            oldest, _ = self.dead.popitem(last=False)
            keeper.remove_delivery(oldest)
