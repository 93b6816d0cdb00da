"""Whatever happens to a subscription in whatever order: one NOTIFY at a time, the newest state last, and an end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from softswitch.core.effect import Effect
from softswitch.sip.dialog import Dialog
from softswitch.sip.event.package import Package
from softswitch.sip.message import Request
from softswitch.sip.subscription import Notify, S, Subscription, SubscriptionEnded, Watch
from tests.unit.sip.exchange import UDP, request

GAP_S = 1.0
PACKAGE = Package("dialog", "text/plain", GAP_S, lambda content, version: f"{version}:{content}".encode())
STEPS = st.lists(
    st.tuples(
        st.floats(0, 3),  # seconds since the step before
        st.sampled_from(
            ["changed", "refreshed", "unsubscribed", "told", "refused", "provisional", "lost", "closed", "tick"]
        ),
    ),
    max_size=40,
)


class Watcher:
    """What the watcher has seen, and whether an answer of his is due."""

    def __init__(self) -> None:
        dialog = Dialog.uas(request("SUBSCRIBE"), "us")
        self.one = Subscription(Watch("sub", "1004", "1001", PACKAGE, "dialog"), dialog, UDP, "<sip:us>", 0)
        self.seen: list[tuple[float, Request]] = []
        self.in_flight = False
        self.ended = 0
        self.now = 0.0
        self.take(self.one.subscribe(60.0, 0, 0.0))

    def take(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, SubscriptionEnded):
                self.ended += 1
                self.in_flight = False
            else:
                assert isinstance(effect, Notify) and not self.in_flight and not self.ended
                self.in_flight = True
                self.seen.append((self.now, effect.request))

    def answer(self, status: int) -> None:
        if self.in_flight:
            self.in_flight = False
            self.take(self.one.answered(status, self.now))

    def step(self, what: str, content: int) -> None:
        one = self.one
        match what:
            case "changed":
                self.take(one.changed(content, self.now))
            case "refreshed" | "unsubscribed" if not one.over:
                self.take(one.subscribe(60.0 if what == "refreshed" else 0.0, content, self.now))
            case "told" | "refused":
                self.answer(200 if what == "told" else 481)
            case "provisional":
                self.take(one.answered(100, self.now))
            case "closed":
                self.take(one.close(self.now))
            case "lost":
                self.take(one.lost(self.now))
        self.tick(self.now)

    def tick(self, until: float) -> None:
        while (deadline := self.one.deadline) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.take(self.one.tick(self.now))
        self.now = until


@given(STEPS)
def test_any_order_of_events_is_told_in_order_and_ends(steps: list[tuple[float, str]]) -> None:
    watcher = Watcher()
    for content, (later, what) in enumerate(steps, 1):
        watcher.tick(watcher.now + later)
        watcher.step(what, content)
    if not watcher.one.over:  # let him catch up
        watcher.answer(200)
        watcher.tick(watcher.now + GAP_S)
        if not watcher.one.over and watcher.one.state is not S.QUIET:
            watcher.answer(200)
        if watcher.one.state is S.QUIET:
            assert watcher.seen[-1][1].body.endswith(b":%d" % watcher.one.content)
    watcher.tick(watcher.now + 500)
    assert watcher.ended == 1 and watcher.one.deadline is None and watcher.one.state is S.ENDED
    told = [notify for _, notify in watcher.seen]
    assert [notify.cseq.number for notify in told] == list(range(1, len(told) + 1))
    assert [int(notify.body.partition(b":")[0]) for notify in told] == list(range(len(told)))
    last = [(notify.headers.get("Subscription-State") or "").startswith("terminated") for notify in told]
    assert True not in last[:-1]
