"""A worker: Celery's, with one task. Its processes are told to stop before Celery waits for them.

SIGTERM: Celery takes nothing more and waits for what is in flight, without a limit and without a word to it. So each
process has the end of a pipe that the first one holds open: when that closes it, or is killed, the ticks stop at their
next step. What has not come to an end by then is given up, as Celery does on SIGQUIT.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from celery import signals

from orchestrator.core.events import State
from orchestrator.daemon.daemon import STOPS_WITHIN
from orchestrator.daemon.plans import Plans
from orchestrator.daemon.reconciler import Means
from orchestrator.fleet.application import TASK
from orchestrator.fleet.hands import Hands
from orchestrator.fleet.message import Message, Misshapen
from orchestrator.fleet.said import Said
from orchestrator.lease import Holder


class Line:
    """A pipe from the first process to all others, which says one thing only, by being closed."""

    def __init__(self) -> None:
        self._ear, mouth = os.pipe()
        self._mouth = [mouth]

    def hang_up(self) -> None:
        """Have everybody stop. Twice is fine."""
        while self._mouth:
            os.close(self._mouth.pop())

    def listen(self, stop: threading.Event) -> None:
        """In another process: set the event when the first one hangs up, or is gone."""
        self.hang_up()  # our copy of the end that is the first process's

        def hear() -> None:
            os.read(self._ear, 1)
            stop.set()

        threading.Thread(target=hear, name="line", daemon=True).start()


def work(app: Any, plans: Plans, means: Callable[[], Means], said: Said, concurrency: int) -> int:
    """Do what is sent until told to stop; the exit code. ``means`` are made anew in each of its processes."""
    line, hands = Line(), list[Hands]()

    def tick(message: object) -> None:
        try:
            hands[0](Message.of(message))
        except Misshapen as error:
            said.say(State.FAILED, f"a message is none of ours: {error}")

    def begin(**_: object) -> None:
        mine = means()
        line.listen(mine.stop)
        hands.append(Hands(plans, mine, Holder.here().owner))
        signals.worker_process_shutdown.connect(lambda **_: mine.notices.close(), weak=False)

    def end(**_: object) -> None:
        line.hang_up()
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGQUIT))
        signal.alarm(int(STOPS_WITHIN))

    with contextlib.suppress(OSError):  # told when there is something to do
        plans.scan()  # once, for all processes
    app.task(name=TASK)(tick)
    app.finalize()
    for name in set(app.tasks) - {TASK}:
        app.tasks.unregister(name)
    signals.setup_logging.connect(lambda **_: said.listen(), weak=False)
    signals.worker_process_init.connect(begin, weak=False)
    signals.worker_shutting_down.connect(end, weak=False)
    vars(sys)["__stdout__"] = sys.__stderr__  # where Celery says that it stops, in words of its own
    worker = app.Worker(concurrency=concurrency, pool="prefork", quiet=True, without_gossip=True, without_mingle=True)
    worker.start()
    return int(worker.exitcode or 0)
