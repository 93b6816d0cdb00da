"""Sockets for SIP: datagrams and streams in, messages out, and back. No rule about calls, none about transactions.

``SipNetwork`` is the driver's ``Network`` port: ``send`` returns at once and never raises. What the sockets tell goes
to ``Upcalls``: messages, octets that are none, flows that failed. Nothing that a peer does raises past here.

``network`` has the listeners: ``udp``, and ``stream`` for TCP and TLS; ``http`` is the listener of the HTTP server, and
``websocket`` a handler there. ``acceptor`` lets in who connects to any of them, ``connections`` knows every connection,
``admission`` who may have another one, ``connection`` how long one may stay. ``tls`` keeps the certificates and follows
their files, ``certificate`` knows whom a peer's certificate speaks for.

Beside SIP: ``resolver`` asks name servers, by the sockets of ``dns_socket``, and ``hosts`` is the file before them;
``fetcher`` asks web servers for dialplans; ``homer`` tells a collector what passes.
"""
