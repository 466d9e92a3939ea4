"""Task definitions: what a task consists of. AWS never changes one, it numbers revisions of a family."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import code_of, message_of
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import JsonDoc, Link
from orchestrator.kinds.base import Actions, Item, Named
from orchestrator.kinds.ecs import containers as boxes
from orchestrator.kinds.ecs import volumes
from orchestrator.kinds.ecs.base import EcsKind
from orchestrator.kinds.ecs.containers import Container
from orchestrator.kinds.ecs.volumes import Volume
from orchestrator.kinds.scope import Scope

_DEFAULT_DISK = 20
_DELETED_A_CALL = 10


@dc.dataclass(frozen=True, kw_only=True)
class TaskDefinition(Named):
    """A family's newest revision, each of whose tasks has a network interface of its own.

    ``cpu`` in units of which a virtual CPU has 1024, ``memory`` in MiB.
    """

    kind: ClassVar[str] = "task-definition"
    name_limit: ClassVar[int] = 255
    aws_name: str = attr("family", immutable=True)
    containers: Mapping[str, Container] = attr("containerDefinitions", parse=boxes.parse)
    cpu: int = attr("cpu", parse=int)
    memory: int = attr("memory", parse=int)
    execution_role: Link[Any] = attr("executionRoleArn || ''", default="")
    task_role: Link[Any] = attr("taskRoleArn || ''", default="")
    compatibilities: frozenset[str] = attr(
        "requiresCompatibilities || `[]`", parse=frozenset, default=frozenset({"FARGATE"})
    )
    architecture: str = attr("runtimePlatform.cpuArchitecture || 'X86_64'", default="X86_64")
    disk: int = attr(f"ephemeralStorage.sizeInGiB || `{_DEFAULT_DISK}`", default=_DEFAULT_DISK)
    volumes: Mapping[str, Volume] = attr("volumes || `[]`", parse=volumes.parse, factory=dict)


class TaskDefinitionKind(EcsKind[TaskDefinition]):
    """Older revisions stay, for services to go back to; they go when the family goes."""

    resource = TaskDefinition
    outputs: ClassVar[Mapping[str, str]] = {
        "id": "taskDefinitionArn",
        "arn": "taskDefinitionArn",
        "name": "family",
        "revision": "revision",
    }
    renews = frozenset({"id", "arn", "revision"})
    actions = Actions(
        read=("ecs:DescribeTaskDefinition",),
        create=("ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole"),
        update=("ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole"),
        delete=("ecs:ListTaskDefinitions", "ecs:DeregisterTaskDefinition", "ecs:DeleteTaskDefinitions"),
    )
    arns: ClassVar[Mapping[str, str]] = {"ecs:task-definition": "task-definition/{aws_name}:*"}
    passes_to = "ecs-tasks.amazonaws.com"

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """The newest active revision of each family that is wanted, or that the tagging API proposes."""
        families = {want.aws_name for want in scope.of(self.resource.kind) if isinstance(want, TaskDefinition)}
        families |= {_family(a) for a in scope.proposed(aws, self.resource.kind) if ":task-definition/" in a}
        return [item for item in aws.each(lambda family: newest(aws, family), sorted(families)) if item]

    def predict(self, want: TaskDefinition, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """The family is the plan's; the revision is AWS's."""
        return {"name": want.aws_name}

    def create(self, aws: Aws, want: TaskDefinition) -> Item:
        """The first revision, or the next of a family that was deregistered."""
        return register(aws, want)

    def update(self, aws: Aws, want: TaskDefinition, live: Live[TaskDefinition], changed: frozenset[str]) -> None:
        """A further revision, unless only tags differ."""
        if changed - {"tags"}:
            register(aws, want)
        else:
            self.retag(aws, want, live, changed)

    def delete(self, aws: Aws, live: Live[TaskDefinition]) -> None:
        """All revisions of the family. Those that tasks still use go when the last of these tasks has stopped."""
        client, family = aws.client("ecs"), live.outputs["name"]
        active, inactive = (_revisions(aws, family, status) for status in ("ACTIVE", "INACTIVE"))
        for arn in active:
            client.deregister_task_definition(taskDefinition=arn)
        doomed = [*active, *inactive]
        for i in range(0, len(doomed), _DELETED_A_CALL):
            client.delete_task_definitions(taskDefinitions=doomed[i : i + _DELETED_A_CALL])

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """A small service that logs, checks itself, and writes to no more than a scratch volume."""
        main = Container(
            image="123456789012.dkr.ecr.us-east-1.amazonaws.com/contract/posts:1",
            ports=frozenset({3000}),
            environment={"PORT": "3000", "REGION": "us-east-1"},
            secrets={"TOKEN": "arn:aws:ssm:us-east-1:123456789012:parameter/contract/token"},
            user="1001",
            read_only_root=True,
            health=boxes.HealthCheck(("CMD-SHELL", "true")),
            logs=boxes.Logs({"awslogs-group": "/contract/posts", "awslogs-region": "us-east-1"}),
            mounts=frozenset({boxes.Mount("scratch", "/tmp")}),  # noqa: S108  (inside the container)
            extra=JsonDoc({"linuxParameters": {"initProcessEnabled": True}}),
        )
        return [
            TaskDefinition(
                name="posts",
                aws_name="contract-posts",
                containers={"posts": main},
                cpu=256,
                memory=1024,
                execution_role="arn:aws:iam::123456789012:role/contract-execution",
                volumes={"scratch": volumes.Scratch()},
            )
        ]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """More of everything."""
        (before,) = (r for r in cls.example() if isinstance(r, TaskDefinition))
        main = dc.replace(before.containers["posts"], command=("node", "."), stop_timeout=60, entry_point=("tini",))
        helper = Container(image="public.ecr.aws/docker/library/busybox:1", essential=False, cpu=32)
        return {
            "containers": {"posts": dc.replace(main, depends_on={"warm": "START"}), "warm": helper},
            "cpu": 512,
            "memory": 2048,
            "execution_role": "arn:aws:iam::123456789012:role/contract-other",
            "task_role": "arn:aws:iam::123456789012:role/contract-task",
            "compatibilities": frozenset({"FARGATE", "EC2"}),
            "architecture": "ARM64",
            "disk": 40,
            "volumes": {
                "scratch": volumes.Scratch(),
                "shared": volumes.Efs("fs-0123456789abcdef0", access_point="fsap-0123456789abcdef0", authorised=True),
            },
        }


def task_definition_input(want: TaskDefinition) -> dict[str, Any]:
    """What RegisterTaskDefinition is given. References must be resolved first."""
    optional = {
        "executionRoleArn": want.execution_role,
        "taskRoleArn": want.task_role,
        "volumes": volumes.render(want.volumes),
        "ephemeralStorage": {"sizeInGiB": want.disk} if want.disk != _DEFAULT_DISK else None,
        "tags": tags.as_list(want.tags, "key", "value"),
    }
    return {
        "family": want.aws_name,
        "containerDefinitions": boxes.render(want.containers),
        "cpu": str(want.cpu),
        "memory": str(want.memory),
        "networkMode": "awsvpc",
        "requiresCompatibilities": sorted(want.compatibilities),
        "runtimePlatform": {"cpuArchitecture": want.architecture, "operatingSystemFamily": "LINUX"},
        **{key: value for key, value in optional.items() if value},
    }


def canonical_input(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A definition, as registered or as described, in the one form in which two that mean the same are equal."""
    return task_definition_input(TaskDefinitionKind().parse("", {}, definition, {}))


def register(aws: Aws, want: TaskDefinition) -> Item:
    """A new revision of the family. Where its reply is lost, a further one is left that nobody uses."""
    made: Item = aws.client("ecs").register_task_definition(**task_definition_input(want))["taskDefinition"]
    return made


def read(aws: Aws, definition: str) -> Item | None:
    """A revision, or the newest active one of a family, with its tags; None where there is none, or not any more."""
    try:
        answer = aws.client("ecs").describe_task_definition(taskDefinition=definition, include=["TAGS"])
    except Exception as error:
        if code_of(error) == "ClientException" and "Unable to describe" in message_of(error):
            return None  # AWS has no error of its own for one that it does not know
        raise
    return {**answer["taskDefinition"], "tags": answer.get("tags", [])}


def newest(aws: Aws, family: str) -> Item | None:
    """The newest active revision of a family with its tags, or None where there is none."""
    found = read(aws, family)
    return found if found and found["status"] == "ACTIVE" else None


def _revisions(aws: Aws, family: str, status: str) -> list[str]:
    listed = aws.pages("ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status=status)
    return [arn for arn in listed if _family(arn) == family]


def _family(arn: str) -> str:
    return arn.rpartition("/")[2].partition(":")[0]
