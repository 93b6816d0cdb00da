"""softswitch: an IP contact centre in software.

Three rings (docs/architecture.md): packages that *decide* are pure and take time, randomness and identity as
arguments; packages that *do* own sockets, files and the database; the *face* parses, calls one method and renders.
"""

__version__ = "0.1.0"
