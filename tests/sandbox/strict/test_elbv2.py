"""Elastic Load Balancing refuses what it cannot place, name, attach or delete, and accepts the nearest thing it can."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.strict.network import Network, forward, refused
from tests.world import Aws


def test_a_load_balancer_has_two_zones(network: Network) -> None:
    with refused("ValidationError", "At least two subnets in two different Availability Zones"):
        network.balancer(Subnets=network.subnets[:1])
    network.balancer()
    network.balancer("net", Subnets=network.subnets[:1], Type="network")


def test_a_load_balancer_has_one_subnet_in_a_zone(network: Network) -> None:
    neighbour = network.subnet("10.0.3.0/24", "a")
    with refused("InvalidConfigurationRequest", "multiple subnets in the same Availability Zone"):
        network.balancer(Subnets=[*network.subnets, neighbour])
    balancer = network.balancer()
    with refused("InvalidConfigurationRequest"):
        network.elb.set_subnets(LoadBalancerArn=balancer, Subnets=[network.subnets[0], neighbour])
    network.elb.set_subnets(LoadBalancerArn=balancer, Subnets=[neighbour, network.subnets[1]])


def test_a_public_load_balancer_needs_an_internet_gateway_and_an_internal_one_does_not(network: Network) -> None:
    network.ec2.detach_internet_gateway(VpcId=network.vpc, InternetGatewayId=network.gateway)
    with refused("InvalidSubnet", f"VPC {network.vpc} has no internet gateway"):
        network.balancer()
    network.balancer("inside", Scheme="internal")


def test_a_load_balancer_needs_room_in_its_subnets(network: Network) -> None:
    small, enough = network.subnet("10.0.4.0/28", "a"), network.subnet("10.0.4.32/27", "a")
    with refused("InvalidSubnet", f"Not enough IP space available in {small}"):
        network.balancer(Subnets=[small, network.subnets[1]])
    network.balancer(Subnets=[enough, network.subnets[1]])


@pytest.mark.parametrize("change", [{"Scheme": "internal"}, {"Tags": [{"Key": "a", "Value": "b"}]}])
def test_a_load_balancer_of_that_name_is_the_same_one_or_a_duplicate(network: Network, change: dict[str, Any]) -> None:
    first = network.balancer()
    with refused("DuplicateLoadBalancerName", "A load balancer with the same name 'web' exists"):
        network.balancer(**change)
    assert network.balancer() == first


def test_a_target_group_of_that_name_is_the_same_one_or_a_duplicate(network: Network) -> None:
    first = network.targets(HealthCheckPath="/health")
    with refused("DuplicateTargetGroupName", "A target group with the same name 'web' exists"):
        network.targets(HealthCheckPath="/health", Port=8080)
    assert network.targets(HealthCheckPath="/health") == first


@pytest.mark.parametrize("name", ["x" * 33, "-web", "web-", "web_1"])
def test_names_of_the_wrong_form_are_refused(network: Network, name: str) -> None:
    with refused("ValidationError", name):
        network.balancer(name)
    with refused("ValidationError", name):
        network.targets(name)


def test_a_load_balancer_is_not_named_internal(network: Network) -> None:
    with refused("ValidationError", "internal-"):
        network.balancer("internal-web")
    network.targets("internal-web")
    network.balancer("x" * 32)


def test_a_target_group_serves_one_load_balancer(network: Network) -> None:
    here, there, group, own = network.balancer(), network.balancer("other"), network.targets(), network.targets("own")
    network.listener(here, group)
    with refused("TargetGroupAssociationLimit", group):
        network.listener(there, group)
    listener = network.listener(there, own)
    with refused("TargetGroupAssociationLimit"):
        network.elb.create_rule(ListenerArn=listener, Priority=1, Conditions=path("/a"), Actions=[forward(own, group)])
    with refused("TargetGroupAssociationLimit"):
        network.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward(group)])
    network.listener(here, group, port=81)


def test_a_target_group_moves_to_another_load_balancer_when_the_first_lets_go(network: Network) -> None:
    here, there, group, own = network.balancer(), network.balancer("other"), network.targets(), network.targets("own")
    listener = network.listener(here, group)
    network.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward(own)])
    network.listener(there, group)


def test_a_port_has_one_listener(network: Network) -> None:
    balancer, group, other = network.balancer(), network.targets(), network.targets("other")
    first = network.listener(balancer, group)
    with refused("DuplicateListener", balancer):
        network.listener(balancer, other)
    assert network.listener(balancer, group) == first
    network.listener(balancer, other, port=81)


def certificate(aws: Aws, region: str = "eu-west-1") -> str:
    acm = aws.client("acm", region)
    return str(acm.request_certificate(DomainName="example.com", ValidationMethod="DNS")["CertificateArn"])


def imported(aws: Aws) -> str:
    """A certificate that is issued, as the model sees it: ACM's own validation takes a minute of the machine's time."""
    arn = certificate(aws)
    from moto.acm.models import acm_backends

    acm_backends[arn.split(":")[4]]["eu-west-1"]._certificates[arn].status = "ISSUED"
    return arn


def test_a_listener_that_speaks_tls_has_a_certificate(aws: Aws, network: Network) -> None:
    balancer, group = network.balancer(), network.targets()
    with refused("ValidationError", "A certificate must be specified for HTTPS listeners"):
        network.listener(balancer, group, port=443, Protocol="HTTPS")
    network.listener(balancer, group, port=443, Protocol="HTTPS", Certificates=[{"CertificateArn": imported(aws)}])


def test_a_certificate_is_issued_and_in_the_region(aws: Aws, network: Network) -> None:
    balancer, group = network.balancer(), network.targets()
    for arn in (certificate(aws), certificate(aws, "us-east-1")):
        with refused("UnsupportedCertificate", arn):
            network.listener(balancer, group, port=443, Protocol="HTTPS", Certificates=[{"CertificateArn": arn}])


def test_a_forward_has_at_most_five_groups_with_weights_to_999(network: Network) -> None:
    balancer, groups = network.balancer(), [network.targets(f"g{n}") for n in range(6)]
    listener = network.listener(balancer, groups[0])

    def rule(priority: int, *actions: dict[str, Any]) -> None:
        network.elb.create_rule(ListenerArn=listener, Priority=priority, Conditions=path("/a"), Actions=list(actions))

    with refused("ValidationError"):
        rule(1, forward(*groups))
    with refused("ValidationError"):
        rule(1, forward(*groups[:2], weights=(1000, 0)))
    with refused("ValidationError"):
        rule(1, forward(groups[0]), forward(groups[1]))
    rule(1, forward(*groups[:5], weights=(999, 0, 0, 0, 0)))


def test_a_priority_is_taken_once(network: Network) -> None:
    group = network.targets()
    listener = network.listener(network.balancer(), group)
    network.elb.create_rule(ListenerArn=listener, Priority=7, Conditions=path("/a"), Actions=[forward(group)])
    with refused("PriorityInUse", "Priority '7' is currently in use"):
        network.elb.create_rule(ListenerArn=listener, Priority=7, Conditions=path("/b"), Actions=[forward(group)])
    network.elb.create_rule(ListenerArn=listener, Priority=8, Conditions=path("/b"), Actions=[forward(group)])


def test_a_target_group_in_a_rule_is_in_use_even_with_weight_0(network: Network) -> None:
    live, idle = network.targets("live"), network.targets("idle")
    listener = network.listener(network.balancer(), live, idle)
    with refused("ResourceInUse", f"Target group '{idle}' is currently in use by a listener or a rule"):
        network.elb.delete_target_group(TargetGroupArn=idle)
    network.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward(live)])
    network.elb.delete_target_group(TargetGroupArn=idle)


def test_a_target_is_inside_the_network_or_private(network: Network) -> None:
    group = network.targets()
    with refused("ValidationError", "8.8.8.8"):
        network.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "8.8.8.8"}])
    network.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.1.9"}, {"Id": "100.64.0.9"}])


def test_a_protected_load_balancer_is_unprotected_before_it_is_deleted(network: Network) -> None:
    balancer = network.balancer()

    def protect(value: str) -> None:
        attributes = [{"Key": "deletion_protection.enabled", "Value": value}]
        network.elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=attributes)

    protect("true")
    with refused("OperationNotPermitted", "deletion protection is enabled"):
        network.elb.delete_load_balancer(LoadBalancerArn=balancer)
    protect("false")
    network.elb.delete_load_balancer(LoadBalancerArn=balancer)


LOG_WRITERS = [
    {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
    {"AWS": "arn:aws:iam::156460612806:root"},
]


@pytest.mark.parametrize("writer", LOG_WRITERS, ids=["service", "account"])
def test_access_logs_need_a_bucket_that_lets_them_in(aws: Aws, network: Network, writer: dict[str, str]) -> None:
    balancer, s3 = network.balancer(), aws.client("s3")
    s3.create_bucket(Bucket="balancer-logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    attributes = [
        {"Key": "access_logs.s3.enabled", "Value": "true"},
        {"Key": "access_logs.s3.bucket", "Value": "balancer-logs"},
        {"Key": "access_logs.s3.prefix", "Value": "web"},
    ]
    with refused("InvalidConfigurationRequest", "Access Denied for bucket: balancer-logs"):
        network.elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=attributes)
    statement = {
        "Effect": "Allow",
        "Principal": writer,
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::balancer-logs/web/AWSLogs/123456789012/*",
    }
    s3.put_bucket_policy(Bucket="balancer-logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    network.elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=attributes)


def test_tags_are_read_for_twenty_at_once(network: Network) -> None:
    arn = network.targets()
    with refused("ValidationError"):
        network.elb.describe_tags(ResourceArns=[arn] * 21)
    network.elb.describe_tags(ResourceArns=[arn] * 20)


def test_load_balancers_are_described_twenty_at_once(network: Network) -> None:
    arn = network.balancer()
    with refused("ValidationError"):
        network.elb.describe_load_balancers(LoadBalancerArns=[arn] * 21)
    network.elb.describe_load_balancers(LoadBalancerArns=[arn] * 20)


def path(pattern: str) -> list[dict[str, Any]]:
    return [{"Field": "path-pattern", "PathPatternConfig": {"Values": [pattern]}}]


def test_a_balancer_in_a_subnet_that_is_not_there_is_refused_by_the_name_that_elb_has_for_it(network: Network) -> None:
    with refused("SubnetNotFound"):
        network.balancer(Subnets=["subnet-0", "subnet-1"])
