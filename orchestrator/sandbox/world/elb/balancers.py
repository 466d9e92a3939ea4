"""Load balancers: two minutes from provisioning to active, made once for one name, with every attribute."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import ec2_backends
from moto.elbv2.models import FakeLoadBalancer, elbv2_backends

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, repair
from orchestrator.sandbox.world.elb import interfaces
from orchestrator.sandbox.world.world import present

PROVISIONING = 120.0
_ATTRIBUTES = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "health_check_logs.s3.enabled": "false",
    "health_check_logs.s3.bucket": "",
    "health_check_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600",
    "deletion_protection.enabled": "false",
    "idle_timeout.timeout_seconds": "60",
    "ipv6.deny_all_igw_traffic": "false",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}

FakeLoadBalancer.VALID_ATTRS = FakeLoadBalancer.VALID_ATTRS | _ATTRIBUTES.keys()
# moto lets a balancer become active when anybody looks at it; here time does that
FakeLoadBalancer.activate = lambda _: None


def _backend(call: Call) -> Any:
    return elbv2_backends[call.account][call.region]


@repair("elbv2", "CreateLoadBalancer")
def create_once(call: Call, proceed: Proceed) -> Reply:
    """The same name with the same settings is the same balancer; moto makes another of that name."""
    existing = next((each for each in _backend(call).load_balancers.values() if each.name == call.params["Name"]), None)
    if existing is not None:
        return {"LoadBalancers": [_described(existing)]}
    call.params.setdefault("Scheme", "internet-facing")
    try:
        reply = proceed()
    except AwsError as error:
        if error.code == "InvalidSubnetID.NotFound":  # EC2's word for it; ELB has its own
            raise AwsError("SubnetNotFound", error.message, status=400) from None
        raise
    balancer = _backend(call).load_balancers[reply["LoadBalancers"][0]["LoadBalancerArn"]]
    balancer.scheme = call.params["Scheme"]
    if balancer.type == "application":
        balancer.attrs = dict(_ATTRIBUTES)
        if not balancer.security_groups:
            ec2 = ec2_backends[call.account][call.region]
            balancer.security_groups = [ec2.get_default_security_group(balancer.vpc_id).id]
    label = f"{'internal-' if balancer.scheme == 'internal' else ''}{balancer.name}-{int(balancer.arn[-8:], 16)}"
    balancer.dns_name = f"{label}.{call.region}.elb.amazonaws.com"
    interfaces.settle(call, balancer)
    present().after(PROVISIONING, lambda: _activate(call, balancer))
    return {"LoadBalancers": [_described(balancer)]}


@repair("elbv2", "DeleteLoadBalancer", "SetSubnets", "SetSecurityGroups")
def review_after(call: Call, proceed: Proceed) -> Reply:
    """What depends on the balancer notices: its interfaces, and its targets."""
    reply, arn = proceed(), call.params["LoadBalancerArn"]
    balancer = _backend(call).load_balancers.get(arn)
    if balancer is not None:
        interfaces.settle(call, balancer)
    else:
        interfaces.leave(call, arn)
    present().elb.review(call.account, call.region)
    return reply


def _activate(call: Call, balancer: Any) -> None:
    if balancer.arn in _backend(call).load_balancers:
        balancer.state = "active"
        present().elb.review(call.account, call.region)


def _described(balancer: Any) -> Reply:
    return {
        "LoadBalancerArn": balancer.arn,
        "DNSName": balancer.dns_name,
        "CanonicalHostedZoneId": balancer.canonical_hosted_zone_id,
        "CreatedTime": balancer.created_time,
        "LoadBalancerName": balancer.name,
        "Scheme": balancer.scheme,
        "VpcId": balancer.vpc_id,
        "State": {"Code": balancer.state},
        "Type": balancer.type,
        "AvailabilityZones": [
            {"ZoneName": each.availability_zone, "SubnetId": each.id, "LoadBalancerAddresses": []}
            for each in balancer.subnets
        ],
        "SecurityGroups": list(balancer.security_groups),
        "IpAddressType": balancer.ip_address_type,
    }
