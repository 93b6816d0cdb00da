"""The driver: owns the clock, the deadline heap and the ids; feeds machines, performs their effects.

The driver itself is synchronous. It reaches the world through the ports of ``ports.py`` and is fed by them; the real
ones (sockets, media process, database) and the simulated ones (``tests/simnet``) are the same to it. It holds no rule
about calls: those are in ``contact``, ``acd``, ``callback``, ``ivr`` and ``call``.
"""
