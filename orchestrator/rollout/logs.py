"""The last lines that a task wrote: often the only place where a crash says why."""

from __future__ import annotations

from orchestrator.aws.door import Aws
from orchestrator.aws.redact import Redactor

_LINES = 10


def last_lines(aws: Aws, task_definition: str, task: str, container: str) -> tuple[str, ...]:
    """The newest lines of a container, oldest first; none where it logs elsewhere, or they cannot be read."""
    try:
        described = aws.client("ecs").describe_task_definition(taskDefinition=task_definition)["taskDefinition"]
        for definition in described["containerDefinitions"]:
            logs = definition.get("logConfiguration", {})
            if definition["name"] == container and logs.get("logDriver") == "awslogs":
                return _read(aws, logs["options"], task, container)
    except Exception as error:  # what explains a failure must not become one
        if getattr(error, "response", None) is None:
            raise
    return ()


def _read(aws: Aws, options: dict[str, str], task: str, container: str) -> tuple[str, ...]:
    stream = "/".join((options.get("awslogs-stream-prefix", ""), container, task.rpartition("/")[2]))
    answer = aws.client("logs").get_log_events(
        logGroupName=options["awslogs-group"], logStreamName=stream, limit=_LINES, startFromHead=False
    )
    redact = Redactor()
    return tuple(redact(event["message"]) for event in answer["events"][-_LINES:])
