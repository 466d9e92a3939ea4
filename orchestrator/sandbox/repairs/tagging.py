"""Resource Groups Tagging API: every kind that AWS lists is listed, under the type that AWS gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.resource_tagging import iter_taggable_backends, make_tag_matcher

from orchestrator.sandbox.repairs.operations import Call, Reply, operation

Tagged = tuple[str, Mapping[str, str]]
"""An ARN and its tags."""


def _ec2(backend: Any) -> Iterator[Tagged]:
    prefix = f"arn:{backend.partition}:ec2:{backend.region_name}:{backend.account_id}"
    acls = {"network-acl": backend.network_acls, "vpc-endpoint": backend.vpc_end_points}
    for kind, resources in {**acls, "launch-template": backend.launch_templates}.items():
        for id in resources:
            yield f"{prefix}:{kind}/{id}", backend.tags.get(id, {})
    for address in backend.addresses:
        if address.allocation_id:
            yield f"{prefix}:elastic-ip/{address.allocation_id}", backend.tags.get(address.allocation_id, {})
    for groups in backend.groups.values():
        for group in groups.values():
            for rule in (*group.ingress_rules, *group.egress_rules):
                yield f"{prefix}:security-group-rule/{rule.id}", backend.tags.get(rule.id, {})


def _elbv2(backend: Any) -> Iterator[Tagged]:
    tags = backend.tagging_service.get_tag_dict_for_resource
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            yield listener.arn, tags(listener.arn)
            for rule in listener.rules.values():
                yield rule.arn, tags(rule.arn)


def _ecr(backend: Any) -> Iterator[Tagged]:
    for repository in backend.repositories.values():
        yield repository.arn, _pairs(backend.tagger.list_tags_for_resource(repository.arn)["tags"])


def _scaling(backend: Any) -> Iterator[Tagged]:
    for targets in backend.targets.values():
        for target in targets.values():
            yield target.arn, getattr(target, "tags", {})


def _discovery(backend: Any) -> Iterator[Tagged]:
    for resource in (*backend.namespaces.values(), *backend.services.values()):
        yield resource.arn, backend.tagger.get_tag_dict_for_resource(resource.arn)


def _codecommit(backend: Any) -> Iterator[Tagged]:
    for repository in backend.repositories.values():
        yield repository.repository_metadata["Arn"], getattr(repository, "tags", {})


def _codebuild(backend: Any) -> Iterator[Tagged]:
    for project in backend.codebuild_projects.values():
        yield project.arn, _pairs(project.tags or ())


def _codepipeline(backend: Any) -> Iterator[Tagged]:
    for pipeline in backend.pipelines.values():
        yield pipeline.metadata["pipelineArn"], pipeline.tags


def _events(backend: Any) -> Iterator[Tagged]:
    for bus in backend.event_buses.values():
        for rule in bus.rules.values():
            yield rule.arn, backend.tagger.get_tag_dict_for_resource(rule.arn)


def _cloudtrail(backend: Any) -> Iterator[Tagged]:
    for trail in backend.trails.values():
        yield trail.arn, backend.tagging_service.get_tag_dict_for_resource(trail.arn)


_UNLISTED: dict[str, Callable[[Any], Iterator[Tagged]]] = {
    "application-autoscaling": _scaling,
    "cloudtrail": _cloudtrail,
    "codebuild": _codebuild,
    "codecommit": _codecommit,
    "codepipeline": _codepipeline,
    "ec2": _ec2,
    "ecr": _ecr,
    "elbv2": _elbv2,
    "events": _events,
    "servicediscovery": _discovery,
}
"""What moto leaves out. IAM is not among it: AWS does not list roles and policies either."""


def _pairs(tags: Any) -> dict[str, str]:
    lowered = ({key.lower(): value for key, value in tag.items()} for tag in tags)
    return {tag["key"]: tag["value"] for tag in lowered}


def _everything(call: Call) -> Iterator[Tagged]:
    for backend in iter_taggable_backends(call.account, call.region):
        for resource in backend.iter_tagged_resources():
            if resource.resource_type != "s3:bucket" or _region(backend, resource.arn) == call.region:
                yield resource.arn, resource.tags
    for by_account in list(BackendDict._instances):
        source = _UNLISTED.get(by_account.service_name)
        if source is None:
            continue
        for account, region, backend in by_account.iter_backends():
            if (account, region) == (call.account, call.region):
                yield from source(backend)


def _region(s3: Any, arn: str) -> str:
    """Buckets have one name space and yet a region, in which alone they are listed."""
    return str(s3.buckets[arn.rpartition(":")[2]].region_name)


def _types(arn: str) -> tuple[str, ...]:
    """The type filters that an ARN passes: its service, and service and resource type."""
    _, _, service, _, _, resource = arn.split(":", 5)
    kind = resource.replace(":", "/").partition("/")
    if service == "s3":
        return ("s3", "s3:bucket")
    return (service, f"{service}:{kind[0]}") if kind[1] else (service,)


@operation("resourcegroupstaggingapi", "GetResources")
def all_tagged(call: Call) -> Reply:
    """Moto omits half of the kinds, lists balancers without tags, and has a type of its own for log groups."""
    params = call.params
    matches = make_tag_matcher(params.get("TagFilters"))
    types, arns = params.get("ResourceTypeFilters"), params.get("ResourceARNList")
    found = [
        {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        for arn, tags in _everything(call)
        if tags
        and matches(dict(tags))
        and (not types or any(wanted in _types(arn) for wanted in types))
        and (not arns or arn in arns)
    ]
    return {"ResourceTagMappingList": found, "PaginationToken": ""}
