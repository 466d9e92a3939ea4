"""What Cloud Map refuses: deleting what still has something registered."""

from __future__ import annotations

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.registry import rule


@rule("MAP-01", "servicediscovery", "DeleteNamespace", code="ResourceInUse")
def namespace_has_services(call: Call) -> str | None:
    """A namespace goes after its services."""
    namespace = str(call.params.get("Id", "")).rsplit("/", 1)[-1]
    if any(service.namespace_id == namespace for service in call.backend().services.values()):
        return "Namespace has associated services; delete the services before deleting the namespace"
    return None


@rule("MAP-02", "servicediscovery", "DeleteService", code="ResourceInUse")
def service_has_instances(call: Call) -> str | None:
    """A service goes after its instances, which ECS takes out only as its tasks stop."""
    service = call.backend().services.get(str(call.params.get("Id", "")).rsplit("/", 1)[-1])
    if service is not None and service.instances:
        return "Service contains registered instances; delete the instances before deleting the service"
    return None
