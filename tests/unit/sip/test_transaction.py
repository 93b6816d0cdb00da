"""Each cell of the four figures, and the timers as numbers."""

from __future__ import annotations

import pytest

from softswitch.core.effect import Effect
from softswitch.core.errors import UsageError
from softswitch.sip.effect import AckArrived, ResponseArrived, Send, TransactionFailed
from softswitch.sip.figure import FIGURE_5, FIGURE_6, FIGURE_7, FIGURE_8, Figure, I, S
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request, Response
from softswitch.sip.response import respond
from softswitch.sip.transaction import Timing, Transaction, start_client, start_server
from tests.unit.sip.exchange import TCP, UDP, request, response

FIGURES = {"5": FIGURE_5, "6": FIGURE_6, "7": FIGURE_7, "8": FIGURE_8}

# figure, state, input, next state, what leaves the transaction. Written from the text, not from the tables.
CELLS = """
5 CALLING TIMER_A CALLING request
5 CALLING TIMER_B TERMINATED timeout
5 CALLING TRANSPORT_ERROR TERMINATED transport
5 CALLING R1XX PROCEEDING tu
5 CALLING R2XX ACCEPTED tu
5 CALLING R300_699 COMPLETED ack tu
5 PROCEEDING R1XX PROCEEDING tu
5 PROCEEDING R2XX ACCEPTED tu
5 PROCEEDING R300_699 COMPLETED ack tu
5 PROCEEDING TU_CANCEL PROCEEDING
5 PROCEEDING TIMER_CANCEL TERMINATED timeout
5 PROCEEDING TRANSPORT_ERROR PROCEEDING
5 ACCEPTED R1XX ACCEPTED
5 ACCEPTED R2XX ACCEPTED tu
5 ACCEPTED R300_699 ACCEPTED
5 ACCEPTED TU_CANCEL ACCEPTED
5 ACCEPTED TIMER_M TERMINATED
5 ACCEPTED TRANSPORT_ERROR ACCEPTED
5 COMPLETED R1XX COMPLETED
5 COMPLETED R2XX COMPLETED
5 COMPLETED R300_699 COMPLETED ack
5 COMPLETED TU_CANCEL COMPLETED
5 COMPLETED TIMER_D TERMINATED
5 COMPLETED TRANSPORT_ERROR TERMINATED
6 TRYING TIMER_E TRYING request
6 TRYING TIMER_F TERMINATED timeout
6 TRYING TRANSPORT_ERROR TERMINATED transport
6 TRYING R1XX PROCEEDING tu
6 TRYING R2XX COMPLETED tu
6 TRYING R300_699 COMPLETED tu
6 PROCEEDING TIMER_E PROCEEDING request
6 PROCEEDING TIMER_F TERMINATED timeout
6 PROCEEDING TRANSPORT_ERROR TERMINATED transport
6 PROCEEDING R1XX PROCEEDING tu
6 PROCEEDING R2XX COMPLETED tu
6 PROCEEDING R300_699 COMPLETED tu
6 COMPLETED R1XX COMPLETED
6 COMPLETED R2XX COMPLETED
6 COMPLETED R300_699 COMPLETED
6 COMPLETED TIMER_K TERMINATED
6 COMPLETED TRANSPORT_ERROR COMPLETED
7 PROCEEDING REQUEST PROCEEDING last
7 PROCEEDING ACK PROCEEDING
7 PROCEEDING TU_1XX PROCEEDING new
7 PROCEEDING TU_2XX ACCEPTED new
7 PROCEEDING TU_300_699 COMPLETED new
7 PROCEEDING TRANSPORT_ERROR PROCEEDING
7 COMPLETED REQUEST COMPLETED last
7 COMPLETED ACK CONFIRMED
7 COMPLETED TU_1XX COMPLETED
7 COMPLETED TU_2XX COMPLETED
7 COMPLETED TU_300_699 COMPLETED
7 COMPLETED TIMER_G COMPLETED last
7 COMPLETED TIMER_H TERMINATED
7 COMPLETED TRANSPORT_ERROR COMPLETED
7 CONFIRMED REQUEST CONFIRMED
7 CONFIRMED ACK CONFIRMED
7 CONFIRMED TU_1XX CONFIRMED
7 CONFIRMED TU_2XX CONFIRMED
7 CONFIRMED TU_300_699 CONFIRMED
7 CONFIRMED TIMER_I TERMINATED
7 CONFIRMED TRANSPORT_ERROR CONFIRMED
7 ACCEPTED REQUEST ACCEPTED
7 ACCEPTED ACK ACCEPTED ack_tu
7 ACCEPTED TU_1XX ACCEPTED
7 ACCEPTED TU_2XX ACCEPTED new
7 ACCEPTED TU_300_699 ACCEPTED
7 ACCEPTED TIMER_L TERMINATED
7 ACCEPTED TRANSPORT_ERROR ACCEPTED
8 TRYING REQUEST TRYING
8 TRYING TU_1XX PROCEEDING new
8 TRYING TU_2XX COMPLETED new
8 TRYING TU_300_699 COMPLETED new
8 TRYING TIMER_J TERMINATED
8 TRYING TRANSPORT_ERROR TERMINATED
8 PROCEEDING REQUEST PROCEEDING last
8 PROCEEDING TU_1XX PROCEEDING new
8 PROCEEDING TU_2XX COMPLETED new
8 PROCEEDING TU_300_699 COMPLETED new
8 PROCEEDING TIMER_J TERMINATED
8 PROCEEDING TRANSPORT_ERROR TERMINATED
8 COMPLETED REQUEST COMPLETED last
8 COMPLETED TU_1XX COMPLETED
8 COMPLETED TU_2XX COMPLETED
8 COMPLETED TU_300_699 COMPLETED
8 COMPLETED TIMER_J TERMINATED
8 COMPLETED TRANSPORT_ERROR TERMINATED
""".strip().splitlines()

_STATUS = {"R1XX": 180, "R2XX": 200, "R300_699": 486, "TU_1XX": 180, "TU_2XX": 200, "TU_300_699": 486}


def start(figure: Figure, flow: Flow = UDP) -> Transaction:
    method = "INVITE" if figure in (FIGURE_5, FIGURE_7) else "OPTIONS"
    make = request(method)
    if figure in (FIGURE_5, FIGURE_6):
        return start_client("key", make, flow, "leg", Timing(), 0.0)
    return start_server("key", make, flow, Timing(), 0.0)


def told(one: Transaction, event: I, now: float = 0.0) -> list[Effect]:
    """``event`` with the message that it is about."""
    message: Request | Response | None = None
    if event.name in _STATUS:
        make = response if event.name.startswith("R") else respond
        message = make(one.request, _STATUS[event.name])
    elif event in (I.ACK, I.REQUEST):
        message = request("ACK" if event is I.ACK else one.request.method, to_tag="x")
    return one.handle(event, now, message)


def kind(effect: Effect, one: Transaction, last: Response) -> str:
    match effect:
        case Send(message) if message is one.request:
            return "request"
        case Send(message) if message is last:
            return "last"
        case Send(Request("ACK")):
            return "ack"
        case Send(Response()):
            return "new"
        case ResponseArrived("leg", "key"):
            return "tu"
        case AckArrived():
            return "ack_tu"
        case TransactionFailed("leg", "key", method, why) if method == one.request.method:
            return why
    raise AssertionError(effect)


@pytest.mark.parametrize("cell", CELLS)
def test_cell(cell: str) -> None:
    number, state, event, following, *leaving = cell.split()
    one = start(FIGURES[number])
    last = respond(one.request, 180)
    one.state, one.response = S[state], last
    effects = told(one, I[event])
    assert one.state is S[following]
    assert [kind(effect, one, last) for effect in effects] == leaving


def test_the_list_above_has_every_cell_and_no_other() -> None:
    listed = {tuple(cell.split()[:3]) for cell in CELLS}
    assert listed == {
        (number, state.name, event.name)
        for number, figure in FIGURES.items()
        for state, row in figure.table.items()
        for event in row
    }


def test_missing_cell_is_a_mistake_of_ours() -> None:
    with pytest.raises(UsageError, match="INVITE client: no cell for TU_CANCEL in CALLING"):
        start(FIGURE_5).handle(I.TU_CANCEL, 0.0)


def test_ended_transaction_takes_nothing() -> None:
    one = start(FIGURE_5)
    one.handle(I.TRANSPORT_ERROR, 0.0)
    assert one.ended
    assert one.deadline is None
    with pytest.raises(UsageError):
        told(one, I.R1XX)


# ---- timers ----------------------------------------------------------------------------------------------------


def series(one: Transaction, until: float = 1000.0) -> list[tuple[int, list[str]]]:
    """When the transaction does something by itself, in ms, and what."""
    found = []
    while (moment := one.deadline) is not None and moment <= until:
        effects = one.tick(moment)
        found.append((round(moment * 1000), [type(effect).__name__ for effect in effects]))
    return found


def sends(*moments: int) -> list[tuple[int, list[str]]]:
    return [(moment, ["Send"]) for moment in moments]


def test_invite_is_repeated_ever_more_slowly_until_timer_b() -> None:
    assert series(start(FIGURE_5)) == [*sends(500, 1500, 3500, 7500, 15500, 31500), (32000, ["TransactionFailed"])]


def test_other_requests_are_repeated_at_least_every_t2_until_timer_f() -> None:
    every_4_s = range(3500, 32000, 4000)
    assert series(start(FIGURE_6)) == [*sends(500, 1500, *every_4_s), (32000, ["TransactionFailed"])]


def test_in_proceeding_timer_e_is_t2_from_its_next_firing() -> None:
    one = start(FIGURE_6)
    told(one, I.R1XX, 0.1)
    assert series(one) == [*sends(500, *range(4500, 32000, 4000)), (32000, ["TransactionFailed"])]


@pytest.mark.parametrize("figure", [FIGURE_5, FIGURE_6])
def test_over_a_reliable_transport_nothing_is_repeated(figure: Figure) -> None:
    assert series(start(figure, TCP)) == [(32000, ["TransactionFailed"])]


def test_a_provisional_response_stops_the_repeats_and_timer_b() -> None:
    one = start(FIGURE_5)
    told(one, I.R1XX, 0.2)
    assert one.deadline is None


@pytest.mark.parametrize(
    ("number", "events", "end_ms", "end_reliable_ms"),
    [
        ("5", [I.R300_699], 33000, 1000),  # timer D
        ("5", [I.R2XX], 33000, 33000),  # timer M
        ("5", [I.R1XX, I.TU_CANCEL], 33000, 33000),
        ("6", [I.R2XX], 6000, 1000),  # timer K
        ("7", [I.TU_2XX], 33000, 33000),  # timer L
        ("7", [I.TU_300_699, I.ACK], 6000, 1000),  # timer I
        ("8", [I.TU_2XX], 33000, 1000),  # timer J
        ("8", [], 32000, 32000),
        ("8", [I.TU_1XX], 32000, 32000),
    ],
)
def test_end(number: str, events: list[I], end_ms: int, end_reliable_ms: int) -> None:
    for flow, expected in ((UDP, end_ms), (TCP, end_reliable_ms)):
        one = start(FIGURES[number], flow)
        for event in events:
            told(one, event, 1.0)
        assert [moment for moment, _ in series(one)] == [expected]
        assert one.ended


def test_a_refusal_is_repeated_until_timer_h() -> None:
    one = start(FIGURE_7)
    told(one, I.TU_300_699, 0.0)
    assert series(one) == [*sends(500, 1500, *range(3500, 32000, 4000)), (32000, [])]


def test_a_refusal_is_not_repeated_over_a_reliable_transport() -> None:
    one = start(FIGURE_7, TCP)
    told(one, I.TU_300_699, 0.0)
    assert series(one) == [(32000, [])]


def test_timers_scale_with_t1() -> None:
    one = start_client("key", request(), UDP, "leg", Timing(t1=0.1), 0.0)
    assert [moment for moment, _ in series(one)] == [100, 300, 700, 1500, 3100, 6300, 6400]


def test_no_burst_after_a_stall() -> None:
    one = start(FIGURE_5)
    assert len(one.tick(20.0)) == 1
    assert one.deadline == 21.0


def test_after_its_2xx_an_invite_is_kept_only_to_be_known_again() -> None:
    one = start(FIGURE_7)
    whole = one.request
    accepted = respond(whole, 200, to_tag="ours", body=b"v=0")
    assert one.handle(I.TU_2XX, 0.0, accepted) == [Send(accepted, UDP)]
    assert one.response is None
    assert one.tag == "ours"  # of the answer to a CANCEL that comes too late
    assert one.request.headers.lines == []
    assert (one.request.method, one.request.via, one.request.cseq) == (whole.method, whole.via, whole.cseq)
    assert one.handle(I.TU_2XX, 0.5, accepted) == [Send(accepted, UDP)]  # which the user repeats
