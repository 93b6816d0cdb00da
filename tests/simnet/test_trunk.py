"""Trunks through the whole control plane: names, servers that fail, groups, limits, rules for numbers."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from softswitch.callback.model import PromiseState
from softswitch.contact.presentation import Presentation, Rewrite
from softswitch.sdp.media import PCMA, PCMU
from softswitch.sip.flow import Flow
from softswitch.sip.message import Message, Request, render
from softswitch.sip.response import respond
from softswitch.switch.event import UnitFailed
from softswitch.switch.trunk_line import TrunkUp
from softswitch.switch.trunk_rule import CallLimits, Manners
from tests.simnet.carrier import NAME, NUMBER, dials, gateway, house, located, numeric, trunk
from tests.simnet.house import PLAN, House, plans
from tests.simnet.phone import SimPhone
from tests.simnet.test_promise import abandoned, state, stored
from tests.simnet.world import SWITCH

# ---- DNS -----------------------------------------------------------------------------------------------------------


def test_a_name_that_has_no_address_at_the_start_is_asked_again() -> None:
    one = house()
    one.world.run(3)
    assert len(one.world.asked) > 1
    assert dials(one).state == "ended"
    one.world.names[NAME] = located(5090)
    one.world.run(10)
    assert one.world.facts(TrunkUp) == [TrunkUp("carrier")]
    assert dials(one).state == "talking"
    assert not one.world.facts(UnitFailed)


def test_servers_are_looked_up_again_when_their_ttl_is_over_and_kept_while_nobody_answers() -> None:
    one = house(found=located(5090, ttl_s=30.0))
    asked = len(one.world.asked)
    one.world.run(29)
    assert len(one.world.asked) == asked
    one.world.run(2)
    assert len(one.world.asked) == asked + 1
    one.world.names.clear()
    one.world.run(40)
    assert dials(one).state == "talking"
    one.world.names[NAME] = located(6500)
    one.world.run(120)
    moved = gateway(one, 6500)
    call = dials(one)
    assert call.state == "talking" and moved.talking


def test_a_call_comes_in_from_each_server_of_a_trunk_without_sources() -> None:
    one = house(found=located(5090, 5091))
    call = gateway(one, 5091).call("8000")
    one.world.run_until(lambda: call.state == "talking")
    stranger = gateway(one, 5092).call("8000")
    one.world.run(5)
    assert stranger.state == "ended" and stranger.status == 401


def test_a_name_server_cannot_make_us_a_server_of_the_carriers() -> None:
    one = house(found=located(SWITCH[1], 5090))
    assert [str(hop) for hop in one.world.switch.trunks.lines["carrier"].known] == ["udp:127.0.0.1:5090"]
    assert dials(one).state == "talking"
    alone = house(found=located(SWITCH[1]))
    call = dials(alone)
    assert (call.state, call.status) == ("ended", 503)
    stranger = gateway(alone, 5091).call("8000")
    alone.world.run(2)
    assert stranger.status == 401


# ---- failover ------------------------------------------------------------------------------------------------------


def test_the_second_server_is_called_when_the_first_says_nothing_and_comes_last_from_then_on() -> None:
    one = house(found=located(6600, 5090))  # nobody is at 6600
    begun = one.world.now
    assert dials(one).state == "talking"
    assert 4.0 < one.world.now - begun < 6.0
    one.desk.hang_up(one.desk.calls[-1])
    begun = one.world.now
    assert dials(one).state == "talking"
    assert one.world.now - begun < 1.0
    assert len(one.carrier.invites) == 2


def test_the_second_server_is_called_at_once_when_the_first_says_503() -> None:
    one = house(found=located(6600, 5090))
    full = gateway(one, 6600, reject=503)
    begun = one.world.now
    assert dials(one).state == "talking"
    assert one.world.now - begun < 1.0 and len(full.invites) == 1
    one.desk.hang_up(one.desk.calls[-1])
    assert dials(one).state == "talking" and len(full.invites) == 1


@pytest.mark.parametrize("status", [404, 486, 603])
def test_what_the_called_says_is_final(status: int) -> None:
    one = house(found=located(6600, 5090))
    gateway(one, 6600, reject=status)
    assert dials(one).state == "ended"
    assert one.carrier.invites == []


def test_a_server_that_answers_late_is_cancelled_and_rings_nobody() -> None:
    one = house(found=located(6600, 5090))
    late = gateway(one, 6600, answer_after=None)
    receive = one.world.peers[late.address]
    one.world.peers[late.address] = lambda message, flow: one.world.after(5.0, lambda: receive(message, flow))
    assert dials(one).state == "talking"
    one.world.run(15)
    assert late.calls and all(call.state == "ended" for call in late.calls)
    assert one.carrier.talking


def test_a_callback_stays_one_call_whatever_servers_say_503() -> None:
    spec = trunk()
    one = House(trunks={"carrier": spec})
    one.world.names[NAME] = located(5090, 6600)
    one.world.run(2)
    other = gateway(one, 6600)
    abandoned(one)
    one.carrier.reject = 503
    one.world.switch.control.set_ready("alice")
    one.world.run_until(lambda: state(one) is PromiseState.KEPT)
    assert one.carrier.invites == other.invites and len(other.invites) == 1  # one Call-ID, one telephone that rang
    (promise,) = one.world.switch.control.promises()
    assert promise.attempts == 1


def test_a_callback_is_not_dialled_by_another_server_beside_one_that_is_silent() -> None:
    one = House(trunks={"carrier": trunk()})
    one.world.names[NAME] = located(5090, 6600)
    one.world.run(2)
    other = gateway(one, 6600)
    abandoned(one)
    del one.world.peers[one.carrier.address]
    one.world.switch.control.set_ready("alice")
    one.world.run_until(lambda: state(one) is PromiseState.RETRY_AT, 60)
    assert other.invites == []
    one.world.run_until(lambda: state(one) is PromiseState.KEPT, 1000)  # it comes last now; retry.failed is 900 s
    assert len(other.invites) == 1


@pytest.mark.parametrize("seed", range(4))
def test_a_crash_while_a_callback_goes_elsewhere_neither_loses_nor_doubles_it(seed: int) -> None:
    one = House(seed=seed, trunks={"carrier": trunk()})
    one.world.names[NAME] = located(5090, 6600)
    one.world.run(2)
    other = gateway(one, 6600, answer_after=3.0)
    abandoned(one)
    one.carrier.reject = 503
    one.world.switch.control.set_ready("alice")
    one.world.run_until(lambda: other.calls, 60)
    one.world.run(0.02 * seed)
    one.world.crash()
    for phone in (one.alice, other):
        for call in phone.calls:
            call.state = "ended"
    one.world.run(5)
    one.world.start()
    one.world.switch.control.set_ready("alice")
    one.world.run_until(lambda: stored(one) is PromiseState.KEPT, 3600)
    one.world.run(4000)
    assert len(other.invites) == len(set(other.invites)) <= 2  # no attempt rang twice
    assert not one.world.facts(UnitFailed)


def test_a_callback_waits_for_its_trunk_without_taking_an_agent_or_an_attempt() -> None:
    one = House(trunks={"carrier": trunk(sources=(("127.0.0.1", 5090),))})
    abandoned(one)
    one.world.switch.control.set_ready("alice")
    one.world.run(60)
    (promise,) = one.world.switch.control.promises()
    assert (promise.state, promise.attempts) == (PromiseState.DUE, 0) and not one.alice.calls
    one.world.names[NAME] = located(5090)
    one.world.run_until(lambda: state(one) is PromiseState.KEPT, 90)
    one.world.crash()
    one.world.start()
    one.world.run(2)
    assert not one.world.facts(UnitFailed)


def slow_to_hear(one: House, server: SimPhone, delay_s: Callable[[], float]) -> None:
    """What is sent to it in one call arrives late, all of it by the same time."""
    receive, late = one.world.peers[server.address], dict[str, float]()

    def after_a_while(message: Message, flow: Flow) -> None:
        wait_s = late.setdefault(message.call_id, delay_s())
        one.world.after(wait_s, lambda: receive(message, flow))

    one.world.peers[server.address] = after_a_while


@pytest.mark.parametrize("seed", range(16))
def test_whatever_the_servers_do_no_customer_rings_twice_at_once(seed: int) -> None:
    one = House(seed=seed, loss=0.1, trunks={"carrier": trunk(sources=(("127.0.0.1", 5090),))})
    chance = random.Random(seed)
    servers = [gateway(one, port) for port in (6600, 6601, 6602)]
    one.world.names[NAME] = located(*(server.port for server in servers))
    abandoned(one)
    ringing: list[int] = []
    for server in servers:
        slow_to_hear(one, server, lambda: chance.choice((0.0, 0.0, 6.0)))

    def behave() -> None:
        for server in servers:
            server.reject = chance.choice((0, 0, 503, 503, 486))
            server.answer_after = chance.choice((1.0, 3.0, None))
        ringing.append(sum(call.state in ("ringing", "talking") for server in servers for call in server.calls))
        one.world.after(0.5, behave)

    behave()
    one.world.switch.control.set_ready("alice")
    one.world.run(1200)
    for server in servers:
        assert len(server.invites) == len(set(server.invites))
    assert max(ringing) <= 1, "two telephones at once"
    assert not one.world.facts(UnitFailed)
    (promise,) = one.world.switch.control.promises()
    assert promise.attempts == len({call_id for server in servers for call_id in server.invites})


# ---- groups and limits -----------------------------------------------------------------------------------------------


def test_trunks_of_a_group_are_used_by_priority() -> None:
    one = house(numeric("second", 6600, priority=20), numeric("first", 5090, priority=10))
    second = gateway(one, 6600)
    assert dials(one).state == "talking" and not second.invites
    one.desk.hang_up(one.desk.calls[-1])
    one.carrier.reject = 503
    assert dials(one).state == "talking" and len(second.invites) == 1


def test_a_dead_trunk_comes_after_the_others_of_its_group() -> None:
    one = house(numeric("first", 6600, priority=10), numeric("second", 5090, priority=20))
    assert dials(one).state == "talking"
    one.desk.hang_up(one.desk.calls[-1])
    begun = one.world.now
    assert dials(one).state == "talking" and one.world.now - begun < 1.0


def test_trunks_of_a_group_share_by_weight() -> None:
    one = house(numeric("small", 6600, weight=1), numeric("large", 5090, weight=9))
    small = gateway(one, 6600)
    for _ in range(40):
        dials(one)
        one.desk.hang_up(one.desk.calls[-1])
    assert 0 < len(small.invites) < 15 and len(one.carrier.invites) > 25


def test_a_trunk_that_is_full_is_passed_over_and_free_again_when_a_call_ends() -> None:
    one = house(numeric("first", 5090, priority=1, limits=CallLimits(1)), numeric("second", 6600, priority=2))
    second = gateway(one, 6600)
    calls = [dials(one), dials(one)]
    assert [call.state for call in calls] == ["talking"] * 2 and len(second.invites) == 1
    one.desk.hang_up(calls[0])
    one.world.run(1)
    assert dials(one).state == "talking" and len(one.carrier.invites) == 2


def test_a_defect_of_ours_takes_no_call_from_a_trunk_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    one = house(trunk(address=("127.0.0.1", 5090), limits=CallLimits(1)))
    media = one.world.media

    def failing(stream: str) -> tuple[str, int]:
        if ".dial" in stream:
            monkeypatch.undo()
            raise RuntimeError("lost on purpose")
        return type(media).open(media, stream)

    monkeypatch.setattr(media, "open", failing)
    swallowed = one.desk.call("9" + NUMBER)
    one.world.run(2)
    one.desk.hang_up(swallowed)
    one.world.run(2)
    assert dials(one).state == "talking"


def test_a_trunk_without_another_is_full_for_both_directions() -> None:
    one = house(trunk(address=("127.0.0.1", 5090), limits=CallLimits(1)))
    assert dials(one).state == "talking"
    call = one.carrier.call("8000")
    one.world.run(2)
    assert (call.state, call.status) == ("ended", 486)  # 503 would turn away the next call too, though this one ends
    assert dials(one).state == "ended"


def test_who_is_refused_for_the_limit_is_called_back() -> None:
    shop = plans(PLAN.replace("language: en", "language: en\nlost_to: orders", 1))
    manners = Manners(inbound=(Rewrite("+400", ""),))
    one = house(trunk(address=("127.0.0.1", 5090), limits=CallLimits(1), manners=manners), plans=shop)
    assert dials(one).state == "talking"
    one.carrier.call("+4008000")
    one.world.run(2)
    (promise,) = one.world.switch.control.promises()
    assert (promise.stage, promise.number, promise.queue) == ("shed", "+86" + NUMBER, "orders")


def test_only_so_many_calls_a_second() -> None:
    one = house(trunk(address=("127.0.0.1", 5090), limits=CallLimits(0, 2.0)))
    heard: list[Message] = []
    receive = one.world.peers[one.carrier.address]
    one.world.peers[one.carrier.address] = lambda message, flow: (heard.append(message), receive(message, flow))
    calls = [one.carrier.call("8000") for _ in range(5)]
    one.world.run(0.4)
    assert sorted(call.status for call in calls)[-3:] == [503] * 3
    told = {message.headers.get("Retry-After") for message in heard if getattr(message, "status", 0) == 503}
    assert told == {"1"}
    one.world.run(1)
    call = one.carrier.call("8000")
    one.world.run_until(lambda: call.state == "talking")


# ---- manners ---------------------------------------------------------------------------------------------------------


def invites(one: House, port: int = 5090) -> list[Request]:
    """What arrives there from now on."""
    seen: list[Request] = []
    receive = one.world.peers[("127.0.0.1", port)]

    def noting(message: Message, flow: Flow) -> None:
        if isinstance(message, Request) and message.method == "INVITE":
            seen.append(message)
        receive(message, flow)

    one.world.peers[("127.0.0.1", port)] = noting
    return seen


def test_numbers_codecs_and_caller_id_are_as_the_trunk_wants_them() -> None:
    manners = Manners(
        Presentation("+864008001234"), outbound=(Rewrite(r"1\d{10}", r"+86\g<0>"),), codecs=(PCMA, PCMU),
        inbound=(Rewrite("+86400"),),
    )  # fmt: skip
    one = house(trunk(manners=manners), found=located(5090))
    seen = invites(one)
    assert dials(one).state == "talking"
    (invite,) = seen
    assert invite.uri == f"sip:+86{NUMBER}@{NAME}" and invite.from_.uri.user == "+864008001234"
    assert b"RTP/AVP 8 0 101" in invite.body
    call = one.carrier.call("+864008000")
    one.world.run_until(lambda: call.state == "talking")


def test_whoever_is_withheld_is_anonymous() -> None:
    one = house(trunk(manners=Manners(Presentation(anonymous=True))), found=located(5090))
    seen = invites(one)
    dials(one)
    assert seen[0].from_.uri.user == "anonymous" and "1004" not in str(seen[0].from_)


@pytest.mark.parametrize(
    ("follow", "contact", "reached"),
    [(True, f"<sip:10086@{NAME}>", True), (True, "<sip:10086@127.0.0.1>", True), (False, f"<sip:10086@{NAME}>", False),
     (True, "<sip:10086@evil.example>", False), (True, f"<sip:alice@{NAME}>", False), (True, "<tel:10086>", False)],
)  # fmt: skip
def test_a_redirection_is_followed_to_the_trunk_itself_only(follow: bool, contact: str, reached: bool) -> None:
    one = house(trunk(manners=Manners(follow_redirects=follow)), found=located(5090))
    seen = invites(one)
    receive = one.world.peers[("127.0.0.1", 5090)]

    def redirecting(message: Message, flow: Flow) -> None:
        if isinstance(message, Request) and message.method == "INVITE" and NUMBER in message.uri:
            moved = respond(message, 302, to_tag="t", headers=(("Contact", contact),))
            one.world.carry(render(moved), ("127.0.0.1", 5090), SWITCH)
            return
        receive(message, flow)

    one.world.peers[("127.0.0.1", 5090)] = redirecting
    assert (dials(one).state == "talking") is reached
    assert any("10086" in invite.uri for invite in seen) is reached
