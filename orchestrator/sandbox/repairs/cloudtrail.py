"""CloudTrail: a trail has one name, its home region and AWS's default selectors."""

from __future__ import annotations

from typing import Any

from moto.cloudtrail.models import cloudtrail_backends

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, repair

_DEFAULT_SELECTOR = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}


def _backend(call: Call) -> Any:
    return cloudtrail_backends[call.account][call.region]


@repair("cloudtrail", "CreateTrail")
def one_of_a_name(call: Call, proceed: Proceed) -> Reply:
    """A second trail of a name is refused; moto replaces the first."""
    name, backend = call.params["Name"], _backend(call)
    if name in backend.trails:
        message = f"Trail {name} already exists for customer: {call.account}"
        raise AwsError("TrailAlreadyExistsException", message)
    backend.tagging_service.delete_all_tags_for_resource(call.arn(f"trail/{name}"))
    return proceed()


@repair("cloudtrail", "DeleteTrail")
def delete_of_nothing(call: Call, proceed: Proceed) -> Reply:
    """Deleting an unknown trail is not found; moto says nothing."""
    name = call.params["Name"].rpartition("/")[2]
    if name not in _backend(call).trails:
        raise AwsError("TrailNotFoundException", f"Unknown trail: {name} for the user: {call.account}")
    return proceed()


@repair("cloudtrail", "DescribeTrails")
def those_asked_for(call: Call, proceed: Proceed) -> Reply:
    """Moto describes every trail, whichever are asked for."""
    reply, asked = proceed(), call.params.get("trailNameList")
    if asked:
        reply["trailList"] = [t for t in reply["trailList"] if t["Name"] in asked or t["TrailARN"] in asked]
    return reply


@repair("cloudtrail", "GetTrail")
def home_region(_: Call, proceed: Proceed) -> Reply:
    """Moto tells the home region in descriptions only."""
    reply = proceed()
    reply["Trail"]["HomeRegion"] = reply["Trail"]["TrailARN"].split(":")[3]
    return reply


@repair("cloudtrail", "GetEventSelectors")
def default_selector(_: Call, proceed: Proceed) -> Reply:
    """A new trail records management events, reads and writes; moto shows no selector at all."""
    reply = proceed()
    if not reply.get("EventSelectors") and not reply.get("AdvancedEventSelectors"):
        reply["EventSelectors"] = [_DEFAULT_SELECTOR]
    return reply
