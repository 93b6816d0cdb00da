"""Whatever comes in whatever order: every transaction ends exactly once and nothing stays behind."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.core.effect import Effect
from softswitch.sip.effect import RequestArrived, ResponseArrived, Send, TransactionFailed
from softswitch.sip.endpoint import Endpoint
from softswitch.sip.message import Request
from softswitch.sip.response import respond
from tests.unit.sip.exchange import TCP, UDP, ids, request, response

FLOWS = st.sampled_from([UDP, TCP])
METHODS = st.sampled_from(["INVITE", "OPTIONS", "BYE"])
STATUSES = st.sampled_from([100, 180, 183, 200, 302, 401, 486, 487, 603])
NUMBER = st.integers(0, 5)
STEP = st.one_of(
    st.tuples(st.just("arrive"), st.sampled_from(["INVITE", "OPTIONS", "CANCEL", "ACK"]), NUMBER, FLOWS),
    st.tuples(st.just("ask"), METHODS, FLOWS),
    st.tuples(st.just("answered"), NUMBER, STATUSES),
    st.tuples(st.just("answer"), NUMBER, STATUSES),
    st.tuples(st.just("cancel"), NUMBER),
    st.tuples(st.just("fail"), FLOWS),
    st.tuples(st.just("wait"), st.floats(0.0, 40.0)),
)


class World:
    """A transaction user that does what it is told, and keeps account of what it hears."""

    def __init__(self) -> None:
        self.endpoint = Endpoint(ids())
        self.now = 0.0
        self.asked: list[tuple[str, Request]] = []  # owner, request
        self.heard: dict[str, list[int | str]] = {}  # owner -> statuses and failures
        self.arrived: list[RequestArrived] = []
        self.provisional: set[str] = set()

    def take(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case ResponseArrived(owner, _, answer):
                    self.heard[owner].append(answer.status)
                case TransactionFailed(owner, _, _, why):
                    self.heard[owner].append(why)
                case RequestArrived():
                    self.arrived.append(effect)

    def do(self, step: tuple) -> None:  # type: ignore[type-arg]
        getattr(self, step[0])(*step[1:])

    def arrive(self, method: str, number: int, flow: object) -> None:
        via = f"SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK{number}"
        tag = "us" if method == "ACK" else ""
        made = request(method, via=via, call_id=f"call-{number // 2}", cseq=number // 4 + 1, to_tag=tag)
        self.take(self.endpoint.received(made, flow, self.now))  # type: ignore[arg-type]

    def ask(self, method: str, flow: object) -> None:
        owner = f"owner{len(self.asked)}"
        self.heard[owner] = []
        (effect,) = self.endpoint.request(request(method, via=""), flow, owner, self.now)  # type: ignore[arg-type]
        assert isinstance(effect, Send)
        assert isinstance(effect.message, Request)
        self.asked.append((owner, effect.message))

    def answered(self, number: int, status: int) -> None:
        if self.asked:
            _, made = self.asked[number % len(self.asked)]
            self.take(self.endpoint.received(response(made, status), UDP, self.now))

    def answer(self, number: int, status: int) -> None:
        if self.arrived:
            one = self.arrived[number % len(self.arrived)]
            made = respond(one.request, status, to_tag="us")
            self.take(self.endpoint.respond(one.transaction, made, self.now))

    def cancel(self, number: int) -> None:
        if self.asked:
            owner, made = self.asked[number % len(self.asked)]
            if made.method == "INVITE" and self.heard[owner]:
                self.take(self.endpoint.cancel(owner, self.now))

    def fail(self, flow: object) -> None:
        self.take(self.endpoint.transport_failed(flow, self.now))  # type: ignore[arg-type]

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while (moment := self.endpoint.deadline) is not None and moment <= until:
            self.now = max(self.now, moment)
            self.take(self.endpoint.tick(self.now))
        self.now = until

    def settle(self) -> None:
        """The duties of a transaction user: answer each INVITE, cancel what only rings."""
        for place in range(len(self.arrived)):
            self.answer(place, 480)
        self.wait(40.0)
        for place in range(len(self.asked)):
            self.cancel(place)
        self.wait(200.0)


@settings(deadline=None, max_examples=200)
@given(st.lists(STEP, max_size=40))
def test_every_transaction_ends_once_and_nothing_stays(steps: list[tuple]) -> None:  # type: ignore[type-arg]
    world = World()
    for step in steps:
        world.do(step)
    world.settle()
    assert len(world.endpoint) == 0
    assert world.endpoint.deadline is None
    inside = vars(world.endpoint)
    assert not any(inside[name] for name in ("_servers", "_clients", "_invites", "_merging", "_carried"))
    for owner, made in world.asked:
        check(made.method, world.heard[owner])


def check(method: str, heard: list[int | str]) -> None:
    """One end, and nothing after it: a failure, one refusal, or a 2xx (for INVITE also its repeats and forks)."""
    ends = [what for what in heard if isinstance(what, str) or what >= 200]
    assert ends
    assert heard[-len(ends) :] == ends
    if method != "INVITE" or ends[0] != 200:
        assert len(ends) == 1
    else:
        assert set(ends) == {200}


@settings(deadline=None, max_examples=50)
@given(st.lists(STEP, max_size=30), st.floats(0.0, 5.0))
def test_deadline_is_the_next_moment_with_work(steps: list[tuple], wait: float) -> None:  # type: ignore[type-arg]
    """No tick before the deadline does anything, and each tick at it moves it on."""
    world = World()
    for step in steps:
        world.do(step)
    moments = []
    while (moment := world.endpoint.deadline) is not None and len(moments) < 500:
        if moment > world.now:
            assert world.endpoint.tick(world.now) == []
        moments.append(moment)
        world.now = max(world.now, moment)
        world.take(world.endpoint.tick(world.now))
    assert all(one <= other for one, other in pairwise(moments))
    assert max(Counter(moments).values(), default=0) <= len(world.asked) * 2 + len(world.arrived) + len(steps)
