"""The driver: owns the clock, the deadline heap and the ids; feeds machines, performs their effects.

The driver itself is synchronous. It reaches the world through the ports of ``ports.py`` and is fed by them; the real
ones (sockets, media process, database) and the simulated ones (``tests/simnet``) are the same to it. Its only rules are
those of the door: who may come in, when it is too full, which phones are whose. What becomes of a call is decided in
``contact``, ``acd``, ``callback``, ``ivr`` and ``call``.

A message comes by ``door`` (``ban``, ``bucket``, ``overload``: is it heard at all?), ``wire`` (counted, and kept in
``tracebook``), ``signalling`` (whose is it?) and ``desk`` (who asks, and may he?). From there it goes to a leg and its
contact (``calls``, with ``reception`` for callers, ``leg_maker`` and ``transfers``), or to an office: ``lamps`` and
``texts`` for phones that watch and write, ``phones`` for whether they live, ``trunks`` with ``trunk_line`` and
``trunk_questions`` for carriers, ``offices`` for the ACD and the ledger. ``facts`` does what follows from a fact,
``mending`` from a defect. ``directory`` and ``way`` say who is reached where; the face sees ``view``, by ``control``.
"""
