"""Legs: our half of one INVITE dialog each, spoken to in words that know no SIP (RFC 3261 sections 9, 12 to 15).

A leg stands between two languages. Below it are transactions and dialogs: retransmissions, tags, CSeq, forks, races.
Above it a call is *offered*, *answered*, *released*; a dialplan, a queue and a callback all speak to legs in these
words (``signal``), so joining two legs is forwarding signals.

``leg`` finds out which input of the table an event is; ``table`` says what the leg does in each of its states;
``perform`` has what stands behind each name, most of it in ``inbound``, ``outbound``, ``midcall`` and ``probe``;
``state`` is all that a leg knows, as plain values; ``compose`` writes its messages, ``identity`` who is calling. The
races are the point: a CANCEL that crosses the 200, a BYE that crosses a BYE, a 2xx from a second branch, an ACK that
never comes. Each is a cell of the table, each has a ladder in the tests.

What runs beside the states has a module of its own: ``reliable`` (provisional responses and PRACK), ``renegotiate``
and ``update`` (a session that is changed by us, by the peer, by both at once), ``refresh`` (session timers),
``transfer`` (REFER), ``text`` (MESSAGE). Every request of ours inside a dialog goes out through ``ask``, which answers
challenges. ``user_agent`` puts legs and transactions together for telephones: those of the demo and those of the
tests.

Three promises hold for every leg, whatever the peer does. It says exactly one of Answered and Failed, and after
Answered at most one Released, with Updated only between the two, and nothing after that. It says Finished exactly once.
And every state has a deadline, UP the next probe of its peer, so that Finished comes.
"""
