"""Rolls services out, and moves what follows their traffic."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping

from orchestrator.app.ending import Outcome, ServiceEnding, gates_of
from orchestrator.app.following import Followers
from orchestrator.app.system import System
from orchestrator.aws.errors import allowing, refuses
from orchestrator.core.events import Sink
from orchestrator.rollout.decide import Decision, Need
from orchestrator.rollout.driver import Job, Result, drive
from orchestrator.rollout.release import ServiceSpec


@dc.dataclass(frozen=True, kw_only=True)
class Rollouts:
    """The services of one run: what each needs, and how each is reached.

    ``decisions`` may leave services out: of these only what was left unfinished is taken up. ``joint``: they are one
    release, kept or undone together. ``patience``: seconds after which they are left as they are, to be taken up again.
    """

    system: System
    specs: Mapping[str, ServiceSpec]
    decisions: Mapping[str, Decision]
    followers: Followers
    by: str
    joint: bool = False
    patience: float | None = None

    def run(self, sink: Sink) -> tuple[ServiceEnding, ...]:
        """Roll out what can be; a service whose needs are not met keeps running what it runs."""
        ends = {n: _not_ours(d) for n, d in self.decisions.items() if d.need in (Need.IMAGE, Need.LOOK)}
        while late := next((n for n in self.specs if n not in ends and self._waits(n, ends)), None):
            why = f"waits for {', '.join(self._waits(late, ends))}"
            ends[late] = ServiceEnding(service=late, outcome=Outcome.WAITING_FOR_IMAGES, why=why)
        jobs = [Job(spec=s, decision=self.decisions.get(n), by=self.by) for n, s in self.specs.items() if n not in ends]
        ends |= {r.service: _ended(r, self.decisions.get(r.service)) for r in self._drive(jobs, sink)}
        return tuple(ends[n] for n in self.specs if n in ends)

    def _drive(self, jobs: Iterable[Job], sink: Sink) -> tuple[Result, ...]:
        return drive(
            self.system.aws,
            jobs,
            store=self.system.store,
            move=lambda spec, colour: self.followers.move(spec.name, colour),
            sink=sink,
            guard=self.system.assert_held,
            stop=self.system.stop,
            patience=self.patience,
            joint=self.joint,
        )

    def _waits(self, name: str, ends: Mapping[str, ServiceEnding]) -> list[str]:
        """The services that this one needs, of which nothing runs because their image is not there."""
        return [n for n in self.specs[name].needs if n in ends and self._absent(n)]

    def _absent(self, name: str) -> bool:
        decision = self.decisions.get(name)
        return decision is not None and decision.live.active is None


def _not_ours(decision: Decision) -> ServiceEnding:
    """A service that waits for somebody: for an image to be pushed, or for a person to look."""
    why = "; ".join(decision.reasons)
    if decision.missing:
        push = decision.missing.push
        return ServiceEnding(service=decision.service, outcome=Outcome.WAITING_FOR_IMAGES, why=why, push=push)
    return ServiceEnding(service=decision.service, outcome=Outcome.STOPPED, why=why)


def _ended(result: Result, decision: Decision | None) -> ServiceEnding:
    evidence = result.cursor.evidence if result.cursor else {}
    told = [
        f"{title}: {line}" for title in ("stopped", "logs", "targets", "events") for line in evidence.get(title, ())
    ]
    image = decision.release.image.text if decision and decision.release else ""
    return ServiceEnding(
        service=result.service,
        outcome=Outcome[result.outcome.name],
        image=image or (result.cursor.release.get("image", "") if result.cursor else ""),
        why=result.why,
        evidence=tuple(told),
        gates=gates_of(result.cursor.journal) if result.cursor else (),
        hint=allowing((), result.why) if refuses(result.why) else "",
    )
