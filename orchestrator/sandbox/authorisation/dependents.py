"""What else a caller has to be allowed: to tag what is made, to pass the roles named, what AWS does in its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.sandbox.authorisation.call import Call
from orchestrator.sandbox.authorisation.evaluation import Ask, Context

_CREATES = ("Create", "Put", "Register", "Allocate", "Run")
_TAGGING: Mapping[str, str | None] = {
    "ec2": "CreateTags",
    "elasticloadbalancing": "AddTags",
    "cloudtrail": "AddTags",
    "codebuild": None,
}
"""What tagging at creation is called; services without an entry call it TagResource."""
_PASSED_TO = {
    "cloudtrail": "cloudtrail.amazonaws.com",
    "codebuild": "codebuild.amazonaws.com",
    "codepipeline": "codepipeline.amazonaws.com",
    "ecs": "ecs-tasks.amazonaws.com",
    "events": "events.amazonaws.com",
}
_ROLE = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/\S+")
_READS = ("Describe", "List", "Get", "BatchGet")
_LINKED = {
    "ecs:CreateCluster": "ecs.amazonaws.com",
    "ecs:CreateService": "ecs.amazonaws.com",
    "elasticloadbalancing:CreateLoadBalancer": "elasticloadbalancing.amazonaws.com",
    "application-autoscaling:RegisterScalableTarget": "ecs.application-autoscaling.amazonaws.com",
}
"""Operations with whose first use in an account AWS makes a service-linked role."""


def dependents_of(call: Call, resources: list[str], sent: Context) -> Iterator[Ask]:
    """The further questions about a call; ``sent`` are its tags as condition keys."""
    own = f"{call.prefix}:{call.operation}"
    yield from _tagging(call, resources, sent)
    yield from _passing(call)
    if (service := _LINKED.get(own)) and not _has_linked(call, service):
        role = call.arn(f"role/aws-service-role/{service}/*", "iam")
        yield Ask(action="iam:CreateServiceLinkedRole", resource=role, context={"iam:AWSServiceName": (service,)})
    if own in _BRINGS:
        yield from _BRINGS[own](call)


def _tagging(call: Call, resources: list[str], sent: Context) -> Iterator[Ask]:
    if not (sent and call.operation.startswith(_CREATES)) or call.operation.endswith(("Tags", "Tagging")):
        return
    name = _TAGGING.get(call.prefix, "TagResource")
    if call.service == "iam":
        name = f"Tag{call.operation.removeprefix('Create')}"
    if name is None:
        return
    context = {**sent, "ec2:CreateAction": (call.operation,)} if call.service == "ec2" else sent
    if call.service == "servicediscovery":
        resources = ["*"]  # what the call makes, not the namespace that it is made in
    for resource in resources or ["*"]:
        yield Ask(action=f"{call.prefix}:{name}", resource=resource, context=context)


def _passing(call: Call) -> Iterator[Ask]:
    service = _PASSED_TO.get(call.service)
    if service is None or call.operation.startswith(_READS):
        return
    for role in sorted({text for text in _texts(call.params) if _ROLE.fullmatch(text)}):
        yield Ask(action="iam:PassRole", resource=role, context={"iam:PassedToService": (service,)})


def _has_linked(call: Call, service: str) -> bool:
    path = f"/aws-service-role/{service}/"
    return any(role.path == path for role in call.backend("iam").roles.values())


def _of_scaled_service(call: Call) -> Iterator[Ask]:
    """Application Auto Scaling tries out whether the caller could scale the service by hand."""
    service = call.arn(str(call.params.get("ResourceId", "*")), "ecs")
    for action in ("ecs:DescribeServices", "ecs:UpdateService"):
        yield Ask(action=action, resource=service)


def _of_tracked_metric(call: Call) -> Iterator[Ask]:
    """The alarms of a target tracking policy are made in the caller's name."""
    alarm = call.arn(f"alarm:TargetTracking-{call.params.get('ResourceId', '')}-*", "cloudwatch")
    for action in ("cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"):
        yield Ask(action=action, resource="*" if action.endswith("DescribeAlarms") else alarm)


def _of_private_namespace(_: Call) -> Iterator[Ask]:
    """A namespace is a hosted zone, which Cloud Map makes in the caller's name."""
    for action in ("ec2:DescribeVpcs", "ec2:DescribeRegions"):
        yield Ask(action=action, resource="*")
    for action in ("route53:ListHostedZonesByName", "route53:CreateHostedZone"):
        yield Ask(action=action, resource="*")


def _of_hosted_zone(call: Call) -> Iterator[Ask]:
    yield Ask(action="route53:DeleteHostedZone", resource=call.arn("hostedzone/*", "route53"))


def _of_private_dns(call: Call) -> Iterator[Ask]:
    """An interface endpoint with private DNS ties a hosted zone of AWS to the VPC."""
    if call.params.get("VpcEndpointType") == "Interface" and call.params.get("PrivateDnsEnabled", True):
        yield Ask(action="route53:AssociateVPCWithHostedZone", resource="*")


_BRINGS = {
    "application-autoscaling:RegisterScalableTarget": _of_scaled_service,
    "application-autoscaling:PutScalingPolicy": _of_tracked_metric,
    "servicediscovery:CreatePrivateDnsNamespace": _of_private_namespace,
    "servicediscovery:DeleteNamespace": _of_hosted_zone,
    "ec2:CreateVpcEndpoint": _of_private_dns,
}
"""What AWS does in the caller's name, or has the caller's permission for tried out."""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
