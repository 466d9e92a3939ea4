"""The load balancer, its listeners, and where a request goes that no service takes."""

from __future__ import annotations

import dataclasses as dc

from orchestrator.core.resource import Resource
from orchestrator.kinds.elbv2.actions import FixedResponse, Redirect
from orchestrator.kinds.elbv2.balancers import LoadBalancer
from orchestrator.kinds.elbv2.listeners import Http, Https, Listener
from orchestrator.plan.compile.context import Context
from orchestrator.plan.compile.network import Network
from orchestrator.plan.model.plan import Entry as Wanted
from orchestrator.plan.names import cut

NOT_FOUND = FixedResponse("404", "not found\n")
TO_HTTPS = Redirect(protocol="HTTPS", port="443")


@dc.dataclass(frozen=True)
class Entry:
    """The compiled load balancer. ``listener`` is the one that services put their rules on."""

    resources: tuple[Resource, ...]
    balancer: LoadBalancer
    listener: Listener


def compile_entry(wanted: Wanted, network: Network, context: Context) -> Entry:
    """With a certificate, 443 serves and 80 redirects to it; without one, 80 serves."""
    balancer = LoadBalancer(
        name="main",
        aws_name=cut(context.stack, LoadBalancer.name_limit),
        scheme=wanted.scheme,
        subnets=network.subnet_links(wanted.subnets),
        security_groups=network.group_links(wanted.security_groups),
        attributes={
            "deletion_protection.enabled": str(wanted.deletion_protection).lower(),
            "idle_timeout.timeout_seconds": str(wanted.idle_timeout),
            "routing.http.drop_invalid_header_fields.enabled": "true",
        },
        # an internet-facing one is refused in a VPC without internet gateway (InvalidSubnet)
        after=frozenset({network.gateway.address} if network.gateway else ()),
    )
    if wanted.certificate is None:
        http = Listener(name="http", load_balancer=balancer.out("arn"), port=80, default=NOT_FOUND)
        return Entry((balancer, http), balancer, http)
    tls = Https(wanted.certificate, wanted.ssl_policy)
    https = Listener(name="https", load_balancer=balancer.out("arn"), port=443, protocol=tls, default=NOT_FOUND)
    redirect = Listener(name="http", load_balancer=balancer.out("arn"), port=80, protocol=Http(), default=TO_HTTPS)
    return Entry((balancer, https, redirect), balancer, https)
