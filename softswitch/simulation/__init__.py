"""The ACD on a virtual clock: what a day of calls would have been like with these agents and these queues.

What decides is the ACD itself (``acd.acd.Acd``) and the ledger itself (``callback.ledger.Ledger``), with nothing left
out: relaxation, wrap-up, limits, decision records, pacing, retries. What is simulated is the people: who calls when,
how long they talk and how long they wait (``arrival``), who is at work (``roster``), who picks up (``people``). The
clock jumps from one event to the next (``run``), so that a day takes seconds. Results (``account``, ``result``) are
read from the same facts, by the same code, as those of a real day; ``past`` makes arrivals and shifts of what a real
day has left.

Chance comes in with the arrivals and with people's luck, from a seed: one input gives one output, and ``digest`` is the
proof, event by event and in any process.
"""
