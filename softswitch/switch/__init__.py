"""The driver: owns the clock, the deadline heap and the ids; feeds machines, performs their effects.

The driver itself is synchronous. It reaches the world through the ports of ``ports.py`` and is fed by them; the real
ones (sockets, media process, database) and the simulated ones (``tests/simnet``) are the same to it. Its only rules are
those of the door: who may come in, when it is too full, which phones are whose. What becomes of a call is decided in
``contact``, ``acd``, ``callback``, ``ivr`` and ``call``.
"""
