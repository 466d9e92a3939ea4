"""EC2 does not delete what something still depends on, and does as soon as nothing does."""

from __future__ import annotations

import pytest

from tests.sandbox.strict.network import Network, refused
from tests.world import Aws


def test_a_vpc_is_deleted_only_when_it_is_empty(network: Network) -> None:
    for subnet in network.subnets:
        network.ec2.delete_subnet(SubnetId=subnet)
    with refused("DependencyViolation", f"The vpc '{network.vpc}' has dependencies"):
        network.ec2.delete_vpc(VpcId=network.vpc)
    network.ec2.detach_internet_gateway(VpcId=network.vpc, InternetGatewayId=network.gateway)
    network.ec2.delete_vpc(VpcId=network.vpc)


@pytest.fixture
def bare_vpc(aws: Aws) -> str:
    return str(aws.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"])


def test_a_vpc_keeps_a_security_group_of_its_own_alive(aws: Aws, bare_vpc: str) -> None:
    ec2 = aws.client("ec2")
    group = ec2.create_security_group(GroupName="web", Description="x", VpcId=bare_vpc)["GroupId"]
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=bare_vpc)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc(VpcId=bare_vpc)


def test_a_vpc_keeps_a_route_table_of_its_own_alive(aws: Aws, bare_vpc: str) -> None:
    ec2 = aws.client("ec2")
    table = ec2.create_route_table(VpcId=bare_vpc)["RouteTable"]["RouteTableId"]
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=bare_vpc)
    ec2.delete_route_table(RouteTableId=table)
    ec2.delete_vpc(VpcId=bare_vpc)


def test_a_vpc_keeps_a_gateway_endpoint_alive(aws: Aws, bare_vpc: str) -> None:
    ec2 = aws.client("ec2")
    made = ec2.create_vpc_endpoint(VpcId=bare_vpc, ServiceName="com.amazonaws.eu-west-1.s3")
    with refused("DependencyViolation"):
        ec2.delete_vpc(VpcId=bare_vpc)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpoint"]["VpcEndpointId"]])
    aws.sleep(300)
    ec2.delete_vpc(VpcId=bare_vpc)


def test_a_subnet_with_a_nat_gateway_goes_when_that_is_deleted(aws: Aws, network: Network) -> None:
    nat, _ = network.nat_gateway()
    with refused("DependencyViolation", f"The subnet '{network.subnets[0]}' has dependencies"):
        network.ec2.delete_subnet(SubnetId=network.subnets[0])
    network.ec2.delete_subnet(SubnetId=network.subnets[1])
    network.ec2.delete_nat_gateway(NatGatewayId=nat)
    aws.sleep(600)
    network.ec2.delete_subnet(SubnetId=network.subnets[0])


def test_a_subnet_with_a_load_balancer_goes_a_while_after_it(aws: Aws, network: Network) -> None:
    balancer = network.balancer()
    with refused("DependencyViolation"):
        network.ec2.delete_subnet(SubnetId=network.subnets[0])
    network.elb.delete_load_balancer(LoadBalancerArn=balancer)
    with refused("DependencyViolation"):
        network.ec2.delete_subnet(SubnetId=network.subnets[0])
    aws.sleep(120)
    network.ec2.delete_subnet(SubnetId=network.subnets[0])


def test_a_subnet_with_an_endpoint_goes_when_that_is_deleted(aws: Aws, network: Network) -> None:
    endpoint = network.endpoint()
    with refused("DependencyViolation"):
        network.ec2.delete_subnet(SubnetId=network.subnets[1])
    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    aws.sleep(300)
    network.ec2.delete_subnet(SubnetId=network.subnets[1])


def test_a_subnet_with_an_instance_goes_when_that_is_terminated(aws: Aws, network: Network) -> None:
    made = network.ec2.run_instances(
        ImageId="ami-12345678", MinCount=1, MaxCount=1, SubnetId=network.subnets[0], InstanceType="t3.micro"
    )
    with refused("DependencyViolation"):
        network.ec2.delete_subnet(SubnetId=network.subnets[0])
    network.ec2.terminate_instances(InstanceIds=[made["Instances"][0]["InstanceId"]])
    aws.sleep(60)
    network.ec2.delete_subnet(SubnetId=network.subnets[0])


def test_a_group_worn_by_a_load_balancer_goes_a_while_after_it(aws: Aws, network: Network) -> None:
    group = network.group()
    balancer = network.balancer(SecurityGroups=[group])
    with refused("DependencyViolation", f"resource {group} has a dependent object"):
        network.ec2.delete_security_group(GroupId=group)
    network.elb.delete_load_balancer(LoadBalancerArn=balancer)
    aws.sleep(120)
    network.ec2.delete_security_group(GroupId=group)


def test_a_group_worn_by_an_endpoint_stays(network: Network) -> None:
    group, other = network.group(), network.group("other")
    network.endpoint(SecurityGroupIds=[group])
    with refused("DependencyViolation"):
        network.ec2.delete_security_group(GroupId=group)
    network.ec2.delete_security_group(GroupId=other)


def test_a_group_that_another_group_names_stays_until_the_rule_is_revoked(network: Network) -> None:
    named, naming = network.group("named"), network.group("naming")
    permission = [
        {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": named}]},
    ]
    network.ec2.authorize_security_group_ingress(GroupId=naming, IpPermissions=permission)
    with refused("DependencyViolation"):
        network.ec2.delete_security_group(GroupId=named)
    network.ec2.revoke_security_group_ingress(GroupId=naming, IpPermissions=permission)
    network.ec2.delete_security_group(GroupId=named)


def test_a_group_that_names_itself_is_deleted(network: Network) -> None:
    group = network.group()
    pairs = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}]
    network.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=pairs)
    network.ec2.delete_security_group(GroupId=group)


def test_the_default_group_is_not_for_us_to_delete(network: Network) -> None:
    found = network.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])
    group = found["SecurityGroups"][0]["GroupId"]
    with refused("CannotDelete", group, "cannot be deleted by a user"):
        network.ec2.delete_security_group(GroupId=group)


def test_an_internet_gateway_stays_while_a_nat_gateway_uses_it(aws: Aws, network: Network) -> None:
    nat, _ = network.nat_gateway()
    with refused("DependencyViolation", "mapped public address(es)"):
        network.ec2.detach_internet_gateway(VpcId=network.vpc, InternetGatewayId=network.gateway)
    network.ec2.delete_nat_gateway(NatGatewayId=nat)
    aws.sleep(600)
    network.ec2.detach_internet_gateway(VpcId=network.vpc, InternetGatewayId=network.gateway)


def test_an_internet_gateway_stays_for_a_public_load_balancer_but_not_for_an_internal_one(network: Network) -> None:
    balancer = network.balancer()
    with refused("DependencyViolation"):
        network.ec2.detach_internet_gateway(VpcId=network.vpc, InternetGatewayId=network.gateway)
    other = network.ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    gateway = network.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    network.ec2.attach_internet_gateway(VpcId=other, InternetGatewayId=gateway)
    subnets = [
        network.ec2.create_subnet(VpcId=other, CidrBlock=f"10.7.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")
        for n, zone in enumerate("ab")
    ]
    network.balancer("inside", Subnets=[one["Subnet"]["SubnetId"] for one in subnets], Scheme="internal")
    network.ec2.detach_internet_gateway(VpcId=other, InternetGatewayId=gateway)
    assert balancer


def test_an_internet_gateway_is_detached_before_it_is_deleted(network: Network) -> None:
    with refused("DependencyViolation", f"The internetGateway '{network.gateway}' has dependencies"):
        network.ec2.delete_internet_gateway(InternetGatewayId=network.gateway)
    network.ec2.detach_internet_gateway(VpcId=network.vpc, InternetGatewayId=network.gateway)
    network.ec2.delete_internet_gateway(InternetGatewayId=network.gateway)


def test_an_address_belongs_to_its_nat_gateway_until_that_is_deleted(aws: Aws, network: Network) -> None:
    nat, address = network.nat_gateway()
    with refused("AuthFailure", "You do not have permission"):
        network.ec2.release_address(AllocationId=address)
    network.ec2.delete_nat_gateway(NatGatewayId=nat)
    aws.sleep(600)
    network.ec2.release_address(AllocationId=address)


def test_an_address_in_use_is_disassociated_before_it_is_released(network: Network) -> None:
    interface = network.ec2.create_network_interface(SubnetId=network.subnets[0])["NetworkInterface"]
    address = network.ec2.allocate_address(Domain="vpc")["AllocationId"]
    joined = network.ec2.associate_address(AllocationId=address, NetworkInterfaceId=interface["NetworkInterfaceId"])
    with refused("InvalidIPAddress.InUse"):
        network.ec2.release_address(AllocationId=address)
    network.ec2.disassociate_address(AssociationId=joined["AssociationId"])
    network.ec2.release_address(AllocationId=address)


def test_what_does_not_exist_is_still_not_found(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    with refused("InvalidVpcID.NotFound"):
        ec2.delete_vpc(VpcId="vpc-00000000000000000")
    with refused("InvalidSubnetID.NotFound"):
        ec2.delete_subnet(SubnetId="subnet-00000000000000000")
    with refused("InvalidGroup.NotFound"):
        ec2.delete_security_group(GroupId="sg-00000000000000000")
