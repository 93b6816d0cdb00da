"""Facts to be stored, each with one line."""

from __future__ import annotations

from softswitch.call.record import CallRecord, StreamQuality
from softswitch.callback.model import Promise, PromiseState
from softswitch.rtp.quality import Quality
from softswitch.sip.flow import Flow
from softswitch.sip.registrar import Binding


def promise(n: int = 1, state: PromiseState = PromiseState.RECORDED, **more: object) -> Promise:
    fields: dict[str, object] = {
        "id": f"promise-{n}",
        "number": f"+86138{n:08d}",
        "queue": "sales",
        "stage": "abandoned",
        "state": state,
        "contact": f"contact-{n}",
        "recorded_at": 1_760_000_000.25 + n,
        "group": "sales",
    }
    return Promise(**(fields | more))  # type: ignore[arg-type]


def call(n: int = 1) -> CallRecord:
    at = 1_760_000_000.0 + n
    return CallRecord(
        contact=f"contact-{n}",
        kind="inbound",
        caller="+8613800138000",
        called="8000",
        trunk="carrier",
        plan="main",
        queue="sales",
        agent="安娜",
        started_at=at,
        answered_at=at + 1,
        connected_at=0.0,
        ended_at=at + 20.5,
        outcome="abandoned",
        ended_by="caller",
        recording="",
        promise="promise-1",
        quality=(StreamQuality(f"leg-{n}", Quality(packets_in=n, jitter_in_ms=3.25, mos_in=4.2)),),
    )


def binding(contact: str = "sip:anna@192.0.2.7:5060", **more: object) -> Binding:
    flow = Flow("tcp", ("127.0.0.1", 5060), ("192.0.2.7", 40312), connection=7)
    fields: dict[str, object] = {
        "aor": "sip:anna@example.org",
        "contact": contact,
        "flow": flow,
        "expires_at": 1_760_003_600.0,
        "call_id": "a84b4c76e66710",
        "cseq": 2**31 - 1,
        "user_agent": "softphone/1.0",
        "q": 0.7,
        "path": ("<sip:edge.example.org;lr>",),
    }
    return Binding(**(fields | more))  # type: ignore[arg-type]
