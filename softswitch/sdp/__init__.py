"""Session descriptions (RFC 8866) and what two ends agree on by them (RFC 3264).

A description is an offer or an answer to one. ``session`` is the text: it keeps every m-line, because an answer has one
for each of the offer's, in its order, and refuses by port 0. ``negotiate`` is the agreement: one audio stream, one
codec, telephone-event beside it, a direction. What comes out is ``media.Media``: from there on nobody sees SDP.

Peers are forgiven what does no harm (bare LF, unknown lines, missing o= and s=). What we cannot serve is refused with
488 and a Warning that names both sides' codecs, what we cannot read with 400.
"""
