"""Drives rollouts to their outcomes: one loop, one look at AWS a round for all of them together.

    results = drive(aws, jobs, store=store, move=move, sink=sink, guard=lease.assert_held, stop=stop)

A rollout that a former process left unfinished is taken up where it stands. One whose release is not wanted any more is
ended first: back, or, if its release already has all the traffic, forward.
"""

from __future__ import annotations

import dataclasses as dc
import threading
from collections.abc import Callable, Iterable

from orchestrator.aws.door import Aws
from orchestrator.aws.errors import ErrorClass, classify
from orchestrator.core.clock import iso
from orchestrator.core.errors import AwsError, CredentialsError
from orchestrator.core.events import Sink, silent
from orchestrator.core.store import Store
from orchestrator.rollout import joint as together
from orchestrator.rollout import machine
from orchestrator.rollout.gates.base import Ask
from orchestrator.rollout.http import asker
from orchestrator.rollout.jobs import Board, Job, Move, Result
from orchestrator.rollout.progress import Progress
from orchestrator.rollout.run import Lost, Run
from orchestrator.rollout.starting import Starter
from orchestrator.rollout.state import Cursor, Outcome, Phase, as_json, from_json, key
from orchestrator.rollout.watch import look

__all__ = ["Job", "Move", "Result", "drive", "latest", "unfinished"]

_PASSING = frozenset({ErrorClass.THROTTLED, ErrorClass.UNKNOWN, ErrorClass.PROPAGATING, ErrorClass.NOT_FOUND})
_BLIND_PAUSE = 10.0
_BLIND_ROUNDS = 30


def unfinished(store: Store, stack: str) -> dict[str, Cursor]:
    """Rollouts of a stack that have not ended, by service."""
    return {name: cursor for name, cursor in latest(store, stack).items() if cursor.phase is not Phase.ENDED}


def latest(store: Store, stack: str) -> dict[str, Cursor]:
    """The present or last rollout of every service of a stack."""
    found = {}
    for place in store.keys(f"{stack}/rollouts/"):
        if stored := store.load(place):
            cursor = from_json(stored.value)
            found[cursor.service] = cursor
    return found


def forget(store: Store, stack: str, why: str, *, now: float) -> None:
    """End every unfinished rollout of a stack, whose services are not there any more to go on with."""
    for service in unfinished(store, stack):
        stored = store.load(key(stack, service))
        if stored:
            ended = machine.void(from_json(stored.value), why, now)
            store.save(key(stack, service), as_json(ended), stored.version)


def drive(
    aws: Aws,
    jobs: Iterable[Job],
    *,
    store: Store,
    move: Move,
    sink: Sink = silent,
    guard: Callable[[], None] = lambda: None,
    stop: threading.Event | None = None,
    patience: float | None = None,
    joint: bool = False,
    ask: Ask | None = None,
) -> tuple[Result, ...]:
    """Roll out every job's service and return when each has an outcome.

    A service begins when those it needs have succeeded; all that do not need each other go at once. ``joint``: they are
    one release, kept or undone together. ``guard`` is called before each change and raises when we may not make it any
    more. ``stop`` leaves everything as it is, to be taken up again; so does ``patience``, after that many seconds.
    ``ask``: how gates ask over HTTP.
    """
    listed = list(jobs)
    progress = Progress(sink, aws.clock)
    starter = Starter(
        aws,
        store,
        move=move,
        progress=progress,
        guard=_guarded(guard),
        ask=ask or asker(aws.clock),
        joint=iso(aws.clock.now()) if joint else "",
    )
    board = Board(waiting={job.spec.name: job for job in listed})
    _Driver(aws, board, starter, progress).run(stop or threading.Event(), patience)
    return tuple(board.results[job.spec.name] for job in listed if job.spec.name in board.results)


class _Driver:
    """The loop."""

    def __init__(self, aws: Aws, board: Board, starter: Starter, progress: Progress) -> None:
        self._aws = aws
        self._board = board
        self._starter = starter
        self._progress = progress
        self._blinded = 0

    def run(self, stop: threading.Event, patience: float | None) -> None:
        """Round after round until nothing is at work and nothing can begin."""
        clock, board = self._aws.clock, self._board
        until = clock.now() + patience if patience is not None else None
        while True:
            together.refuse_orphans(board)
            self._starter.start(board, lambda job: not stop.is_set() and together.ready(board, job))
            if stop.is_set() or (until is not None and clock.now() >= until):
                self._leave(Outcome.STOPPED if stop.is_set() else Outcome.TIMED_OUT)
                return
            if not board.runs and not any(together.ready(board, job) for job in board.waiting.values()):
                return
            pause = self._round()
            if pause > 0 and board.runs:
                clock.sleep(pause if until is None else min(pause, until - clock.now()), stop)

    def _round(self) -> float:
        """One look for all, one tick each; the seconds until the next round."""
        board = self._board
        together.settle(board, self._aws.clock.now())
        self._each(list(board.runs.values()), lambda run: run.obey(self._aws.clock.now()))
        try:
            sights = look(self._aws, {name: run.subject() for name, run in board.runs.items()})
        except Exception as error:
            return self._blind(error)
        self._blinded = 0
        now = self._aws.clock.now()
        pauses = self._each(list(board.runs.values()), lambda run: run.tick(sights[run.spec.name], now))
        for run in list(board.runs.values()):
            self._progress.ticked(run)
            if run.cursor.outcome is not None:
                self._close(run, run.cursor.outcome, run.cursor.why)
        return min(pauses, default=0.0)

    def _each(self, runs: list[Run], act: Callable[[Run], float | None]) -> list[float]:
        """Do something for all at once. Whoever has lost its service to somebody else is done with."""

        def safely(run: Run) -> float | Lost | None:
            try:
                return act(run)
            except Lost as error:
                return error

        answers = self._aws.each(safely, runs)
        for run, answer in zip(runs, answers, strict=True):
            if isinstance(answer, Lost):
                self._close(run, Outcome.SUPERSEDED, str(answer))
        return [answer for answer in answers if isinstance(answer, float)]

    def _blind(self, error: Exception) -> float:
        """AWS does not say how things stand: wait, for a while, rather than leave everything half-way."""
        self._blinded += 1
        unreachable = isinstance(error, AwsError) and not isinstance(error, CredentialsError)
        if not (unreachable or classify(error) in _PASSING) or self._blinded > _BLIND_ROUNDS:
            raise error
        return _BLIND_PAUSE

    def _leave(self, outcome: Outcome) -> None:
        """Leave all rollouts as they are; AWS goes on with what it was told."""
        self._each(list(self._board.runs.values()), lambda run: run.save(dc.replace(run.cursor, outcome=outcome)))
        for run in list(self._board.runs.values()):
            self._close(run, outcome, run.said)
        for name in list(self._board.waiting):
            self._board.drop(name, Result(service=name, outcome=outcome, why="not begun"))

    def _close(self, run: Run, outcome: Outcome, why: str) -> None:
        self._board.close(run, Result(service=run.spec.name, outcome=outcome, why=why, cursor=run.cursor))
        self._progress.ended(run)


def _guarded(guard: Callable[[], None]) -> Callable[[], None]:
    def check() -> None:
        try:
            guard()
        except Exception as error:
            raise Lost(str(error)) from error

    return check
