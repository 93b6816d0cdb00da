"""Who talks to whom: agents, queues, and one scale on which every contact waits.

A contact's rank is its age in seconds plus its priority in seconds. Since all of them age at the same speed their order
never changes, so it is kept as a number (``queued_at`` less priority) and not computed again: the same scale for every
queue, so that no queue can starve another and a callback takes the place that its caller had. Equal ranks go by id.

At the end of each step no waiting contact and offerable agent who suits it exist together. That invariant is the whole
dispatcher: only a contact that arrives, comes back or relaxes, and an agent who becomes offerable, can break it, so
only those are looked at, in the order of rank, in the step in which it happens. Nothing polls.

An offer is a state of both: the agent is RESERVED and the contact is held by name, from the step of the match to the
step of its end, and the reservation carries its own deadline. An event about an offer that is over finds neither and is
dropped; an answer that comes too late is told so by ``CancelOffer``.

What the human asked and what the engine says are two fields (``agent``). Whether the agent can be offered work
follows from both, from the phone, and from a delay after a failed offer; it is written into the arrays of ``floor``
in the step in which it changes, so that a match reads one array per need and never asks ten thousand objects.

How long somebody will wait is no part of that: it is worked out when asked, from the lines as they are and from what
the machine's own facts have taught, and held against what came. What a caller was told rises only for a cause.

State is ``Agent`` and ``Contact``, plain values; all indexes can be made again from them, and each minute they are.

- nouns    ``model``; ``agent`` and ``region`` (the tables of one agent), ``contact``, ``skill``, ``view``
- rules    ``crew`` has the agents', ``waiting`` and ``condition`` the contacts', ``offers`` and ``failure`` those of
           what becomes of a match, ``changes`` those of reloads and supervisors; ``acd`` is all of them together
- match    ``match`` who gets whom, by ``strategy``, of the ``candidates``; indexes: ``state``, ``roster``, ``floor``,
           ``tally``, ``demand``; ``audit`` proves them
- why      ``decision`` and its closed list of reasons ``why``; ``story``, ``storybook``, ``kept``, ``telling``,
           ``glance``
- waits    ``prospect`` by the formulas of ``estimate``; ``pool``, ``pace``, ``experience``, ``calibration``, ``told``
- figures  ``statistics`` of what was, ``staffing`` of what would be
"""
