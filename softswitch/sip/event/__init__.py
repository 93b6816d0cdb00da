"""Event packages (RFC 6665 section 5): what a watched thing looks like, as a document.

Each package makes its body from plain values and knows nothing of who watches, why, or how the body travels. What is
secret has been left out of the values before they come here; what is hostile (a caller's own name) is escaped here.
Every document is complete in itself, so that a watcher who missed one needs nothing but the next; and it is bounded,
whatever the values are.
"""
