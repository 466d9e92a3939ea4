"""Walks steps as their needs are met. It decides nothing but the order, which is the plan's.

One thread holds all the state: which steps are ready, which wait, and when the next look or try is due. A step starts
the moment its needs are done; a failure blocks only what needs it, and nothing that is under way is cancelled.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from orchestrator.aws.errors import ErrorClass
from orchestrator.core.events import State
from orchestrator.core.health import Pending
from orchestrator.core.resource import Live
from orchestrator.kinds.scope import Scope
from orchestrator.reconcile.act import Act, Moves, Outputs
from orchestrator.reconcile.context import Context
from orchestrator.reconcile.crew import Crew
from orchestrator.reconcile.explain import explain, hint
from orchestrator.reconcile.patience import meaning_of
from orchestrator.reconcile.report import Outcome, Result
from orchestrator.reconcile.steps import Action, Step
from orchestrator.reconcile.wait import Look, Pause, Poller

_PASSING = (ErrorClass.THROTTLED, ErrorClass.UNKNOWN, ErrorClass.BUSY, ErrorClass.NOT_FOUND)
_NOTICE_STOP = 1.0


class _Halt(BaseException):
    """We may not write any more. Its cause says why."""


@dataclass(eq=False)
class _Task:
    """A step under way."""

    step: Step
    moves: Moves
    since: float


class Walk:
    """One pass over some steps of a plan. ``earlier``: how steps of an earlier pass ended, for those that need them."""

    def __init__(
        self,
        steps: Iterable[Step],
        context: Context,
        *,
        scope: Callable[[], Scope],
        hold: Callable[[], None],
        stop: threading.Event,
        earlier: Mapping[str, Result],
    ) -> None:
        self._steps = {step.key: step for step in steps}
        self._context = context
        self._scope = scope
        self._hold = hold
        self._stop = stop
        self._ended = dict(earlier)
        self._graph = TopologicalSorter({key: step.needs & self._steps.keys() for key, step in self._steps.items()})
        self._poller: Poller[_Task] = Poller(context.clock)
        self._paused: list[tuple[float, int, _Task]] = []
        self._count = itertools.count()
        self._halted: BaseException | None = None

    def run(self, workers: int) -> list[Result]:
        """Walk all of them. Raises only what ends the whole apply: a lost lease, or the end of the process."""
        self._graph.prepare()
        with Crew(workers, self._context.clock) as crew:
            while True:
                crew.hear()
                self._go_on(crew)
                self._begin(crew)
                until = self._next_at()
                if not crew.busy and until is None:
                    break
                crew.rest(until)
        if self._halted:
            raise self._halted
        return [self._ended[key] for key in self._steps]

    # -- starting ------------------------------------------------------------------------------------------------------

    def _begin(self, crew: Crew) -> None:
        """Start what is ready, first what takes AWS longest."""
        while ready := self._graph.get_ready():
            for key in sorted(ready, key=lambda key: (not self._kind(self._steps[key]).settles, key)):
                self._start(self._steps[key], crew)

    def _start(self, step: Step, crew: Crew) -> None:
        needs = [self._ended[key] for key in step.needs if key in self._ended]
        culprits = {r.step.key for r in needs if r.outcome is Outcome.FAILED}.union(*(r.blocked_by for r in needs))
        if culprits:
            self._context.tell(step, State.BLOCKED, f"needs {', '.join(sorted(culprits))}")
            self._end(Result(step=step, outcome=Outcome.BLOCKED, blocked_by=tuple(sorted(culprits))))
        elif self._stopping or not all(r.outcome.good for r in needs):
            self._end(Result(step=step, outcome=Outcome.STOPPED))
        elif step.action is Action.KEEP and not self._pending(step):
            self._end(Result(step=step, outcome=Outcome.KEPT))
        else:
            self._context.tell(step, State.STARTED, step.cause)
            self._move(_Task(step, Act(step, self._context).run(), self._context.clock.now()), None, crew)

    def _pending(self, step: Step) -> bool:
        """Whether something that is as planned is still being made, by an apply that did not see the end of it."""
        kind = self._kind(step)
        return bool(kind.settles and step.live and isinstance(kind.health(step.live), Pending))

    # -- going on ------------------------------------------------------------------------------------------------------

    def _move(self, task: _Task, answer: list[Live[Any]] | Exception | None, crew: Crew) -> None:
        """Let a task go on until it has to wait again, or ends."""

        def work() -> Look | Pause | Outputs:
            try:
                self._hold()
            except Exception as error:
                raise _Halt from error
            try:
                return task.moves.throw(answer) if isinstance(answer, Exception) else task.moves.send(answer)
            except StopIteration as end:
                outputs: Outputs = end.value
                return outputs

        crew.do(work, lambda future: self._moved(task, future))

    def _moved(self, task: _Task, future: Future[Look | Pause | Outputs]) -> None:
        match future.exception() or future.result():
            case _Halt() as halt:
                self._halted = halt.__cause__
                self._leave(task)
            case Exception() as error:
                self._fail(task, error)
            case BaseException() as end:
                raise end
            case Look() | Pause() if self._stopping:
                self._leave(task)
            case Look(kind):
                self._poller.join(kind, task)
            case Pause(seconds):
                heapq.heappush(self._paused, (self._context.clock.now() + seconds, next(self._count), task))
            case outputs:
                self._finish(task, outputs)

    def _go_on(self, crew: Crew) -> None:
        """Look where a look is due, and wake whose pause is over."""
        if self._stopping:
            for task in [*self._poller.leave(), *(entry[2] for entry in self._paused)]:
                self._leave(task)
            self._paused.clear()
        for kind in self._poller.due():
            self._look(kind, crew)
        while self._paused and self._paused[0][0] <= self._context.clock.now():
            self._move(heapq.heappop(self._paused)[2], None, crew)

    def _look(self, kind: str, crew: Crew) -> None:
        def work() -> list[Live[Any]]:
            return list(self._context.kinds[kind].observe(self._context.aws, self._scope()))

        def seen(future: Future[list[Live[Any]]]) -> None:
            error = future.exception()
            if error is not None and not isinstance(error, Exception):
                raise error
            if error is not None and meaning_of(error) in _PASSING:
                self._poller.again(kind)
                return
            for task in self._poller.answered(kind):
                self._move(task, error or future.result(), crew)

        crew.do(work, seen)

    # -- ending --------------------------------------------------------------------------------------------------------

    def _finish(self, task: _Task, outputs: Outputs) -> None:
        if task.step.action is not Action.DELETE:
            self._context.outputs[task.step.address] = outputs
        self._context.tell(task.step, State.DONE)
        self._end(Result(step=task.step, outcome=Outcome.DONE, seconds=self._age(task)))

    def _fail(self, task: _Task, error: Exception) -> None:
        step = task.step
        message, advice = self._context.redact(explain(error)), hint(error, step.verb, self._kind(step))
        self._context.tell(step, State.FAILED, message, hint=advice, blocks=self._blocked_by(step.key))
        self._end(Result(step=step, outcome=Outcome.FAILED, error=message, hint=advice, seconds=self._age(task)))

    def _leave(self, task: _Task) -> None:
        """Wait for it no longer; AWS goes on with what it was asked for."""
        task.moves.close()
        self._context.tell(task.step, State.NOTE, "left unfinished: run the same again to go on")
        self._end(Result(step=task.step, outcome=Outcome.STOPPED, seconds=self._age(task)))

    def _end(self, result: Result) -> None:
        self._ended[result.step.key] = result
        self._graph.done(result.step.key)

    def _blocked_by(self, key: str) -> list[str]:
        """All steps that cannot be done now that this one has failed, in the plan's order."""
        out = {key}
        for step in self._steps.values():
            if step.needs & out:
                out.add(step.key)
        return [k for k in self._steps if k in out and k != key]

    # -- asking --------------------------------------------------------------------------------------------------------

    @property
    def _stopping(self) -> bool:
        return self._stop.is_set() or self._halted is not None

    def _kind(self, step: Step) -> Any:
        return self._context.kinds[step.address.kind]

    def _age(self, task: _Task) -> float:
        return self._context.clock.now() - task.since

    def _next_at(self) -> float | None:
        """When something is due, or a wish to stop is to be noticed; None while there is only work to wait for."""
        paused = self._paused[0][0] if self._paused else None
        due = [at for at in (self._poller.next_at(), paused) if at is not None]
        return min(*due, self._context.clock.now() + _NOTICE_STOP) if due else None
