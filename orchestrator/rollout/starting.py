"""How rollouts begin: what was left unfinished is taken up, what is wanted begins from a fresh look, or is refused."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.aws.door import Aws
from orchestrator.core.store import Store
from orchestrator.rollout import history, machine
from orchestrator.rollout.begin import begin
from orchestrator.rollout.decide import Decision, Need
from orchestrator.rollout.fleet import EcsFleet
from orchestrator.rollout.gates.base import Ask
from orchestrator.rollout.jobs import Board, Job, Move, Result
from orchestrator.rollout.preflight import obstacles
from orchestrator.rollout.progress import Progress
from orchestrator.rollout.release import OnConflict, ServiceSpec
from orchestrator.rollout.run import Run
from orchestrator.rollout.scaling import AutoScaling
from orchestrator.rollout.sides import ABSENT
from orchestrator.rollout.stages.base import RELEASE, Facts
from orchestrator.rollout.state import Cursor, Outcome, Phase, as_json, from_json, key
from orchestrator.rollout.survey import stand, subject_of
from orchestrator.rollout.watch import Sight, look


class Starter:
    """Begins rollouts, each from its cursor or with a new one."""

    def __init__(
        self, aws: Aws, store: Store, *, move: Move, progress: Progress, guard: Callable[[], None], ask: Ask, joint: str
    ) -> None:
        """``joint``: the name of the joint release that new rollouts belong to; empty for none."""
        self._aws = aws
        self._store = store
        self._move = move
        self._progress = progress
        self._guard = guard
        self._ask = ask
        self._joint = joint

    def start(self, board: Board, ready: Callable[[Job], bool]) -> None:
        """Begin every waiting job that is ready and whose service is not being rolled out already."""
        fresh: dict[str, tuple[Job, int | None]] = {}
        for name, job in list(board.waiting.items()):
            if name in board.runs:
                continue
            version, cursor = self._left(job.spec)
            if cursor:
                self._meet(board, job, cursor, version)
            elif job.decision is None:
                del board.waiting[name]
            elif not job.decision.acts:
                board.drop(name, _settled(job.decision))
            elif ready(job):
                fresh[name] = (job, version)
        for name in fresh:  # not before: whoever needs it has to see it waiting until it is at work
            del board.waiting[name]
        if fresh:
            self._begin(board, fresh)

    # -- what is there already -------------------------------------------------------------------------------

    def _left(self, spec: ServiceSpec) -> tuple[int | None, Cursor | None]:
        """The rollout of a service that has not ended. One whose ECS services are gone has nothing to go on with."""
        stored = self._store.load(key(spec.stack, spec.name))
        cursor = from_json(stored.value) if stored else None
        if stored is None or cursor is None or cursor.phase is Phase.ENDED:
            return stored.version if stored else None, None
        sides = look(self._aws, {spec.name: subject_of(spec)})[spec.name].sides
        if not machine.bereft(cursor, {colour for colour, side in sides.items() if side.status != ABSENT}):
            return stored.version, cursor
        ended = machine.void(cursor, "its ECS services are gone", self._aws.clock.now())
        history.write(self._store, ended)
        return self._store.save(cursor.key, as_json(ended), stored.version).version, None

    def _meet(self, board: Board, job: Job, cursor: Cursor, version: int | None) -> None:
        """Take up a rollout that has not ended; where another one is wanted, it makes room, or the other is refused."""
        name, now = job.spec.name, self._aws.clock.now()
        if _same(cursor, job):
            del board.waiting[name]
        elif _waits(cursor) and job.spec.on_conflict is OnConflict.REFUSE:
            board.drop(name, _conflict(cursor, job))
            return
        elif not (_waits(cursor) and job.spec.on_conflict is OnConflict.QUEUE):
            cursor = machine.give_way(cursor, "a newer release is wanted", now)
        run = self._run(job, cursor, version)
        run.save(machine.resume(cursor, self._aws.clock.now()))
        board.runs[name] = run
        self._progress.started(run)

    # -- what is new -----------------------------------------------------------------------------------------

    def _begin(self, board: Board, fresh: dict[str, tuple[Job, int | None]]) -> None:
        sights = look(self._aws, {name: subject_of(job.spec) for name, (job, _) in fresh.items()})
        for name, (job, version) in fresh.items():
            outcome = self._begun(job, version, sights[name])
            if isinstance(outcome, Run):
                board.runs[name] = outcome
                self._progress.started(outcome)
            else:
                board.drop(name, outcome)

    def _begun(self, job: Job, version: int | None, sight: Sight) -> Run | Result:
        spec, decision = job.spec, job.decision
        live = stand(spec, sight)
        if live.foreign or decision is None:
            return Result(service=spec.name, outcome=Outcome.STOPPED, why=live.foreign)
        if decision.need is Need.RECORD:
            return self._record(job, decision, sight)
        if decision.release and decision.need is not Need.HEAL:
            found = obstacles(self._aws, spec, live, decision.release)
            if found:
                return Result(service=spec.name, outcome=Outcome.REFUSED, why="; ".join(found))
        joint = "" if decision.need is Need.HEAL else self._joint
        cursor = begin(spec, decision, live, by=job.by, joint=joint, now=self._aws.clock.now())
        run = self._run(job, cursor, version)
        run.save(cursor)
        return run

    def _run(self, job: Job, cursor: Cursor, version: int | None) -> Run:
        spec = job.spec
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
            release=job.decision.release if job.decision and _same(cursor, job) else None,
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
    if machine.frozen(cursor):
        return True
    return cursor.outcome in (Outcome.PAUSED, Outcome.TIMED_OUT) and not machine.proved(cursor)


def _conflict(cursor: Cursor, job: Job) -> Result:
    image = cursor.release["image"].partition("@")[0]
    stands = f"{cursor.outcome} ({cursor.why})" if cursor.why else f"{cursor.outcome}"
    why = f"the rollout of {image} by {cursor.by} {stands}; promote or abort it first"
    return Result(service=job.spec.name, outcome=Outcome.REFUSED, why=why, cursor=cursor)


def _settled(decision: Decision) -> Result:
    outcome = Outcome.STOPPED if decision.need is Need.LOOK else Outcome.SUCCEEDED
    return Result(service=decision.service, outcome=outcome, why="; ".join(decision.reasons))
