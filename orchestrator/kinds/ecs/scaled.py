"""Which services of a stack stand behind the names that Application Auto Scaling knows them by.

Neither its targets nor its policies carry tags that every endpoint tells, and in a stack's cluster others may run
services too, with a scaling of their own: so it is the service itself that tells whose they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.core.address import Address
from orchestrator.kinds.ecs.services import Service, ServiceKind, cluster_name, described
from orchestrator.kinds.scope import Scope


def services_behind(aws: Aws, scope: Scope, resource_ids: Iterable[str]) -> Mapping[str, Address]:
    """The stack's services by their resource ids (``service/{cluster}/{service}``); AWS is asked for what nobody wants.

    One that has been deleted still tells its tags for a while.
    """
    wanted = {
        f"service/{cluster_name(scope, want.cluster)}/{want.aws_name}": want.address
        for want in scope.of(Service.kind)
        if isinstance(want, Service)
    }
    asked: dict[str, set[str]] = defaultdict(set)
    for _, cluster, name in (i.split("/") for i in set(resource_ids) - wanted.keys()):
        asked[cluster].add(name)
    key = f"services-behind {sorted((cluster, sorted(names)) for cluster, names in asked.items())}"
    found = scope.once(key, lambda: described(aws, asked))
    kind = ServiceKind()
    told = {
        f"service/{item['clusterArn'].rpartition('/')[2]}/{item['serviceName']}": address
        for item in found
        if (address := kind.address(tags.as_map(item.get("tags")), scope))
    }
    return {**told, **wanted}
