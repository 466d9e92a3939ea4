"""Everything that AWS asks IAM before it carries out a call: the action itself, and what that brings with it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jmespath

from orchestrator.sandbox.authorisation.call import Call
from orchestrator.sandbox.authorisation.dependents import dependents_of
from orchestrator.sandbox.authorisation.evaluation import Ask
from orchestrator.sandbox.authorisation.resources import ACTIONS, FORMS
from orchestrator.sandbox.authorisation.tags import requested_tags, tags_on

_FIELD = re.compile(r"\{([^}]*)\}")
_MADE = "+"


def asks_of(call: Call) -> Iterator[Ask]:
    """The questions, in the order in which AWS asks them."""
    own = f"{call.prefix}:{call.operation}"
    sent = {f"aws:RequestTag/{key}": (value,) for key, value in requested_tags(call.params).items()}
    about = {**sent, **_about(call)}
    resources = list(_resources(call))
    for action in ACTIONS.get(own, (own,)):
        for resource, made in resources or [("*", False)]:
            carried = {} if made else {f"aws:ResourceTag/{k}": (v,) for k, v in tags_on(call, resource).items()}
            # a tag of the request is one of what the call makes, not of what that is made from
            context = {**carried, **(_about(call) if _makes(resources) and not made else about)}
            yield Ask(action=action, resource=resource, context=context)
    yield from dependents_of(call, [resource for resource, made in resources if made or not _makes(resources)], sent)


def _resources(call: Call) -> Iterator[tuple[str, bool]]:
    """ARNs, and whether the call makes them."""
    forms = FORMS.get(f"{call.service}:{call.operation}", ("{Bucket}",) if call.service == "s3" else ())
    params = {**call.params, **_found(call)}
    for form in forms:
        for tail in _tails(form.removeprefix(_MADE), params):
            yield call.arn(tail), form.startswith(_MADE)


def _makes(resources: list[tuple[str, bool]]) -> bool:
    return any(made for _, made in resources)


def _tails(form: str, params: Mapping[str, Any]) -> Iterator[str]:
    alone = _FIELD.fullmatch(form) is not None
    values = [[_part(v, alone=alone) for v in _listed(jmespath.search(p, params))] for p in _FIELD.findall(form)]
    for chosen in itertools.product(*values):
        texts = iter(chosen)
        yield _FIELD.sub(lambda _, texts=texts: next(texts), form)  # type: ignore[misc]


def _part(value: Any, *, alone: bool) -> str:
    """What stands in an ARN for a parameter that may be an id, a name or an ARN."""
    text = str(value)
    if text.startswith("/hostedzone/") or (text.startswith("arn:") and not alone):
        return text.rpartition("/")[2]
    return text


def _listed(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _about(call: Call) -> dict[str, tuple[str, ...]]:
    """Condition keys of the service's own."""
    params = call.params
    if call.service == "ecs" and (cluster := params.get("cluster")):
        return {"ecs:cluster": (call.arn(f"cluster/{_part(cluster, alone=False)}"),)}
    if call.service == "application-autoscaling" and (namespace := params.get("ServiceNamespace")):
        return {"application-autoscaling:service-namespace": (str(namespace),)}
    return {}


def _found(call: Call) -> dict[str, Any]:
    """What the parameters name only by way of something else, as the live models know it."""
    params = call.params
    if call.service == "iam" and (name := params.get("RoleName")):
        role = call.backend("iam").roles
        arn = next((r.arn for r in role.values() if r.name == name), call.arn(f"role/{name}"))
        return {"RoleArn": arn}
    if call.service == "ec2" and call.operation.endswith("Tags"):
        return {"TaggedResources": [f"{_type_of(i)}/{i}" for i in params.get("Resources", ())]}
    if call.service == "ec2" and (association := params.get("AssociationId")):
        return _association(call, association)
    return {}


def _association(call: Call, association: str) -> dict[str, Any]:
    for table in call.backend("ec2").route_tables.values():
        if association in table._associations:
            return {"AssociationTable": table.id, "AssociationSubnet": table._associations[association]}
    return {}


_TYPES = {
    "eipalloc": "elastic-ip",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
    "eni": "network-interface",
}


def _type_of(identity: str) -> str:
    return _TYPES.get(identity.partition("-")[0], "*")
