"""Names in Cloud Map that others share, hide, double or hold on to."""

from __future__ import annotations

import dataclasses as dc
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.errors import ErrorClass, classify
from orchestrator.core.address import Address
from orchestrator.core.health import Broken
from orchestrator.core.resource import Live
from orchestrator.kinds.catalogue import KINDS
from orchestrator.kinds.discovery import DiscoveryService, Namespace
from orchestrator.kinds.ec2.vpc import Vpc
from orchestrator.kinds.scope import Scope
from orchestrator.reconcile.steps import Action
from tests.contract.harness import Account
from tests.contract.life import planned

VPC = Vpc(name="main", cidr="10.0.0.0/16")
NAMESPACE = Namespace(name="main", domain="chat.local", vpc=VPC.out())
USERS = DiscoveryService(name="users", host="users", namespace=NAMESPACE.out())
ALL = [VPC, NAMESPACE, USERS]


def live(account: Account, address: Address) -> Live[Any]:
    found = account.find(ALL, address)
    assert found is not None
    return found


def test_a_name_in_somebody_elses_namespace_is_not_taken_for_ours(account: Account) -> None:
    account.apply(ALL)
    other = account.beside("other")
    other.apply([dc.replace(VPC, cidr="10.1.0.0/16"), NAMESPACE, USERS])
    assert account.plan(ALL).empty
    assert live(account, USERS.address).outputs != live(other, USERS.address).outputs


def test_a_namespace_whose_zone_other_networks_share_stays_in_its_own(account: Account) -> None:
    account.apply(ALL)
    guests = [account.aws.client("ec2").create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in range(5, 9)]
    zone = live(account, NAMESPACE.address).outputs["zone"]
    for guest in guests:
        vpc = {"VPCRegion": account.aws.region, "VPCId": guest}
        account.aws.client("route53").associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=vpc)
    assert account.plan(ALL).empty


def test_a_namespace_without_its_hosted_zone_is_made_again(account: Account) -> None:
    account.apply([VPC, NAMESPACE])
    before = live(account, NAMESPACE.address)
    account.aws.client("route53").delete_hosted_zone(Id=before.outputs["zone"])
    after = live(account, NAMESPACE.address)
    assert isinstance(KINDS["namespace"].health(after), Broken)
    assert [(key, action) for key, action, _ in planned(account.plan([VPC, NAMESPACE]))] == [
        ("namespace/main", Action.DELETE),
        ("namespace/main", Action.REPLACE),
    ]


def test_a_namespace_that_was_asked_for_twice_is_there_once(account: Account) -> None:
    account.apply([VPC])
    for _ in range(2):
        account.create(NAMESPACE, account.observe([VPC]))
    found = account.aws.client("servicediscovery").list_namespaces()["Namespaces"]
    assert [n["Name"] for n in found] == ["chat.local"]


@pytest.mark.parametrize("verb", ["create_private_dns_namespace", "delete_namespace"])
def test_an_operation_that_is_under_way_already_is_waited_for(
    account: Account, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.apply([VPC, NAMESPACE])

    def under_way(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "DuplicateRequest", "Message": "under way"}}, verb)

    monkeypatch.setattr(account.aws.client("servicediscovery"), verb, under_way)
    found = live(account, NAMESPACE.address)
    if verb == "delete_namespace":
        KINDS["namespace"].delete(account.aws, found)
    else:
        account.create(NAMESPACE, account.observe([VPC]))


def test_a_namespace_is_kept_for_as_long_as_there_are_names_in_it(account: Account) -> None:
    account.apply(ALL)
    with pytest.raises(ClientError) as refused:
        KINDS["namespace"].delete(account.aws, live(account, NAMESPACE.address))
    assert classify(refused.value) is ErrorClass.BUSY


def test_a_name_is_kept_for_as_long_as_tasks_are_registered_under_it(account: Account) -> None:
    account.apply(ALL)
    users, cloud_map = live(account, USERS.address), account.aws.client("servicediscovery")
    where = {"AWS_INSTANCE_IPV4": "10.0.3.7"}
    cloud_map.register_instance(ServiceId=users.outputs["id"], InstanceId="task", Attributes=where)
    with pytest.raises(ClientError) as refused:
        KINDS["discovery-service"].delete(account.aws, users)
    assert classify(refused.value) is ErrorClass.BUSY
    cloud_map.deregister_instance(ServiceId=users.outputs["id"], InstanceId="task")
    account.delete(users, ALL)


def test_a_name_left_over_in_a_namespace_that_is_not_ours_is_found_by_its_tags(account: Account) -> None:
    theirs = account.beside("other")
    theirs.apply([VPC, NAMESPACE])
    namespace = live(theirs, NAMESPACE.address).outputs["id"]
    account.apply([dc.replace(USERS, namespace=namespace)])
    scope = Scope(account.stack)
    assert [x.address for x in KINDS["discovery-service"].observe(account.reader, scope)] == [USERS.address]


def test_what_a_filter_lets_through_wrongly_is_left_out(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    account.apply(ALL)
    other = account.beside("other")
    other.apply([dc.replace(VPC, cidr="10.1.0.0/16"), NAMESPACE, USERS])
    client = account.reader.client("servicediscovery")
    everything = [s for page in client.get_paginator("list_services").paginate() for s in page["Services"]]
    assert len(everything) == 2
    monkeypatch.setattr(type(account.reader), "pages", _unfiltered(account.reader.pages))
    assert account.plan(ALL).empty


def _unfiltered(pages: Any) -> Any:
    return lambda _, service, operation, path, **params: pages(
        service, operation, path, **{k: v for k, v in params.items() if k != "Filters" or service == "ec2"}
    )


def test_a_namespace_that_is_listed_before_its_zone_is_there_is_still_being_made(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.apply([VPC, NAMESPACE])
    pages = account.reader.pages

    def without_zone(_: Any, service: str, operation: str, path: str, **params: Any) -> Any:
        for item in pages(service, operation, path, **params):
            yield {**item, "Properties": {"DnsProperties": {}}} if operation == "list_namespaces" else item

    monkeypatch.setattr(type(account.reader), "pages", without_zone)
    assert account.find([VPC, NAMESPACE], NAMESPACE.address) is None
