"""HTTP for people's tools: parse, call one method of the running switch, render JSON.

Nothing is decided here about calls. Each route names the permission that it needs (``access``), each body is a typed
struct (``body``), and whatever goes wrong is answered as JSON that says what is wrong and what would be right
(``problem``). A defect of ours ends one request with 500, is counted and logged, and harms no call.
"""

from softswitch.web.server import StoreReader, make_app, make_runner

__all__ = ["StoreReader", "make_app", "make_runner"]
