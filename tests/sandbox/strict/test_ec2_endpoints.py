"""EC2 refuses endpoints that could not work in their VPC."""

from __future__ import annotations

from tests.sandbox.strict.network import Network, refused
from tests.world import Aws


def with_dns(network: Network) -> None:
    network.ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsHostnames={"Value": True})


def test_private_dns_needs_host_names_which_a_new_vpc_has_not(network: Network) -> None:
    with refused("InvalidParameter", "enableDnsSupport and enableDnsHostnames", network.vpc):
        network.endpoint(PrivateDnsEnabled=True)
    network.endpoint(PrivateDnsEnabled=False)
    with_dns(network)
    network.endpoint(PrivateDnsEnabled=True)


def test_private_dns_is_switched_on_later_only_where_it_could_have_been_at_once(network: Network) -> None:
    endpoint = network.endpoint(PrivateDnsEnabled=False)
    with refused("InvalidParameter"):
        network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PrivateDnsEnabled=True)
    with_dns(network)
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PrivateDnsEnabled=True)


def test_a_service_has_private_dns_once_in_a_vpc_until_the_endpoint_is_really_gone(aws: Aws, network: Network) -> None:
    with_dns(network)
    first = network.endpoint(PrivateDnsEnabled=True)
    with refused("InvalidParameter", "conflicting DNS domain for api.ecr.eu-west-1.amazonaws.com"):
        network.endpoint(PrivateDnsEnabled=True)
    network.endpoint(PrivateDnsEnabled=True, ServiceName="com.amazonaws.eu-west-1.ecr.dkr")
    network.ec2.delete_vpc_endpoints(VpcEndpointIds=[first])
    aws.sleep(600)
    network.endpoint(PrivateDnsEnabled=True)


def test_an_endpoint_has_one_subnet_in_a_zone(network: Network) -> None:
    neighbour = network.subnet("10.0.3.0/24", "a")
    with refused("DuplicateSubnetsInSameZone", neighbour):
        network.endpoint(SubnetIds=[network.subnets[0], neighbour])
    endpoint = network.endpoint(SubnetIds=[network.subnets[0]])
    with refused("DuplicateSubnetsInSameZone"):
        network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSubnetIds=[neighbour])
    network.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSubnetIds=[network.subnets[1]])


def test_an_endpoint_is_for_a_service_that_exists_in_the_region(network: Network) -> None:
    for unknown in ("com.amazonaws.eu-west-1.moon", "com.amazonaws.us-east-1.ecr.api", "ecr.api"):
        with refused("InvalidServiceName", f"The Vpc Endpoint Service '{unknown}' does not exist"):
            network.endpoint(ServiceName=unknown)
    with refused("InvalidServiceName"):
        network.ec2.create_vpc_endpoint(VpcId=network.vpc, ServiceName="com.amazonaws.eu-west-1.ecr.api")
    network.ec2.create_vpc_endpoint(VpcId=network.vpc, ServiceName="com.amazonaws.eu-west-1.s3")
