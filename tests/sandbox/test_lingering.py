"""What is deleted and not gone: in the way until AWS has really let go of it, and no longer."""

from __future__ import annotations

import pytest

from tests.sandbox.strict.network import Network, refused
from tests.world import Aws

DAY = 86400.0


@pytest.fixture
def network(aws: Aws) -> Network:
    return Network(aws)


def test_the_interfaces_of_a_load_balancer_hold_its_group_and_subnets_for_a_minute(aws: Aws, network: Network) -> None:
    group = network.group()
    balancer = network.balancer(SecurityGroups=[group])
    network.elb.delete_load_balancer(LoadBalancerArn=balancer)
    assert network.elb.describe_load_balancers()["LoadBalancers"] == []
    with refused("DependencyViolation", group):
        network.ec2.delete_security_group(GroupId=group)
    with refused("DependencyViolation", network.subnets[0]):
        network.ec2.delete_subnet(SubnetId=network.subnets[0])
    with refused("DependencyViolation", "mapped public address"):
        network.ec2.detach_internet_gateway(InternetGatewayId=network.gateway, VpcId=network.vpc)
    aws.sleep(60)
    network.ec2.delete_security_group(GroupId=group)
    network.ec2.delete_subnet(SubnetId=network.subnets[0])
    network.ec2.detach_internet_gateway(InternetGatewayId=network.gateway, VpcId=network.vpc)


def test_the_interfaces_of_a_load_balancer_are_seen_follow_its_settings_and_go_a_minute_after_it(
    aws: Aws, network: Network
) -> None:
    balancer, third = network.balancer(SecurityGroups=[network.group()]), network.subnet("10.0.3.0/24", "c")

    def seen() -> list[tuple[str, list[str]]]:
        found = network.ec2.describe_network_interfaces()["NetworkInterfaces"]
        assert {each["Description"] for each in found} <= {f"ELB {balancer.partition(':loadbalancer/')[2]}"}
        return sorted((each["SubnetId"], [group["GroupName"] for group in each["Groups"]]) for each in found)

    assert seen() == sorted((subnet, ["web"]) for subnet in network.subnets)
    network.elb.set_security_groups(LoadBalancerArn=balancer, SecurityGroups=[network.group("other")])
    network.elb.set_subnets(LoadBalancerArn=balancer, Subnets=[network.subnets[0], third])
    assert seen() == sorted((subnet, ["other"]) for subnet in (network.subnets[0], third))
    network.elb.delete_load_balancer(LoadBalancerArn=balancer)
    assert len(seen()) == 2
    aws.sleep(60)
    assert seen() == []


def test_an_endpoint_holds_its_group_its_subnets_and_its_name_while_it_is_deleted(aws: Aws, network: Network) -> None:
    group = network.group()
    for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
        network.ec2.modify_vpc_attribute(VpcId=network.vpc, **{attribute: {"Value": True}})
    endpoint = network.endpoint(SecurityGroupIds=[group], PrivateDnsEnabled=True)
    aws.sleep(90)
    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    assert network.ec2.describe_vpc_endpoints()["VpcEndpoints"][0]["State"] == "deleting"
    with refused("DependencyViolation", group):
        network.ec2.delete_security_group(GroupId=group)
    with refused("DependencyViolation"):
        network.ec2.delete_subnet(SubnetId=network.subnets[0])
    with refused("InvalidParameter", "conflicting DNS domain"):
        network.endpoint(PrivateDnsEnabled=True)
    aws.sleep(90)
    assert network.ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    network.ec2.delete_security_group(GroupId=group)
    network.ec2.delete_subnet(SubnetId=network.subnets[0])


def test_a_nat_gateway_holds_its_address_and_subnet_until_it_is_deleted(aws: Aws, network: Network) -> None:
    gateway, address = network.nat_gateway()
    aws.sleep(120)
    network.ec2.delete_nat_gateway(NatGatewayId=gateway)
    with refused("AuthFailure"):
        network.ec2.release_address(AllocationId=address)
    with refused("DependencyViolation"):
        network.ec2.delete_subnet(SubnetId=network.subnets[0])
    aws.sleep(60)
    assert network.ec2.describe_nat_gateways()["NatGateways"][0]["State"] == "deleted"
    network.ec2.release_address(AllocationId=address)
    network.ec2.delete_subnet(SubnetId=network.subnets[0])


def test_a_secret_keeps_its_name_through_its_window_and_no_longer(aws: Aws) -> None:
    secrets = aws.client("secretsmanager")
    secrets.create_secret(Name="db", SecretString="x")
    until = secrets.delete_secret(SecretId="db", RecoveryWindowInDays=7)["DeletionDate"].timestamp()
    assert until == pytest.approx(aws.clock.now() + 7 * DAY, abs=1)
    aws.sleep(6 * DAY)
    with refused("InvalidRequestException", "already scheduled for deletion"):
        secrets.create_secret(Name="db", SecretString="x")
    aws.sleep(2 * DAY)
    assert secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"] == []
    secrets.create_secret(Name="db", SecretString="x")


def test_a_secret_that_was_restored_stays_when_its_window_is_over(aws: Aws) -> None:
    secrets = aws.client("secretsmanager")
    secrets.create_secret(Name="db", SecretString="x")
    secrets.delete_secret(SecretId="db", RecoveryWindowInDays=7)
    secrets.restore_secret(SecretId="db")
    aws.sleep(8 * DAY)
    assert secrets.get_secret_value(SecretId="db")["SecretString"] == "x"


def test_a_key_pends_through_its_window_and_is_gone_with_its_alias(aws: Aws) -> None:
    kms = aws.client("kms")
    key, kept = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    kms.create_alias(AliasName="alias/db", TargetKeyId=key)
    for each in (key, kept):
        kms.schedule_key_deletion(KeyId=each, PendingWindowInDays=7)
    kms.cancel_key_deletion(KeyId=kept)
    aws.sleep(6 * DAY)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    aws.sleep(2 * DAY)
    with refused("NotFoundException"):
        kms.describe_key(KeyId=key)
    kms.describe_key(KeyId=kept)
    assert "alias/db" not in [alias["AliasName"] for alias in kms.list_aliases()["Aliases"]]
