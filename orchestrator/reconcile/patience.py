"""Which errors pass by themselves, and how long we believe so."""

from __future__ import annotations

import math

from orchestrator.aws import tags
from orchestrator.aws.door import UnknownOutcome
from orchestrator.aws.errors import ErrorClass, classify
from orchestrator.core.address import Address
from orchestrator.core.clock import Clock

PROPAGATION = 120.0
BUSY = 300.0
_UNSEEN = 3
_LOST = 3


class Patience:
    """One step's patience with AWS: each class of error has a window that opens when it first comes up.

    A class that may pass is tried again after a pause that grows from two to ten seconds and differs between
    resources, so that those who failed together do not come back together.
    """

    def __init__(self, clock: Clock, address: Address, *, busy: float = BUSY, full: float = 0.0) -> None:
        self._clock = clock
        self._address = address
        self._windows = {
            ErrorClass.PROPAGATING: PROPAGATION,
            ErrorClass.NOT_FOUND: PROPAGATION,
            ErrorClass.THROTTLED: BUSY,
            ErrorClass.BUSY: busy,
            ErrorClass.FULL: full,
        }
        self._since: dict[ErrorClass, float] = {}
        self._tries: dict[ErrorClass, int] = {}
        self._due = math.inf

    def pause(self, error: Exception, *, fresh_until: float = 0.0) -> float | None:
        """Seconds to wait before another try; None when there is no sense in one.

        ``fresh_until``: before that AWS may not know everywhere of something that was needed and has only just been
        made. A try is judged by when it was due: the answer to one that a busy machine held up may be an old one.
        """
        now = min(self._clock.now(), self._due)
        seconds = self._pause(meaning_of(error), now, fresh=now < fresh_until)
        self._due = math.inf if seconds is None else self._clock.now() + seconds
        return seconds

    def _pause(self, meaning: ErrorClass, now: float, *, fresh: bool) -> float | None:
        tries = self._tries[meaning] = self._tries.get(meaning, 0) + 1
        since = self._since.setdefault(meaning, now)
        if meaning in (ErrorClass.UNKNOWN, ErrorClass.EXISTS):
            return self._seconds(tries) if tries <= _LOST else None
        if meaning is ErrorClass.NOT_FOUND and not fresh and tries > _UNSEEN:
            return None
        if meaning not in self._windows or now - since >= self._windows[meaning]:
            return None
        return self._seconds(tries)

    def _seconds(self, tries: int) -> float:
        share = int(tags.fingerprint(self._address, tries), 16) / 16**10
        return float(min(2.0 * 1.5 ** (tries - 1), 8.0) + 2.0 * share)


def meaning_of(error: Exception) -> ErrorClass:
    """The class of an error, a lost reply to a creation included."""
    return ErrorClass.UNKNOWN if isinstance(error, UnknownOutcome) else classify(error)
