"""What of a leg outlives its process, as plain data; and the leg that is made of it again.

Kept of an established leg is what the dialog and the session stand on. What is under way is not: a request of ours
without its answer, keys to be pressed, a transfer that is being told. Whoever waits for such a thing hears nothing more
of it, and the session goes on as it was. Of a leg that rings its INVITE is kept, so that it can be called off.

Times are Unix seconds here, since the clock of the next process may have another zero.
"""

from __future__ import annotations

import msgspec

from softswitch.call.leg import Leg
from softswitch.call.state import Inbound, LegState, Outbound, Plan, Refresh, SessionPolicy, Setup
from softswitch.call.table import UP, S
from softswitch.core.ids import Ids
from softswitch.sdp.exchange import Exchange
from softswitch.sdp.media import LocalMedia
from softswitch.sip.dialog import Dialog
from softswitch.sip.flow import Flow
from softswitch.sip.message import Request, parse, render
from softswitch.sip.timing import Timing

CSEQ_LEAP = 100  # what was sent in the last moment may not be in the memory; any higher number is in order (12.2.1.1)
SOON_S = 5.0  # until a refresh whose moment has passed


class LegMemory(msgspec.Struct, frozen=True, array_like=True):
    id: str
    local: LocalMedia
    flow: Flow  # by which the peer was last heard
    dialog: Dialog
    exchange: Exchange
    secure: bool
    allows: tuple[str, ...]
    invite_cseq: int
    called_as: str | None  # the host by which the peer has called us; None where we have called it
    refresh: Refresh  # its times are Unix seconds


class RingingMemory(msgspec.Struct, frozen=True, array_like=True):
    id: str
    local: LocalMedia
    flow: Flow
    exchange: Exchange
    secure: bool
    invite: bytes  # with its Via


def ringing(leg: Leg) -> RingingMemory | None:
    """None for a leg that does not ring, or has sent nothing yet."""
    state, ours = leg.leg, leg.leg.outbound
    if state.state not in (S.CALLING, S.RINGING) or ours is None or ours.invite is None:
        return None
    sent = ours.invite.octets or render(ours.invite)
    return RingingMemory(leg.id, state.setup.local, state.flow, state.exchange, state.secure, sent)


def called_off(kept: RingingMemory, flow: Flow, ids: Ids, timing: Timing, now: float) -> tuple[Leg, Request]:
    """The leg as it rang, to be released; and its INVITE, whose transaction has to be taken up."""
    invite = parse(kept.invite)
    assert isinstance(invite, Request)
    setup = Setup(kept.id, invite.call_id, invite.from_.tag or "", kept.local, ids, timing)
    plan = Plan(invite.uri, "", "", invite.uri, 0.0, ())
    ours = Outbound(plan, invite, invite.cseq.number, now + timing.timeout, heard=True, rang=True)
    return Leg(LegState(setup, flow, kept.secure, outbound=ours, state=S.RINGING, exchange=kept.exchange)), invite


def memory(leg: Leg, epoch: float) -> LegMemory | None:
    """``epoch``: Unix seconds at ``now`` = 0. None for a leg that is not established, or has no media yet."""
    state = leg.leg
    dialog = state.dialog
    answered = state.state is S.ANSWERED and state.ack is not None and not state.ack.offered
    if dialog is None or state.media is None or not (state.state is UP or answered):
        return None
    ours, theirs = state.outbound, state.inbound
    cseq = ours.cseq if ours is not None else theirs.cseq if theirs is not None else 0
    return LegMemory(
        leg.id, state.setup.local, state.flow, dialog, state.exchange, state.secure, tuple(sorted(state.allows)), cseq,
        None if theirs is None else theirs.called_as, _moved(state.refresh, epoch),
    )  # fmt: skip


def remembered(
    kept: LegMemory,
    flow: Flow,
    ids: Ids,
    timing: Timing,
    account: tuple[str, str] | None,
    session: SessionPolicy,
    epoch: float,
    now: float,
    ask_at: float,
) -> Leg:
    """The leg as it was, established. ``flow`` leads to its peer now; at ``ask_at`` it asks whether that is there."""
    dialog = kept.dialog
    setup = Setup(kept.id, dialog.call_id, dialog.local_tag, kept.local, ids, timing, account, session)
    state = LegState(setup, flow, kept.secure, state=S.UP, dialog=dialog, exchange=kept.exchange)
    dialog.local_cseq += CSEQ_LEAP
    if kept.called_as is None:
        plan = Plan(dialog.remote_target, "", "", dialog.remote_target, 0.0, ())  # of a call that was made long ago
        state.outbound = Outbound(plan, cseq=kept.invite_cseq)
    else:
        state.inbound = Inbound("", False, kept.invite_cseq, kept.called_as, None)
    state.allows = frozenset(kept.allows)
    state.refresh = _moved(kept.refresh, -epoch)
    if state.refresh.ours and state.refresh.due_at is None:
        state.refresh.due_at = now + SOON_S  # it was under way
    state.probe.due_at = ask_at
    return Leg(state)


def _moved(refresh: Refresh, by: float) -> Refresh:
    if not refresh.interval_s:
        return refresh
    due, end = refresh.due_at, refresh.end_at
    return Refresh(
        refresh.interval_s, refresh.ours, None if due is None else due + by, None if end is None else end + by,
        refresh.min_s,
    )  # fmt: skip
