"""Sound files of every kind, made by libav."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

KINDS = {  # ending -> (codec, rate in Hz, layout, sample format)
    "wav": ("pcm_s16le", 96000, "5.1", "s16"),
    "alaw.wav": ("pcm_alaw", 8000, "mono", "s16"),
    "float.wav": ("pcm_f32le", 11025, "stereo", "flt"),
    "flac": ("flac", 44100, "stereo", "s16"),
    "ogg": ("libopus", 48000, "stereo", "s16"),
    "mp3": ("libmp3lame", 22050, "mono", "s16p"),
}


def encode(path: Path, kind: str, wave: np.ndarray) -> Path:
    """``wave`` is ``(samples,)`` of -1..1 at the kind's rate, and is put on all channels."""
    codec, rate_hz, layout, form = KINDS[kind]
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate_hz, layout=layout)
        channels = np.tile(wave, (stream.codec_context.layout.nb_channels, 1))
        if not form.endswith("p"):
            channels = channels.T.reshape(1, -1)
        values = channels.astype("f4") if form == "flt" else np.rint(channels * 32767).astype("i2")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(values), format=form, layout=layout)
        frame.sample_rate, frame.pts = rate_hz, 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    return path


def sine(kind: str, hz: float, seconds: float, level: float = 0.3) -> np.ndarray:
    rate_hz = KINDS[kind][1]
    return level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)
