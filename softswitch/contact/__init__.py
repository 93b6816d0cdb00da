"""One customer's journey: from the first ring to the call record, across legs, queue, agent, callback.

A contact owns legs (it tells them ``call.signal.Command`` and hears their signals), a script that decides what comes
next (a dialplan interpreter, or one of the fixed scripts of ``script.py``), perhaps a place in a queue, perhaps a hunt
(phones that ring for it), and at last a bridge (two legs in one room). It orders media, ACD and ledger; it performs
nothing. Legs are named after the contact, so that a trace can be read; one that was taken over keeps its name.

``journey`` is what all contacts have, ``scripted`` what a script may order of them; ``inbound`` came to us,
``callback`` is made by us, agent first, ``called`` customer first (``attempt`` is what both say of it, ``opening`` what
the customer hears first). Which of them a number leads to, and to what in it, ``routing`` says.

Anybody who talks may be replaced (``transfer``, by the rules of ``permission``; ``handover`` is what they speak of).
The contact goes on with whoever stays: one visit is one record, however often the customer is sent on. Messages that
are left (``leaving``) wait in ``mailbox``, and are heard by ``retrieval``. How numbers look on a trunk, says
``presentation``.

What a contact may look up (who is registered where, which position it has) comes through ``Directory``, read-only.
"""
