"""Lamps, presence, waiting messages and texts, through the whole control plane in virtual time."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from softswitch.contact.event import ContactFinished
from softswitch.sip.message import Response, render
from softswitch.sip.subscription import SubscriptionEnded
from softswitch.switch.configuration import LampPolicy
from softswitch.switch.event import UnitFailed
from softswitch.switch.texts import MOST_OPEN_EACH, TextEnded
from tests.simnet.house import PLAN, House, plans
from tests.simnet.watcher import SimWatcher

MAILBOX = PLAN.replace("bye: {hangup", 'leave: {voicemail: "1004", next: bye}\n  bye: {hangup').replace(
    "2: service}", "2: service, 3: leave}"
)


@pytest.fixture
def house() -> House:
    return House()


def watcher(house: House, user: str = "1003", port: int = 6203) -> SimWatcher:
    return SimWatcher(house.world, user, port, f"pw-{user}")


def status(response: Response) -> int:
    return response.status


# ---- dialogs ---------------------------------------------------------------------------------------------------


def test_a_lamp_follows_the_phone_that_is_called(house: House) -> None:
    lamp = watcher(house)
    first = lamp.subscribe("1002")
    assert (first.status, first.headers.get("Expires")) == (200, "600")
    house.world.run_until(lambda: lamp.notifies)
    assert lamp.states == []
    house.bob.answer_after = 3.0
    call = house.desk.call("1002")
    house.world.run_until(lambda: lamp.states == ["early"])
    assert b'direction="recipient"' in lamp.notifies[-1].body and b"sip:1004@" in lamp.notifies[-1].body
    house.world.run_until(lambda: lamp.states == ["confirmed"])
    house.desk.hang_up(call)
    house.world.run_until(lambda: lamp.states in ([], ["terminated"]))
    house.world.run(60)
    assert lamp.states == []
    versions = [ET.fromstring(notify.body).get("version") for notify in lamp.notifies]
    assert versions == [str(number) for number in range(len(versions))]
    assert [notify.cseq.number for notify in lamp.notifies] == list(range(1, len(versions) + 1))


def test_a_lamp_follows_the_phone_that_calls(house: House) -> None:
    lamp = watcher(house)
    lamp.subscribe("1004")
    call = house.desk.call("1002")
    house.world.run_until(lambda: lamp.notifies and lamp.states == ["confirmed"])
    assert b'direction="initiator"' in lamp.notifies[-1].body
    house.desk.hang_up(call)
    house.world.run_until(lambda: not lamp.states, 60)


@pytest.mark.parametrize(("show", "seen"), [("nobody", False), ("colleagues", False), ("everybody", True)])
def test_a_customers_number_is_shown_to_whom_the_admin_wants(show: str, seen: bool) -> None:
    house = House(lamps=LampPolicy(show))
    lamp = watcher(house)
    lamp.subscribe("1002")
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, "2")
    house.world.run_until(lambda: lamp.notifies and lamp.states == ["confirmed"])
    assert (b"13800138000" in lamp.notifies[-1].body) is seen


def test_who_is_not_watched_costs_nothing_and_nobody_is_told(house: House) -> None:
    lamp = watcher(house)
    lamp.subscribe("1001")
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "talking")
    assert len(lamp.notifies) == 1


# ---- who may -----------------------------------------------------------------------------------------------------


def test_only_our_users_watch_and_only_what_exists(house: House) -> None:
    thief = SimWatcher(house.world, "1003", 6300, "guessed")
    assert status(thief.subscribe("1001")) == 401 == status(thief.subscribe("7777"))
    lamp = watcher(house)
    assert status(lamp.subscribe("7777")) == 404
    assert status(lamp.subscribe("8000")) == 404
    assert status(lamp.subscribe("1001", event="reg")) == 489
    assert "dialog" in (lamp.responses[-1].headers.get("Allow-Events") or "")
    assert not thief.notifies and not lamp.notifies


def test_a_mailbox_is_watched_by_its_owner(house: House) -> None:
    assert status(watcher(house).subscribe("1004", event="message-summary")) == 403
    assert status(watcher(house, "1004", 6204).subscribe("1004", event="message-summary")) == 200


def test_a_refresh_is_its_owners_and_has_to_be_proved(house: House) -> None:
    lamp = watcher(house)
    first = lamp.subscribe("1002")
    other = watcher(house, "1004", 6204)
    assert status(other.refresh(first, "1002", expires_s=0)) == 403
    thief = SimWatcher(house.world, "1003", 6300, "guessed")
    assert status(thief.refresh(first, "1002", expires_s=0)) == 401
    assert status(lamp.refresh(first, "1002", expires_s=300)) == 200
    assert lamp.responses[-1].headers.get("Expires") == "300"
    house.desk.call("1002")
    house.world.run_until(lambda: lamp.states == ["confirmed"])
    assert not other.notifies and not thief.notifies


def test_what_we_serve_is_said_and_publishing_is_not_served(house: House) -> None:
    lamp = watcher(house)
    options = lamp.ask("OPTIONS", "", {})
    assert options.headers.get("Allow-Events") == "dialog, presence, message-summary"
    assert {"SUBSCRIBE", "MESSAGE"} <= set(options.headers.all("Allow"))
    lamp.password = ""  # nobody is asked who he is
    published = lamp.ask("PUBLISH", "1003", {"Event": "presence"})
    assert published.status == 405 and "PUBLISH" not in published.headers.all("Allow")


# ---- how it ends ---------------------------------------------------------------------------------------------------


def ended(house: House) -> list[str]:
    return [event.why for event in house.world.facts(SubscriptionEnded)]


def test_unsubscribing_and_expiring_end_with_a_last_notify(house: House) -> None:
    lamp = watcher(house)
    first = lamp.subscribe("1002")
    assert status(lamp.refresh(first, "1002", expires_s=0)) == 200
    house.world.run_until(lambda: ended(house))
    assert lamp.notifies[-1].headers.get("Subscription-State") == "terminated;reason=timeout"
    assert status(lamp.refresh(first, "1002")) == 481
    lamp.subscribe("1002", expires_s=60)
    house.world.run_until(lambda: len(ended(house)) == 2, 90)
    assert ended(house) == ["unsubscribed", "expired"]
    assert house.world.switch.lamps.counts() == {"dialog": 0, "presence": 0, "message-summary": 0}


@pytest.mark.parametrize("answer", [481, 0])
def test_a_phone_that_knows_nothing_of_it_any_more_ends_it(house: House, answer: int) -> None:
    lamp = watcher(house)
    lamp.subscribe("1002")
    house.world.run(2)
    lamp.answer = answer
    house.desk.call("1002")
    house.world.run_until(lambda: ended(house), 60)
    assert ended(house) == ["refused"]


def test_after_a_restart_a_refresh_gets_481_and_the_phone_subscribes_anew(house: House) -> None:
    lamp = watcher(house)
    first = lamp.subscribe("1002")
    house.world.crash()
    house.world.start()
    assert status(lamp.refresh(first, "1002")) == 481
    assert status(lamp.subscribe("1002")) == 200


def test_a_switch_that_ends_in_order_asks_for_new_subscriptions(house: House) -> None:
    lamp = watcher(house)
    lamp.subscribe("1002")
    house.world.run(2)
    assert house.world.switch.end()
    house.world.run(0.3)
    assert lamp.notifies[-1].headers.get("Subscription-State") == "terminated;reason=deactivated"
    assert ended(house) == ["closed"] and not house.world.switch.lamps.leaving


@pytest.mark.parametrize("seed", range(4))
def test_on_a_wire_that_loses_a_tenth_the_lamp_is_right_in_the_end(seed: int) -> None:
    house = House(seed=seed, loss=0.1)
    lamp = watcher(house)
    lamp.subscribe("1002")
    for _ in range(4):
        call = house.desk.call("1002")
        house.world.run_until(lambda call=call: call.state in ("talking", "ended"), 60)
        house.world.run(2.0)
        house.desk.hang_up(call)
        house.world.run(3.0)
    house.world.run(70)
    last = max(lamp.notifies, key=lambda notify: notify.cseq.number)
    assert b"<dialog " not in last.body and not house.world.facts(UnitFailed)
    house.world.run(700)
    assert not house.world.switch.lamps.counts()["dialog"]


def test_a_flood_of_subscriptions_is_bounded_and_others_are_served() -> None:
    house = House(lamps=LampPolicy(per_user=5))
    flood = watcher(house)
    taken = [status(flood.subscribe("1002", Contact=f"<sip:{number}@127.0.0.1:6203>")) for number in range(12)]
    assert taken == [200] * 5 + [503] * 7 and flood.responses[-1].headers.get("Retry-After")
    assert status(watcher(house, "1004", 6204).subscribe("1002")) == 200


# ---- presence ------------------------------------------------------------------------------------------------------


def test_presence_says_what_an_agent_is_doing(house: House) -> None:
    lamp = watcher(house)
    lamp.subscribe("1001", event="presence")
    house.world.run_until(lambda: lamp.notifies)
    assert lamp.presence == ("open", "ready")
    house.world.switch.control.set_paused("alice", "lunch")
    house.world.run_until(lambda: lamp.presence == ("closed", "paused: lunch"), 10)
    house.world.switch.control.log_out("alice")
    house.world.run_until(lambda: lamp.presence == ("closed", "logged out"), 10)


def test_presence_of_anybody_else_is_whether_his_phone_is_there(house: House) -> None:
    lamp = watcher(house)
    lamp.subscribe("1003", event="presence")
    house.world.run_until(lambda: lamp.notifies)
    assert lamp.presence == ("closed", "not registered")
    lamp.register()
    house.world.run_until(lambda: lamp.presence == ("open", "registered"), 10)


# ---- waiting messages ----------------------------------------------------------------------------------------------


def summary(lamp: SimWatcher) -> str:
    return lamp.notifies[-1].body.decode().partition("Voice-Message: ")[2].partition(" ")[0]


def test_a_voicemail_waits_until_it_was_heard_also_over_a_restart() -> None:
    house = House(plans=plans(MAILBOX))
    lamp = watcher(house, "1004", 6204)
    lamp.subscribe("1004", event="message-summary")
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.world.run(0.5)
    house.carrier.press(call, "3")
    house.world.run(5)
    house.carrier.hang_up(call)
    house.world.run_until(lambda: summary(lamp) == "1/0", 10)
    assert b"Messages-Waiting: yes" in lamp.notifies[-1].body
    record = house.world.facts(ContactFinished)[0].record
    (message,) = house.world.switch.control.voicemails()
    assert (message.mailbox, message.caller, message.file) == ("1004", "13800138000", record.recording)
    assert 2.0 < message.duration_s < 6.0

    house.world.crash()
    house.world.start()
    lamp.subscribe("1004", event="message-summary")
    house.world.run_until(lambda: summary(lamp) == "1/0", 10)
    house.world.switch.control.voicemail_heard(message.id)
    house.world.run_until(lambda: summary(lamp) == "0/1", 10)
    house.world.crash()
    house.world.start()
    assert [one.heard for one in house.world.switch.control.voicemails()] == [True]
    with pytest.raises(LookupError):
        house.world.switch.control.voicemail_heard("nothing")


# ---- texts ---------------------------------------------------------------------------------------------------------


def pair(house: House) -> tuple[SimWatcher, SimWatcher]:
    writer, reader = watcher(house), SimWatcher(house.world, "1004", 6204, "pw-1004")
    assert status(reader.register()) == 200  # beside the desk phone, which knows no MESSAGE
    return writer, reader


def test_a_text_goes_to_the_phones_of_its_reader_from_who_wrote_it(house: House) -> None:
    writer, reader = pair(house)
    response = writer.write("1004", "hello", From="<sip:boss@house>;tag=1")
    assert response.status == 200
    (text,) = reader.texts
    assert (text.body, text.headers.get("Content-Type")) == (b"hello", "text/plain")
    assert (text.from_.uri.user, text.from_.display) == ("1003", "Phone 1003")
    assert [event.outcome for event in house.world.facts(TextEnded)] == ["delivered"]


def test_who_wants_privacy_is_not_named(house: House) -> None:
    writer, reader = pair(house)
    assert status(writer.write("1004", "guess who", Privacy="id")) == 200
    assert reader.texts[0].from_.uri.host == "anonymous.invalid" and b"1003" not in render(reader.texts[0])


def test_a_text_that_nobody_takes_is_refused_with_what_they_said(house: House) -> None:
    writer, reader = pair(house)
    reader.answer = 486
    assert status(writer.write("1004", "hello")) == 486
    assert status(writer.write("1003", "to myself, and not registered")) == 480
    assert status(writer.write("7777", "hello")) == 404
    assert status(writer.write("8000", "hello")) == 405
    assert status(writer.write("1004", "x" * 1301)) == 413
    thief = SimWatcher(house.world, "1003", 6300, "guessed")
    assert status(thief.write("1004", "hello")) == 401


def test_a_carrier_writes_to_our_users_and_to_nobody_else(house: House) -> None:
    _, reader = pair(house)
    carrier = SimWatcher(house.world, "13800138000", 5090, "")
    assert status(carrier.write("1004", "hello")) == 200
    assert reader.texts[-1].from_.uri.user == "13800138000"
    assert status(carrier.write("900861012345678", "hello")) == 403
    assert status(carrier.subscribe("1004")) == 403


def test_the_api_writes_and_hears_what_became_of_it(house: House) -> None:
    _, reader = pair(house)
    outcomes: list[int] = []
    house.world.switch.control.send_text("1004", "hello", outcomes.append)
    house.world.run_until(lambda: outcomes)
    house.world.switch.control.send_text("1003", "hello", outcomes.append)
    assert outcomes == [200, 480] and reader.texts[0].body == b"hello"
    with pytest.raises(LookupError):
        house.world.switch.control.send_text("7777", "hello", outcomes.append)


def test_texts_that_wait_for_an_answer_are_bounded(house: House) -> None:
    _, reader = pair(house)
    reader.answer = 0
    house.world.peers[house.desk.address] = lambda message, flow: None
    outcomes: list[int] = []
    for _ in range(MOST_OPEN_EACH + 1):
        house.world.switch.control.send_text("1004", "hello", outcomes.append)
    assert outcomes == [503]
    house.world.run(60)
    assert outcomes == [503] + [480] * MOST_OPEN_EACH and not house.world.switch.endpoint


def test_who_talk_can_write_to_each_other(house: House) -> None:
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "talking")
    (answered,) = house.bob.talking
    house.desk.write(call, "the number is 42")
    house.world.run_until(lambda: answered.texts)
    house.bob.write(answered, "thanks")
    house.world.run_until(lambda: call.texts)
    assert (answered.texts, call.texts) == (["the number is 42"], ["thanks"])
    assert call.state == "talking" and not house.world.facts(UnitFailed)


def test_a_dialplan_reads_nothing_and_goes_on(house: House) -> None:
    call = house.carrier.call("8000")
    house.world.run_until(lambda: call.state == "talking")
    house.carrier.write(call, "hello?")
    house.world.run(2)
    assert call.state == "talking" and not house.world.facts(UnitFailed)
