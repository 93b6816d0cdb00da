"""RTP (RFC 3550, profile RFC 3551) as batches: headers, jitter, telephone events. Pure numpy; no socket and no clock.

Packets arrive as rows of one octet table ``(packets, width)`` with their lengths, and each one belongs to a stream,
which is a row of the jitter buffer. In one call a stream may occur only once, so that array operations need no order
among packets; a receiver that reads its sockets in turns has that for nothing.
"""
