"""Who was served under a promise that is others' by now: they hear of it, and he is not called again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from softswitch.callback.model import (
    AgentFound,
    Capacity,
    CustomerAnswered,
    DialCustomer,
    Disposed,
    Lost,
    Persist,
    Persisted,
    Promise,
    PromiseState,
    Promote,
    ReachedAgent,
    ReleaseAgent,
    Restored,
    SeekAgent,
    Withdraw,
)
from softswitch.callback.node import (
    Claimed,
    Disowned,
    Elsewhere,
    KeepServed,
    Leased,
    LostElsewhere,
    Meet,
    Met,
    Served,
    ServedElsewhere,
)
from softswitch.core.effect import Effect
from tests.unit.callback.desk import E164, NOON, NUMBER, SALES
from tests.unit.callback.pool_desk import NODE, PoolDesk, pooled

S = PromiseState
CUSTOMER_FIRST = replace(SALES, first="customer")


def dialling(desk: PoolDesk) -> Promise:
    desk.feed(Capacity("sales", 0, 0))
    desk.lose()
    desk.acknowledge()
    promise = desk.only()
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    assert desk.given(SeekAgent)
    desk.feed(Capacity("sales", 0, 0))
    desk.feed(AgentFound(promise.id, "anna"))
    desk.acknowledge()
    assert desk.given(DialCustomer)
    return desk.only()


def served(desk: PoolDesk) -> Persist:
    """The write that says so; nobody has answered it yet."""
    promise = dialling(desk)
    desk.feed(CustomerAnswered(promise.id))
    (order,) = desk.given(Persist)
    assert order.promise.state is S.KEPT
    return order


def words(effects: list[Effect]) -> list[tuple[str, PromiseState, int]]:
    orders = [one for one in effects if isinstance(one, KeepServed)]
    return [(one.promise.id, one.promise.state, one.promise.attempts) for one in orders]


def test_that_a_customer_was_served_is_told_where_others_lead_his_promise() -> None:
    desk = PoolDesk()
    order = served(desk)
    desk.feed(Persisted(order.promise.id, order.token, False, taken=True))
    assert words(desk.last) == [(order.promise.id, S.KEPT, 1)]
    assert not desk.given(Elsewhere) and not desk.given(ReleaseAgent), "the two talk"
    assert desk.only().state is S.KEPT


def test_so_it_is_by_a_node_that_was_declared_dead_meanwhile() -> None:
    desk = PoolDesk()
    order = served(desk)
    desk.feed(Persisted(order.promise.id, order.token, False))
    desk.feed(Disowned(()))
    assert words(desk.last) == [(order.promise.id, S.KEPT, 1)]


def test_who_has_reached_an_agent_while_his_phone_rang_is_told_of_to_others() -> None:
    """The store has not heard of it, and those who lead his promise now would call him."""
    desk = PoolDesk()
    promise = dialling(desk)
    desk.feed(ReachedAgent(NUMBER, "sales"))
    assert desk.only().state is S.DIALLING
    desk.feed(Disowned(()))
    assert [one.what for one in desk.given(Elsewhere)] == [Withdraw(promise.id, "reached agent", losses=1)]


def test_it_is_told_until_the_store_has_it() -> None:
    desk = PoolDesk()
    order = served(desk)
    desk.feed(Persisted(order.promise.id, order.token, False, taken=True))
    for pause_s in (5.0, 10.0, 20.0):
        (word,) = desk.given(KeepServed)
        desk.feed(Persisted(word.promise.id, word.token, False))
        desk.wait(pause_s)
        assert words(desk.last) == [(order.promise.id, S.KEPT, 1)] and not desk.given(Persist)
    (word,) = desk.given(KeepServed)
    desk.feed(Persisted(word.promise.id, word.token))
    desk.wait(600.0)
    assert not desk.given(KeepServed) and not desk.given(Persist)


def test_how_the_conversation_ended_is_told_too() -> None:
    desk = PoolDesk()
    order = served(desk)
    desk.feed(Persisted(order.promise.id, order.token, False, taken=True))
    desk.feed(Disposed(order.promise.id, "sold", "anna"))
    (word,) = desk.given(KeepServed)
    assert (word.promise.disposition, word.by) == ("sold", "anna") and not desk.given(Persist)


def test_what_an_earlier_process_did_for_others_is_told() -> None:
    desk = PoolDesk()
    row = pooled(1, number=E164, state=S.KEPT, attempts=1)
    desk.feed(Served(row))
    assert words(desk.last) == [("pooled-1", S.KEPT, 1)] and desk.ledger.open_count("sales") == 0


def test_what_it_did_for_a_promise_that_is_ours_keeps_it() -> None:
    desk = PoolDesk()
    row = pooled(1, number=E164, state=S.DIALLING, attempts=1, call_id="c", node=NODE, updated_at=NOON)
    desk.feed(Restored((row,)))
    desk.feed(Served(replace(row, state=S.KEPT)))
    assert not words(desk.last)
    assert [(one.promise.state, one.promise.outcome) for one in desk.given(Persist)] == [(S.KEPT, "answered")]


@pytest.mark.parametrize(("losses", "led"), [(1, False), (2, True)])
def test_who_comes_out_of_the_pool_before_it_is_written_is_led_only_if_he_was_lost_again(
    losses: int, led: bool
) -> None:
    desk = PoolDesk()
    desk.feed(Leased(NOON + 9.0))
    desk.feed(Served(pooled(1, number=E164, state=S.KEPT, attempts=1)))
    desk.feed(Claimed("sales", (pooled(1, number=E164, losses=losses, node=NODE),)))
    assert desk.ledger.open_count("sales") == led


def test_who_was_lost_again_is_called_though_he_was_served_before() -> None:
    desk = PoolDesk()
    row = pooled(1, number=E164, state=S.UNCERTAIN, attempts=1, losses=2, node=NODE, not_before=NOON + 60.0)
    desk.feed(Restored((row,)))
    desk.feed(Served(replace(row, state=S.KEPT, losses=1)))
    assert desk.only().state is S.UNCERTAIN
    assert words(desk.last) == [("pooled-1", S.KEPT, 1)], "and the store knows that attempt as answered"


def test_what_is_told_of_him_and_what_is_written_of_the_same_promise_are_two_things() -> None:
    desk = PoolDesk()
    row = pooled(1, number=E164, state=S.UNCERTAIN, attempts=1, losses=2, node=NODE, not_before=NOON + 60.0)
    desk.feed(Restored((row,)))
    desk.feed(Served(replace(row, state=S.KEPT, losses=1)))
    (word,) = desk.given(KeepServed)
    desk.feed(Persisted(row.id, word.token, False))
    desk.feed(Promote(row.id, 5.0))
    (order,) = desk.given(Persist)
    desk.feed(Persisted(row.id, order.token))
    assert words(desk.wait(2.0)) == [(row.id, S.KEPT, 1)], "it has failed, and is told again"


def test_whom_another_node_has_served_is_not_called() -> None:
    desk = PoolDesk()
    desk.feed(Capacity("sales", 0, 0))
    promise = desk.due()
    desk.feed(ServedElsewhere(promise.id))
    assert desk.ledger.promises() == []
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    desk.wait(600.0)
    assert not desk.given(SeekAgent) and not desk.given(Persist)


def test_if_he_is_being_called_his_phone_does_not_ring_on_and_the_agent_is_free() -> None:
    desk = PoolDesk()
    promise = dialling(desk)
    desk.feed(ServedElsewhere(promise.id))
    assert [one.promise for one in desk.given(ReleaseAgent)] == [promise.id]
    assert desk.ledger.promises() == [] and not desk.given(Persist)


def test_if_he_has_answered_he_is_served_to_the_end() -> None:
    desk = PoolDesk()
    row = pooled(1, number=E164, state=S.UNCERTAIN, attempts=1, call_id="c", node=NODE, not_before=NOON + 60.0)
    desk.feed(Restored((row,)))
    desk.feed(CustomerAnswered("pooled-1", waits=True))
    desk.feed(ServedElsewhere("pooled-1"))
    assert desk.state is S.ANSWERED and not desk.given(ReleaseAgent)


def test_an_intent_that_is_refused_as_he_was_served_dials_nobody() -> None:
    """The store refuses it like one for a promise that is others'."""
    desk = PoolDesk(CUSTOMER_FIRST)
    desk.feed(Capacity("sales", 0, 0))
    desk.due()
    desk.feed(Capacity("sales", 1, 0))
    desk.answer()
    (intent,) = desk.given(Persist)
    assert intent.promise.state is S.DIALLING
    desk.feed(Persisted(intent.promise.id, intent.token, False, taken=True))
    assert not desk.given(DialCustomer) and desk.ledger.promises() == []
    desk.wait(600.0)
    assert not desk.given(DialCustomer) and not desk.given(Persist)


def test_a_loss_that_was_added_to_what_is_kept_by_now_is_no_new_promise() -> None:
    """The former process had heard the word, and died before it was gone."""
    desk = PoolDesk()
    order = served(desk)
    loss = Lost(NUMBER, "sales", "accepted-offer", "c-9", desk.now)
    desk.feed(LostElsewhere(order.promise.id, loss, added=True))
    assert desk.last == []
    desk.feed(LostElsewhere("of an earlier process", loss, added=True))
    assert desk.last == []
    desk.feed(LostElsewhere(order.promise.id, loss))
    (new,) = desk.given(Persist)
    assert new.promise.id != order.promise.id and new.promise.contact == "c-9", "he was promised it, and nobody knew"


def test_a_loss_that_was_added_to_what_is_open_may_be_told_of_a_later_step() -> None:
    desk = PoolDesk()
    promise = dialling(desk)
    desk.feed(LostElsewhere(promise.id, Lost(NUMBER, "sales", "accepted-offer", "contact-1", desk.now), added=True))
    assert (desk.only().id, desk.only().losses, desk.only().stage) == (promise.id, 1, "accepted-offer")


def test_a_loss_before_the_last_one_that_was_added_is_not_added_again() -> None:
    """Nor does it call a withdrawal off, which was for it as well."""
    desk = PoolDesk()
    promise = dialling(desk)
    for contact in ("c-9", "c-10"):
        desk.feed(LostElsewhere(promise.id, Lost(NUMBER, "sales", "abandoned", contact, desk.now, 60.0)))
        desk.acknowledge()
    desk.feed(Withdraw(promise.id, "reached by mail"))
    before = desk.only()
    desk.feed(LostElsewhere(promise.id, Lost(NUMBER, "sales", "abandoned", "c-9", desk.now, 60.0), added=True))
    assert desk.only() == before and before.losses == 3


def test_an_end_that_was_not_written_is_written_in_the_next_life_where_the_promise_is_still_ours() -> None:
    """Else the row would stay open, and a next process would call him."""
    desk = PoolDesk()
    desk.feed(Capacity("sales", 0, 0))
    row = desk.due()
    desk.feed(Withdraw(row.id, "reached by mail"))
    (order,) = desk.given(Persist)
    desk.feed(Persisted(order.promise.id, order.token, False))
    desk.feed(Disowned((row,)))
    assert [(one.promise.id, one.promise.state) for one in desk.given(Persist)] == [(row.id, S.WITHDRAWN)]
    desk.acknowledge()
    assert desk.ledger.open_count("sales") == 0
    desk.wait(600.0)
    assert not desk.given(Persist)


@pytest.mark.parametrize("hears", [True, False])
def test_who_was_lost_again_while_the_word_came_is_not_forgotten(hears: bool) -> None:
    """The store had not heard of that loss yet, and has the promise as kept by now."""
    desk = PoolDesk()
    desk.feed(Capacity("sales", 0, 0))
    row = desk.due()
    desk.lose(contact="c-9")
    (order,) = desk.given(Persist)
    assert (order.promise.id, order.promise.losses) == (row.id, 2)
    asked = desk.feed(ServedElsewhere(row.id)) if hears else []
    asked = asked + desk.feed(Persisted(row.id, order.token, False, taken=True))
    (meet,) = [one for one in asked if isinstance(one, Meet)]
    assert (meet.promise.id, meet.loss.contact) == (row.id, "c-9")
    desk.feed(Met(row.id, meet.token, replace(row, state=S.KEPT, node=""), False))
    (new,) = desk.given(Persist)
    assert new.promise.id != row.id and (new.promise.contact, new.promise.state) == ("c-9", S.RECORDED)


def lost_again() -> tuple[PoolDesk, Persist, Meet]:
    """A further loss whose write was refused, as the promise is others' by now; and who is there is asked."""
    desk = PoolDesk()
    desk.feed(Capacity("sales", 0, 0))
    row = desk.due()
    desk.lose(contact="c-9")
    (order,) = desk.given(Persist)
    desk.feed(Persisted(row.id, order.token, False, taken=True))
    (meet,) = desk.given(Meet)
    return desk, order, meet


def test_if_who_leads_the_promise_had_served_him_after_that_loss_it_is_none_any_more() -> None:
    """Our write of it had come through, and its answer was lost."""
    desk, order, meet = lost_again()
    desk.feed(Met(meet.promise.id, meet.token, replace(order.promise, state=S.KEPT, node=""), False))
    assert desk.last == [] and desk.ledger.promises() == []


def test_nor_is_it_where_we_have_served_him_after_it() -> None:
    desk = PoolDesk()
    promise = dialling(desk)
    desk.lose(contact="c-9")
    desk.feed(CustomerAnswered(promise.id))
    (order,) = desk.given(Persist)
    desk.feed(Persisted(order.promise.id, order.token, False, taken=True))
    assert words(desk.last) == [(promise.id, S.KEPT, 1)] and not desk.given(Meet)


def test_where_the_store_is_away_just_then_it_is_recorded_by_itself() -> None:
    desk, _, meet = lost_again()
    desk.feed(Met(meet.promise.id, meet.token, None, False, ok=False))
    (new,) = desk.given(Persist)
    assert new.promise.id != meet.promise.id and new.promise.contact == "c-9"


def test_of_nobody_nothing_is_heard() -> None:
    desk = PoolDesk()
    assert desk.feed(ServedElsewhere("of nobody")) == []
