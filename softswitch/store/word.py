"""What is done to a promise that we do not lead: at once where it lies in the pool, else by a word to its node.

Both are statements that find out themselves where the promise is, so that they can wait for a database like any other
fact. Missed is only a promise that goes back into the pool between the two, and a promotion by one that we claim just
then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from sqlalchemy import TextClause, text

from softswitch.callback.campaign import PauseSet
from softswitch.callback.ending import PREFIX
from softswitch.callback.model import DoNotCall, Lost, Promise, Promote, RetryNow, Withdraw
from softswitch.callback.node import Dialled, LostElsewhere, ServedElsewhere, WithdrawNumber
from softswitch.core.legible import legible
from softswitch.store import schema

if TYPE_CHECKING:
    from softswitch.store.database import Transaction

log = structlog.get_logger()

KINDS = {
    kind.__name__: kind for kind in (Lost, Withdraw, RetryNow, Promote, DoNotCall, PauseSet, Dialled, ServedElsewhere)
}
Word = Lost | Withdraw | RetryNow | Promote | DoNotCall | PauseSet | Dialled | ServedElsewhere
Heard = Withdraw | RetryNow | Promote | DoNotCall | PauseSet | Dialled | ServedElsewhere | LostElsewhere
_MANY = 2**31 - 1  # losses: however often
_TO_ALL = (DoNotCall, PauseSet, Dialled)  # these are of no promise
Statement = tuple[str, str, Mapping[str, Any]]  # a ``Change``

_OPEN = schema.OPEN_ROW.text
# Of who was lost after he had reached an agent, also where that was added to an older promise, it takes nothing away,
# however late it comes; a list is for ever. An import is not logged: until its first entry a promise is for one loss.
_BY = {
    "": "id = :key_id",
    " number": """number = :key_number AND CAST(:key_group AS text) IN ('', "group")
        AND (CAST(:key_group AS text) = '' OR (recorded_at <= CAST(:key_at AS float8)
            AND losses <= COALESCE((
                SELECT max(CASE WHEN known.at <= CAST(:key_at AS float8) THEN known.losses ELSE 1 END)
                FROM promise_log AS known WHERE known.promise = promises.id), losses)))
        AND (CAST(:key_stages AS text) = '' OR CAST(:key_stages AS text) LIKE '%,' || stage || ',%')""",
}
_STAMP = "updated_at = CAST(:key_at AS float8)"
_PROMOTED = "priority_s = CAST(:key_priority_s AS float8), rank = recorded_at - CAST(:key_priority_s AS float8)"
# Whose phone may still ring is withdrawn when that is over, by whoever claims it (``ending``).
_WITHDRAWN = f"""outcome = CASE WHEN state = 'uncertain' THEN '{PREFIX}' || :key_why ELSE :key_why END,
    state = CASE WHEN state = 'uncertain' THEN state ELSE 'withdrawn' END"""
# In the pool, or just claimed by us, who have not heard of it: a claim does not wait for what is queued before it, and
# the intent that it leads to comes later than this, and finds that the promise is nobody's.
_UNHEARD = "(node = '' OR (node = :key_node AND state NOT IN ('dialling', 'answered')))"
# It is nobody's afterwards, so that whatever its node writes of it is refused (``fence``), an intent first of all.
_SERVED = f"""UPDATE promises
    SET state = 'kept', outcome = 'answered', disposition = :key_disposition, node = '', {_STAMP}
    WHERE id = :key_id AND ((state <> 'kept' AND losses <= :key_losses)
        OR (state = 'kept' AND node = '' AND CAST(:key_disposition AS text) NOT IN ('', disposition)))"""
# Until it is written nobody adds a loss, or the node would be told in vain and drop what is still promised.
_TELL_SERVED = f"""INSERT INTO promise_words (node, promise, kind, body, at)
    SELECT node, id, :key_kind, :key_body, CAST(:key_at AS float8)
    FROM promises WHERE id = :key_id AND node <> '' AND losses <= :key_losses AND {_OPEN}"""
_ATTEMPT_SERVED = "UPDATE attempts SET outcome = 'answered' WHERE promise = :key_promise AND attempt = :key_attempt"
_GIVE_BACK = """UPDATE promises SET node = '', state = :key_state, not_before = :key_not_before
    WHERE id = :key_id AND node = :key_node"""


def statements(dialect: str) -> dict[tuple[str, str], TextClause]:
    """All of them go by the table of promises, so that they keep their order."""
    made = {
        "retry": f"UPDATE promises SET not_before = 0, {_STAMP} WHERE {_BY['']} AND node = '' AND state = 'retry_at'",
        "promote": f"UPDATE promises SET {_PROMOTED}, {_STAMP} WHERE {_BY['']} AND node = '' AND {_OPEN}",
        "give back": _GIVE_BACK,
        "tell served": _TELL_SERVED + ("" if dialect == "sqlite" else " FOR UPDATE"),
        "served": _SERVED,
        "attempt served": _ATTEMPT_SERVED,
        "tell all": """INSERT INTO promise_words (node, promise, kind, body, at)
            SELECT node, '', :key_kind, :key_body, CAST(:key_at AS float8)
            FROM nodes WHERE node <> :key_node AND lease_until > 0""",
    }
    for by, which in _BY.items():
        made[f"withdraw{by}"] = f"""UPDATE promises SET {_WITHDRAWN}, node = '', {_STAMP}
            WHERE {which} AND {_UNHEARD} AND losses <= :key_losses AND {_OPEN}"""
        made[f"log{by}"] = f"""INSERT INTO promise_log
            (promise, at, state, attempt, stage, outcome, losses, not_before, priority_s, contact, "by", disposition)
            SELECT id, updated_at, state, attempts, stage, outcome, losses, not_before, priority_s, contact, :key_by,
                disposition
            FROM promises WHERE {which} AND node = '' AND {_STAMP} ON CONFLICT DO NOTHING"""
        made[f"tell{by}"] = f"""INSERT INTO promise_words (node, promise, kind, body, at)
            SELECT node, id, :key_kind, :key_body, CAST(:key_at AS float8)
            FROM promises WHERE {which} AND node NOT IN ('', :key_node) AND {_OPEN}"""
    return {("promises", verb): text(sql) for verb, sql in made.items()}


def elsewhere(
    what: Withdraw | RetryNow | Promote | WithdrawNumber | DoNotCall | PauseSet | Dialled, node: str, at: float
) -> list[Statement]:
    """``node`` is ours: what it leads it is not told."""
    if isinstance(what, _TO_ALL):
        row = {"key_node": node, "key_kind": type(what).__name__, "key_body": body(what), "key_at": at}
        return [("promises", "tell all", legible(row))]
    by, told = (" number", Withdraw("", what.why)) if isinstance(what, WithdrawNumber) else ("", what)
    key: dict[str, Any]
    if isinstance(what, WithdrawNumber):
        stages = f",{','.join(what.stages)}," if what.stages else ""
        key = {"key_number": what.number, "key_group": what.key, "key_stages": stages}
    else:
        key = {"key_id": what.promise}
    values: dict[str, Any] = {}
    match what:
        case Withdraw() | WithdrawNumber():
            losses = what.losses if isinstance(what, Withdraw) else 0
            verb, values = f"withdraw{by}", {"key_why": what.why, "key_losses": losses or _MANY, "key_node": node}
        case RetryNow():
            verb = "retry"
        case Promote():
            verb, values = "promote", {"key_priority_s": what.priority_s}
    logged: dict[str, Any] = {"key_at": at, "key_by": getattr(what, "by", "")}
    word: dict[str, Any] = {"key_node": node, "key_kind": type(told).__name__, "key_body": body(told), "key_at": at}
    rows = [(verb, {**key, **values, "key_at": at}), (f"log{by}", {**key, **logged}), (f"tell{by}", {**key, **word})]
    return [("promises", name, legible(row)) for name, row in rows]


def served(promise: Promise, by: str = "") -> list[Statement]:
    """He was, under this promise, as who served him knows it: it is kept, whoever leads it, and by whatever state. Not
    where he was lost once more since: that is promised to him yet."""
    key = {"key_id": promise.id, "key_losses": promise.losses, "key_at": promise.updated_at}
    word = {"key_kind": ServedElsewhere.__name__, "key_body": body(ServedElsewhere(""))}
    logged = {"key_id": promise.id, "key_at": promise.updated_at, "key_by": by}
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("promises", "tell served", {**key, **word}),
        ("promises", "served", {**key, "key_disposition": promise.disposition}),
        # After the promise, as whoever leads it writes of an attempt when that row is his (``fence.others``).
        ("promises", "attempt served", {"key_promise": promise.id, "key_attempt": promise.attempts}),
        ("promises", "log", logged),
    ]
    return [(table, verb, legible(row)) for table, verb, row in rows]


def give_back(promise: Promise, node: str) -> list[Statement]:
    """Into the pool, from the node that has it."""
    row = {"key_state": promise.state.value, "key_not_before": promise.not_before}
    return [("promises", "give back", {"key_id": promise.id, "key_node": node, **row})]


def body(word: Word) -> str:
    return msgspec.json.encode(legible(word)).decode()


def standing(transaction: Transaction) -> list[Heard]:
    """What was told to all while nobody told us: who is never to be called, and which campaigns are paused."""
    numbers = transaction.ask("SELECT number FROM do_not_call", {})
    pauses = transaction.ask('SELECT campaign, "by" FROM campaign_pauses', {})
    listed = DoNotCall(add=tuple(number for (number,) in numbers))
    return [listed, *(PauseSet(campaign, True, by) for campaign, by in pauses)]


def waiting(transaction: Transaction, node: str, most: int) -> list[tuple[int, Heard | None]]:
    """The words to a node by their numbers, the first of them."""
    sql = "SELECT id, promise, kind, body FROM promise_words WHERE node = :node ORDER BY id LIMIT :most"
    words = [(number, _read(*word)) for number, *word in transaction.ask(sql, {"node": node, "most": most})]
    if not any(isinstance(word, LostElsewhere) for _, word in words):
        return words
    sql = """SELECT DISTINCT promise, contact FROM promise_log
        WHERE promise IN (SELECT promise FROM promise_words WHERE node = :node AND kind = 'Lost')"""
    added = {(promise, contact) for promise, contact in transaction.ask(sql, {"node": node})}
    return [
        (number, replace(word, added=(word.promise, word.loss.contact) in added))
        if isinstance(word, LostElsewhere)
        else (number, word)
        for number, word in words
    ]


def _read(promise: str, kind: str, said: str) -> Heard | None:
    """What a node is told of a promise of its own; None: by another version of the switch."""
    try:
        word: Any = msgspec.json.decode(said, type=KINDS[kind])
    except (KeyError, msgspec.MsgspecError) as error:
        log.error("a word of another node cannot be read", kind=kind, error=repr(error))
        return None
    if isinstance(word, Lost):
        return LostElsewhere(promise, word)
    return word if isinstance(word, _TO_ALL) else replace(word, promise=promise)
