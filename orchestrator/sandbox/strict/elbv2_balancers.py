"""What Elastic Load Balancing refuses about load balancers: names, zones, subnets, protection, log buckets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.occupancy import interfaces, subnet_of
from orchestrator.sandbox.strict.policies import grants
from orchestrator.sandbox.strict.registry import rule

_NAME = re.compile(r"[a-zA-Z0-9-]+")
_NAME_MAX = 32
_ZONES = 2
_SMALLEST_PREFIX = 27
_FREE_ADDRESSES = 8
_RESERVED_ADDRESSES = 5

# the accounts that write access logs in regions older than August 2022; newer ones use the service principal
_LOG_ACCOUNTS = {
    "us-east-1": "127311923021",
    "us-east-2": "033677994240",
    "us-west-1": "027434742980",
    "us-west-2": "797873946194",
    "af-south-1": "098369216593",
    "ap-east-1": "754344448648",
    "ap-northeast-1": "582318560864",
    "ap-northeast-2": "600734575887",
    "ap-northeast-3": "383597477331",
    "ap-south-1": "718504428378",
    "ap-southeast-1": "114774131450",
    "ap-southeast-2": "783225319266",
    "ap-southeast-3": "589379963580",
    "ca-central-1": "985666609251",
    "eu-central-1": "054676820928",
    "eu-north-1": "897822967062",
    "eu-south-1": "635631232127",
    "eu-west-1": "156460612806",
    "eu-west-2": "652711504416",
    "eu-west-3": "009996457667",
    "me-south-1": "076674570225",
    "sa-east-1": "507241528517",
}
_LOG_SERVICES = ("logdelivery.elasticloadbalancing.amazonaws.com", "delivery.logs.amazonaws.com")


@rule("ELB-07", "elbv2", "CreateLoadBalancer", code="ValidationError")
def balancer_name(call: Call) -> str | None:
    """A load balancer's name is at most 32 letters, digits and inner hyphens, and does not begin with internal-."""
    name = call.params.get("Name", "")
    wrong = name_problem("Load balancer", name)
    if wrong is None and name.startswith("internal-"):
        return f"Load balancer name '{name}' cannot begin with 'internal-'"
    return wrong


@rule("ELB-02", "elbv2", "CreateLoadBalancer", "SetSubnets", code="InvalidConfigurationRequest")
def two_subnets_in_one_zone(call: Call) -> str | None:
    """A load balancer has at most one subnet in each zone."""
    zones = [subnet.availability_zone for subnet in _subnets(call)]
    if len(zones) != len(set(zones)):
        return "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
    return None


@rule("ELB-01", "elbv2", "CreateLoadBalancer", "SetSubnets", code="ValidationError")
def too_few_zones(call: Call) -> str | None:
    """An Application Load Balancer has subnets in at least two zones."""
    subnets = list(_subnets(call))
    if subnets and _type(call) == "application" and len({subnet.availability_zone for subnet in subnets}) < _ZONES:
        return "At least two subnets in two different Availability Zones must be specified"
    return None


@rule("ELB-03", "elbv2", "CreateLoadBalancer", code="InvalidSubnet")
def no_internet_gateway(call: Call) -> str | None:
    """An internet-facing load balancer, which is the default, needs an internet gateway on its VPC."""
    if call.params.get("Scheme", "internet-facing") != "internet-facing" or _type(call) == "gateway":
        return None
    attached = {gateway.vpc.id for gateway in call.backend("ec2").internet_gateways.values() if gateway.vpc}
    for subnet in _subnets(call):
        if subnet.vpc_id not in attached:
            return f"VPC {subnet.vpc_id} has no internet gateway"
    return None


@rule("ELB-04", "elbv2", "CreateLoadBalancer", "SetSubnets", code="InvalidSubnet")
def no_room(call: Call) -> str | None:
    """Each subnet of an Application Load Balancer is at least a /27 with eight free addresses."""
    if _type(call) != "application":
        return None
    for subnet in _subnets(call):
        taken = sum(interface.subnet == subnet.id for interface in interfaces(call))
        free = subnet.cidr.num_addresses - _RESERVED_ADDRESSES - taken
        if subnet.cidr.prefixlen > _SMALLEST_PREFIX or free < _FREE_ADDRESSES:
            return (
                f"Not enough IP space available in {subnet.id}. "
                "ELB requires at least 8 free IP addresses in each subnet."
            )
    return None


@rule("ELB-05", "elbv2", "CreateLoadBalancer", code="DuplicateLoadBalancerName")
def balancer_exists(call: Call) -> str | None:
    """A name that exists with the same settings is the same load balancer again; with others it is refused."""
    elb, name = call.backend(), call.params.get("Name")
    for balancer in elb.load_balancers.values():
        if balancer.name == name and not _same(call, balancer):
            return f"A load balancer with the same name '{name}' exists, but with different settings"
    return None


@rule("ELB-19", "elbv2", "DeleteLoadBalancer", code="OperationNotPermitted")
def deletion_protection(call: Call) -> str | None:
    """A protected load balancer is unprotected before it is deleted."""
    balancer = call.backend().load_balancers.get(call.params.get("LoadBalancerArn"))
    if balancer is not None and str(balancer.attrs.get("deletion_protection.enabled")).lower() == "true":
        return f"Load balancer '{balancer.arn}' cannot be deleted because deletion protection is enabled"
    return None


@rule("ELB-20", "elbv2", "ModifyLoadBalancerAttributes", code="InvalidConfigurationRequest")
def log_bucket_denied(call: Call) -> str | None:
    """Access logs go only to a bucket whose policy lets the load balancing service write."""
    balancer = call.backend().load_balancers.get(call.params.get("LoadBalancerArn"))
    changed = {entry.get("Key", ""): entry.get("Value", "") for entry in call.params.get("Attributes") or ()}
    if balancer is None or not any(key.startswith("access_logs.") for key in changed):
        return None
    attributes = {**balancer.attrs, **changed}
    if str(attributes.get("access_logs.s3.enabled")).lower() != "true":
        return None
    bucket = attributes.get("access_logs.s3.bucket") or ""
    if _may_write_logs(call, bucket, attributes.get("access_logs.s3.prefix") or ""):
        return None
    return f"Access Denied for bucket: {bucket}. Please check S3bucket permission"


def name_problem(what: str, name: str) -> str | None:
    """What is wrong with the name of a load balancer or target group."""
    if len(name) > _NAME_MAX:
        return f"{what} name '{name}' cannot be longer than '{_NAME_MAX}' characters"
    if not _NAME.fullmatch(name):
        return f"{what} name '{name}' can only contain characters that are alphanumeric characters and hyphens(-)"
    if name.startswith("-") or name.endswith("-"):
        return f"{what} name '{name}' cannot begin or end with '-'"
    return None


def _may_write_logs(call: Call, bucket: str, prefix: str) -> bool:
    """Whether the service may write its test file, which is how it finds out."""
    live = call.backend("s3").buckets.get(bucket)
    if live is None:
        return False
    account = _LOG_ACCOUNTS.get(call.region, "")
    writers = (*_LOG_SERVICES, account, f"arn:{call.partition}:iam::{account}:root")
    key = f"{prefix.rstrip('/')}/" if prefix else ""
    written = f"arn:{call.partition}:s3:::{bucket}/{key}AWSLogs/{call.account}/ELBAccessLogTestFile"
    return grants(live.policy, "s3:PutObject", written, *writers)


def _type(call: Call) -> str:
    if call.operation == "SetSubnets":
        balancer = call.backend().load_balancers.get(call.params.get("LoadBalancerArn"))
        return balancer.type if balancer is not None else ""
    return str(call.params.get("Type", "application"))


def _subnets(call: Call) -> Iterator[Any]:
    named = list(call.params.get("Subnets") or ())
    named += [mapping.get("SubnetId") for mapping in call.params.get("SubnetMappings") or ()]
    for subnet_id in named:
        subnet = subnet_of(call, subnet_id)
        if subnet is not None:
            yield subnet


def _same(call: Call, balancer: Any) -> bool:
    """Whether a create asks for what exists; what it leaves out it leaves to AWS's defaults."""
    params = call.params
    groups = params.get("SecurityGroups")
    tags = {tag["Key"]: tag.get("Value", "") for tag in params.get("Tags") or ()}
    live_tags = {tag["Key"]: tag["Value"] for tag in _live_tags(call, balancer.arn)}
    return (
        (balancer.scheme or "internet-facing") == params.get("Scheme", "internet-facing")
        and balancer.type == params.get("Type", "application")
        and balancer.ip_address_type == params.get("IpAddressType", "ipv4")
        and {subnet.id for subnet in balancer.subnets} == {subnet.id for subnet in _subnets(call)}
        and (groups is None or set(balancer.security_groups) == set(groups))
        and tags == live_tags
    )


def _live_tags(call: Call, arn: str) -> list[dict[str, str]]:
    tags: list[dict[str, str]] = call.backend().tagging_service.list_tags_for_resource(arn)["Tags"]
    return tags
