"""Tells the daemon of a tick while it lasts and when it is over: what is seen, what happens, how it ended."""

from __future__ import annotations

import contextlib
import dataclasses as dc
import threading
from collections.abc import Callable, Iterator

from orchestrator.app.failures import failure
from orchestrator.aws.door import Aws
from orchestrator.core.events import Event
from orchestrator.core.store import Scoped
from orchestrator.daemon.reconciler import Means, Ticked
from orchestrator.daemon.schedule import Again
from orchestrator.daemon.troubles import Troubles
from orchestrator.daemon.views import StackView, Views
from orchestrator.daemon.watched import Watched
from orchestrator.fleet.message import Message
from orchestrator.fleet.report import Answer, Made, Report, Trouble, Working, revise, seen
from orchestrator.plan.load.loader import LoadedPlan

BEAT = 5.0
"""Seconds between two times that the daemon is told how far it is, and that somebody is at it."""


class Telling:
    """One tick's. While the store is away nothing is told; what was not told yet is told later."""

    def __init__(
        self,
        means: Means,
        views: Views,
        message: Message,
        loaded: LoadedPlan,
        door: Aws,
        *,
        name: str,
        troubles: Troubles,
    ) -> None:
        """``name`` is who tells; ``troubles`` are of those who could not."""
        self._troubles = troubles
        self._means = means
        self._views = views
        self._message = message
        self._loaded = loaded
        self._door = door
        self._name = name
        self._lock = threading.Lock()
        self._untold: list[Event] = []
        self._ticked: list[Ticked] = []

    def happened(self, event: Event) -> None:
        """Tell it with the next beat."""
        with self._lock:
            self._untold.append(event)

    def ticked(self, ticked: Ticked) -> None:
        """What whoever counts is to be told."""
        self._ticked.append(ticked)

    def begin(self) -> bool:
        """Begin where the last one who worked on it stopped; whether this very tick was done already."""
        done = False

        def begun(told: Report) -> Report:
            nonlocal done
            done = told.answer(self._message.tick) is not None
            self._views.update(self._message.key, **seen(told.view))
            return told if done else dc.replace(told, working=self._at_work())

        self._tell(begun)
        return done

    @contextlib.contextmanager
    def beating(self) -> Iterator[None]:
        """While it lasts the daemon hears of it."""
        over = threading.Event()
        beats = threading.Thread(target=self._beat, args=(over,), name=f"beat-{self._message.key}", daemon=True)
        beats.start()
        try:
            yield
        finally:
            over.set()
            beats.join()

    def end(self, again: Again, troubles: tuple[Trouble, ...]) -> None:
        """Tell how it ended."""
        made = self._means.doors.drain()
        answer = Answer(
            tick=self._message.tick,
            again=again,
            troubles=troubles,
            ticked=tuple(self._ticked),
            calls=tuple(Made(**dc.asdict(call), times=times) for call, times in made.items()),
        )
        self._tell(lambda told: dc.replace(told, view=self._view()).with_answer(answer))

    # -- inside --------------------------------------------------------------------------------------------------------

    def _beat(self, over: threading.Event) -> None:
        while not over.is_set():
            self._means.wall.sleep(BEAT, over)
            if not over.is_set():
                self._tell(lambda told: dc.replace(told, view=self._view(), working=self._at_work()))

    def _view(self) -> StackView:
        return self._views.view(self._message.key)

    def _at_work(self) -> Working:
        return Working(tick=self._message.tick, by=self._name, at=self._means.wall.now())

    def _tell(self, change: Callable[[Report], Report]) -> None:
        """Have the store keep what was told before, what is news, and the change."""
        key, stack = self._message.key, self._loaded.stack
        with self._lock:
            news = tuple(self._untold)

        def told(before: Report) -> Report:
            return change(before.with_events(news))

        try:
            means, door = self._means, self._door
            revise(Scoped(Watched(means.stores(self._loaded, door)), door.reader().scope), stack, key, told)
        except Exception as error:
            found = failure(error)
            self._troubles.met(stack, key, f"the daemon cannot be told of it: {found.message}", found.hint)
            return
        self._troubles.over(key)
        with self._lock:
            del self._untold[: len(news)]
