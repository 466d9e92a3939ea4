"""Cloud Map as AWS answers; each of these fails on moto alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.sandbox.clock import SandboxClock


@dataclass
class Map:
    client: Any
    vpc: str
    clock: SandboxClock

    def namespace(self, name="forum.local", **more):
        operation = self.client.create_private_dns_namespace(Name=name, Vpc=self.vpc, **more)["OperationId"]
        self.clock.advance(60)
        return self.client.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]

    def service(self, namespace, name="posts", **more):
        records = {"DnsRecords": [{"Type": "A", "TTL": 10}]}
        return self.client.create_service(Name=name, NamespaceId=namespace, DnsConfig=records, **more)["Service"]["Id"]


@pytest.fixture
def cloud_map(aws, sandbox):
    vpc = aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return Map(aws("servicediscovery"), vpc, sandbox.clock)


def test_a_vpc_holds_several_private_namespaces(cloud_map):
    assert cloud_map.namespace("forum.local") != cloud_map.namespace("chat.local")


def test_the_same_request_makes_one_namespace(cloud_map):
    assert cloud_map.namespace(CreatorRequestId="once") == cloud_map.namespace(CreatorRequestId="once")


def test_another_request_for_the_same_name_is_refused(cloud_map):
    cloud_map.namespace()
    with pytest.raises(ClientError, match="NamespaceAlreadyExists"):
        cloud_map.namespace()


def test_the_hosted_zone_has_the_name_of_the_namespace_and_goes_with_it(cloud_map, aws):
    route53 = aws("route53")
    namespace = cloud_map.namespace()
    properties = cloud_map.client.get_namespace(Id=namespace)["Namespace"]["Properties"]["DnsProperties"]
    zone = route53.get_hosted_zone(Id=properties["HostedZoneId"])
    assert zone["HostedZone"]["Name"] == "forum.local."
    cloud_map.client.delete_namespace(Id=namespace)
    cloud_map.clock.advance(60)
    assert route53.list_hosted_zones()["HostedZones"] == []


def test_updating_a_namespace_keeps_its_hosted_zone(cloud_map):
    namespace = cloud_map.namespace(Description="old")
    change = {"Description": "new", "Properties": {"DnsProperties": {"SOA": {"TTL": 20}}}}
    cloud_map.client.update_private_dns_namespace(Id=namespace, Namespace=change)
    live = cloud_map.client.get_namespace(Id=namespace)["Namespace"]
    assert live["Description"] == "new"
    assert {"HostedZoneId", "SOA"} <= live["Properties"]["DnsProperties"].keys()


def test_the_operation_of_a_deleted_namespace_can_still_be_asked_for(cloud_map):
    operation = cloud_map.client.delete_namespace(Id=cloud_map.namespace())["OperationId"]
    cloud_map.clock.advance(60)
    cloud_map.client.list_operations()
    assert cloud_map.client.get_operation(OperationId=operation)["Operation"]["Status"] == "SUCCESS"


def test_a_service_exists_once_by_its_name(cloud_map):
    namespace = cloud_map.namespace()
    first = cloud_map.service(namespace, CreatorRequestId="once")
    assert cloud_map.service(namespace, CreatorRequestId="once") == first
    with pytest.raises(ClientError, match="ServiceAlreadyExists"):
        cloud_map.service(namespace)


def test_lists_are_filtered_and_counted(cloud_map):
    forum, chat = cloud_map.namespace("forum.local"), cloud_map.namespace("chat.local")
    cloud_map.service(forum)
    cloud_map.service(chat)
    named = cloud_map.client.list_namespaces(Filters=[{"Name": "NAME", "Values": ["forum.local"]}])["Namespaces"]
    inside = cloud_map.client.list_services(Filters=[{"Name": "NAMESPACE_ID", "Values": [forum]}])["Services"]
    assert [(each["Id"], each["ServiceCount"]) for each in named] == [(forum, 1)]
    assert [(each["Name"], each["InstanceCount"]) for each in inside] == [("posts", 0)]


def test_tags_of_what_is_not_there_are_not_found(cloud_map):
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud_map.client.list_tags_for_resource(
            ResourceARN="arn:aws:servicediscovery:us-east-1:123456789012:service/srv-none"
        )
