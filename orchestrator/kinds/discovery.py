"""Cloud Map: private DNS namespaces, and the names in them under which tasks are found."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import code_of, unless_gone
from orchestrator.core.health import Broken, Health, Ready
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Link
from orchestrator.kinds.base import Actions, Item, Kind, creation_token
from orchestrator.kinds.ec2.vpc import Vpc, VpcKind
from orchestrator.kinds.scope import Scope

R = TypeVar("R", bound=Resource)

_PRIVATE = "DNS_PRIVATE"


class CloudMapKind(Kind[R]):
    """What Cloud Map lists without tags, under names that are unique in no account: only tags tell whose it is."""

    service: ClassVar[str] = "servicediscovery"

    def tags(self, aws: Aws, scope: Scope, items: list[Item]) -> list[Mapping[str, str]]:
        """From the tagging index where it agrees with what is wanted, from Cloud Map itself otherwise."""
        index = scope.index(aws)

        def ask(item: Item) -> Mapping[str, str]:
            known = index.get(item["Arn"])
            if known is not None and self._as_wanted(scope, known):
                return known
            answer = unless_gone(lambda: aws.client(self.service).list_tags_for_resource(ResourceARN=item["Arn"]))
            return tags.as_map(answer["Tags"] if answer else None)

        return aws.each(ask, items)

    def update(self, aws: Aws, want: R, live: Live[R], changed: frozenset[str]) -> None:
        """Tags; a kind that can change more says so."""
        if "tags" in changed:
            aws.client(self.service).tag_resource(ResourceARN=live.outputs["arn"], Tags=tags.as_list(want.tags))

    def _as_wanted(self, scope: Scope, known: Mapping[str, str]) -> bool:
        address = self.address(known, scope)
        want = scope.wanted.get(address) if address else None
        return want is None or want.tags.items() <= known.items()


@dc.dataclass(frozen=True, kw_only=True)
class Namespace(Resource):
    """A private DNS namespace: a domain that is known inside one VPC, which needs both of its DNS attributes."""

    kind: ClassVar[str] = "namespace"
    domain: str = attr("Name", immutable=True)
    vpc: Link[Vpc] = attr(immutable=True)


class NamespaceKind(CloudMapKind[Namespace]):
    """AWS makes and deletes it in its own time, together with a hosted zone in Route 53, which alone knows the VPC."""

    resource = Namespace
    find = ("list_namespaces", "Namespaces")
    outputs: ClassVar[Mapping[str, str]] = {
        "id": "Id",
        "arn": "Arn",
        "name": "Name",
        "zone": "Properties.DnsProperties.HostedZoneId",
    }
    actions = Actions(
        read=(
            "servicediscovery:ListNamespaces",
            "servicediscovery:ListTagsForResource",
            "route53:GetHostedZone",
            "ec2:DescribeVpcs",
            "ec2:DescribeVpcAttribute",
        ),
        create=(
            "servicediscovery:CreatePrivateDnsNamespace",
            "servicediscovery:TagResource",
            "ec2:DescribeRegions",
            "ec2:DescribeVpcs",
            "route53:CreateHostedZone",
            "route53:ListHostedZonesByName",
        ),
        update=("servicediscovery:TagResource",),
        delete=("servicediscovery:DeleteNamespace", "route53:DeleteHostedZone"),
    )
    arns: ClassVar[Mapping[str, str]] = {
        "servicediscovery:namespace": "namespace/*",
        "route53:hostedzone": "hostedzone/*",
    }
    settles = True
    deadline = 300.0

    def observe(self, aws: Aws, scope: Scope) -> Iterable[Live[Namespace]]:
        """Once a pass: the names in them need it too."""
        look = super().observe
        return scope.once("namespaces", lambda: look(aws, scope))

    def query(self, scope: Scope) -> Iterable[Mapping[str, Any]]:
        """Those of the type that we make."""
        return [{"Filters": [{"Name": "TYPE", "Values": [_PRIVATE], "Condition": "EQ"}]}]

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """Those under a name that we want or that the tagging API proposes; without its zone one is not made yet."""
        names = {r.domain for r in scope.of(Namespace.kind) if isinstance(r, Namespace)}
        proposed = set(scope.proposed(aws, Namespace.kind))
        return [
            item
            for item in super().items(aws, scope)
            if item["Type"] == _PRIVATE
            and (item["Name"] in names or item["Arn"] in proposed)
            and self.outputs_of(item)["zone"]
        ]

    def extra(self, aws: Aws, scope: Scope, item: Item) -> Mapping[str, Any]:
        """The VPC, as its hosted zone tells; where others were associated with that too, the stack's own."""
        zone = self.outputs_of(item)["zone"]
        answer = unless_gone(lambda: aws.client("route53").get_hosted_zone(Id=zone))
        found = sorted(vpc["VPCId"] for vpc in (answer or {}).get("VPCs", ()))
        if len(found) > 1:
            ours = {vpc.outputs["id"] for vpc in VpcKind().observe(aws, scope)}
            found = [vpc for vpc in found if vpc in ours] or found
        return {"vpc": found[0] if found else None}

    def health(self, live: Live[Namespace]) -> Health:
        """It answers nobody once its hosted zone is gone."""
        return Ready() if live.resource.vpc else Broken("its hosted zone is gone, or in no VPC")

    def create(self, aws: Aws, want: Namespace) -> Item:
        """Ask for it. DuplicateRequest: it was asked for before, by a call whose reply was lost, and is on its way."""
        try:
            aws.client(self.service).create_private_dns_namespace(
                Name=want.domain,
                Vpc=want.vpc,
                CreatorRequestId=creation_token(want),
                Tags=tags.as_list(want.tags),
            )
        except Exception as error:
            if code_of(error) != "DuplicateRequest":
                raise
        return {"Name": want.domain}

    def delete(self, aws: Aws, live: Live[Namespace]) -> None:
        """With its hosted zone; ResourceInUse for as long as it has services. DuplicateRequest: it is on its way."""
        try:
            aws.client(self.service).delete_namespace(Id=live.outputs["id"])
        except Exception as error:
            if code_of(error) != "DuplicateRequest":
                raise

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """A domain of a small network."""
        vpc = Vpc(name="main", cidr="10.0.0.0/16")
        return [vpc, Namespace(name="main", domain="contract.local", vpc=vpc.out())]


@dc.dataclass(frozen=True, kw_only=True)
class DiscoveryService(Resource):
    """A name in a namespace that tasks are registered under. ECS says which of them are healthy (``custom_health``)."""

    kind: ClassVar[str] = "discovery-service"
    host: str = attr("Name", immutable=True)
    namespace: Link[Namespace] = attr("NamespaceId", immutable=True)
    record: str = attr("DnsConfig.DnsRecords[0].Type", immutable=True, default="A")
    routing: str = attr("DnsConfig.RoutingPolicy", immutable=True, default="MULTIVALUE")
    custom_health: bool = attr("HealthCheckCustomConfig != `null`", immutable=True, default=True)
    ttl: int = attr("DnsConfig.DnsRecords[0].TTL", default=10)


class DiscoveryServiceKind(CloudMapKind[DiscoveryService]):
    """Cannot be deleted before ECS has taken out the last task (ResourceInUse), which it does in its own time."""

    resource = DiscoveryService
    find = ("list_services", "Services")
    outputs: ClassVar[Mapping[str, str]] = {"id": "Id", "arn": "Arn", "name": "Name"}
    actions = Actions(
        read=(
            *NamespaceKind.actions.read,
            "servicediscovery:ListServices",
            "servicediscovery:GetService",
        ),
        create=("servicediscovery:CreateService", "servicediscovery:TagResource"),
        update=("servicediscovery:UpdateService", "servicediscovery:TagResource"),
        delete=("servicediscovery:DeleteService",),
    )
    arns: ClassVar[Mapping[str, str]] = {"servicediscovery:service": "service/*"}
    coexists = False

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """All in the namespaces of the stack and in those it names, and what else the tagging API proposes."""
        lives = NamespaceKind().observe(aws, scope)
        stated = [r.namespace for r in scope.of(DiscoveryService.kind) if isinstance(r, DiscoveryService)]
        namespaces = {str(x.outputs["id"]) for x in lives} | {n for n in stated if isinstance(n, str)}
        listed = aws.each(lambda namespace: self._within(aws, namespace), sorted(namespaces))
        found = {item["Arn"]: item for items in listed for item in items}
        elsewhere = [arn for arn in scope.proposed(aws, DiscoveryService.kind) if arn not in found]
        return [*found.values(), *(item for item in aws.each(lambda arn: self._ask(aws, arn), elsewhere) if item)]

    def _within(self, aws: Aws, namespace: str) -> list[Item]:
        """The services of a namespace, each with what listing leaves out: the namespace."""
        filters = [{"Name": "NAMESPACE_ID", "Values": [namespace], "Condition": "EQ"}]
        found = aws.pages(self.service, *self.find, Filters=filters)
        told = ({"NamespaceId": item.get("DnsConfig", {}).get("NamespaceId", namespace), **item} for item in found)
        return [item for item in told if item["NamespaceId"] == namespace]

    def _ask(self, aws: Aws, arn: str) -> Item | None:
        answer = unless_gone(lambda: aws.client(self.service).get_service(Id=arn.rpartition("/")[2]))
        return answer["Service"] if answer else None

    def create(self, aws: Aws, want: DiscoveryService) -> Item:
        """The same request gives the same service. A threshold other than 1 is no longer heeded by AWS."""
        health = {"HealthCheckCustomConfig": {"FailureThreshold": 1}} if want.custom_health else {}
        made: Item = aws.client(self.service).create_service(
            Name=want.host,
            NamespaceId=want.namespace,
            CreatorRequestId=creation_token(want),
            DnsConfig={"RoutingPolicy": want.routing, "DnsRecords": _records(want)},
            Tags=tags.as_list(want.tags),
            **health,
        )["Service"]
        return made

    def update(self, aws: Aws, want: DiscoveryService, live: Live[DiscoveryService], changed: frozenset[str]) -> None:
        """How long the name may be remembered, and tags."""
        super().update(aws, want, live, changed)
        if "ttl" in changed:
            change = {"DnsConfig": {"DnsRecords": _records(want)}}
            aws.client(self.service).update_service(Id=live.outputs["id"], Service=change)

    def delete(self, aws: Aws, live: Live[DiscoveryService]) -> None:
        """The name, and its record."""
        aws.client(self.service).delete_service(Id=live.outputs["id"])

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """The name of a service."""
        vpc = Vpc(name="main", cidr="10.0.0.0/16")
        namespace = Namespace(name="main", domain="contract.local", vpc=vpc.out())
        return [vpc, namespace, DiscoveryService(name="users", host="users", namespace=namespace.out())]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Remembered for longer."""
        return {"ttl": 60}


def _records(want: DiscoveryService) -> list[dict[str, Any]]:
    return [{"Type": want.record, "TTL": want.ttl}]
