"""SIP as pure functions and machines: messages, transactions, dialogs, registrations (RFC 3261 and its amendments).

Text comes first. ``uri`` and ``header`` know the grammar of the values, ``section`` the header section as a whole,
``message`` the two kinds of message and the way from octets to them and back; ``framing`` finds messages in a stream.
A message keeps its headers as it received them and parses a value when somebody asks for it, once. Whatever a peer
sends, only ``PeerError`` comes out, with the status that answers it. ``body`` takes what is wanted out of a multipart,
``inspection`` refuses what a UAS does not serve whatever it is about (section 8.2).

Strictness is chosen line by line: what could make two elements read one message differently (line ends, lengths,
repeated single headers, broken quotes) is refused with 400; what is merely untidy (white space, folding, unknown
methods, headers and schemes) is kept.

Above the text are what a UAS answers (``response``), who is there (``digest``, section 22), what we say when that is
asked of us (``challenge``), where to find him (``registrar`` judges a REGISTER, section 10.3, ``location`` keeps the
bindings), who is told what (``notifier`` and ``subscription``, RFC 6665; the packages are in ``event``), texts
(``page``, RFC 3428), transfers (``refer``), and other people's servers: ``locate`` says where they are (RFC 3263),
``dead_target`` and ``probing`` which of them serve, ``registration`` is our own binding there.

Below all that are the machines: ``figure`` has their tables, ``transaction`` runs one, ``endpoint`` knows all of them,
``matching`` which message is whose, ``detour`` and ``reconnect`` find another way, ``dialog`` is what two ends share.
``hep``, ``pcap`` and ``secret`` write messages down for people.

None of them opens a socket, reads a clock or draws a number: ``flow`` says by which way a message came, ``now`` and
identities are arguments, and what is to be done is returned as effects.
"""
