"""Drives rollouts to their outcomes: one loop, one look at AWS a round for all of them together.

    results = drive(aws, jobs, store=store, move=move, sink=sink, guard=lease.assert_held, stop=stop)

A rollout that a former process left unfinished is taken up where it stands. One whose release is not wanted any more is
ended first: back, or, if its release already has all the traffic, forward.
"""

from __future__ import annotations

import dataclasses as dc
import threading
from collections.abc import Callable, Iterable, Sequence

from orchestrator.aws.door import Aws
from orchestrator.aws.errors import ErrorClass, classify
from orchestrator.core.errors import AwsError, CredentialsError
from orchestrator.core.events import Sink, silent
from orchestrator.core.store import Store
from orchestrator.rollout import machine
from orchestrator.rollout.begin import begin
from orchestrator.rollout.decide import Decision, Need
from orchestrator.rollout.fleet import EcsFleet
from orchestrator.rollout.gates.base import Ask
from orchestrator.rollout.http import asker
from orchestrator.rollout.preflight import obstacles
from orchestrator.rollout.progress import Progress
from orchestrator.rollout.release import OnConflict, ServiceSpec
from orchestrator.rollout.run import Lost, Run
from orchestrator.rollout.scaling import AutoScaling
from orchestrator.rollout.stages.base import RELEASE, Facts
from orchestrator.rollout.state import Cursor, Outcome, Phase, from_json, key
from orchestrator.rollout.survey import LiveService, stand, subject_of
from orchestrator.rollout.watch import Sight, look


@dc.dataclass(frozen=True, kw_only=True)
class Job:
    """A service to roll out. Without a decision only what was left unfinished is taken up."""

    spec: ServiceSpec
    decision: Decision | None = None
    by: str = ""
    """Who asked for it, and with what."""


@dc.dataclass(frozen=True, kw_only=True)
class Result:
    """How a service's rollout ended, or stands."""

    service: str
    outcome: Outcome
    why: str = ""
    cursor: Cursor | None = None

    @property
    def exit_code(self) -> int:
        """The exit code that says so."""
        return self.outcome.exit_code


Move = Callable[[ServiceSpec, str], None]
"""Brings scalable target, policies and alarms of a service to a colour."""


def unfinished(store: Store, stack: str) -> dict[str, Cursor]:
    """Rollouts of a stack that have not ended, by service."""
    found = {}
    for place in store.keys(f"{stack}/rollouts/"):
        stored = store.load(place)
        cursor = from_json(stored.value) if stored else None
        if cursor and cursor.phase is not Phase.ENDED:
            found[cursor.service] = cursor
    return found


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
    ask: Ask | None = None,
) -> tuple[Result, ...]:
    """Roll out every job's service, all at once, and return when each has an outcome.

    ``guard`` is called before each change and raises when we may not make it any more. ``stop`` leaves everything as
    it is, to be taken up again; so does ``patience``, after that many seconds. ``ask``: how gates ask over HTTP.
    """
    driver = _Driver(aws, store, move, Progress(sink, aws.clock), guard, ask or asker(aws.clock))
    return driver.run(list(jobs), stop or threading.Event(), patience)


_PASSING = frozenset({ErrorClass.THROTTLED, ErrorClass.UNKNOWN, ErrorClass.PROPAGATING, ErrorClass.NOT_FOUND})
_BLIND_PAUSE = 10.0
_BLIND_ROUNDS = 30


class _Driver:
    def __init__(
        self, aws: Aws, store: Store, move: Move, progress: Progress, guard: Callable[[], None], ask: Ask
    ) -> None:
        self._aws = aws
        self._store = store
        self._move = move
        self._progress = progress
        self._guard = _guarded(guard)
        self._ask = ask
        self._blinded = 0

    def run(self, jobs: Sequence[Job], stop: threading.Event, patience: float | None) -> tuple[Result, ...]:
        clock = self._aws.clock
        until = clock.now() + patience if patience is not None else None
        results: dict[str, Result] = {}
        waiting = {job.spec.name: job for job in jobs}
        runs: dict[str, Run] = {}
        while True:
            self._start(waiting, runs, results)
            if not runs:
                return tuple(results[job.spec.name] for job in jobs if job.spec.name in results)
            late = until is not None and clock.now() >= until
            if stop.is_set() or late:
                outcome = Outcome.STOPPED if stop.is_set() else Outcome.TIMED_OUT
                results.update({name: self._left(run, outcome) for name, run in runs.items()})
                return tuple(results[job.spec.name] for job in jobs if job.spec.name in results)
            pause = self._round(runs, waiting, results)
            if pause > 0 and runs:
                clock.sleep(pause if until is None else min(pause, until - clock.now()), stop)

    # -- starting --------------------------------------------------------------------------------------------

    def _start(self, waiting: dict[str, Job], runs: dict[str, Run], results: dict[str, Result]) -> None:
        """Take up what was left unfinished; begin what is wanted, from a fresh look."""
        fresh: dict[str, tuple[Job, int | None]] = {}
        for name, job in list(waiting.items()):
            if name in runs:
                continue
            stored = self._store.load(key(job.spec.stack, name))
            cursor = from_json(stored.value) if stored else None
            if cursor and cursor.phase is not Phase.ENDED and stored:
                if _refused(cursor, job):
                    results[name] = _conflict(cursor, job)
                    del waiting[name]
                    continue
                runs[name] = self._taken_up(job, cursor, stored.version)
                if _same(cursor, job):
                    del waiting[name]
            elif job.decision is None or not job.decision.acts:
                del waiting[name]
                if job.decision is not None:
                    results[name] = _settled(job.decision)
            else:
                fresh[name] = (job, stored.version if stored else None)
                del waiting[name]
        if fresh:
            self._begin(fresh, runs, results)

    def _begin(
        self, fresh: dict[str, tuple[Job, int | None]], runs: dict[str, Run], results: dict[str, Result]
    ) -> None:
        sights = look(self._aws, {name: subject_of(job.spec) for name, (job, _) in fresh.items()})
        for name, (job, version) in fresh.items():
            decision = job.decision
            if decision is None:
                continue
            live = stand(job.spec, sights[name])
            if live.foreign:
                results[name] = Result(service=name, outcome=Outcome.STOPPED, why=live.foreign)
            elif decision.need is Need.RECORD:
                results[name] = self._record(job, decision, sights[name])
            elif found := self._obstacles(job, decision, live):
                results[name] = Result(service=name, outcome=Outcome.REFUSED, why="; ".join(found))
            else:
                cursor = begin(job.spec, decision, live, by=job.by, now=self._aws.clock.now())
                run = self._run(job, cursor, version)
                run.save(cursor)
                runs[name] = run
                self._progress.started(run)

    def _obstacles(self, job: Job, decision: Decision, live: LiveService) -> tuple[str, ...]:
        if decision.release is None or decision.need is Need.HEAL:
            return ()
        return obstacles(self._aws, job.spec, live, decision.release)

    def _taken_up(self, job: Job, cursor: Cursor, version: int) -> Run:
        now = self._aws.clock.now()
        if not _same(cursor, job) and not (_waits(cursor) and job.spec.on_conflict is OnConflict.QUEUE):
            cursor = machine.give_way(cursor, "a newer release is wanted", now)
        run = self._run(job, cursor, version)
        run.save(machine.resume(cursor))
        self._progress.started(run)
        return run

    def _run(self, job: Job, cursor: Cursor, version: int | None) -> Run:
        spec = job.spec
        release = job.decision.release if job.decision and _same(cursor, job) else None
        scaling = AutoScaling(
            self._aws,
            cluster=spec.cluster,
            services=spec.services,
            move=lambda colour: self._move(spec, colour),
            guard=self._guard,
        )
        return Run(
            self._aws,
            spec,
            cursor,
            version=version,
            release=release,
            store=self._store,
            scaling=scaling,
            guard=self._guard,
            ask=self._ask,
        )

    def _record(self, job: Job, decision: Decision, sight: Sight) -> Result:
        """The plan calls the same image by another name: only the label changes."""
        spec, live = job.spec, decision.live
        if live.active and live.side:
            facts = Facts(old=None, new=live.active, count=0, least=0, task_definition=live.side.task_definition)
            fleet = EcsFleet(
                self._aws,
                spec,
                release=decision.release,
                facts=lambda: facts,
                sides=sight.sides,
                token="",
                guard=self._guard,
            )
            fleet.label(live.active, RELEASE)
        return Result(service=spec.name, outcome=Outcome.SUCCEEDED, why="nothing to roll out")

    # -- going on --------------------------------------------------------------------------------------------

    def _round(self, runs: dict[str, Run], waiting: dict[str, Job], results: dict[str, Result]) -> float:
        """One look for all, one tick each; the seconds until the next round."""
        for run in runs.values():
            run.obey(self._aws.clock.now())
        try:
            sights = look(self._aws, {name: run.subject() for name, run in runs.items()})
        except Exception as error:
            return self._blind(error)
        self._blinded = 0
        now = self._aws.clock.now()

        def tick(pair: tuple[str, Run]) -> float | Lost:
            name, run = pair
            try:
                return run.tick(sights[name], now)
            except Lost as error:
                return error

        pauses = []
        for (name, run), answer in zip(list(runs.items()), self._aws.each(tick, list(runs.items())), strict=True):
            if isinstance(answer, Lost):
                results[name] = Result(service=name, outcome=Outcome.SUPERSEDED, why=str(answer), cursor=run.cursor)
                del runs[name]
                continue
            self._progress.ticked(run)
            outcome = run.cursor.outcome
            if outcome is None:
                pauses.append(answer)
                continue
            del runs[name]
            if run.cursor.phase is not Phase.ENDED:
                waiting.pop(name, None)  # whatever was to come after it cannot begin
            results[name] = Result(service=name, outcome=outcome, why=run.cursor.why, cursor=run.cursor)
            self._progress.ended(run)
        return min(pauses, default=0.0)

    def _blind(self, error: Exception) -> float:
        """AWS does not say how things stand: wait, for a while, rather than leave everything half-way."""
        self._blinded += 1
        passing = classify(error) in _PASSING or (
            isinstance(error, AwsError) and not isinstance(error, CredentialsError)
        )
        if not passing or self._blinded > _BLIND_ROUNDS:
            raise error
        return _BLIND_PAUSE

    def _left(self, run: Run, outcome: Outcome) -> Result:
        """Leave a rollout as it is; AWS goes on with what it was told."""
        cursor = dc.replace(run.cursor, outcome=outcome)
        run.save(cursor)
        self._progress.ended(run)
        return Result(service=run.spec.name, outcome=outcome, why=run.said, cursor=cursor)


def _same(cursor: Cursor, job: Job) -> bool:
    """Whether a cursor is on its way to what is wanted; a job that wants nothing yet lets it go on."""
    decision = job.decision
    if decision is None or decision.release is None:
        return True
    if cursor.strategy == Need.HEAL:
        return decision.need.value == cursor.strategy
    return cursor.release["hash"] == decision.release.hash


def _waits(cursor: Cursor) -> bool:
    """Whether a rollout is not left over but waits for somebody: for a person, or for whoever it was handed to."""
    return cursor.outcome in (Outcome.PAUSED, Outcome.TIMED_OUT) and not machine.proved(cursor)


def _refused(cursor: Cursor, job: Job) -> bool:
    return not _same(cursor, job) and _waits(cursor) and job.spec.on_conflict is OnConflict.REFUSE


def _conflict(cursor: Cursor, job: Job) -> Result:
    image = cursor.release["image"].partition("@")[0]
    why = f"the rollout of {image} by {cursor.by} {cursor.outcome}; promote or abort it first"
    return Result(service=job.spec.name, outcome=Outcome.REFUSED, why=why, cursor=cursor)


def _settled(decision: Decision) -> Result:
    outcome = Outcome.STOPPED if decision.need is Need.LOOK else Outcome.SUCCEEDED
    return Result(service=decision.service, outcome=outcome, why="; ".join(decision.reasons))


def _guarded(guard: Callable[[], None]) -> Callable[[], None]:
    def check() -> None:
        try:
            guard()
        except Exception as error:
            raise Lost(str(error)) from error

    return check
