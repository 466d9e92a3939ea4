"""Token buckets of AWS's published request limits, so that sixty services deploy without being throttled.

Every attempt takes a token, retries too. An operation may draw from several buckets (ELBv2's account bucket and the
one for mutations). Figures: the services' API throttling pages, as burst and refill per second; where AWS publishes
none, a careful estimate.
"""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.core.clock import Clock


@dataclass(frozen=True)
class Limit:
    """A bucket: which operations of a service draw from it, its size and its refill per second."""

    service: str
    operations: str
    burst: float
    rate: float

    def covers(self, service: str, operation: str) -> bool:
        """Whether an operation draws from this bucket; patterns are separated by spaces."""
        return service == self.service and any(fnmatch.fnmatchcase(operation, p) for p in self.operations.split())


_READS = "Describe* List* Get* BatchGet* Search*"
_EC2_WRITES = (
    "Create* Delete* Modify* Attach* Detach* Associate* Disassociate* Allocate* Release* Authorize* Revoke* Replace* "
    "Update*"
)

LIMITS: tuple[Limit, ...] = (
    Limit("ec2", "Describe* Get*", 100, 20),
    Limit("ec2", _EC2_WRITES, 50, 5),
    Limit("ec2", "CreateVpcEndpoint", 4, 0.3),
    Limit("elbv2", "*", 40, 10),
    Limit("elbv2", "Create* Delete* Modify* Set* Add* Remove*", 20, 3),
    Limit("elbv2", "RegisterTargets DeregisterTargets", 20, 4),
    Limit("elbv2", "CreateLoadBalancer SetSubnets", 10, 0.2),
    Limit("ecs", "CreateCluster DeleteCluster UpdateCluster* PutCluster*", 20, 1),
    Limit("ecs", "DescribeTaskDefinition ListTaskDefinition*", 50, 20),
    Limit("ecs", "RegisterTaskDefinition DeregisterTaskDefinition", 20, 1),
    Limit("ecs", "DeleteTaskDefinitions", 5, 1),
    Limit("ecs", "TagResource UntagResource ListTagsForResource", 20, 10),
    Limit("ecs", "RunTask StopTask ExecuteCommand", 100, 40),
    Limit("ecs", "DescribeTasks ListTasks", 100, 20),
    Limit("ecs", "CreateService UpdateService DeleteService", 50, 5),
    Limit("ecs", "DescribeServices ListServices", 100, 20),
    Limit("ecs", "*ServiceDeployment*", 50, 20),
    Limit("ecs", "*ServiceRevisions", 50, 20),
    Limit("ecs", "DescribeClusters ListClusters", 50, 20),
    Limit("iam", "*", 20, 10),
    Limit("logs", "DescribeLogGroups", 10, 10),
    Limit("logs", "Create* Delete* Put*", 10, 10),
    Limit("cloudwatch", "PutMetricAlarm", 9, 3),
    Limit("cloudwatch", "GetMetricData", 50, 50),
    Limit("ssm", "PutParameter", 3, 3),
    Limit("ssm", "Get*", 40, 40),
    Limit("kms", "CreateKey *Alias", 5, 5),
    Limit("route53", "*", 5, 5),
    Limit("servicediscovery", "Create* Delete* Update*", 5, 5),
    Limit("wafv2", "CreateWebACL", 1, 1),
    Limit("wafv2", "AssociateWebACL", 1, 0.5),
    Limit("application-autoscaling", "*", 20, 10),
    Limit("resourcegroupstaggingapi", "*", 10, 5),
)


_KEPT = 0.9
"""Of a burst, how much is used: calls that go out one after another may arrive all at once, and retries count too."""


class Bucket:
    """One limit, shared by all threads: callers queue up in the debt of the bucket."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self.limit = limit
        self._clock = clock
        self._burst = max(1.0, _KEPT * limit.burst)
        self._level = self._burst
        self._at = clock.now()
        self._lock = threading.Lock()

    def take(self) -> float:
        """Draw one token; the seconds to wait before the call may go out."""
        with self._lock:
            self._refill()
            self._level -= 1
            return max(0.0, -self._level / self.limit.rate)

    def level(self) -> float:
        """Tokens there are now, below zero when callers are queued."""
        with self._lock:
            self._refill()
            return self._level

    def _refill(self) -> None:
        """Add what has come in since. The lock is held."""
        now = self._clock.now()
        self._level = min(self._burst, self._level + max(0.0, now - self._at) * self.limit.rate)
        self._at = now


class Pace:
    """All buckets of one account and region."""

    def __init__(self, clock: Clock, limits: Iterable[Limit] = LIMITS) -> None:
        self._clock = clock
        self._buckets = tuple(Bucket(limit, clock) for limit in limits)
        self._of: dict[tuple[str, str], tuple[Bucket, ...]] = {}

    def take(self, service: str, operation: str) -> float:
        """Wait until an operation may go out; the seconds waited."""
        key = (service, operation)
        if key not in self._of:
            self._of[key] = tuple(b for b in self._buckets if b.limit.covers(service, operation))
        wait = max((bucket.take() for bucket in self._of[key]), default=0.0)
        if wait > 0:
            self._clock.sleep(wait)
        return wait

    def levels(self) -> dict[tuple[str, str], float]:
        """Tokens there are in each bucket that has been drawn from, by its service and operations, for metrics."""
        drawn = {bucket for buckets in tuple(self._of.values()) for bucket in buckets}
        return {(b.limit.service, b.limit.operations): b.level() for b in drawn}
