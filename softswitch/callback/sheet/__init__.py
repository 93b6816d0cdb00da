"""A list of numbers as a file of comma-separated values: read in pieces, row by row, and never whole.

Octets become text (``decoding``), text becomes records (``record``: RFC 4180), the first record names the columns
(``header``), and each further one becomes a promise or says what is wrong with it (``row``). ``reader`` joins these;
``mistake`` is what is told of a row that cannot be used. A broken row never stops those after it.

Nothing here knows where the octets come from or where the promises go.
"""
