"""The load balancers as clients meet them: a request by its host, port and path, and what comes back.

Each request is routed by the listeners, rules, weights and target states of the moment, answered as the task's image
behaves, and counted in the ledger like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from orchestrator.sandbox.world.elb.conditions import Request, meets, rules_in_order
from orchestrator.sandbox.world.elb.usage import forwarded
from orchestrator.sandbox.world.traffic.ledger import FAILURE, Answer, Fate

if TYPE_CHECKING:
    from orchestrator.sandbox.world.traffic.backends import Backends
    from orchestrator.sandbox.world.world import World

_NOWHERE = 502
_REDIRECT = {
    "Protocol": "#{protocol}",
    "Host": "#{host}",
    "Port": "#{port}",
    "Path": "/#{path}",
    "Query": "#{query}",
}
_FACT = re.compile(r"#\{(protocol|host|port|path|query)\}")


@dataclass(frozen=True)
class Response:
    """What a client gets."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    latency: float = 0.0

    @property
    def phrase(self) -> str:
        """What the status means."""
        return HTTPStatus(self.status).phrase if self.status in set(HTTPStatus) else "Unknown"


def respond(world: World, dns_name: str, port: int, request: Request) -> Response:
    """Answer a request to a load balancer's DNS name."""
    known = {balancer.dns_name.lower(): (backend, balancer) for backend, balancer in _balancers()}
    if dns_name.lower() not in known:
        told = ", ".join(sorted(known)) or "none"
        return Response(_NOWHERE, f"no load balancer of this sandbox is called {dns_name}; there are: {told}")
    backend, balancer = known[dns_name.lower()]
    if balancer.state != "active":
        return Response(_NOWHERE, f"the load balancer {balancer.name} is not active yet: {balancer.state}")
    listener = next((each for each in balancer.listeners.values() if int(each.port) == port), None)
    if listener is None:
        ports = ", ".join(sorted(str(each.port) for each in balancer.listeners.values())) or "none"
        told = f"the load balancer {balancer.name} has no listener on port {port}; there are: {ports}"
        return Response(_NOWHERE, told)
    rule = next(each for each in rules_in_order(listener) if meets(request, each.conditions))
    asked = _Asked(world, backend, balancer, listener, rule)
    return asked.follow(request)


def _balancers() -> Iterator[tuple[Any, Any]]:
    from moto.elbv2.models import elbv2_backends

    for account in list(elbv2_backends.values()):
        for backend in list(account.values()):
            yield from ((backend, balancer) for balancer in backend.load_balancers.values())


@dataclass(frozen=True)
class _Asked:
    """A request that has met a rule."""

    world: World
    backend: Any
    balancer: Any
    listener: Any
    rule: Any

    def follow(self, request: Request) -> Response:
        """Do what the rule says."""
        action = self.rule.actions[-1].data
        if action["Type"] == "redirect":
            return self._redirect(request, action["RedirectConfig"])
        if action["Type"] == "fixed-response":
            config = action["FixedResponseConfig"]
            status = int(config["StatusCode"])
            self._count("", Answer(status, "a fixed response" if status >= FAILURE else ""))
            headers = {"Content-Type": config.get("ContentType") or "text/plain"}
            return Response(status, config.get("MessageBody") or "", headers)
        return self._forward()

    def _redirect(self, request: Request, config: Mapping[str, str]) -> Response:
        query = urlencode(request.query)
        facts = {
            "protocol": self.listener.protocol.lower(),
            "host": request.host.partition(":")[0],
            "port": str(self.listener.port),
            "path": request.path.removeprefix("/"),
            "query": query,
        }
        told = {**_REDIRECT, **{name: value for name, value in config.items() if value}}
        told = {name: _FACT.sub(lambda found: facts[found[1]], template) for name, template in told.items()}
        there = f"{told['Protocol'].lower()}://{told['Host']}:{told['Port']}{told['Path']}"
        location = there + (f"?{told['Query']}" if told["Query"] else "")
        status = int(told["StatusCode"].removeprefix("HTTP_"))
        self._count("", Answer(status))
        return Response(status, "", {"Location": location})

    def _forward(self) -> Response:
        from orchestrator.sandbox.world.traffic.backends import Backends

        draw = self.world.traffic.random
        backends = Backends(self.world, self.backend.account_id, self.backend.region_name)
        groups = forwarded(self.rule.actions)
        weights = [weight for _, weight in groups]
        chosen = draw.choices(groups, weights)[0][0] if any(weights) else ""
        targets = backends.usable(chosen) if chosen else []
        if not targets:
            ((group, answer),) = backends.outcomes([(chosen, 1)] if chosen else [])
            return self._answered(group, answer, backends, None)
        target = draw.choice(targets)
        answers = backends.answers(target)
        answer = draw.choices(list(answers), list(answers.values()))[0]
        return self._answered(chosen, answer, backends, target)

    def _answered(self, group: str, answer: Answer, backends: Backends, target: Any) -> Response:
        self._count(group, answer)
        lines = [f"status {answer.status}", *([answer.reason] if answer.reason else [])]
        task = backends.task(target) if target is not None else None
        if answer.by_target and task is not None:
            lines += [f"service {answer.service}", f"task {task.id}", f"image {answer.digest}"]
        headers = {} if answer.by_target else {"Server": "awselb/2.0"}
        return Response(answer.status, "\n".join(lines) + "\n", headers, answer.latency)

    def _count(self, group: str, answer: Answer) -> None:
        fate = Fate(self.balancer.arn, self.rule.arn, group, answer)
        self.world.traffic.ledger.add(self.world.now(), fate, 1)
