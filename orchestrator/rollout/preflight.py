"""What would fail half-way is found before anything has changed; and a way back that is not there, before it is needed.

Reads only. What we may not read is not known to be wrong, so it stops nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.aws.door import Aws
from orchestrator.aws.errors import ErrorClass, classify
from orchestrator.kinds.ecs.task_definitions import read
from orchestrator.rollout.images import ImageMissing, resolve
from orchestrator.rollout.release import Release, ServiceSpec, revision, settings_of
from orchestrator.rollout.sides import Side
from orchestrator.rollout.survey import LiveService

_SPARE = 2
"""Addresses beside those of the new tasks: a task may be replaced before its predecessor's is free again."""
_PARAMETERS_A_CALL = 10


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What is going to be rolled out, and onto what."""

    aws: Aws
    spec: ServiceSpec
    live: LiveService
    release: Release

    @property
    def containers(self) -> Iterable[Mapping[str, Any]]:
        """The release's container definitions."""
        found: Iterable[Mapping[str, Any]] = self.release.task_definition["containerDefinitions"]
        return found


def obstacles(aws: Aws, spec: ServiceSpec, live: LiveService, release: Release) -> tuple[str, ...]:
    """Why a rollout had better not begin, each in a sentence; empty when nothing is known to be in its way."""
    ground = Ground(aws=aws, spec=spec, live=live, release=release)
    checks: list[Callable[[Ground], Iterable[str]]] = [_services, _secrets, _parameters, _log_groups, _addresses]
    if live.side is not None:
        checks += [_roles, _way_back]
    found = aws.each(lambda check: _told(check, ground), checks)
    return tuple(text for each in found for text in each)


def _told(check: Callable[[Ground], Iterable[str]], ground: Ground) -> tuple[str, ...]:
    try:
        return tuple(check(ground))
    except Exception as error:
        if getattr(error, "response", None) is None:
            raise
        return ()


def _services(ground: Ground) -> Iterable[str]:
    """Neither side is in the middle of something else."""
    for colour, side in sorted(ground.live.sides.items()):
        if side.status == "DRAINING":
            yield f"{side.service} is being deleted and still draining"
        elif colour == ground.live.active and _deploying(side):
            yield f"{side.service} is in the middle of a deployment that was not started here"


def _deploying(side: Side) -> bool:
    return side.primary is not None and side.primary.state == "IN_PROGRESS" and len(side.deployments) > 1


def _secrets(ground: Ground) -> Iterable[str]:
    arns = sorted({_secret(ref) for ref in _references(ground) if ":secretsmanager:" in ref})

    def there(arn: str) -> bool:
        try:
            described = ground.aws.client("secretsmanager").describe_secret(SecretId=arn)
        except Exception as error:
            if classify(error) is ErrorClass.NOT_FOUND:
                return False
            raise
        return not described.get("DeletedDate")

    for arn, found in zip(arns, ground.aws.each(there, arns), strict=True):
        if not found:
            yield f"secret {arn} is not there"


def _parameters(ground: Ground) -> Iterable[str]:
    names = sorted(ref for ref in _references(ground) if ":secretsmanager:" not in ref)
    for start in range(0, len(names), _PARAMETERS_A_CALL):
        asked = names[start : start + _PARAMETERS_A_CALL]
        answer = ground.aws.client("ssm").get_parameters(Names=asked)
        for missing in answer.get("InvalidParameters", ()):
            yield f"parameter {missing} is not there"


def _log_groups(ground: Ground) -> Iterable[str]:
    for container in ground.containers:
        options = container.get("logConfiguration", {}).get("options", {})
        group = options.get("awslogs-group")
        if not group or options.get("awslogs-create-group") == "true":
            continue
        listed = ground.aws.pages("logs", "describe_log_groups", "logGroups[].logGroupName", logGroupNamePrefix=group)
        if group not in listed:
            yield f"log group {group} is not there"


def _addresses(ground: Ground) -> Iterable[str]:
    """A second set of tasks needs an address each."""
    spec, side = ground.spec, ground.live.side
    colour = next(iter(spec.colours))
    subnets = settings_of(spec, colour)["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    count = max(spec.minimum, spec.desired, side.desired if side else 0)
    found = list(ground.aws.pages("ec2", "describe_subnets", "Subnets", SubnetIds=subnets))
    free = sum(int(s["AvailableIpAddressCount"]) for s in found if s["SubnetId"] in subnets)
    if found and free < count + _SPARE:
        yield f"{free} addresses are free in {', '.join(sorted(subnets))}, {count + _SPARE} are needed"


def _roles(ground: Ground) -> Iterable[str]:
    for key in ("executionRoleArn", "taskRoleArn"):
        arn = ground.release.task_definition.get(key)
        if not arn:
            continue
        try:
            role = ground.aws.client("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]
        except Exception as error:
            if classify(error) is not ErrorClass.NOT_FOUND:
                raise
            yield f"role {arn} is not there"
            continue
        if "ecs-tasks.amazonaws.com" not in json.dumps(role["AssumeRolePolicyDocument"], default=str):
            yield f"role {arn} does not let ECS tasks assume it"


def _way_back(ground: Ground) -> Iterable[str]:
    """What runs now could be started again: its revision can be read, and its image has not been cleared away.

    One that was deregistered serves as well: the side that runs it stays as it is, or it is registered anew.
    """
    live, spec = ground.live, ground.spec
    if live.side is None:
        return
    definition = live.side.task_definition
    found = read(ground.aws, definition)
    if found is None:
        yield f"no way back: {revision(definition)} is not there any more"
        return
    if found["status"] not in ("ACTIVE", "INACTIVE"):
        yield f"no way back: {revision(definition)} is {found['status'].lower().replace('_', ' ')}"
    if live.image and spec.wants(live.image).digest:
        image = resolve(ground.aws, {"before": spec.wants(live.image)})["before"]
        if isinstance(image, ImageMissing):
            yield f"no way back: image {live.image} is not in {spec.repository} any more"


def _references(ground: Ground) -> set[str]:
    return {s["valueFrom"] for container in ground.containers for s in container.get("secrets", ())}


def _secret(reference: str) -> str:
    """The secret's own ARN, without the JSON key, stage and version that may follow it."""
    return ":".join(reference.split(":")[:7])
