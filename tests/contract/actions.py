"""The IAM actions that a call needs. Mostly they are named as the operation; these are the exceptions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.contract.calls import Sent

_PREFIX = {"monitoring": "cloudwatch", "tagging": "tag"}

_NAMED_OTHERWISE: dict[str, tuple[str, ...]] = {
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:ListBuckets": ("s3:ListAllMyBuckets",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:ListObjectVersions": ("s3:ListBucketVersions",),
    "s3:ListMultipartUploads": ("s3:ListBucketMultipartUploads",),
    "s3:DeleteObjects": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
    "s3:PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:DeleteBucketEncryption": ("s3:PutEncryptionConfiguration",),
    "s3:GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
    "s3:PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "s3:GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
    "s3:PutBucketLifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
    "s3:DeleteBucketLifecycle": ("s3:PutLifecycleConfiguration",),
}

# What tagging at creation needs beside the creation; services without an entry call it TagResource.
_TAGGING: dict[str, str | None] = {
    "ec2": "CreateTags",
    "elasticloadbalancing": "AddTags",
    "cloudtrail": "AddTags",
    "codebuild": None,
}
_TAGS = ("Tags", "tags", "TagSpecifications", "TagsList")
_ROLE = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/\S+")

_IMPLIED: dict[str, tuple[str, ...]] = {
    "application-autoscaling:RegisterScalableTarget": ("ecs:DescribeServices", "ecs:UpdateService"),
    "application-autoscaling:PutScalingPolicy": (
        "cloudwatch:DescribeAlarms",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:DeleteAlarms",
    ),
    "servicediscovery:CreatePrivateDnsNamespace": (
        "ec2:DescribeRegions",
        "ec2:DescribeVpcs",
        "route53:CreateHostedZone",
        "route53:ListHostedZonesByName",
    ),
    "servicediscovery:DeleteNamespace": ("route53:DeleteHostedZone",),
}
"""What AWS does in the caller's name, or tries out whether the caller could do."""

_LINKED = frozenset({"iam:CreateServiceLinkedRole"})
"""AWS makes the role of a service by itself when that is first used in an account, if the caller may have it made."""

UNUSUAL: dict[str, frozenset[str]] = {
    "bucket": frozenset({"s3:GetBucketLocation"}),
    "cluster": _LINKED,
    "codecommit-repository": frozenset({"codecommit:ListBranches"}),
    "load-balancer": _LINKED,
    "service": _LINKED,
    "scalable-target": frozenset({"ecs:DescribeServices"}) | _LINKED,
    "scaling-policy": frozenset({"ecs:DescribeServices"}),
    "role": frozenset({"iam:RemoveRoleFromInstanceProfile"}),
    "route-table": frozenset({"ec2:ReplaceRouteTableAssociation", "ec2:ReplaceRoute"}),
    "namespace": frozenset({"ec2:DescribeVpcs", "ec2:DescribeVpcAttribute"}),
    "discovery-service": frozenset(
        {"ec2:DescribeVpcs", "ec2:DescribeVpcAttribute", "servicediscovery:GetService"},
    ),
}
"""Actions that an example alone never needs: they are for what has gone wrong in between, see tests/kinds."""


def actions_of(call: Sent) -> set[str]:
    """Every action that AWS asks for before it carries out this call."""
    prefix = _PREFIX.get(call.service, call.service)
    own = f"{prefix}:{call.operation}"
    needed = {*_NAMED_OTHERWISE.get(own, (own,)), *_IMPLIED.get(own, ())}
    if call.operation == "CreateVpcEndpoint" and call.params.get("VpcEndpointType") == "Interface":
        needed.add("route53:AssociateVPCWithHostedZone")
    if call.operation.startswith(("Create", "Put", "Register", "Allocate", "Run")) and _tags_sent(call.params):
        needed |= _tagging(prefix, call.operation)
    if not call.reads and prefix != "iam" and any(_ROLE.fullmatch(text) for text in _texts(call.params)):
        needed.add("iam:PassRole")
    return needed


def _tags_sent(params: Any) -> bool:
    inner = params.get("CreateBucketConfiguration", {})
    return any(params.get(key) or inner.get(key) for key in _TAGS)


def _tagging(prefix: str, operation: str) -> set[str]:
    if prefix == "iam":
        return {f"iam:{operation.replace('Create', 'Tag')}"}
    if operation.endswith(("Tagging", "Tags")):
        return set()
    action = _TAGGING.get(prefix, "TagResource")
    return {f"{prefix}:{action}"} if action else set()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
