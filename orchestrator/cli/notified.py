"""Those whom plans name, told of what a command or a daemon does while it does it, beside whoever looks on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from orchestrator.aws.door import Aws
from orchestrator.core.clock import Clock, SystemClock
from orchestrator.core.events import Event, Sink, State, silent
from orchestrator.core.store import Scoped, Store
from orchestrator.notices.channels import Channels
from orchestrator.notices.notices import Notices
from orchestrator.plan.load.loader import LoadedPlan

_ARRIVES_WITHIN = 5.0
"""Seconds for which a command that has ended waits for messages on their way."""
_DAEMON_WAITS = 3.0
"""The same for a daemon, which others kill 30 seconds after they have told it to stop."""


class Notified:
    """The notices of one run of one command."""

    def __init__(self, loaded: LoadedPlan, store: Callable[[], Store]) -> None:
        self._said: list[str] = []
        self._channels = Channels(os.environ, SystemClock(), self._said.append)
        self.notices = Notices(loaded, self._channels, store)
        self.notices.check()

    def close(self) -> None:
        """Wait a little for what is on its way, and say what did not arrive: beside the output, which is the work's."""
        self._channels.close(_ARRIVES_WITHIN)
        for line in self._said:
            print(f"notifications: {line}", file=sys.stderr)


class DaemonNotified:
    """The notices of all stacks of a daemon. What is wrong with a channel goes where everything else is told."""

    def __init__(self, stores: Callable[[LoadedPlan, Aws], Store], sink: Sink, clock: Clock) -> None:
        self._stores = stores
        self._sink = sink
        self._clock = clock
        self._channels = Channels(os.environ, SystemClock(), self._say)

    def __call__(self, loaded: LoadedPlan, door: Aws) -> Sink:
        """Who is told of the stack of a plan."""
        if not loaded.model.notifications.channels:
            return silent
        notices = Notices(loaded, self._channels, lambda: Scoped(self._stores(loaded, door), door.reader().scope))
        notices.check()
        return notices

    def left(self) -> int:
        """How many messages are on their way."""
        return self._channels.left()

    def close(self) -> None:
        """Wait a little for what is on its way."""
        self._channels.close(_DAEMON_WAITS)

    def _say(self, message: str) -> None:
        at = self._clock.now()
        self._sink(Event(at=at, subject="notifications", action="notify", state=State.BLOCKED, message=message))
