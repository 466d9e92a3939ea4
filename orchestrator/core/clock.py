"""The one source of time, injected everywhere so that tests and the sandbox can run faster than the wall.

Product code never calls ``time`` or ``datetime.now`` itself: what waits, waits on a ``Clock``.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time in seconds. ``sleep`` may return early when ``wake`` is set."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        ...

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
        """Wait; a negative duration is no wait at all."""
        ...


class SystemClock:
    """Real time, or time running ``speed`` times faster for an endpoint whose own clock does.

    ``since`` is the instant at which the faster time and real time were the same, so that several processes agree.
    """

    def __init__(self, speed: float = 1.0, since: float | None = None) -> None:
        if speed <= 0:
            raise ValueError(f"clock speed must be above 0, found {speed}")
        wall = time.time()
        self.speed = speed
        self.since = wall if since is None else since
        self._begun = self.since + (wall - self.since) * speed
        self._start = time.monotonic()

    def now(self) -> float:
        """Seconds since the epoch; never goes backwards, whatever the machine's clock does."""
        return self._begun + (time.monotonic() - self._start) * self.speed

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
        """Wait that many seconds of this clock."""
        real = max(0.0, seconds) / self.speed
        if wake is None:
            time.sleep(real)
        else:
            wake.wait(real)


def iso(at: float) -> str:
    """An instant as ISO 8601 in UTC, to the second: ``2026-01-31T12:00:00Z``."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(seconds: float) -> str:
    """Seconds as people say them: ``42s``, ``2m05s``, ``1h02m``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02}m"
