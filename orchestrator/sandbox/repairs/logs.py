"""CloudWatch Logs: a log group's class and key come back, and groups are found by every means AWS has."""

from __future__ import annotations

from typing import Any

from moto.logs.models import logs_backends

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, operation, repair

_MISSING = "The specified log group does not exist."


def _groups(call: Call) -> dict[str, Any]:
    groups: dict[str, Any] = logs_backends[call.account][call.region].groups
    return groups


def _name(identifier: str) -> str:
    """A group's name out of its name or ARN, with or without the trailing ``:*``."""
    return identifier.partition(":log-group:")[2].removesuffix(":*") if identifier.startswith("arn:") else identifier


def _group(call: Call, identifier: str) -> Any:
    group = _groups(call).get(_name(identifier))
    if group is None:
        raise AwsError("ResourceNotFoundException", _MISSING)
    return group


@repair("logs", "CreateLogGroup")
def class_kept(call: Call, proceed: Proceed) -> Reply:
    """The class is given once and for all; moto forgets it."""
    reply = proceed()
    _groups(call)[call.params["logGroupName"]].log_group_class = call.params.get("logGroupClass", "STANDARD")
    return reply


@operation("logs", "DescribeLogGroups")
def found_by_every_means(call: Call) -> Reply:
    """Moto knows the prefix alone: not the class, the pattern or the identifiers."""
    params = call.params
    asked = {_name(identifier) for identifier in params.get("logGroupIdentifiers", ())}
    pattern = params.get("logGroupNamePattern", "").lower()
    found = [
        {**group.to_describe_dict(), "logGroupClass": getattr(group, "log_group_class", "STANDARD")}
        for name, group in sorted(_groups(call).items())
        if (not asked or name in asked)
        and name.startswith(params.get("logGroupNamePrefix", ""))
        and pattern in name.lower()
    ]
    wanted = params.get("logGroupClass")
    return {"logGroups": [group for group in found if wanted in (None, group["logGroupClass"])]}


@operation("logs", "AssociateKmsKey", "DisassociateKmsKey")
def key_changed(call: Call) -> Reply:
    """A group takes a key, another key or none at any time; moto has neither operation."""
    group = _group(call, call.params.get("logGroupName") or call.params["resourceIdentifier"])
    group.kms_key_id = call.params.get("kmsKeyId")
    return {}


@repair("logs", "ListTagsForResource", "TagResource", "UntagResource")
def tags_of_nothing(call: Call, proceed: Proceed) -> Reply:
    """A group that is not there has no tags to read or write; moto takes any ARN."""
    if ":log-group:" in call.params["resourceArn"]:
        _group(call, call.params["resourceArn"])
    return proceed()
