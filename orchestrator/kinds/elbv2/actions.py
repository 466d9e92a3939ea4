"""What a listener or a rule does with a request, as values that compare by meaning.

AWS writes the same forward in two ways (a lone target group, or a configuration with weights) and fills in what was
left out, so both are read into one form.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from orchestrator.core.values import Initial, JsonDoc, Link


@dc.dataclass(frozen=True)
class Target:
    """A target group in a forward, with its share of the requests: 0 to 999, relative to the others."""

    group: Link[Any]
    weight: int = 1


@dc.dataclass(frozen=True)
class Forward:
    """Send requests to target groups by weight. ``sticky_seconds`` keeps a client on the group it met first."""

    targets: frozenset[Target]
    sticky_seconds: int = 0


@dc.dataclass(frozen=True)
class FixedResponse:
    """Answer without asking any target."""

    status: str
    body: str = ""
    content_type: str = "text/plain"


@dc.dataclass(frozen=True)
class Redirect:
    """Send the client elsewhere. What is not given stays as it was asked for."""

    protocol: str = "#{protocol}"
    port: str = "#{port}"
    host: str = "#{host}"
    path: str = "/#{path}"
    query: str = "#{query}"
    status: str = "HTTP_301"


@dc.dataclass(frozen=True)
class Unrecognised:
    """Actions that somebody else put there (authentication, several at once): equal to nothing that a plan says."""

    actions: JsonDoc


Action: TypeAlias = Forward | FixedResponse | Redirect


def render(action: Action | Initial[Action]) -> list[dict[str, Any]]:
    """The action as AWS wants it. References must be resolved first."""
    match action:
        case Initial(inner):
            return render(inner)
        case Forward(targets, seconds):
            sticky = {"Enabled": True, "DurationSeconds": seconds} if seconds else {"Enabled": False}
            groups = [
                {"TargetGroupArn": t.group, "Weight": t.weight} for t in sorted(targets, key=lambda t: str(t.group))
            ]
            return [
                {
                    "Type": "forward",
                    "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": sticky},
                }
            ]
        case FixedResponse(status, body, content_type):
            answer = {"StatusCode": status, "ContentType": content_type} | ({"MessageBody": body} if body else {})
            return [{"Type": "fixed-response", "FixedResponseConfig": answer}]
        case Redirect(protocol, port, host, path, query, status):
            to = {"Protocol": protocol, "Port": port, "Host": host, "Path": path, "Query": query, "StatusCode": status}
            return [{"Type": "redirect", "RedirectConfig": to}]


def parse(actions: Sequence[Mapping[str, Any]]) -> Action | Unrecognised:
    """Actions that AWS describes, as the value that would have been written to get them."""
    if len(actions) == 1:
        only = actions[0]
        match only.get("Type"):
            case "forward":
                return _forward(only)
            case "fixed-response":
                answer = only["FixedResponseConfig"]
                return FixedResponse(
                    str(answer["StatusCode"]),
                    answer.get("MessageBody") or "",
                    answer.get("ContentType") or "text/plain",
                )
            case "redirect":
                return _redirect(only["RedirectConfig"])
    return Unrecognised(JsonDoc(list(actions)))


def _forward(action: Mapping[str, Any]) -> Forward:
    config = action.get("ForwardConfig") or {}
    groups = config.get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]
    sticky = config.get("TargetGroupStickinessConfig") or {}
    return Forward(
        frozenset(Target(g["TargetGroupArn"], int(g.get("Weight", 1))) for g in groups),
        int(sticky.get("DurationSeconds") or 0) if sticky.get("Enabled") else 0,
    )


def _redirect(to: Mapping[str, Any]) -> Redirect:
    default = Redirect()
    return Redirect(
        protocol=to.get("Protocol") or default.protocol,
        port=str(to.get("Port") or default.port),
        host=to.get("Host") or default.host,
        path=to.get("Path") or default.path,
        query=to.get("Query", default.query),
        status=to["StatusCode"],
    )
