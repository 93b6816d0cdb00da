"""The promise ledger: who is to be called back, when, and how often it has been tried.

A promise is one intent to call one number back for one queue. What is never to happen is that it gets lost, or that a
customer's phone rings twice for it. Neither can be had by care alone once processes crash, so the ledger lives by one
rule, write-ahead intent: the row that says "attempt n, with this Call-ID" is durable before the INVITE of attempt n
leaves. In memory a promise therefore stays SEEKING until the store has answered, and only then is DIALLING. Whoever
finds a DIALLING row after a crash knows that the INVITE may have left: the promise is UNCERTAIN until that call can no
longer be ringing, and what follows is attempt n + 1. Attempt n is spent either way; it is never dialled a second time.

Around that rule:

- ``number``    which number a presented one is, or why it cannot be called
- ``calendar``  the hours in which it may be called
- ``retry``     what a failed attempt means, returned as a value
- ``pacing``    how many agents there are for callbacks: nobody has a claim on them, and no live caller waits
- ``turn``      whose turn it is and who is on the line first; ``odds`` how many may be dialled for so many agents,
                ``governor`` whether one more may be at risk of answering to nobody
- ``ending``    a withdrawal that waits for the attempt in flight
- ``table``     state x input -> state, actions; ``due`` what time brings; ``mover`` carries the answers out
- ``recorder``  from a loss to a durable promise; ``written`` which writes are under way or must be made again
- ``book``      where promises are found; ``rule`` a queue's policy, ready for use
- ``ledger``    the machine that joins these

Agent first: the agent is on the line before the customer is dialled, so no customer answers into silence. A lost agent
is not an attempt. Customer first: the intent is written with no agent sought, and the promise is ANSWERED until one is
on the line; whom no agent takes in time was abandoned by us, and how often that may be is a bound. Time is Unix seconds
throughout, because a promise outlives the process and its monotonic clock.
"""
