"""Cloud Map: several private namespaces in a VPC, creation that repeats safely, filters, counts and operations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.route53.models import route53_backends
from moto.servicediscovery.models import Namespace, ServiceDiscoveryBackend, servicediscovery_backends

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, operation, repair

_SERVICE = "servicediscovery"
_FIELDS = {"NAME": "Name", "TYPE": "Type", "NAMESPACE_ID": "NamespaceId"}

# moto forgets the operations of a deleted namespace as soon as anybody lists them
ServiceDiscoveryBackend.list_operations = lambda self: self.operations.values()


def _backend(call: Call) -> Any:
    return servicediscovery_backends[call.account][call.region]


def _zones(call: Call) -> Any:
    return route53_backends[call.account][call.partition]


@operation(_SERVICE, "CreatePrivateDnsNamespace")
def private_namespace(call: Call) -> Reply:
    """Moto has one private namespace a VPC, repeats a repeated request, and misnames the hosted zone."""
    params, backend = call.params, _backend(call)
    for other in backend.namespaces.values():
        if other.type == "DNS_PRIVATE" and other.name == params["Name"] and other.vpc == params["Vpc"]:
            return _repeated(backend, other, params)
    properties = params.get("Properties", {}).get("DnsProperties", {})
    zone = _zones(call).create_hosted_zone(
        f"{params['Name']}.",
        private_zone=True,
        vpcid=params["Vpc"],
        vpcregion=call.region,
        comment=params.get("Description"),
    )
    namespace = Namespace(
        account_id=call.account,
        region=call.region,
        name=params["Name"],
        ns_type="DNS_PRIVATE",
        creator_request_id=params.get("CreatorRequestId"),
        description=params.get("Description"),
        dns_properties={**properties, "HostedZoneId": zone.id.rpartition("/")[2]},
        http_properties={"HttpName": params["Name"]},
        vpc=params["Vpc"],
    )
    backend.namespaces[namespace.id] = namespace
    backend.tagger.tag_resource(namespace.arn, params.get("Tags", []))
    return {"OperationId": backend._create_operation("CREATE_NAMESPACE", targets={"NAMESPACE": namespace.id})}


def _repeated(backend: Any, namespace: Any, params: Reply) -> Reply:
    if namespace.creator_request_id == params.get("CreatorRequestId"):
        for id, made in backend.operations.items():
            if made.operation_type == "CREATE_NAMESPACE" and made.targets["NAMESPACE"] == namespace.id:
                return {"OperationId": id}
    raise AwsError("NamespaceAlreadyExists", f"A namespace with the name {namespace.name} already exists.")


@repair(_SERVICE, "UpdatePrivateDnsNamespace")
def zone_kept(call: Call, proceed: Proceed) -> Reply:
    """An update of the SOA record keeps the hosted zone; moto loses it."""
    namespace = _backend(call).namespaces.get(call.params["Id"])
    before = dict(namespace.dns_properties) if namespace else {}
    reply = proceed()
    asked = call.params["Namespace"].get("Properties", {}).get("DnsProperties", {})
    namespace.dns_properties = {**before, **asked}
    if "Description" in call.params["Namespace"]:
        namespace.description = call.params["Namespace"]["Description"]
    return reply


@repair(_SERVICE, "DeleteNamespace")
def zone_goes_too(call: Call, proceed: Proceed) -> Reply:
    """The hosted zone goes with its namespace; moto keeps it."""
    namespace = _backend(call).namespaces.get(call.params["Id"])
    reply = proceed()
    zone = (namespace.dns_properties or {}).get("HostedZoneId", "").rpartition("/")[2]
    _zones(call).zones.pop(zone, None)
    return reply


@repair(_SERVICE, "CreateService")
def one_service_of_a_name(call: Call, proceed: Proceed) -> Reply:
    """The same request gives the same service, another one of the name is refused; moto makes a second."""
    params = call.params
    for other in _backend(call).services.values():
        if (other.namespace_id, other.name) == (params.get("NamespaceId"), params["Name"]):
            if other.creator_request_id == params.get("CreatorRequestId"):
                return {"Service": other.to_json()}
            raise AwsError("ServiceAlreadyExists", f"Service already exists: {other.id}")
    return proceed()


def _counted(backend: Any, namespace: Any) -> Reply:
    services = [each for each in backend.services.values() if each.namespace_id == namespace.id]
    return {**namespace.to_json(), "ServiceCount": len(services)}


def _with_instances(service: Any) -> Reply:
    return {**service.to_json(), "InstanceCount": len(service.instances)}


@operation(_SERVICE, "ListNamespaces")
def namespaces_filtered(call: Call) -> Reply:
    """Moto lists all of them, whatever the filters, and counts nothing."""
    backend = _backend(call)
    return {"Namespaces": _filtered(call, (_counted(backend, each) for each in backend.namespaces.values()))}


@operation(_SERVICE, "ListServices")
def services_filtered(call: Call) -> Reply:
    """Moto lists all of them, whatever the filters, and counts nothing."""
    return {"Services": _filtered(call, (_with_instances(each) for each in _backend(call).services.values()))}


def _filtered(call: Call, shown: Iterable[Reply]) -> list[Reply]:
    wanted = call.params.get("Filters", [])
    return [each for each in shown if all(_passes(each, condition) for condition in wanted)]


def _passes(shown: Reply, condition: Reply) -> bool:
    field = _FIELDS.get(condition["Name"])
    value = shown.get(field) if field else None
    if condition.get("Condition") == "BEGINS_WITH":
        return str(value).startswith(condition["Values"][0])
    return value in condition["Values"]


@repair(_SERVICE, "GetNamespace")
def namespace_counted(call: Call, proceed: Proceed) -> Reply:
    """Moto leaves out how many services a namespace has."""
    proceed()
    backend = _backend(call)
    return {"Namespace": _counted(backend, backend.namespaces[call.params["Id"]])}


@repair(_SERVICE, "GetService")
def service_counted(call: Call, proceed: Proceed) -> Reply:
    """Moto leaves out how many instances a service has."""
    proceed()
    return {"Service": _with_instances(_backend(call).services[call.params["Id"]])}


@repair(_SERVICE, "ListTagsForResource", "TagResource", "UntagResource")
def tags_of_nothing(call: Call, proceed: Proceed) -> Reply:
    """What is not there has no tags; moto takes any ARN."""
    backend, arn = _backend(call), call.params["ResourceARN"]
    if not any(each.arn == arn for each in (*backend.namespaces.values(), *backend.services.values())):
        raise AwsError("ResourceNotFoundException", f"Resource not found: {arn}")
    return proceed()
