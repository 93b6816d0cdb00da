"""What every machine is made of.

A machine is an object with ``handle(event, now) -> list[Effect]``, ``tick(now) -> list[Effect]`` and a ``deadline``:
the earliest moment at which ``tick`` has work. ``now`` is a number of seconds that somebody else read from a clock.
Machines never wait, never call out, never draw a random number: the driver (``softswitch.switch``) performs the
effects that they return, in order, and owns the clock, the deadline heap and the source of identities.

Transitions are tables; a missing cell is a bug of ours and raises ``UsageError``; an event that is legal and without
consequence is written ``DROP``, so that a reader sees that somebody thought of it.
"""
