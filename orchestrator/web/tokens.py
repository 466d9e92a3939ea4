"""Who may steer: named tokens, compared in constant time, so that what was done is known by who did it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

HOW = (
    "This daemon is read-only: it was given no tokens. Start it with ORCHESTRATOR_WEB_TOKEN=name:token, "
    "where the name is yours and the token a long random text."
)


class Tokens:
    """Names by token. Only digests are kept, and nothing of them is shown."""

    def __init__(self, named: Mapping[str, str] | None = None) -> None:
        """``named``: tokens by their owners' names."""
        self._digests = {name: _digest(token) for name, token in (named or {}).items()}

    def __bool__(self) -> bool:
        return bool(self._digests)

    def owner(self, authorization: str) -> str | None:
        """Whose token an ``Authorization`` header bears; None when it is nobody's."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        given = _digest(token.strip())
        found = [name for name, known in self._digests.items() if hmac.compare_digest(known, given)]
        return found[0] if found else None


def _digest(token: str) -> bytes:
    """Of equal length whatever the token, so that comparing tells nothing of it."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
