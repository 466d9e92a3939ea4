"""One rollout at work: what its stages may touch, one tick of it, and what it tells those who watch."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable
from typing import Any

from orchestrator.aws.door import Aws, UnknownOutcome
from orchestrator.aws.errors import ErrorClass, classify, code_of, message_of
from orchestrator.core.errors import AwsError, Conflict, CredentialsError
from orchestrator.core.store import Store
from orchestrator.rollout import history, machine, orders
from orchestrator.rollout.diagnosis import evidence, newest
from orchestrator.rollout.fleet import EcsFleet, ReleaseUnknown
from orchestrator.rollout.gates.base import Ask, Gate, Judgement, Means, Reading
from orchestrator.rollout.logs import last_lines
from orchestrator.rollout.release import Release, ServiceSpec
from orchestrator.rollout.router import AlbRouter, Rule
from orchestrator.rollout.stages.base import RELEASE, Facts, Fleet, Look, Router, Scaling
from orchestrator.rollout.stages.verdicts import Done, Fail, Verdict, Wait
from orchestrator.rollout.state import Cursor, Phase, as_json
from orchestrator.rollout.survey import groups_of, subject_of
from orchestrator.rollout.watch import Sight, Subject
from orchestrator.rollout.window import window_of

_FIRST_PAUSE = 2.0
_LONGEST_PAUSE = 10.0
_GROWTH = 1.5
_AFTER_A_FAILURE = 30.0
_HEARTBEAT = 60.0
_PATIENCE = {
    ErrorClass.PROPAGATING: 120.0,
    ErrorClass.NOT_FOUND: 120.0,
    ErrorClass.BUSY: 300.0,
    ErrorClass.THROTTLED: 600.0,
    ErrorClass.UNKNOWN: 600.0,
}


class Lost(Exception):
    """Somebody else works on this service now: the lease is gone, or the cursor is not as we left it."""


class Run:
    """A rollout of one service, from wherever its cursor stands."""

    fleet: Fleet
    router: Router | None

    def __init__(
        self,
        aws: Aws,
        spec: ServiceSpec,
        cursor: Cursor,
        *,
        version: int | None,
        release: Release | None,
        store: Store,
        scaling: Scaling,
        guard: Callable[[], None],
        ask: Ask,
    ) -> None:
        """``version``: of what the store holds under the cursor's key. ``release``: None when only taken up again."""
        self.spec = spec
        self.cursor = cursor
        self.scaling = scaling
        self.said = ""
        self.sight: Sight | None = None
        self._aws = aws
        self._version = version
        self._release = release
        self._store = store
        self._guard = guard
        self._means = Means(aws=aws, ask=ask, guard=guard)
        self._pause = _FIRST_PAUSE
        self._now = 0.0

    # -- what stages see -------------------------------------------------------------------------------------

    @property
    def facts(self) -> Facts:
        return self.cursor.facts

    @property
    def now(self) -> float:
        return self._now

    @property
    def place(self) -> str:
        return f"{self.cursor.phase.value} {self.cursor.at}"

    def judge(self, gate: Gate, memo: str) -> Reading:
        """Ask a gate; what was measured goes into the record."""
        window = window_of(self.spec, self.cursor, self._now)
        try:
            reading = gate.judge(self._means, window, memo)
        except Lost:
            raise
        except Exception as error:
            if not (isinstance(error, AwsError) or hasattr(error, "response")):
                raise
            words = f"{code_of(error)}: {message_of(error)}"
            reading = Reading(judgement=Judgement.ERROR, words=words, memo=memo)
        if reading.judgement is not Judgement.NOT_YET:
            said = {"gate": gate.title, "judgement": reading.judgement.value}
            self.cursor = machine.note_down(self.cursor, self._now, reading.words, **said)
        return reading

    def remember(self, **changes: Any) -> None:
        """Save changed facts; nothing is written when they are known already."""
        facts = dc.replace(self.cursor.facts, **changes)
        if facts != self.cursor.facts:
            self.save(dc.replace(self.cursor, facts=facts))

    def obey(self, now: float) -> None:
        """Carry out what a person has ordered since the last round."""
        order = orders.waiting(self._store, self.cursor)
        if order:
            self.said = str(order)
            self.save(orders.carry_out(self.cursor, order, now))

    # -- one tick --------------------------------------------------------------------------------------------

    def subject(self) -> Subject:
        """What to look at before the next tick."""
        look = self.cursor.stage.look if self.cursor.stage else Look.LOOSELY
        sides = {Look.NEW: self.facts.new, Look.GLANCE: self.facts.new, Look.OLD: self.facts.old}
        return subject_of(self.spec, sides.get(look), glance=look is Look.GLANCE)

    def tick(self, sight: Sight, now: float) -> float:
        """One look, one verdict, one transition at most; the seconds until the next tick makes sense."""
        stage = self.cursor.stage
        if stage is None:
            return 0.0
        self.sight, self._now = sight, now
        self.fleet = EcsFleet(
            self._aws,
            self.spec,
            release=self._release,
            facts=lambda: self.cursor.facts,
            sides=sight.sides,
            token=self.cursor.id,
            guard=self._guard,
        )
        self.router = self._router(sight)
        age = now - self.cursor.since
        try:
            verdict = self._unlisted(sight, age) or stage.tick(self, age)
        except Exception as error:
            verdict = _verdict(error, age)
        self.said = f"{stage.name}: {_words(verdict)}"
        before = self.cursor
        after = machine.advance(before, verdict, now)
        if after.why and after.why != before.why and after.phase is not Phase.ENDED:
            after = dc.replace(after, evidence={**self.evidence(), **after.evidence, **self._logs()})
        if after is not before or now - before.driven >= _HEARTBEAT:
            self.save(after)
        return self._next_pause(verdict, again=after.stage is stage)

    def save(self, cursor: Cursor) -> None:
        """Compare-and-swap: two processes on one service cannot both go on. What has ended is history first."""
        cursor = dc.replace(cursor, driven=self._aws.clock.now())
        if cursor.phase is Phase.ENDED:
            history.write(self._store, cursor)
        try:
            self._version = self._store.save(cursor.key, as_json(cursor), self._version).version
        except Conflict as error:
            raise Lost(str(error)) from error
        self.cursor = cursor

    def evidence(self) -> dict[str, Any]:
        """AWS's own words about the new side, as far as they are known."""
        side = self.sight.sides.get(self.facts.new) if self.sight else None
        return dict(evidence(side, self.facts.attempt(RELEASE).at)) if side else {}

    def _logs(self) -> dict[str, Any]:
        """What the task wrote that ended last: fetched once, when a rollout fails."""
        side = self.sight.sides.get(self.facts.new) if self.sight else None
        ended = newest(t for t in side.tasks if t.stopped_reason) if side else []
        if not ended:
            return {}
        lines = last_lines(self._aws, ended[0].task_definition, ended[0].arn, self.spec.container)
        return {"logs": list(lines)} if lines else {}

    # -- inside ----------------------------------------------------------------------------------------------

    def _unlisted(self, sight: Sight, age: float) -> Wait | None:
        """A rule that has only just been made is not listed for a while: no sign that somebody has taken it away."""
        if self.spec.balanced and self.spec.rule and sight.rule is None and age < _PATIENCE[ErrorClass.NOT_FOUND]:
            return Wait("AWS does not list the rule")
        return None

    def _router(self, sight: Sight) -> AlbRouter | None:
        if not self.spec.balanced or self.spec.rule is None:
            return None
        return AlbRouter(
            self._aws,
            sight.rule or Rule(self.spec.rule, ()),
            groups_of(self.spec, sight.sides),
            test=sight.test_rule,
            sticky=self.spec.sticky,
            guard=self._guard,
        )

    def _next_pause(self, verdict: Verdict, *, again: bool) -> float:
        """``again``: the stage stays the same, so nothing is gained by looking at once."""
        if not isinstance(verdict, Wait):
            self._pause = _FIRST_PAUSE
            return _AFTER_A_FAILURE if again else 0.0
        if verdict.seconds is not None:
            return verdict.seconds
        pause, self._pause = self._pause, min(self._pause * _GROWTH, _LONGEST_PAUSE)
        return pause


def _words(verdict: Verdict) -> str:
    return verdict.note or "done" if isinstance(verdict, Done) else verdict.why


def _verdict(error: Exception, age: float) -> Verdict:
    """What an error in a stage means. Only AWS's answers are judged; anything else is a defect, and is raised."""
    if isinstance(error, ReleaseUnknown):
        return Fail(error.message)
    if isinstance(error, UnknownOutcome):
        return Wait(f"looking again: {error.message}")
    if isinstance(error, CredentialsError) or not (isinstance(error, AwsError) or hasattr(error, "response")):
        raise error
    meaning = ErrorClass.UNKNOWN if isinstance(error, AwsError) else classify(error)
    why = f"{code_of(error)}: {message_of(error)}"
    if age < _PATIENCE.get(meaning, 0.0):
        return Wait(f"trying again: {why}")
    return Fail(why, refused=meaning is ErrorClass.DENIED)
