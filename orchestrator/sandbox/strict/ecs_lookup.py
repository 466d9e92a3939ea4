"""Finding what an ECS call speaks of: cluster, service, task definition, by name or by ARN."""

from __future__ import annotations

from typing import Any

from orchestrator.sandbox.strict.call import Call


def cluster_name(call: Call) -> str:
    """The short name of the call's cluster."""
    return str(call.params.get("cluster") or "default").rsplit("/", 1)[-1]


def cluster_of(call: Call) -> Any | None:
    """The call's cluster, if it exists."""
    return call.backend("ecs").clusters.get(cluster_name(call))


def service_of(call: Call) -> Any | None:
    """The call's service, if it exists in the call's cluster."""
    name = str(call.params.get("service") or call.params.get("serviceName") or "").rsplit("/", 1)[-1]
    return call.backend("ecs").services.get(f"{cluster_name(call)}:{name}")


def task_definition(call: Call, reference: str | None) -> Any | None:
    """The revision that a reference means: the one it names, else the newest active one of the family."""
    family, _, revision = (reference or "").rsplit("/", 1)[-1].partition(":")
    revisions = call.backend("ecs").task_definitions.get(family, {})
    if revision:
        return revisions.get(int(revision)) if revision.isdigit() else None
    active = [number for number, one in revisions.items() if one.status == "ACTIVE"]
    return revisions[max(active)] if active else None


def balancers_wanted(call: Call, live: Any | None) -> list[dict[str, Any]]:
    """The load balancer entries that a service will have after the call."""
    stated = call.params.get("loadBalancers")
    if stated is not None:
        return list(stated)
    return list(getattr(live, "load_balancers", None) or ())
