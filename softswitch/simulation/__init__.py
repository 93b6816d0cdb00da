"""The ACD on a virtual clock: what a day of calls would have been like with these agents and these queues.

What decides is the ACD itself (``acd.acd.Acd``), with nothing left out: relaxation, wrap-up, limits, decision records.
What is simulated is the people: who calls when, how long they talk and how long they wait (``arrival``), and that an
agent picks up. The clock jumps from one event to the next (``run``), so that a day takes seconds. Results are read from
the same facts, by the same code (``acd.statistics``), as those of a real day.

Chance comes in only with the arrivals, from a seed: one input gives one output, event by event.
"""
