"""Cloud Map namespaces, which are made and deleted by operations that take their time."""

from __future__ import annotations

from typing import Any

from moto.route53.models import route53_backends
from moto.servicediscovery.models import servicediscovery_backends

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, repair
from orchestrator.sandbox.world.world import present

CREATING, DELETING = 30.0, 30.0
_SERVICE = "servicediscovery"
_ZONE = "HostedZoneId"


@repair(_SERVICE, "CreatePrivateDnsNamespace", "CreatePublicDnsNamespace", "CreateHttpNamespace")
def namespace_is_being_made(call: Call, proceed: Proceed) -> Reply:
    """The namespace has no hosted zone until its operation has succeeded; a repeated request is the same operation."""
    backend = _backend(call)
    known = set(backend.operations)
    reply = proceed()
    operation = backend.operations[reply["OperationId"]]
    if operation.id not in known:
        operation.status = "PENDING"
        operation.created = operation.updated = call.now
        namespace = backend.namespaces[operation.targets["NAMESPACE"]]
        zone = (namespace.dns_properties or {}).pop(_ZONE, None)
        present().after(CREATING, lambda: _made(operation, namespace, zone))
    return reply


@repair(_SERVICE, "DeleteNamespace")
def namespace_is_being_deleted(call: Call, proceed: Proceed) -> Reply:
    """The namespace and its zone are there until the operation has succeeded; meanwhile no other one begins."""
    backend, id = _backend(call), call.params["Id"]
    for operation in backend.operations.values():
        if operation.targets.get("NAMESPACE") == id and operation.status == "PENDING":
            raise AwsError("DuplicateRequest", f"Another operation of type {operation.operation_type} is in progress")
    namespace, zones = backend.namespaces.get(id), route53_backends[call.account][call.partition].zones
    kept = dict(zones)
    reply = proceed()
    operation = backend.operations[reply["OperationId"]]
    operation.status = "PENDING"
    operation.created = operation.updated = call.now
    gone = {name: zone for name, zone in kept.items() if name not in zones}
    zones.update(gone)
    backend.namespaces[id] = namespace
    present().after(DELETING, lambda: _deleted(operation, backend, zones, gone))
    return reply


def _backend(call: Call) -> Any:
    return servicediscovery_backends[call.account][call.region]


def _made(operation: Any, namespace: Any, zone: str | None) -> None:
    _succeed(operation)
    if zone is not None:
        namespace.dns_properties = {**(namespace.dns_properties or {}), _ZONE: zone}


def _deleted(operation: Any, backend: Any, zones: dict[str, Any], gone: dict[str, Any]) -> None:
    _succeed(operation)
    backend.namespaces.pop(operation.targets["NAMESPACE"], None)
    for name in gone:
        zones.pop(name, None)


def _succeed(operation: Any) -> None:
    operation.status = "SUCCESS"
    operation.updated = present().now()
