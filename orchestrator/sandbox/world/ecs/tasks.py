"""The operations on tasks: run one alone, find them, stop them."""

from __future__ import annotations

from orchestrator.sandbox.repairs.operations import AwsError, Call, Reply, operation
from orchestrator.sandbox.world.ecs import preparation, wording
from orchestrator.sandbox.world.ecs.addressing import cluster_of, definition_of, find_service, last_part, tasks_of
from orchestrator.sandbox.world.ecs.model import Json, Task
from orchestrator.sandbox.world.world import present


@operation("ecs", "RunTask")
def run_task(call: Call) -> Reply:
    """Start tasks that belong to no service; a lack of capacity is a failure in an answer of 200."""
    cluster, world = cluster_of(call), present()
    definition = definition_of(call, call.params["taskDefinition"])
    earlier = world.ecs.runs.get((call.account, call.region, call.params.get("clientToken") or ""))
    if earlier is not None:
        asked, tasks = earlier
        if asked != call.params:
            raise AwsError("ConflictException", "The clientToken was used before with other parameters.")
        return {"tasks": [each.describe(with_tags=True) for each in tasks], "failures": []}
    if role := preparation.unassumable_role(definition, call.account, call.region):
        raise AwsError("ClientException", wording.unassumable(role))
    if not world.ecs.has_room(definition):
        reason = wording.NO_CAPACITY.partition("Reason: ")[2].partition(" For more")[0]
        return {"tasks": [], "failures": [{"reason": reason}]}
    number = call.params.get("count") or 1
    tasks = [world.ecs.run_alone(cluster, call.account, call.region, definition, call.params) for _ in range(number)]
    if token := call.params.get("clientToken"):
        world.ecs.runs[call.account, call.region, token] = (dict(call.params), tasks)
    return {"tasks": [each.describe(with_tags=True) for each in tasks], "failures": []}


@operation("ecs", "StopTask")
def stop_task(call: Call) -> Reply:
    """Stop a task on somebody's order; its service will replace it."""
    task = _find(call, call.params["task"])
    if task is None:
        raise AwsError("InvalidParameterException", "The referenced task was not found.")
    present().ecs.lifecycle.stop(task, "UserInitiated", call.params.get("reason") or "Task stopped by user")
    return {"task": task.describe(with_tags=True)}


@operation("ecs", "DescribeTasks")
def describe_tasks(call: Call) -> Reply:
    """Describe what is remembered, and name what is missing; moto forgets to, and kills a task by looking at it."""
    cluster, with_tags = cluster_of(call), "TAGS" in call.params.get("include", [])
    if not call.params["tasks"]:
        raise AwsError("InvalidParameterException", "Tasks cannot be empty.")
    found, failures = [], []
    for asked in call.params["tasks"]:
        task = _find(call, asked)
        if task is None:
            failures.append({"arn": call.arn(f"task/{cluster.name}/{last_part(asked)}"), "reason": "MISSING"})
        else:
            found.append(task.describe(with_tags=with_tags))
    return {"tasks": found, "failures": failures}


@operation("ecs", "ListTasks")
def list_tasks(call: Call) -> Reply:
    """List by what was asked for; without a status those that are meant to run. moto ignores service and status."""
    asked = call.params
    wanted = asked.get("desiredStatus", "RUNNING")
    if "serviceName" in asked and find_service(call, cluster_of(call), asked["serviceName"]) is None:
        raise AwsError("ServiceNotFoundException", "Service not found.")
    return {
        "taskArns": [
            task.task_arn
            for task in tasks_of(call, cluster_of(call))
            if task.desired_status == wanted and _matches(task, asked)
        ]
    }


def _matches(task: Task, asked: Json) -> bool:
    return (
        ("serviceName" not in asked or task.group == f"service:{last_part(asked['serviceName'])}")
        and asked.get("startedBy") in (None, task.started_by)
        and asked.get("family") in (None, task.definition.family)
        and asked.get("launchType") in (None, task.asked.get("launchType"))
        and "containerInstance" not in asked
    )


def _find(call: Call, name_or_arn: str) -> Task | None:
    wanted = last_part(name_or_arn)
    return next((task for task in tasks_of(call, cluster_of(call)) if task.id == wanted), None)
