"""The lines of forum.md about the network, each as a check."""

from __future__ import annotations

from tests.scenarios.forum.oracle.account import SERVICES, Account

_SUBNETS = {
    ("public", "a"): "10.0.0.0/24",
    ("public", "b"): "10.0.1.0/24",
    ("private", "a"): "10.0.100.0/24",
    ("private", "b"): "10.0.101.0/24",
}


def vpc_has_its_range_and_dns(account: Account) -> None:
    assert account.vpc["CidrBlock"] == "10.0.0.0/16"
    ec2, id = account.client("ec2"), account.vpc["VpcId"]
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        answer = ec2.describe_vpc_attribute(VpcId=id, Attribute=attribute)
        assert answer[attribute[0].upper() + attribute[1:]]["Value"] is True, attribute


def four_subnets_with_their_ranges_in_zones_a_and_b(account: Account) -> None:
    assert {place: subnet["CidrBlock"] for place, subnet in account.subnets.items()} == _SUBNETS
    assert len(account.in_vpc("describe_subnets", "Subnets")) == len(_SUBNETS)


def public_subnets_go_out_by_the_internet_gateway(account: Account) -> None:
    attached = [
        gateway["InternetGatewayId"]
        for gateway in account.all("ec2", "describe_internet_gateways", "InternetGateways")
        if any(a["VpcId"] == account.vpc["VpcId"] for a in gateway["Attachments"])
    ]
    for subnet in account.subnet_ids("public"):
        route = account.default_routes[subnet]
        assert [route["GatewayId"]] == attached
        assert route["State"] == "active"


def private_subnets_go_out_by_the_nat_gateway_of_their_zone(account: Account) -> None:
    gateways = {g["NatGatewayId"]: g for g in _nat_gateways(account)}
    for zone in ("a", "b"):
        route = account.default_routes[account.subnets["private", zone]["SubnetId"]]
        assert route["State"] == "active"
        assert gateways[route["NatGatewayId"]]["SubnetId"] == account.subnets["public", zone]["SubnetId"]


def a_nat_gateway_a_zone_each_with_its_own_address(account: Account) -> None:
    gateways = _nat_gateways(account)
    assert {g["SubnetId"] for g in gateways} == account.subnet_ids("public")
    assert len(gateways) == 2
    held = [address["AllocationId"] for g in gateways for address in g["NatGatewayAddresses"]]
    addresses = account.all("ec2", "describe_addresses", "Addresses")
    assert len(set(held)) == 2
    assert set(held) <= {a["AllocationId"] for a in addresses}


def interface_endpoints_with_private_dns_in_both_private_subnets(account: Account) -> None:
    found = {e["ServiceName"]: e for e in _endpoints(account) if e["VpcEndpointType"] == "Interface"}
    assert set(found) == {f"com.amazonaws.us-east-1.{name}" for name in ("ecr.api", "ecr.dkr", "logs")}
    for endpoint in found.values():
        assert endpoint["State"].lower() == "available"
        assert endpoint["PrivateDnsEnabled"] is True
        assert set(endpoint["SubnetIds"]) == account.subnet_ids("private")


def s3_endpoint_on_the_private_route_tables(account: Account) -> None:
    (endpoint,) = [e for e in _endpoints(account) if e["VpcEndpointType"] == "Gateway"]
    assert endpoint["ServiceName"] == "com.amazonaws.us-east-1.s3"
    private = {account.tables[subnet]["RouteTableId"] for subnet in account.subnet_ids("private")}
    assert set(endpoint["RouteTableIds"]) == private
    assert len(private) == 2


def the_balancer_is_open_on_80_and_443(account: Account) -> None:
    assert _let_in(account, account.balancer["SecurityGroups"]) == {
        ("tcp", 80, 80, "0.0.0.0/0"),
        ("tcp", 443, 443, "0.0.0.0/0"),
    }


def tasks_are_reached_by_the_balancer_only(account: Account) -> None:
    (balancer,) = account.balancer["SecurityGroups"]
    for name in SERVICES:
        network = account.ecs_services[name]["networkConfiguration"]["awsvpcConfiguration"]
        assert _let_in(account, network["securityGroups"]) == {("tcp", 3000, 3000, balancer)}


def endpoints_are_reached_from_the_network_on_443(account: Account) -> None:
    for endpoint in _endpoints(account):
        if endpoint["VpcEndpointType"] == "Interface":
            groups = [group["GroupId"] for group in endpoint["Groups"]]
            assert _let_in(account, groups) == {("tcp", 443, 443, "10.0.0.0/16")}


def no_security_groups_but_the_three_and_the_default(account: Account) -> None:
    assert len(account.in_vpc("describe_security_groups", "SecurityGroups")) == 4


def _nat_gateways(account: Account) -> list[dict[str, object]]:
    listed = account.all("ec2", "describe_nat_gateways", "NatGateways")
    return [g for g in listed if g["VpcId"] == account.vpc["VpcId"] and g["State"] == "available"]


def _endpoints(account: Account) -> list[dict[str, object]]:
    listed = account.in_vpc("describe_vpc_endpoints", "VpcEndpoints")
    return [e for e in listed if e["State"].lower() not in ("deleted", "deleting")]


def _let_in(account: Account, groups: list[str]) -> set[tuple[str, int, int, str]]:
    """Every rule that lets traffic into members of these groups."""
    rules = account.all("ec2", "describe_security_group_rules", "SecurityGroupRules")
    return {
        (
            rule["IpProtocol"],
            rule["FromPort"],
            rule["ToPort"],
            rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule["ReferencedGroupInfo"]["GroupId"],
        )
        for rule in rules
        if rule["GroupId"] in groups and not rule["IsEgress"]
    }
