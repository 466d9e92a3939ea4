"""A channel: a thread that delivers what is put into it, a few tries each, and holds up nobody who puts it there.

A receiver that hangs or refuses costs its own channel: what it cannot take is dropped, the oldest first, and that is
said once, as is that it is well again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_any,
    stop_when_event_set,
    wait_exponential,
)

from orchestrator.core.clock import Clock
from orchestrator.notices.errands import Errands
from orchestrator.notices.post import Post, Undelivered, Unusable
from orchestrator.notices.words import Message

TRIES = 4
WAITING = 100
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_SHARED_FOR = 3600.0


class Channel:
    """One address. ``say`` is told, in words for the operator, when it does not work and when it does again."""

    def __init__(self, name: str, url: str, *, post: Post, clock: Clock, say: Callable[[str], None]) -> None:
        self.name = name
        self._url = url
        self._post = post
        self._clock = clock
        self._say = say
        self._lock = threading.Lock()
        self._errands = Errands(f"notices-{name}", WAITING, self._deliver)
        self._stop = threading.Event()
        self._failing = False
        self._shared: dict[str, tuple[frozenset[str], float]] = {}

    def put(self, message: Message) -> None:
        """Have it delivered, after what was put before it."""
        if not self._errands.put(message):
            self._fails(f"more than {WAITING} messages wait, the oldest are dropped")

    def first(self, about: str, who: str) -> bool:
        """Whether nobody else is in something, of which many are told at once, or that was told long ago."""
        with self._lock:
            others, until = self._shared.get(about, (frozenset(), 0.0))
            now = self._clock.now()
            first = not others or now >= until
            self._shared[about] = others | {who}, now + _SHARED_FOR if first else until
            return first

    def over(self, who: str) -> None:
        """Somebody is in nothing any more."""
        with self._lock:
            left = {about: (others - {who}, until) for about, (others, until) in self._shared.items()}
            self._shared = {about: (others, until) for about, (others, until) in left.items() if others}

    def left(self) -> int:
        """How many messages are on their way."""
        return self._errands.left()

    def close(self) -> int:
        """Take no more and try nothing again; how many messages are left behind."""
        self._stop.set()
        return self._errands.close()

    def _deliver(self, message: Message) -> None:
        try:
            self._retrying()(self._post, self._url, message)
            self._works()
        except (Undelivered, Unusable) as error:
            self._fails(error.message)
        except Exception as error:  # a defect, and its words may hold the address
            self._fails(f"{type(error).__name__}")

    def _retrying(self) -> Retrying:
        return Retrying(
            retry=retry_if_exception_type(Undelivered),
            stop=stop_any(stop_after_attempt(TRIES), stop_when_event_set(self._stop)),
            wait=wait_exponential(multiplier=_FIRST_PAUSE, max=_LONGEST_PAUSE),
            sleep=lambda seconds: self._clock.sleep(seconds, self._stop),
            reraise=True,
        )

    def _fails(self, why: str) -> None:
        if not self._failing and not self._stop.is_set():
            self._say(f"channel {self.name}: a message could not be delivered: {why}")
        self._failing = True

    def _works(self) -> None:
        if self._failing:
            self._say(f"channel {self.name}: messages are delivered again")
        self._failing = False
