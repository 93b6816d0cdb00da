"""The media plane is told where a call's SIP came from: that is where a phone behind a NAT will be heard from."""

from __future__ import annotations

import pytest

from softswitch.sdp.media import LocalMedia
from tests.simnet.house import House

PRIVATE = ("10.0.0.5", 4000)


@pytest.mark.parametrize("inbound", [True, False])
def test_the_host_of_the_signalling_goes_with_the_signalled_address(
    inbound: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House()
    natted = house.desk if inbound else house.bob
    monkeypatch.setattr(natted, "_local", lambda: LocalMedia(PRIVATE))
    call = house.desk.call("1002")
    house.world.run_until(lambda: call.state == "talking")
    media = house.world.media
    assert media.signalling_hosts[media.stream_of(PRIVATE)] == natted.address[0]
