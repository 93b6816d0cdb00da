"""All subscriptions: which SUBSCRIBE is taken, whose is what comes later, how many there may be."""

from __future__ import annotations

from typing import Any

import pytest

from softswitch.core.effect import Effect
from softswitch.core.errors import PeerError
from softswitch.sip.event.package import Package
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request, Response
from softswitch.sip.notifier import Limits, Notifier
from softswitch.sip.subscription import Notify, SubscriptionBegan, SubscriptionEnded
from tests.unit.sip.exchange import TCP, UDP, ids, request

PACKAGES = {
    name: Package(name, f"application/{name}+xml", 1.0, lambda content, version: str(content).encode())
    for name in ("dialog", "presence")
}


class House:
    """What is watched: 1001 can be, 1002 is not for everybody, the rest does not exist."""

    def __init__(self) -> None:
        self.state: Any = "idle"

    def content(self, package: str, resource: str, watcher: str) -> Any:
        if resource == "1002" and watcher != "1002":
            raise PeerError(403, "Forbidden")
        if resource not in ("1001", "1002"):
            raise PeerError(404, "Not Found")
        return f"{package} {resource} {self.state}"


def subscribe(call_id: str = "s1", *, uri: str = "sip:1001@house", event: str = "dialog", expires: str = "600",
              contact: str = "", **more: Any) -> Request:  # fmt: skip
    extra = (("Event", event), ("Expires", expires), *more.pop("more", ()))
    made = request("SUBSCRIBE", uri=uri, call_id=call_id, more=extra, **more)
    if contact:
        made.headers.replace_first("Contact", contact)
    return made


class Bench:
    def __init__(self, **limits: int) -> None:
        self.house = House()
        self.notifier = Notifier(PACKAGES, self.house, ids(), Limits(**limits))

    def begin(self, made: Request, watcher: str = "1004", now: float = 100.0, flow: Flow = UDP) -> Response:
        response, self.effects = self.notifier.begin(made, flow, watcher, "<sip:us>", now)
        return response

    def up(self, call_id: str = "s1", **more: Any) -> str:
        """A subscription that has been told all; its name."""
        flow = more.pop("flow", UDP)
        response = self.begin(subscribe(call_id, **more), flow=flow)
        assert response.status == 200
        name = self.notifier.find(call_id, response.to.tag or "")
        assert name is not None
        self.notifier.answered(name, 200, 100.1)
        self.tag = response.to.tag or ""
        return name

    def refresh(self, name: str, made: Request, watcher: str = "1004", now: float = 200.0) -> Response:
        response, self.effects = self.notifier.refresh(name, made, UDP, watcher, "<sip:us>", now)
        return response


def notifies(effects: list[Effect]) -> list[bytes]:
    return [effect.request.body for effect in effects if isinstance(effect, Notify)]


def test_4_2_1_1_a_subscribe_is_accepted_and_told() -> None:
    bench = Bench()
    response = bench.begin(subscribe())
    assert (response.status, response.headers.get("Expires")) == (200, "600")
    assert response.headers.get("Contact") == "<sip:us>" and response.headers.get("Allow-Events") == "dialog, presence"
    assert response.to.tag and notifies(bench.effects) == [b"dialog 1001 idle"]
    assert SubscriptionBegan("dialog", "1004", "1001") in bench.effects
    assert bench.notifier.counts() == {"dialog": 1, "presence": 0}


@pytest.mark.parametrize("event", ["", "reg", "Dialog"])
def test_4_2_1_3_an_unknown_package_is_489_with_those_that_there_are(event: str) -> None:
    response = Bench().begin(subscribe(event=event))
    assert (response.status, response.headers.get("Allow-Events")) == (489, "dialog, presence")


def test_the_id_of_the_watcher_comes_back_and_its_other_parameters_do_not() -> None:
    bench = Bench()
    bench.begin(subscribe(event="dialog;call-id=x;id=99"))
    (notify,) = [effect for effect in bench.effects if isinstance(effect, Notify)]
    assert notify.request.headers.get("Event") == "dialog;id=99"
    assert bench.begin(subscribe("s2", event=f"dialog;id={'9' * 65}")).status == 400


def test_4_2_1_1_an_interval_that_is_too_brief_is_423() -> None:
    response = Bench(min_expires_s=60).begin(subscribe(expires="59"))
    assert (response.status, response.headers.get("Min-Expires")) == (423, "60")


@pytest.mark.parametrize(("asked", "granted"), [("", "3600"), ("soon", "3600"), ("99999", "3600"), ("60", "60")])
def test_4_2_1_1_the_interval_may_be_shortened_never_lengthened(asked: str, granted: str) -> None:
    assert Bench().begin(subscribe(expires=asked)).headers.get("Expires") == granted


@pytest.mark.parametrize(
    ("accept", "status"),
    [("text/plain", 406), ("application/dialog+xml", 200), ("text/plain, application/*;q=0.5", 200), ("*/*", 200)],
)
def test_who_cannot_read_it_is_not_told(accept: str, status: int) -> None:
    assert Bench().begin(subscribe(more=(("Accept", accept),))).status == status


def test_what_does_not_exist_and_what_is_not_for_him() -> None:
    bench = Bench()
    assert bench.begin(subscribe(uri="sip:7777@house")).status == 404
    assert bench.begin(subscribe(uri="sip:1002@house")).status == 403
    assert not len(bench.notifier)


def test_a_subscribe_that_would_cost_too_much_is_refused() -> None:
    bench = Bench()
    routes = tuple(("Record-Route", f"<sip:{'x' * 100}{number};lr>") for number in range(90))
    assert bench.begin(subscribe(more=routes)).status == 513 and not len(bench.notifier)
    assert bench.begin(subscribe(more=routes[:10])).status == 200


def test_without_a_contact_there_is_no_way_back() -> None:
    made = subscribe()
    made.headers = type(made.headers)([item for item in made.headers if item[0] != "Contact"])
    assert Bench().begin(made).status == 400


def test_whoever_watches_is_told_of_a_change_and_nobody_else() -> None:
    bench = Bench()
    bench.up("s1")
    bench.up("s2", contact="<sip:other@10.0.0.3>")
    bench.up("s3", event="presence")
    bench.house.state = "busy"
    assert notifies(bench.notifier.changed("dialog", "1001", 200.0)) == [b"dialog 1001 busy"] * 2
    assert bench.notifier.changed("dialog", "1002", 200.0) == []


def test_4_1_2_2_a_refresh_is_found_by_its_dialog() -> None:
    bench = Bench()
    name = bench.up()
    response = bench.refresh(name, subscribe(to_tag=bench.tag, cseq=2, expires="300"))
    assert (response.status, response.headers.get("Expires")) == (200, "300")
    assert notifies(bench.effects) == [b"dialog 1001 idle"]


def test_4_1_2_3_unsubscribing_ends_it_and_then_there_is_no_such_dialog() -> None:
    bench = Bench()
    name = bench.up()
    assert bench.refresh(name, subscribe(to_tag=bench.tag, cseq=2, expires="0")).headers.get("Expires") == "0"
    assert bench.refresh(name, subscribe(to_tag=bench.tag, cseq=3)).status == 481
    ended = bench.notifier.answered(name, 200, 201.0)
    assert ended == [SubscriptionEnded("dialog", "1004", "1001", "unsubscribed")]
    assert bench.notifier.find("s1", bench.tag) is None and not len(bench.notifier)
    assert bench.notifier.deadline is None and not bench.notifier.watched("dialog", "1001")


def test_a_refresh_by_another_user_or_out_of_order_or_of_another_event_changes_nothing() -> None:
    bench = Bench()
    name = bench.up()
    before = bench.notifier.deadline
    stolen = subscribe(to_tag=bench.tag, cseq=9, expires="0", contact="<sip:thief@10.9.9.9>")
    assert bench.refresh(name, stolen, watcher="1003").status == 403
    assert bench.refresh(name, subscribe(to_tag=bench.tag, cseq=0)).status == 500
    assert bench.refresh(name, subscribe(to_tag=bench.tag, from_tag="guessed", cseq=2)).status == 481
    assert bench.refresh(name, subscribe(to_tag=bench.tag, cseq=3, event="presence")).status == 481
    assert bench.notifier.deadline == before
    bench.house.state = "busy"
    (notify,) = bench.notifier.changed("dialog", "1001", 300.0)
    assert isinstance(notify, Notify) and notify.request.uri == "sip:1001@10.0.0.1:5060"


def test_a_phone_that_was_restarted_takes_the_place_of_its_former_self() -> None:
    bench = Bench(per_watcher=1)
    bench.up("s1")
    assert bench.begin(subscribe("s2")).status == 200
    assert SubscriptionEnded("dialog", "1004", "1001", "lost") in bench.effects and len(bench.notifier) == 1


def test_there_may_be_so_many_and_no_more() -> None:
    bench = Bench(per_watcher=2, most=3)
    for number in range(2):
        bench.up(f"s{number}", contact=f"<sip:{number}@10.0.0.3>")
    full = bench.begin(subscribe("s9", contact="<sip:9@10.0.0.3>"))
    assert full.status == 503 and full.headers.get("Retry-After")
    assert bench.begin(subscribe("s9", expires="0", contact="<sip:9@10.0.0.3>")).status == 503
    assert bench.begin(subscribe("s10"), watcher="1003").status == 200
    assert bench.begin(subscribe("s11"), watcher="1002").status == 503
    assert len(bench.notifier) == 3


def test_a_lost_connection_ends_what_came_over_it() -> None:
    bench = Bench()
    bench.up("s1", flow=TCP, contact="<sip:tcp@10.0.0.1>")
    bench.up("s2")
    assert bench.notifier.drop(UDP, 200.0) == []
    assert bench.notifier.drop(TCP, 200.0) == [SubscriptionEnded("dialog", "1004", "1001", "lost")]
    assert len(bench.notifier) == 1


def test_a_switch_that_goes_away_tells_everybody() -> None:
    bench = Bench()
    names = [bench.up(f"s{number}", contact=f"<sip:{number}@10.0.0.3>") for number in range(3)]
    assert len(notifies(bench.notifier.close(200.0))) == 3
    for name in names:
        bench.notifier.answered(name, 200, 200.1)
    assert not len(bench.notifier)


def test_everything_ends_in_time() -> None:
    bench = Bench()
    for number in range(5):
        bench.begin(subscribe(f"s{number}", contact=f"<sip:{number}@10.0.0.3>"))
    while (deadline := bench.notifier.deadline) is not None:
        bench.notifier.tick(deadline)
        assert deadline < 1000
    assert not len(bench.notifier) and not bench.notifier.watched("dialog", "1001")
