"""A task of its own with the new release's image: a migration, a smoke test. Its exit code decides."""

from __future__ import annotations

import dataclasses as dc
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import UnknownOutcome
from orchestrator.rollout.gates.base import Judgement, Limits, Means, Reading, Window
from orchestrator.rollout.logs import last_lines


@dc.dataclass(frozen=True, kw_only=True)
class Job:
    """A command, run once in the release's own container, network and role. It is never run twice for one rollout."""

    name: ClassVar[str] = "job"
    actions: ClassVar[tuple[str, ...]] = ("ecs:RunTask", "ecs:DescribeTasks", "ecs:StopTask", "iam:PassRole")
    job: str
    command: tuple[str, ...]
    seconds: float = 600.0
    limits: Limits = dc.field(default_factory=lambda: Limits(every=5.0, once=True))

    @property
    def title(self) -> str:
        return f"job {self.job}"

    def judge(self, means: Means, window: Window, memo: str) -> Reading:
        """``memo`` is the task's ARN. The client token is this rollout's, so a lost reply starts no second task."""
        if not memo:
            return self._start(means, window)
        answer = means.aws.client("ecs").describe_tasks(cluster=window.cluster, tasks=[memo])
        if not answer["tasks"]:
            return Reading(judgement=Judgement.ERROR, words="ECS has forgotten the task", memo=memo)
        task = answer["tasks"][0]
        if task["lastStatus"] != "STOPPED":
            if window.now - window.since > self.seconds:
                means.guard()
                means.aws.client("ecs").stop_task(cluster=window.cluster, task=memo, reason="took too long")
                return Reading(judgement=Judgement.FAIL, words=f"still at work after {self.seconds:g} s", memo=memo)
            return Reading(judgement=Judgement.NOT_YET, words=task["lastStatus"].lower(), memo=memo)
        return self._ended(means, window, task, memo)

    def _start(self, means: Means, window: Window) -> Reading:
        means.guard()
        override = {"name": window.container, "command": list(self.command)}
        try:
            answer = means.aws.client("ecs").run_task(
                cluster=window.cluster,
                taskDefinition=window.task_definition,
                count=1,
                clientToken=tags.token(window.stack, window.rollout, self.job),
                startedBy=tags.token(window.stack, window.rollout, self.job),
                networkConfiguration=dict(window.network),
                overrides={"containerOverrides": [override]},
                **window.capacity,
            )
        except UnknownOutcome as error:
            return Reading(judgement=Judgement.NOT_YET, words=error.message)
        if answer["tasks"]:
            return Reading(judgement=Judgement.NOT_YET, words="started", memo=answer["tasks"][0]["taskArn"])
        # RunTask answers 200 when nothing was started
        reasons = "; ".join(str(f.get("reason", "")) for f in answer.get("failures", ()))
        return Reading(judgement=Judgement.ERROR, words=f"not started: {reasons}")

    def _ended(self, means: Means, window: Window, task: dict[str, Any], memo: str) -> Reading:
        codes = {c["name"]: c.get("exitCode") for c in task["containers"]}
        if codes.get(window.container) == 0:
            return Reading(judgement=Judgement.PASS, words="exited with 0", memo=memo)
        lines = last_lines(means.aws, task["taskDefinitionArn"], memo, window.container)
        ended = f"exited with {codes.get(window.container)}: {task.get('stoppedReason', '')}"
        return Reading(judgement=Judgement.FAIL, words="\n".join((ended, *lines)), memo=memo)
