"""AWS's request limits: token buckets by account and region, as the services' API throttling pages have them.

A call takes a token from every bucket that its operation belongs to, and is refused where one is empty. Buckets fill
up again by the sandbox's clock. ECS, ELB and EC2 publish their figures; those of the other services are estimates.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from orchestrator.sandbox.chain import OPERATION
from orchestrator.sandbox.clock import SandboxClock
from orchestrator.sandbox.refusals import Kind, refuse
from orchestrator.sandbox.requests import Operation, read_body

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_A_TOKEN = 0.99
"""Whoever waits exactly as long as he must is not refused for the last digit of a clock."""
_UNFILTERED = "unfiltered describes"
_LIMITS = {
    "ecs": """
        20 1 CreateCluster DeleteCluster UpdateCluster* PutClusterCapacityProviders
        10 1 CreateCapacityProvider DeleteCapacityProvider UpdateCapacityProvider
        50 20 DescribeClusters ListClusters
        50 20 DescribeTaskDefinition ListTaskDefinition*
        20 1 RegisterTaskDefinition DeregisterTaskDefinition
        5 1 DeleteTaskDefinitions
        50 5 CreateService UpdateService DeleteService
        100 20 DescribeServices ListServices
        10 1 ListServicesByNamespace
        50 20 *ServiceDeployment*
        50 20 *ServiceRevisions
        100 40 RunTask StopTask ExecuteCommand
        100 20 DescribeTasks ListTasks
        20 10 TagResource UntagResource ListTagsForResource""",
    "elbv2": """
        40 10 *
        20 3 Create* Delete* Modify* Set* Add* Remove*
        20 4 RegisterTargets DeregisterTargets
        10 0.2 CreateLoadBalancer SetSubnets""",
    "ec2": """
        100 20 Describe* Get* List* Search*
        50 5 * !Describe* !Get* !List* !Search* !RunInstances
        4 0.3 CreateVpcEndpoint
        1000 2 RunInstances""",
    "application-autoscaling": "20 10 *",
    "cloudwatch": """
        9 3 PutMetricAlarm
        50 50 GetMetricData""",
    "iam": "20 10 *",
    "kms": "5 5 CreateKey *Alias",
    "lambda": "15 15 * !Invoke*",
    "logs": """
        10 10 DescribeLogGroups
        10 10 Create* Delete* Put* !CreateLogStream !PutLogEvents""",
    "resourcegroupstaggingapi": "10 5 *",
    "route53": "5 5 *",
    "secretsmanager": "50 50 CreateSecret DeleteSecret",
    "servicediscovery": "5 5 Create* Delete* Update*",
    "ssm": """
        3 3 PutParameter
        40 40 Get*""",
    "wafv2": """
        1 1 CreateWebACL
        1 0.5 AssociateWebACL""",
}
"""By service: size, refill a second, operations with their exceptions."""


@dataclass(frozen=True)
class Limit:
    """One bucket of a service: its size, its refill a second, and which operations take from it."""

    service: str
    size: float
    refill: float
    operations: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.service} {' '.join(self.operations)} {self.size:g}/{self.refill:g}"

    def covers(self, operation: str) -> bool:
        """Whether the operation takes from it."""
        meant = {pattern for pattern in self.operations if fnmatchcase(operation, pattern.removeprefix("!"))}
        return bool(meant) and not any(pattern.startswith("!") for pattern in meant)


def _limits() -> Iterable[Limit]:
    for service, table in _LIMITS.items():
        for line in table.strip().splitlines():
            size, refill, *operations = line.split()
            yield Limit(service, float(size), float(refill), tuple(operations))


LIMITS = tuple(_limits())
UNFILTERED = Limit("ec2", 50, 10, (_UNFILTERED,))


@cache
def limits_of(service: str, operation: str) -> tuple[Limit, ...]:
    """The buckets that an operation takes from."""
    return tuple(limit for limit in LIMITS if limit.service == service and limit.covers(operation))


@dataclass
class _Bucket:
    level: float
    at: float


class Buckets:
    """The layer of the sandbox that answers calls for which there is no token."""

    def __init__(self, app: WSGIApplication, clock: SandboxClock) -> None:
        self._app = app
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, Limit], _Bucket] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on, or refuse it."""
        asked: Operation | None = environ.get(OPERATION)
        if asked is not None:
            empty = self.take(asked, unfiltered=_unfiltered(asked, environ))
            if empty is not None:
                return refuse(Kind.THROTTLE, environ, start_response, by=f"limit {empty}")
        return self._app(environ, start_response)

    def take(self, asked: Operation, *, unfiltered: bool = False) -> Limit | None:
        """Take a token from each bucket of the operation, or none and name the one that is empty."""
        limits: tuple[Limit, ...] = (*limits_of(asked.service, asked.name), *((UNFILTERED,) if unfiltered else ()))
        with self._lock:
            now = self._clock.now()
            buckets = [self._filled(asked.region, limit, now) for limit in limits]
            for limit, bucket in zip(limits, buckets, strict=True):
                if bucket.level < _A_TOKEN:
                    return limit
            for bucket in buckets:
                bucket.level -= 1
        return None

    def fill(self) -> None:
        """Fill all of them, as when the account is emptied."""
        with self._lock:
            self._buckets.clear()

    def _filled(self, region: str, limit: Limit, now: float) -> _Bucket:
        """The bucket as of now. It holds as much more as flows in while a call is on its way from a fast clock."""
        size = limit.size + limit.refill * self._clock.blur
        bucket = self._buckets.setdefault((region, limit), _Bucket(size, now))
        bucket.level = min(size, bucket.level + (now - bucket.at) * limit.refill)
        bucket.at = now
        return bucket


def _unfiltered(asked: Operation, environ: WSGIEnvironment) -> bool:
    """Whether EC2 is asked for all of something at once: neither by id or filter, nor page by page."""
    if asked.service != "ec2" or not asked.name.startswith("Describe"):
        return False
    return not parse_qs(read_body(environ).decode("utf-8", "replace")).keys() - {"Action", "Version", "DryRun"}
