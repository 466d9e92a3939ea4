"""EC2 filters that moto breaks on: they are taken from the request and applied to the reply."""

from __future__ import annotations

from typing import Any

import jmespath
from moto.core.utils import aws_api_matches

from orchestrator.sandbox.repairs.operations import Call, Proceed, Reply, repair

_PATHS: dict[str, tuple[str, dict[str, str]]] = {
    "DescribeNetworkAcls": ("NetworkAcls", {"network-acl-id": "[NetworkAclId]"}),
    "DescribeNetworkInterfaces": ("NetworkInterfaces", {"attachment.status": "[Attachment.Status]"}),
    "DescribeRouteTables": (
        "RouteTables",
        {
            "association.gateway-id": "Associations[].GatewayId",
            "route.origin": "Routes[].Origin",
            "route.state": "Routes[].State",
        },
    ),
    "DescribeVpcEndpoints": ("VpcEndpoints", {"vpc-endpoint-id": "[VpcEndpointId]"}),
}
"""By operation: where its items are, and for each filter where in an item the values are."""


@repair("ec2", *_PATHS)
def filtered_here(call: Call, proceed: Proceed) -> Reply:
    """AWS has these filters; moto answers them with an internal error."""
    key, paths = _PATHS[call.operation]
    ours = [each for each in call.params.get("Filters", ()) if each["Name"] in paths]
    if not ours:
        return proceed()
    call.params["Filters"] = [each for each in call.params["Filters"] if each not in ours]
    reply = proceed()
    reply[key] = [item for item in reply[key] if all(_passes(item, each, paths[each["Name"]]) for each in ours)]
    return reply


def _passes(item: Reply, wanted: Reply, path: str) -> bool:
    values: list[Any] = [value for value in jmespath.search(path, item) or () if value is not None]
    return any(aws_api_matches(pattern, value) for pattern in wanted["Values"] for value in values)
