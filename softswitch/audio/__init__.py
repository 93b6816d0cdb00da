"""Sound as arrays: companding, mixing, concealment, files, tones. Pure numpy; nothing here reads a clock or a disk.

One shape rules: a frame is 20 ms of one stream, ``FRAME`` = 160 samples of signed 16-bit linear PCM at 8 kHz. What
concerns many streams takes ``(streams, FRAME)`` and works on all of them at once, because a Python loop over streams is
what limits the number of calls of a process, and a loop over samples would end it. A wide frame is the same 20 ms at 16
kHz, ``WIDE_FRAME`` samples: two of them to each one of the house's clock. Sums are taken in int32 and clipped
once, at the very end: clipping on the way would distort, and int16 would wrap.
"""

RATE_HZ = 8000
SOUND_FILES = (".wav", ".flac", ".ogg", ".opus", ".mp3")  # what can be played, by its ending
FRAME = 160  # samples of one tick of 20 ms
WIDE_HZ = 2 * RATE_HZ
WIDE_FRAME = 2 * FRAME
