"""What every coder offers, and the error of those who send something else than they said."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]


class CodecError(ValueError):
    """The octets are no payload of this codec, or the codec is none of ours; the text says which."""


class Coder(Protocol):
    """One stream, both directions; all samples are ``(samples,)`` of one channel."""

    @property
    def rate(self) -> int:
        """Hz of the samples."""

    @property
    def rtp_clock(self) -> int:
        """Hz of RTP timestamps; not always the rate (G.722, Opus)."""

    def decode(self, payload: bytes) -> Pcm:
        """The samples of the next packet. Raises ``CodecError``."""

    def decode_fec(self, payload: bytes, samples: int) -> Pcm | None:
        """The lost packet before ``payload``, from what ``payload`` repeats of it; None where the codec has no such."""

    def conceal(self, samples: int) -> Pcm | None:
        """Something in place of a lost packet; None where the codec cannot do better than anybody."""

    def packet_ms(self, wished: int) -> int:
        """How long a packet it makes where at most so many ms are wished for, 10 or more."""

    def encode(self, frame: Pcm) -> bytes:
        """The payload of the next packet, ``packet_ms`` long."""
