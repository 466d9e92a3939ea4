"""Rolls services out, in waves by what they need, and moves what follows their traffic."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter

from orchestrator.app.ending import Outcome, ServiceEnding
from orchestrator.app.following import Followers
from orchestrator.app.system import System
from orchestrator.core.events import Sink
from orchestrator.rollout.decide import Decision, Need
from orchestrator.rollout.driver import Job, Result, drive
from orchestrator.rollout.release import ServiceSpec


@dc.dataclass(frozen=True, kw_only=True)
class Rollouts:
    """The services of one run: what each needs, and how each is reached."""

    system: System
    specs: Mapping[str, ServiceSpec]
    decisions: Mapping[str, Decision]
    followers: Followers
    by: str

    def run(self, sink: Sink) -> tuple[ServiceEnding, ...]:
        """Roll out wave after wave; a service whose needs were not met keeps running what it runs."""
        ends: dict[str, ServiceEnding] = {}
        for wave in _waves(self.specs):
            ready = {n: self.decisions[n] for n in wave if not self._unmet(n, ends)}
            for name in (n for n in wave if n not in ready and self.decisions[n].acts):
                why = f"not begun, because {', '.join(self._unmet(name, ends))} did not succeed"
                ends[name] = ServiceEnding(service=name, outcome=Outcome.FAILED, why=why)
            ends |= {n: _not_ours(d) for n, d in ready.items() if d.need in (Need.IMAGE, Need.LOOK)}
            jobs = [Job(spec=self.specs[n], decision=d, by=self.by) for n, d in ready.items() if n not in ends]
            for result in self._drive(jobs, sink):
                ends[result.service] = _ended(result, self.decisions[result.service])
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
        )

    def _unmet(self, name: str, ends: Mapping[str, ServiceEnding]) -> list[str]:
        return [n for n in self.specs[name].needs if n in ends and ends[n].outcome is not Outcome.SUCCEEDED]


def _waves(specs: Mapping[str, ServiceSpec]) -> Iterable[tuple[str, ...]]:
    """Services in the order of their needs; those of one wave do not need each other."""
    sorter = TopologicalSorter({name: [n for n in spec.needs if n in specs] for name, spec in specs.items()})
    sorter.prepare()
    while sorter.is_active():
        wave = sorter.get_ready()
        yield tuple(sorted(wave))
        sorter.done(*wave)


def _not_ours(decision: Decision) -> ServiceEnding:
    """A service that waits for somebody: for an image to be pushed, or for a person to look."""
    why = "; ".join(decision.reasons)
    if decision.missing:
        push = decision.missing.push
        return ServiceEnding(service=decision.service, outcome=Outcome.WAITING_FOR_IMAGES, why=why, push=push)
    return ServiceEnding(service=decision.service, outcome=Outcome.STOPPED, why=why)


def _ended(result: Result, decision: Decision) -> ServiceEnding:
    evidence = result.cursor.evidence if result.cursor else {}
    told = [
        f"{title}: {line}" for title in ("stopped", "targets", "events", "logs") for line in evidence.get(title, ())
    ]
    return ServiceEnding(
        service=result.service,
        outcome=Outcome[result.outcome.name],
        image=decision.release.image.text if decision.release else "",
        why=result.why,
        evidence=tuple(told),
    )
