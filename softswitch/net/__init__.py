"""Sockets for SIP: datagrams and streams in, messages out, and back. No rule about calls, none about transactions.

``SipNetwork`` is the driver's ``Network`` port: ``send`` returns at once and never raises; what could not be sent comes
back as ``on_failed(flow)``. Octets that are no message come back as ``on_malformed``; they never raise past here.
"""
