"""The load balancer, its listeners, and where a request goes that no service takes."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping

from orchestrator.core.resource import Resource
from orchestrator.core.values import Join
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
    """The compiled load balancer. ``listener`` is the one that services put their rules on.

    ``tests`` are listeners by port that only tests ask, and ``address`` is where the others ask.
    """

    resources: tuple[Resource, ...]
    balancer: LoadBalancer
    listener: Listener
    tests: Mapping[int, Listener]
    address: str | Join

    def url(self, port: int | None = None) -> str | Join:
        """Where requests are sent, on the usual port or on one for tests."""
        if port is None:
            return self.address
        scheme = "https" if isinstance(self.listener.protocol, Https) else "http"
        if isinstance(self.address, str):
            scheme, _, host = self.address.partition("://")
            return f"{scheme}://{host.partition(':')[0]}:{port}"
        return Join((f"{scheme}://", self.balancer.out("dns"), f":{port}"))


def compile_entry(wanted: Wanted, ports: Iterable[int], network: Network, context: Context) -> Entry:
    """With a certificate, 443 serves and 80 redirects to it; without one, 80 serves. ``ports`` are those for tests."""
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
    protocol = Https(wanted.certificate, wanted.ssl_policy) if wanted.certificate else Http()

    def listener(name: str, port: int, *, protocol: Http | Https = protocol) -> Listener:
        return Listener(name=name, load_balancer=balancer.out("arn"), port=port, protocol=protocol, default=NOT_FOUND)

    tests = {port: listener(f"test-{port}", port) for port in ports}
    scheme = "https" if wanted.certificate else "http"
    serving = listener(scheme, 443 if wanted.certificate else 80)
    resources: tuple[Resource, ...] = (balancer, serving, *tests.values())
    if wanted.certificate:
        resources += (dc.replace(listener("http", 80, protocol=Http()), default=TO_HTTPS),)
    address = wanted.address or Join((f"{scheme}://", balancer.out("dns")))
    return Entry(resources, balancer, serving, tests, address)
