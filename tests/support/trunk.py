"""The far end of a trunk: the public telephone network with all its customers, as one softphone.

It calls in with any number and answers for any number, and it remembers every INVITE that ever reached it: what it
saw is the only truth about how often a customer was dialled.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.phone import Phone, PhoneCall
from tests.support.switch_process import SwitchProcess


class Trunk:
    """A peer on the trunk's port."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone

    @classmethod
    async def of(cls, switch: SwitchProcess, directory: Path, **options: Any) -> Trunk:
        host, port = switch.sip
        phone = await Phone.peer("carrier", host, port, directory=directory, own_port=switch.trunk_port, **options)
        return cls(phone)

    async def __aenter__(self) -> Trunk:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.phone.quit()

    @property
    def dialled(self) -> list[PhoneCall]:
        """Every INVITE that came, oldest first."""
        return [call for call in self.phone.calls if call.incoming]

    async def rings(self, times: int = 1, timeout_s: float = 20.0) -> PhoneCall:
        """The customer's telephone, once it was dialled so many times in all."""
        await self.phone.until(lambda: len(self.dialled) >= times, timeout_s, f"{times} INVITEs to the customer")
        return self.dialled[times - 1]

    async def answered(self, timeout_s: float = 20.0) -> PhoneCall:
        """The call to a customer that is up."""
        await self.phone.until(lambda: any(c.state == "confirmed" for c in self.dialled), timeout_s, "answered call")
        return next(call for call in self.dialled if call.state == "confirmed")

    def assert_dialled_with_care(self, ring_s: float) -> None:
        """Never two INVITEs with one Call-ID; never a second before the first has ended or its ring time is over."""
        ids = [call.call_id for call in self.dialled]
        assert len(ids) == len(set(ids)), f"a Call-ID was dialled twice: {ids}"
        for earlier, later in zip(self.dialled, self.dialled[1:], strict=False):
            ended = earlier.ended_at is not None and earlier.ended_at <= later.began_at
            apart_s = later.began_at - earlier.began_at
            assert ended or apart_s >= ring_s, f"two dials at once: {apart_s:.1f} s apart, {earlier.history}"
