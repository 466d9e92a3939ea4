"""One look at AWS: what is answered twice is seen once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from orchestrator.rollout.watch import Subject, look

TASK = "arn:aws:ecs:eu-west-1:1:task/main/1"


class Door:
    """A service with one task, which is told to stop between the two calls that list running and stopped ones."""

    def client(self, _: str) -> Door:
        return self

    def each(self, act: Callable[[Any], Any], things: Iterable[Any]) -> list[Any]:
        return [act(thing) for thing in things]

    def describe_services(self, **_: Any) -> dict[str, Any]:
        deployment = {"id": "ecs-svc/1", "status": "PRIMARY", "desiredCount": 1, "runningCount": 0}
        return {"services": [{"serviceName": "posts", "status": "ACTIVE", "deployments": [deployment]}]}

    def pages(self, *_: Any, **__: Any) -> Iterator[str]:
        yield TASK

    def describe_tasks(self, tasks: list[str], **_: Any) -> dict[str, Any]:
        said = {"group": "service:posts", "stopCode": "EssentialContainerExited", "stoppedReason": "exited"}
        return {"tasks": [{"taskArn": arn, "lastStatus": "STOPPED", **said} for arn in tasks]}


def test_a_task_that_is_listed_as_running_and_as_stopped_has_failed_once() -> None:
    subject = Subject(cluster="main", services={"blue": "posts"}, closely="blue")
    seen = look(Door(), {"posts": subject})["posts"].sides["blue"]  # type: ignore[arg-type]
    assert [task.arn for task in seen.tasks] == [TASK]
