"""Cloud Map namespaces come and go in their own time, told by operations."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.world import Aws


def status(aws: Aws, operation: str) -> str:
    answer = aws.client("servicediscovery").get_operation(OperationId=operation)["Operation"]
    return str(answer["Status"])


def namespaces(aws: Aws) -> list[Any]:
    return list(aws.client("servicediscovery").list_namespaces()["Namespaces"])


def made(aws: Aws) -> str:
    vpc = aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    answer = aws.client("servicediscovery").create_private_dns_namespace(Name="shop.local", Vpc=vpc)
    return str(answer["OperationId"])


def test_a_namespace_has_its_zone_when_its_operation_has_succeeded(aws: Aws) -> None:
    operation = made(aws)
    assert status(aws, operation) == "PENDING"
    assert "HostedZoneId" not in namespaces(aws)[0]["Properties"]["DnsProperties"]
    aws.sleep(60)
    assert status(aws, operation) == "SUCCESS"
    assert namespaces(aws)[0]["Properties"]["DnsProperties"]["HostedZoneId"]


def test_a_namespace_is_there_until_its_deletion_has_succeeded_which_begins_once(aws: Aws) -> None:
    made(aws)
    aws.sleep(60)
    discovery, id = aws.client("servicediscovery"), namespaces(aws)[0]["Id"]
    operation = discovery.delete_namespace(Id=id)["OperationId"]
    with pytest.raises(ClientError, match="DuplicateRequest"):
        discovery.delete_namespace(Id=id)
    assert [each["Id"] for each in namespaces(aws)] == [id]
    aws.sleep(60)
    assert status(aws, operation) == "SUCCESS"
    assert namespaces(aws) == []
    assert aws.client("route53").list_hosted_zones()["HostedZones"] == []
