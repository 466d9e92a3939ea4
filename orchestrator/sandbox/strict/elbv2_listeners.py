"""What Elastic Load Balancing refuses about listeners, rules and their actions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.forwarding import balancers_of, listener_of, target_groups, weights
from orchestrator.sandbox.strict.registry import rule

_WITH_ACTIONS = ("CreateListener", "ModifyListener", "CreateRule", "ModifyRule")
_GROUPS_MAX = 5
_WEIGHT_MAX = 999
_ENCRYPTED = ("HTTPS", "TLS")


@rule("ELB-08", "elbv2", *_WITH_ACTIONS, code="TargetGroupAssociationLimit")
def group_of_another_balancer(call: Call) -> str | None:
    """A target group receives from one load balancer only."""
    here = _balancer(call)
    for arn in sorted(target_groups(_actions(call))):
        if here and balancers_of(call, arn) - {here}:
            return f"The following target groups cannot be associated with more than one load balancer: {arn}"
    return None


@rule("ELB-09", "elbv2", "CreateListener", code="DuplicateListener")
def port_taken(call: Call) -> str | None:
    """A port of a load balancer has one listener; asking again with the same settings is no conflict."""
    balancer = call.backend().load_balancers.get(call.params.get("LoadBalancerArn"))
    for listener in balancer.listeners.values() if balancer is not None else ():
        if str(listener.port) == str(call.params.get("Port")) and not _same(call, listener):
            return f"A listener already exists on this port for this load balancer '{balancer.arn}'"
    return None


@rule("ELB-10", "elbv2", "CreateListener", "ModifyListener", code="ValidationError")
def certificate_missing(call: Call) -> str | None:
    """A listener that speaks TLS has a certificate."""
    protocol = call.params.get("Protocol")
    if protocol not in _ENCRYPTED or call.params.get("Certificates"):
        return None
    live = listener_of(call, call.params.get("ListenerArn", ""))
    if live is not None and live.certificate:
        return None
    return f"A certificate must be specified for {protocol} listeners"


@rule(
    "ELB-11",
    "elbv2",
    "CreateListener",
    "ModifyListener",
    "AddListenerCertificates",
    code="UnsupportedCertificate",
)
def certificate_not_issued(call: Call) -> str | None:
    """A certificate is in the load balancer's region and issued: one that waits for its DNS record is neither."""
    for certificate in call.params.get("Certificates") or ():
        arn = certificate.get("CertificateArn", "")
        if ":acm:" in arn and not _issued(call, arn):
            return (
                f"The certificate '{arn}' must have a fully-qualified domain name, "
                "a supported signature, and a supported key size."
            )
    return None


@rule("ELB-12", "elbv2", *_WITH_ACTIONS, code="ValidationError")
def forward_out_of_range(call: Call) -> str | None:
    """An action list forwards once, to at most five target groups, with weights from 0 to 999."""
    forwards = [action for action in _actions(call) if action.get("Type") == "forward"]
    if len(forwards) > 1:
        return "You can specify only one forward action"
    for action in forwards:
        groups = weights(action)
        if len(groups) > _GROUPS_MAX:
            return f"You can specify at most {_GROUPS_MAX} target groups in a forward action"
        for arn, weight in groups.items():
            if not 0 <= weight <= _WEIGHT_MAX:
                return f"The weight '{weight}' of target group '{arn}' must be between 0 and {_WEIGHT_MAX}"
    return None


@rule("ELB-13", "elbv2", "CreateRule", code="PriorityInUse")
def priority_taken(call: Call) -> str | None:
    """Each rule of a listener has a priority of its own."""
    listener, priority = listener_of(call, call.params.get("ListenerArn", "")), call.params.get("Priority")
    for one in listener.rules.values() if listener is not None else ():
        if str(one.priority) == str(priority):
            return f"Priority '{priority}' is currently in use"
    return None


def _actions(call: Call) -> list[dict[str, Any]]:
    return call.params.get("DefaultActions") or call.params.get("Actions") or []


def _balancer(call: Call) -> str | None:
    if call.params.get("LoadBalancerArn"):
        return str(call.params["LoadBalancerArn"])
    listener = listener_of(call, call.params.get("ListenerArn") or call.params.get("RuleArn") or "")
    return listener.load_balancer_arn if listener is not None else None


def _issued(call: Call, arn: str) -> bool:
    region = arn.split(":")[3]
    if region != call.region:
        return False
    certificate = call.backend("acm")._certificates.get(arn)
    return certificate is None or certificate.status == "ISSUED"


def _same(call: Call, listener: Any) -> bool:
    """Whether a create asks for the listener that exists."""
    wanted = list(_comparable(_actions(call)))
    live = list(_comparable([action.data for action in listener.default_actions]))
    certificates = [entry.get("CertificateArn") for entry in call.params.get("Certificates") or ()]
    return (
        listener.protocol == call.params.get("Protocol")
        and wanted == live
        and (certificates[0] if certificates else None) == (listener.certificate or None)
    )


def _comparable(actions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Actions without what AWS fills in: the two ways to name one target group, the order, the default stickiness."""
    for action in actions:
        rest = {
            name: value for name, value in action.items() if name not in ("ForwardConfig", "TargetGroupArn", "Order")
        }
        yield {**_texts(rest), "weights": weights(action)}


def _texts(value: Any) -> Any:
    """Scalars as text: the models keep what came over the wire, where every number is one."""
    if isinstance(value, dict):
        return {name: _texts(below) for name, below in value.items()}
    return str(value)
