"""What we answer to a challenge (RFC 3261 sections 22.2, 22.3): from a 401 or 407 to the credentials of the next try.

Decided here: each kind of challenge (a proxy's, the server's) is answered once, and once more where only the nonce had
grown stale; whoever goes on asking has seen a wrong password. How credentials are made, ``digest`` knows.
"""

from __future__ import annotations

from softswitch.core.errors import PeerError
from softswitch.core.ids import Ids
from softswitch.sip import digest
from softswitch.sip.message import Response
from softswitch.sip.section import HeaderLines

Account = tuple[str, str]  # user, password

MOST_ANSWERS = 3  # of one request: to 407, to 401, and to one of them that is stale
_HEADERS = {401: ("Authorization", "WWW-Authenticate"), 407: ("Proxy-Authorization", "Proxy-Authenticate")}


def again(
    response: Response, account: Account | None, method: str, uri: str, given: HeaderLines, answers: int, ids: Ids
) -> HeaderLines:
    """All credentials for the next try; none where there is no sense in one.

    ``given`` were those of the last try, and ``answers`` challenges have been answered so far.
    """
    found = credentials(response, account, method, uri, ids)
    if not found or answers >= MOST_ANSWERS:
        return ()
    ((name, _),) = found
    if any(known == name for known, _ in given) and not _stale(response):
        return ()
    return (*(line for line in given if line[0] != name), *found)


def credentials(response: Response, account: Account | None, method: str, uri: str, ids: Ids) -> HeaderLines:
    """The header line that answers a 401 or 407; none where we cannot. ``uri`` is that of the request to come."""
    challenge = _challenge(response)
    if account is None or challenge is None:
        return ()
    try:
        return ((_HEADERS[response.status][0], digest.answer(challenge, method, uri, *account, ids.tag())),)
    except PeerError:
        return ()


def _challenge(response: Response) -> str | None:
    if response.status not in _HEADERS:
        return None
    return digest.choose(response.headers.all(_HEADERS[response.status][1]))


def _stale(response: Response) -> bool:
    """Whether the password was right, and only the nonce too old."""
    challenge = _challenge(response)
    return challenge is not None and digest.is_stale(challenge)
