"""What has to be there before a task can start: its roles, its secrets, its log group, and a way to the registry.

ECS finds out only when it starts the task, and says so in the reason it was stopped; most first deployments that fail
fail here.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from moto.ec2.models import ec2_backends
from moto.utilities.utils import get_partition

from orchestrator.sandbox.consistency import propagating
from orchestrator.sandbox.world.ecs.model import Task
from orchestrator.sandbox.world.firewall import admits, has_way_out, route_table_of
from orchestrator.sandbox.world.world import present

_TASKS = "ecs-tasks.amazonaws.com"
_RESOURCES = "ResourceInitializationError: unable to pull secrets or registry auth"
_FETCH = "execution resource retrieval failed: unable to retrieve secret from"
_LOGGER = "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times"
_STREAM = "failed to create Cloudwatch log stream"
_TIMEOUT = "i/o timeout"
_TLS = 443


def unassumable_role(definition: Any, account: str, region: str) -> str | None:
    """The first role of the task definition that ECS can not assume for a task."""
    roles = (getattr(definition, name, None) for name in ("execution_role_arn", "task_role_arn"))
    return next((arn for arn in roles if arn and not _assumable(arn, account, region)), None)


def trouble(task: Task) -> str | None:
    """Why the task can not get what it needs before its containers start, in the words of its stopped reason."""
    reach = _Reach(task)
    for container in task.definition.container_definitions:
        for secret in [*container.get("secrets", []), *_logging(container).get("secretOptions", [])]:
            if problem := _secret_trouble(task, reach, secret["valueFrom"]):
                return problem
    for container in task.definition.container_definitions:
        if problem := _registry_trouble(task, reach, container["image"]):
            return problem
    for container in task.definition.container_definitions:
        if problem := _log_trouble(task, reach, _logging(container)):
            return problem
    return None


class _Reach:
    """Which AWS services the task's interface gets through to."""

    def __init__(self, task: Task) -> None:
        self._ec2 = ec2_backends[task.account][task.region]
        self._interface = self._ec2.enis.get(task.interface)
        subnet = self._interface.subnet if self._interface is not None else None
        self._table: Any = route_table_of(self._ec2, subnet) if subnet is not None else None
        self.internet = subnet is None or has_way_out(self._ec2, subnet, public_address=bool(self._interface.public_ip))

    def all(self, *services: str) -> bool:
        """Whether every one of these services can be reached, over the internet or through endpoints."""
        return self.internet or all(self._through_endpoint(service) for service in services)

    def _through_endpoint(self, service: str) -> bool:
        for endpoint in self._ec2.vpc_end_points.values():
            if not endpoint.service_name.endswith(f".{service}") or endpoint.vpc_id != self._table.vpc_id:
                continue
            if endpoint.state != "available":
                continue
            if (endpoint.vpc_endpoint_type or "Gateway") == "Gateway":
                if self._table.id in endpoint.route_table_ids:
                    return True
            elif endpoint.private_dns_enabled and self._let_in(endpoint):
                return True
        return False

    def _let_in(self, endpoint: Any) -> bool:
        groups = [self._ec2.get_security_group_from_id(each) for each in endpoint.security_group_ids]
        mine = [each.id for each in self._interface.group_set]
        return admits(groups, _TLS, from_groups=mine, from_cidrs=[f"{self._interface.private_ip_address}/32"])


def _registry_trouble(task: Task, reach: _Reach, image: str) -> str | None:
    if ".dkr.ecr." not in image:
        if reach.internet:
            return None
        retried = "pull image manifest has been retried 5 time(s)"
        return f"CannotPullContainerError: {retried}: failed to resolve ref {image}: dial tcp: {_TIMEOUT}"
    if reach.all("ecr.api", "ecr.dkr", "s3"):
        return None
    return (
        f"{_RESOURCES}: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the "
        "task and Amazon ECR. Check your task network configuration. RequestError: send request failed caused by: "
        f'Post "https://api.ecr.{task.region}.amazonaws.com/": dial tcp: {_TIMEOUT}'
    )


def _secret_trouble(task: Task, reach: _Reach, source: str) -> str | None:
    if ":secretsmanager:" in source:
        from moto.secretsmanager.models import secretsmanager_backends

        arn = ":".join(source.split(":")[:7])
        store = secretsmanager_backends[task.account][task.region].secrets
        secret = store.get(arn)
        if not reach.all("secretsmanager"):
            return f"{_RESOURCES}: {_FETCH} asm: failed to fetch secret {arn} from secrets manager: {_TIMEOUT}"
        if secret is None or secret.is_deleted():
            missing = "ResourceNotFoundException: Secrets Manager can't find the specified secret."
        elif not secret.versions or not any(
            "AWSCURRENT" in each["version_stages"] for each in secret.versions.values()
        ):
            missing = (
                "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: "
                "AWSCURRENT"
            )
        else:
            return None
        return f"{_RESOURCES}: {_FETCH} asm: failed to fetch secret {arn} from secrets manager: {missing}"
    from moto.ssm.models import ssm_backends

    name = source.partition(":parameter")[2] or source
    if not reach.all("ssm"):
        return f"{_RESOURCES}: {_FETCH} ssm: service call has been retried 5 time(s): {_TIMEOUT}"
    known = ssm_backends[task.account][task.region]._parameters
    if known.get(name) or known.get(name.lstrip("/")):
        return None
    return f"{_RESOURCES}: {_FETCH} ssm: invalid ssm parameters: {name}"


def _log_trouble(task: Task, reach: _Reach, logging: dict[str, Any]) -> str | None:
    if logging.get("logDriver") != "awslogs":
        return None
    from moto.logs.models import logs_backends

    options = logging.get("options", {})
    region = options.get("awslogs-region", task.region)
    if not reach.all("logs"):
        return f'{_LOGGER}: {_STREAM}: RequestError: Post "https://logs.{region}.amazonaws.com/": dial tcp: {_TIMEOUT}'
    created = str(options.get("awslogs-create-group", "false")).lower() == "true"
    if created or options.get("awslogs-group") in logs_backends[task.account][region].groups:
        return None
    missing = "ResourceNotFoundException: The specified log group does not exist."
    return f"{_LOGGER}: {_STREAM}: {missing} : exit status 1"


def _assumable(arn: str, account: str, region: str) -> bool:
    from moto.iam.models import iam_backends

    for role in iam_backends[account][get_partition(region)].roles.values():
        if role.arn == arn and not propagating(arn, present().now()):
            policy = json.loads(unquote(role.assume_role_policy_document))
            return any(_trusts(each) for each in _listed(policy.get("Statement")))
    return False


def _trusts(statement: Any) -> bool:
    principal = statement.get("Principal") or {}
    services = _listed(principal.get("Service")) if isinstance(principal, dict) else []
    return statement.get("Effect") == "Allow" and _TASKS in services


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _logging(container: Any) -> dict[str, Any]:
    return dict(container.get("logConfiguration") or {})
