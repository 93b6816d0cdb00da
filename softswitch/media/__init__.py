"""The media plane: a process with a 20 ms tick, and the client by which control uses it.

It knows no SIP and no caller. It has *streams* (one RTP address and one peer each, named by control), *rooms* (streams
that hear each other) and *recordings*. A stream hears, in this order: what is played to it; hold music; its room;
silence.

    client.py    control's side: keeps what is wanted, and says it again to a process that was restarted
    protocol.py  the words of both sides
    process.py   the loop: commands between ticks, then the tick
    engine.py    one tick: receive, decode, conceal, mix, play, encode, send, record

All streams are rows of numpy arrays. What is slow (decoding a file, writing a recording) is done by one worker thread
each and never waited for. When control dies, the process goes on until a new control says what is to be done. When the
process hangs, control ends it (hung.py), and the supervisor starts another.
"""
