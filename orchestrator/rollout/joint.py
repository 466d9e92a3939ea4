"""Services that belong together: begun in the order of their needs, and, in a joint release, kept or undone as one.

In a joint release every service goes as far as it can without giving up its way back, and waits there. When all have
arrived, all go on; when one does not arrive, all go back, and going back is a change of weights.
"""

from __future__ import annotations

import dataclasses as dc

from orchestrator.rollout import machine
from orchestrator.rollout.jobs import Board, Job, Result
from orchestrator.rollout.run import Run
from orchestrator.rollout.stages.together import Together
from orchestrator.rollout.state import Outcome, Phase


def ready(board: Board, job: Job) -> bool:
    """Whether everything that a service needs is there: done with, or, in a joint release, as far as it goes alone."""
    return all(_there(board, name) for name in job.spec.needs)


def _there(board: Board, name: str) -> bool:
    if name in board.waiting:
        return False
    return name not in board.runs or arrived(board.runs[name])


def arrived(run: Run) -> bool:
    """Whether it waits for the others of its release."""
    stage = run.cursor.stage
    return run.cursor.phase is Phase.FORWARD and stage is not None and stage.name == Together.name


def refuse_orphans(board: Board) -> None:
    """What needs a service that did not succeed does not begin, nor does what needs that."""
    lost = {name for name, result in board.results.items() if result.outcome is not Outcome.SUCCEEDED}
    while orphan := next(
        (n for n, job in board.waiting.items() if n not in board.runs and lost & {*job.spec.needs}), ""
    ):
        missing = ", ".join(sorted(lost & {*board.waiting[orphan].spec.needs}))
        why = f"not begun, because {missing} did not succeed"
        board.drop(orphan, Result(service=orphan, outcome=Outcome.REFUSED, why=why))
        lost.add(orphan)


def settle(board: Board, now: float) -> None:
    """Let the services of each joint release go on together, go back together, or wait together."""
    for joint in sorted({run.cursor.joint for run in board.runs.values()} - {""}):
        members = [run for run in board.runs.values() if run.cursor.joint == joint]
        results = [r for r in board.results.values() if r.cursor is None or r.cursor.joint == joint]
        if failed := _failed(members, results):
            _back(members, f"released together with {failed}, which did not succeed", now)
        elif board.waiting or not all(arrived(run) or run.facts.together for run in members):
            continue
        elif paused := [r.service for r in results if r.outcome is Outcome.PAUSED]:
            for run in members:
                run.save(dc.replace(run.cursor, outcome=Outcome.PAUSED, why=f"waits for {', '.join(paused)}"))
        else:
            for run in members:
                run.remember(together=True)


def _failed(members: list[Run], results: list[Result]) -> str:
    """A service that is lost to its joint release; empty when there is none."""
    turned = [run.spec.name for run in members if run.cursor.phase is not Phase.FORWARD]
    lost = [r.service for r in results if r.outcome not in (Outcome.SUCCEEDED, Outcome.PAUSED)]
    return next(iter(turned + lost), "")


def _back(members: list[Run], why: str, now: float) -> None:
    for run in members:
        if run.cursor.phase is Phase.FORWARD:
            run.save(machine.turn_back(run.cursor, why, now))
