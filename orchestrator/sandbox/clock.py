"""The two clocks of the sandbox: real time that runs faster, and virtual time that tests jump through.

The world never ticks by itself. Before each request it catches up with its clock, event by event, so a clock only
has to say what time it is, and a wait of thirty virtual minutes costs no more than what happens in them.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType
from typing import Protocol

from orchestrator.core.clock import Clock, SystemClock

_LONGEST_REQUEST = 2.0
"""Real seconds after which a request is taken to wait for time itself, as a delay that was asked for does."""
_LOOK_AGAIN = 0.02
"""Real seconds in which a thread that has just been woken gets to run on a busy machine."""
_NEAR = 10.0
"""Virtual seconds that time may move while threads run, since they try calls again after as many."""
_LONGEST_RUN = 2.0
"""Real seconds after which a thread that seems to run is taken to wait after all."""
_WAITING = frozenset({"threading", "queue", "selectors", "subprocess", "concurrent.futures.thread"})
"""The modules in which Python stands that waits for another thread or process."""

_BLUR = 0.25
"""Real seconds that a call may be on its way on a busy machine."""


class SandboxClock(Clock, Protocol):
    """A clock that can also be pushed forward, for whoever does not want to wait at all."""

    @property
    def blur(self) -> float:
        """How far the time at which a call arrives may be from when it was sent."""
        ...

    def advance(self, seconds: float) -> None:
        """Make it that much later, now."""
        ...

    def spend(self, seconds: float) -> None:
        """Let that much time pass for whoever waits for an answer."""
        ...

    def hold(self) -> AbstractContextManager[None]:
        """Keep a sleeping thread from taking time further while a request is answered."""
        ...


class SpeedClock(SystemClock):
    """Real time, ``speed`` times faster, plus whatever it was advanced by."""

    def __init__(self, speed: float = 1.0) -> None:
        super().__init__(speed)
        self.speed = speed
        self._ahead = 0.0

    @property
    def blur(self) -> float:
        """The faster time runs, the more of it passes on the way."""
        return _BLUR * self.speed

    def now(self) -> float:
        """Seconds since the epoch; never goes backwards."""
        return super().now() + self._ahead

    def advance(self, seconds: float) -> None:
        """Make it that much later, now."""
        self._ahead += max(0.0, seconds)

    def spend(self, seconds: float) -> None:
        """Real time passes for everybody."""
        self.sleep(seconds)

    def hold(self) -> AbstractContextManager[None]:
        """Real time waits for nobody."""
        return nullcontext()


class VirtualClock:
    """Time that passes only while somebody sleeps.

    Several threads may sleep at once: time moves to the earliest deadline, and that thread gets to run, and to sleep
    again, before time moves on. A thread that has slept here before and is now awake holds time still, until after
    ``patience`` real seconds it is taken to wait for something other than time: for another thread, mostly. From then
    on time makes no leap for as long as any thread runs that has ever asked what time it is. It always stands still
    while a request is answered, whoever made it.
    """

    def __init__(self, start: float | None = None, patience: float = 0.03) -> None:
        self._now = time.time() if start is None else start
        self._patience = patience
        self._changed = threading.Condition()
        self._deadlines: dict[int, float] = {}
        self._awake: set[int] = set()
        self._requests = 0
        self._known: set[int] = set()  # threads that have ever asked for the time
        self._servers: set[int] = set()  # threads that answer requests, which hold time by themselves
        self._elsewhere: set[int] = set()  # awake, but found to wait for something other than time
        self._tried = -math.inf  # the time at which patience was last at its end
        self._still = (self._now, math.inf)  # a time, and since when (of the real clock) it stands still

    @property
    def blur(self) -> float:
        """Time waits for calls."""
        return 0.0

    def now(self) -> float:
        """Seconds since the epoch, virtual."""
        self._known.add(threading.get_ident())
        return self._now

    def advance(self, seconds: float) -> None:
        """Make it that much later, now; whoever's time has come wakes up."""
        with self._changed:
            self._now += max(0.0, seconds)
            self._changed.notify_all()

    def spend(self, seconds: float) -> None:
        """Virtual time moves on at once, for everybody."""
        self.advance(seconds)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Let no sleeper move time while a request is answered."""
        with self._changed:
            self._requests += 1
            self._servers.add(threading.get_ident())
        try:
            yield
        finally:
            with self._changed:
                self._requests -= 1
                self._changed.notify_all()

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
        """Let that much virtual time pass, or less when ``wake`` is set meanwhile."""
        me = threading.get_ident()
        with self._changed:
            deadline = self._now + max(0.0, seconds)
            self._deadlines[me] = deadline
            self._awake.discard(me)
            self._elsewhere.discard(me)
            self._changed.notify_all()
            try:
                while self._now < deadline and not (wake and wake.is_set()):
                    self._step(deadline)
            finally:
                del self._deadlines[me]
                self._awake.add(me)
                self._changed.notify_all()

    def _step(self, deadline: float) -> None:
        """Move time to this sleeper's deadline when its turn has come, else wait for the others."""
        alive = {thread.ident for thread in threading.enumerate()}
        self._awake &= alive
        self._elsewhere &= alive
        if self._requests and self._changed.wait_for(lambda: not self._requests, _LONGEST_REQUEST):
            return
        if self._awake:
            patience = _LOOK_AGAIN if self._tried == self._now else self._patience
            moved = self._changed.wait_for(lambda: not self._awake or self._requests or self._now >= deadline, patience)
            if not moved:
                self._tried = self._now
                if not self._busy(deadline):
                    self._elsewhere |= self._awake
                    self._awake.clear()
        elif self._elsewhere and self._leaps(deadline) and (self._changed.wait(_LOOK_AGAIN) or self._busy(deadline)):
            return
        elif min(self._deadlines.values()) >= deadline:
            self._now = deadline
            self._changed.notify_all()
        else:
            self._changed.wait(self._patience)

    def _leaps(self, deadline: float) -> bool:
        """Whether it is far to a deadline: a beat or the end of a wait, not the next try of a call."""
        return deadline - self._now > _NEAR

    def _busy(self, deadline: float) -> bool:
        """Whether a thread that knows this clock runs, so that a leap has to wait; not for ever, though."""
        if not self._leaps(deadline):
            return False
        now = time.monotonic()
        if self._still[0] != self._now or self._still[1] > now:
            self._still = (self._now, now)
        frames = sys._current_frames()
        self._known &= frames.keys()
        self._servers &= frames.keys()
        runs = any(not _waits(frames[thread]) for thread in self._known - self._servers - self._deadlines.keys())
        return runs and now - self._still[1] < _LONGEST_RUN


def _waits(frame: FrameType) -> bool:
    """Whether a thread is inside one of the standard library's ways of waiting."""
    return frame.f_globals.get("__name__") in _WAITING
