"""Listeners: the ports of a load balancer, and what happens to requests that no rule takes."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Initial, Link
from orchestrator.kinds.base import Actions, Item, Kind
from orchestrator.kinds.elbv2 import actions as does
from orchestrator.kinds.elbv2.balancers import LoadBalancer, LoadBalancerKind
from orchestrator.kinds.elbv2.snapshot import look, retag
from orchestrator.kinds.scope import Scope


@dc.dataclass(frozen=True)
class Http:
    """In the clear."""


@dc.dataclass(frozen=True)
class Https:
    """Encrypted. The certificate must be issued, and in the load balancer's region."""

    certificate: Link[Any]
    policy: str = "ELBSecurityPolicy-TLS13-1-2-2021-06"


def _parse_protocol(item: Item) -> Http | Https:
    if item["Protocol"] != "HTTPS":
        return Http()
    certificates = item.get("Certificates") or [{}]
    return Https(certificates[0].get("CertificateArn", ""), item.get("SslPolicy", ""))


@dc.dataclass(frozen=True, kw_only=True)
class Listener(Resource):
    """A port of a load balancer. What it answers to requests that no rule takes is its ``default``."""

    kind: ClassVar[str] = "listener"
    load_balancer: Link[LoadBalancer] = attr("LoadBalancerArn", immutable=True)
    port: int = attr("Port")
    protocol: Http | Https = attr("@", parse=_parse_protocol, default=Http())
    default: does.Action | Initial[does.Action] = attr("DefaultActions", parse=does.parse)


class ListenerKind(Kind[Listener]):
    """AWS knows a listener by its load balancer and port."""

    resource = Listener
    service = "elbv2"
    outputs: ClassVar[Mapping[str, str]] = {"id": "ListenerArn", "arn": "ListenerArn"}
    actions = Actions(
        read=(
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTags",
        ),
        create=("elasticloadbalancing:CreateListener", "elasticloadbalancing:AddTags"),
        update=("elasticloadbalancing:ModifyListener", "elasticloadbalancing:AddTags"),
        delete=("elasticloadbalancing:DeleteListener",),
    )
    coexists = False

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """From the shared look."""
        return look(aws, scope).listeners

    def create(self, aws: Aws, want: Listener) -> Item:
        """Where the port is taken by other settings AWS says DuplicateListener."""
        made: Item = aws.client("elbv2").create_listener(
            LoadBalancerArn=want.load_balancer,
            DefaultActions=does.render(want.default),
            Tags=tags.as_list(want.tags),
            **_settings(want),
        )["Listeners"][0]
        return made

    def update(self, aws: Aws, want: Listener, live: Live[Listener], changed: frozenset[str]) -> None:
        """Port and protocol go together, with the certificate; the default action by itself."""
        arn = live.outputs["arn"]
        settings = _settings(want) if changed & {"port", "protocol"} else {}
        if "default" in changed:
            settings["DefaultActions"] = does.render(want.default)
        if settings:
            aws.client("elbv2").modify_listener(ListenerArn=arn, **settings)
        if "tags" in changed:
            retag(aws, arn, want)

    def delete(self, aws: Aws, live: Live[Listener]) -> None:
        """Its rules go with it."""
        aws.client("elbv2").delete_listener(ListenerArn=live.outputs["arn"])

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """Everything that no rule takes is not found."""
        needed = LoadBalancerKind.example()
        (balancer,) = (r for r in needed if isinstance(r, LoadBalancer))
        nothing = does.FixedResponse("404", "not found")
        return [*needed, Listener(name="http", load_balancer=balancer.out(), port=80, default=nothing)]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Another port; a redirect."""
        return {"port": 8080, "default": does.Redirect(protocol="HTTPS", port="443")}


def _settings(want: Listener) -> dict[str, Any]:
    match want.protocol:
        case Https(certificate, policy):
            secured = {"Certificates": [{"CertificateArn": certificate}], "SslPolicy": policy}
            return {"Port": want.port, "Protocol": "HTTPS", **secured}
    return {"Port": want.port, "Protocol": "HTTP"}
