"""Real phones with every codec hear each other, secured and not: PJSIP (G.711, G.722) and baresip (Opus, L16, GCM).

Here each pair of codecs is called once, with keys on alternating sides; ``python -m tests.bench.phones`` calls all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.codec_phones import GALOIS, LONG_TAG, SHORT_TAG, Exchange, Side, possible

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

PAIRS = [
    (Side("PCMU"), Side("PCMA")),
    (Side("PCMA", LONG_TAG), Side("PCMA")),
    (Side("PCMU"), Side("G722", SHORT_TAG)),
    (Side("G722", LONG_TAG), Side("PCMA")),
    (Side("PCMA"), Side("opus", GALOIS)),
    (Side("opus", LONG_TAG), Side("PCMU")),
    (Side("G722"), Side("opus")),
    (Side("opus"), Side("G722", LONG_TAG)),
    (Side("G722", SHORT_TAG), Side("G722", GALOIS)),
    (Side("opus"), Side("opus", GALOIS)),
    (Side("PCMU"), Side("L16")),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    async with Exchange(tmp_path_factory.mktemp("codecs")) as exchange:
        yield exchange


@pytest.mark.parametrize(("near", "far"), PAIRS, ids=str)
async def test_both_ends_hear_each_other(exchange: Exchange, near: Side, far: Side) -> None:
    assert possible(near, calls=True) and possible(far, calls=False)
    await exchange.talk(near, far)
