"""Keeping facts: promises, call records, registrations, what agents have set, and the event log.

The machines live in memory and are never asked what the database thinks; it is written by one writer and read at start
and by people. So the package is about one thing, how long a fact may be at risk:

- a **promise** is durable when its ``on_stored(key, token, ok)`` says so, and a caller is told of it only then;
- **everything else** may lag by ``LAG_S``, and is buffered up to a limit while the database is away.

One writer task takes all that is queued into one transaction (group commit): a lone promise is committed at once, a
thousand cost about as much as one. A row that the database refuses is found by a savepoint for each and does not sink
its neighbours. A database that is away answers ``ok=False`` to promises at once, so that none is spoken in vain.

- ``schema``      the tables; ``migrations`` how they came to be
- ``statement``   facts as statements
- ``writer``      the queue, the group commit, the back-off
- ``database``    how a batch becomes one transaction; ``sqlite``, with a thread of its own, and ``postgresql``
- ``trouble``     is this error the row's fault or the database's?
- ``query``       reading back
- ``engine``      SQLite or PostgreSQL by URL, to read and for the schema
- ``store``       these joined: ``Store.open(url, on_stored)``

It knows no rule about calls: what to write and what it means is decided elsewhere.
"""
