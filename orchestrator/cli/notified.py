"""Those whom a plan names, told of what a command does while it does it, beside whoever looks on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from orchestrator.core.clock import SystemClock
from orchestrator.core.store import Store
from orchestrator.notices.channels import Channels
from orchestrator.notices.notices import Notices
from orchestrator.plan.load.loader import LoadedPlan

_ARRIVES_WITHIN = 5.0
"""Seconds for which a command that has ended waits for messages on their way."""


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
