"""The daemon's queue where workers do the work: what is sent, what became of it, and what was lost on the way.

Nothing here waits for the broker or the store but ``turn``, which a thread of its own repeats: a daemon stays up, and
says so, while either is away. A stack whose message is unanswered is sent no second one, by this daemon or the next:
one that is started again finds in the store who is at work, and waits for them.
"""

from __future__ import annotations

import dataclasses as dc
import itertools
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from orchestrator.app.failures import failure
from orchestrator.aws.door import Call
from orchestrator.aws.redact import Redactor
from orchestrator.core.store import Scoped
from orchestrator.daemon.daemon import Daemon
from orchestrator.daemon.reconciler import Means
from orchestrator.daemon.schedule import Again
from orchestrator.daemon.troubles import Troubles
from orchestrator.daemon.views import StackView
from orchestrator.fleet.message import Message, digest
from orchestrator.fleet.report import Answer, Report, read, seen
from orchestrator.lease import SKEW
from orchestrator.plan.load.loader import LoadedPlan

Send = Callable[[Message, float], None]
"""Puts a message where a worker finds it, unless so many seconds have passed. Raises when the broker is away."""

LOST = 60.0
"""Seconds without a sign of whoever began a tick, after which they are taken for dead."""
_SOONEST = 15.0
_GRACE = 10.0
_SELDOMEST = 5.0
_PAUSE = 5.0
_EVERY = 1.0


@dc.dataclass(frozen=True, kw_only=True)
class Out:
    """A stack that is to be worked on. ``tick`` is empty until it was sent; all times are the wall's."""

    since: float
    tick: str = ""
    until: float = 0.0
    """When a message that nobody has begun is thrown away."""
    by: str = ""
    """Who has begun it."""
    beat: float = 0.0
    """What they said last, by their clock."""
    heard: float = 0.0
    """When that was, by ours."""
    next: float = 0.0
    """When it is looked at again."""


class Messages:
    """A ``Queue`` whose work is done elsewhere. ``name`` is told from all other daemons, of this machine or another."""

    def __init__(self, send: Send, means: Means, name: str, *, speed: float = 1.0) -> None:
        """``speed``: how many seconds of a plan's interval pass in one of the wall."""
        self._send = send
        self._means = means
        self._name = f"{name}:{means.wall.now():.3f}"
        self._speed = speed
        self._lock = threading.Lock()
        self._out: dict[str, Out] = {}
        self._answers: list[tuple[str, Again]] = []
        self._told: dict[str, int] = {}
        self._seen: dict[str, StackView] = {}
        self._given_up: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._closed = False
        self._daemon: Daemon | None = None

    def attach(self, daemon: Daemon) -> None:
        """Be the queue of a daemon, to whose views and troubles goes what workers tell."""
        self._daemon = daemon

    def serve(self, daemon: Daemon) -> None:
        """Be its queue and do the work of one, in a thread, until it stops."""
        self.attach(daemon)
        threading.Thread(target=self._run, name="messages", daemon=True).start()

    # -- as a queue ----------------------------------------------------------------------------------------------------

    def put(self, key: str) -> bool:
        with self._lock:
            if self._closed or key in self._out:
                return False
            self._out[key] = Out(since=self._means.wall.now())
            return True

    def answers(self) -> list[tuple[str, Again]]:
        with self._lock:
            found, self._answers = self._answers, []
            return found

    def busy(self) -> frozenset[str]:
        """Those of which a worker has said that it has begun; none when closed: they go on without us."""
        with self._lock:
            return frozenset() if self._closed else frozenset(key for key, out in self._out.items() if out.by)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._out.clear()

    # -- what the thread does ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._means.stop.is_set():
            self.turn()
            self._means.wall.sleep(_EVERY, self._means.stop)

    def turn(self) -> None:
        """Send what is to be sent, as long as the broker takes it, and see what became of what was."""
        now = self._means.wall.now()
        with self._lock:
            due = [(key, out) for key, out in self._out.items() if out.next <= now]
        broker = True
        for key, out in due:
            planned = self._served.planned(key)
            if planned is None or planned.loaded is None or planned.loaded.model.daemon.mode == "off":
                self._settle(key, Again.LATER)
            elif (report := self._read(key, planned.loaded)) is None:
                self._change(key, out, next=now + _PAUSE)
            elif out.tick:
                self._look(key, out, report, now)
            elif broker:
                broker = self._begin(key, out, planned.loaded, report, now)

    def _begin(self, key: str, out: Out, loaded: LoadedPlan, report: Report, now: float) -> bool:
        """Have a stack worked on, unless somebody is at it already; whether the broker is there."""
        working = report.working
        if working and now - working.at < LOST + SKEW and working.tick != self._given_up.get(key):
            self._change(key, out, tick=working.tick, by=working.by, beat=working.at, heard=now)
            return True
        seconds = max(_SOONEST, loaded.model.daemon.interval / self._speed)
        message = Message(key=key, plan=digest(loaded), tick=f"{self._name}:{next(self._numbers)}")
        try:
            self._send(message, seconds)
        except Exception as error:
            said = Redactor()(f"the broker takes no messages: {type(error).__name__}: {error}")
            self._troubles.met(_BROKER, _BROKER, said, "stacks are sent as soon as it does")
            return False
        self._troubles.over(_BROKER)
        self._change(key, out, tick=message.tick, until=now + seconds)
        return True

    def _look(self, key: str, out: Out, report: Report, now: float) -> None:
        """See whether a tick is over, or never will be."""
        working = report.working
        if answer := report.answer(out.tick):
            self._answered(key, answer)
        elif working and working.tick == out.tick and working.at != out.beat:
            self._change(key, out, by=working.by, beat=working.at, heard=now, next=now + _pause(out, now))
        elif out.by and now - out.heard >= LOST:
            self._lost(key, out.tick, f"{out.by} was at work on it, and has not been heard of for {LOST:.0f} s")
        elif not out.by and now >= out.until + _GRACE:
            said = "no worker has begun what was sent"
            self._troubles.met(_WORKERS, key, said, "see that workers run, with the same broker, store and plans")
            self._settle(key, Again.LATER)
        else:
            self._change(key, out, next=now + _pause(out, now))

    def _answered(self, key: str, answer: Answer) -> None:
        self._troubles.over(key)
        for trouble in answer.troubles:
            self._troubles.met(trouble.where, key, trouble.message, trouble.hint)
        for ticked in answer.ticked:
            self._means.ticked(ticked)
        self._means.doors.add(Counter({Call(c.service, c.operation, c.result): c.times for c in answer.calls}))
        self._settle(key, answer.again)

    def _lost(self, key: str, tick: str, said: str) -> None:
        self._given_up[key] = tick
        self._served.views.update(key, trouble=said)
        self._seen.pop(key, None)
        self._troubles.met(key, key, said, "it is sent to another")
        self._settle(key, Again.AFTER_A_FAILURE)

    def _read(self, key: str, loaded: LoadedPlan) -> Report | None:
        """What workers have told of a stack, passed on as far as it is news; None when the store is away."""
        door = self._means.doors.to(loaded.model)
        try:
            report = read(Scoped(self._means.stores(loaded, door), door.reader().scope), loaded.stack, key)
        except Exception as error:
            found = failure(error)
            self._means.doors.discard(door)
            self._troubles.met(_STORE, f"{key} reading", found.message, found.hint)
            return None
        self._troubles.over(f"{key} reading")
        if report.view != self._seen.get(key):
            self._seen[key] = report.view
            self._served.views.update(key, **seen(report.view))
        for event in report.since(self._told.setdefault(key, report.told)):
            self._means.sink(event)
        self._told[key] = report.told
        return report

    @property
    def _served(self) -> Daemon:
        if self._daemon is None:
            raise RuntimeError("it serves no daemon yet")
        return self._daemon

    @property
    def _troubles(self) -> Troubles:
        return self._served.reconciler.troubles

    def _change(self, key: str, out: Out, **changes: Any) -> None:
        with self._lock:
            if self._out.get(key) is not None:  # else it was closed meanwhile
                self._out[key] = dc.replace(out, **changes)

    def _settle(self, key: str, again: Again) -> None:
        with self._lock:
            if self._out.pop(key, None) is not None:
                self._answers.append((key, again))


def _pause(out: Out, now: float) -> float:
    """Short ticks are answered for soon; who looks at long ones all the time learns nothing more."""
    return min(_SELDOMEST, (now - out.since) / 4)


_STORE = "store"
_BROKER = "broker"
_WORKERS = "workers"
