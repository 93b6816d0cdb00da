"""Dialplans played before a caller meets them: transcripts (``NAME.calls``) against the switch itself.

A transcript is read like a script of a play: who calls whom and when (the scene), what the caller hears and does (the
play). What answers is no model of the switch but ``switch.driver.Switch`` with everything in it: SIP, legs, contacts,
the interpreter, the ACD, the ledger. Simulated are its ports alone: the network carries octets at once, the phones are
user agents that behave as the transcript says, prompts last as long as it takes to say them, http answers what is
written, and the clock jumps to whatever is due next. So an hour in a queue takes a millisecond, and a plan that passes
here goes the same way on the telephone.

    reading     text -> transcripts, or problems with file and line          grammar: the sentences
    world       the clock and the ports; site: phones and carriers; ear: what each stream hears
    stage       a configuration and the scene of a transcript -> a world in which the call can be made
    performance one transcript, line by line, against what happens; outcome: both side by side
    coverage    which steps and branches of which plan no transcript has taken

Whatever happens to the caller has to be in the transcript, unless it says ``...``; what happens to others, and what
nobody hears (a request, a step, a variable), may be. What the transcript does not foresee at all, an unmocked request
or a telephone that rings and nobody knows who is there, fails it.
"""
