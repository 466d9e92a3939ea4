"""The roles that tasks run with: one that ECS uses to start them, one that they act with."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence

from orchestrator.core.values import PolicyDoc
from orchestrator.kinds.ecr import Repository
from orchestrator.kinds.iam import Role
from orchestrator.kinds.logs import LogGroup
from orchestrator.plan.compile import policies
from orchestrator.plan.compile.context import Context
from orchestrator.plan.model.plan import Plan
from orchestrator.plan.model.services import Service
from orchestrator.plan.resources import references

ECS_TASKS = "ecs-tasks"
_SHELL = policies.document(
    policies.allow(
        [
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
        ],
        ["*"],
    )
)


@dc.dataclass(frozen=True)
class TaskRoles:
    """The execution role, shared, and the task role of every service."""

    execution: Role
    tasks: Mapping[str, Role]

    @property
    def resources(self) -> tuple[Role, ...]:
        """Every role once."""
        return (self.execution, *{role.name: role for role in self.tasks.values()}.values())


def role(name: str, service: str, context: Context, **inline: PolicyDoc | None) -> Role:
    """A role that an AWS service takes, with policies of its own; those that are None it does not have."""
    return Role(
        name=name,
        aws_name=context.name(Role, name),
        trust=policies.trust(service, context),
        inline={policy: document for policy, document in inline.items() if document is not None},
    )


def compile_task_roles(
    plan: Plan, context: Context, repositories: Sequence[Repository], log_groups: Sequence[LogGroup]
) -> TaskRoles:
    """Roles for the services, for exactly their repositories and log groups."""
    secrets = [arn for service in plan.services.values() for arn in service.secrets.values()]
    execution = role(
        "execution",
        ECS_TASKS,
        context,
        start=policies.pull_and_log(
            [repository_arn(r, context) for r in repositories], [log_arn(g, context) for g in log_groups]
        ),
        secrets=policies.read_secrets(secrets),
    )
    shared = role("task", ECS_TASKS, context)
    own = {name: _task_role(name, service, context) for name, service in plan.services.items()}
    return TaskRoles(execution, {name: own[name] or shared for name in plan.services})


def _task_role(name: str, service: Service, context: Context) -> Role | None:
    """A service that needs more than others has a role of its own, so that the others do not get it too."""
    if not service.permissions and not service.execute_command:
        return None
    stated = [policies.allow(p.actions, map(references.parse, p.resources)) for p in service.permissions]
    return role(
        f"{name}-task",
        ECS_TASKS,
        context,
        permissions=policies.document(*stated) if stated else None,
        shell=_SHELL if service.execute_command else None,
    )


def repository_arn(repository: Repository, context: Context) -> str:
    """A repository's ARN, which its name makes certain."""
    return context.arn("ecr", f"repository/{repository.aws_name}")


def log_arn(group: LogGroup, context: Context) -> str:
    """A log group's ARN, which its name makes certain."""
    return context.arn("logs", f"log-group:{group.aws_name}")
