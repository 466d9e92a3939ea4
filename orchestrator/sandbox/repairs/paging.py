"""Pages where moto answers everything at once, so that a client which forgets to page fails here and not on AWS.

AWS cuts most lists, by the limit asked for or by its own default. moto honours neither in most EC2, ECS, ELBv2, ECR,
CloudWatch and Cloud Map calls. Where moto pages by itself its answer stands.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.utils import get_pagination_model

DEFAULT_PAGE: dict[tuple[str, str], int] = {
    ("cloudwatch", "DescribeAlarms"): 50,
    ("ecr", "DescribeImages"): 100,
    ("ecr", "DescribeRepositories"): 100,
    ("ecr", "ListImages"): 100,
    ("ecs", "ListClusters"): 100,
    ("ecs", "ListServices"): 10,
    ("ecs", "ListTaskDefinitionFamilies"): 100,
    ("ecs", "ListTaskDefinitions"): 100,
    ("ecs", "ListTasks"): 100,
    ("elbv2", "DescribeListeners"): 400,
    ("elbv2", "DescribeRules"): 400,
    ("elbv2", "DescribeTargetGroups"): 400,
    ("logs", "DescribeLogGroups"): 50,
    ("application-autoscaling", "DescribeScalingPolicies"): 10,
    ("application-autoscaling", "DescribeScalableTargets"): 50,
    ("resourcegroupstaggingapi", "GetResources"): 100,
    ("servicediscovery", "ListInstances"): 100,
    ("servicediscovery", "ListNamespaces"): 100,
    ("servicediscovery", "ListServices"): 100,
}
"""Items a page when the caller names no limit, where AWS documents one."""

_OUR_MARK = "page:"
_longest: list[int] = []


def limit_pages(size: int | None) -> None:
    """Let no page hold more than that, whatever the caller asks for: AWS may always give less."""
    _longest[:] = [] if size is None else [size]


def model(service: str, operation: str) -> dict[str, Any] | None:
    """How botocore pages this operation, or None where it does not."""
    try:
        found = get_pagination_model(service).get(operation)
    except UnknownServiceError:
        return None
    paged_by_one_token = (
        found is not None and isinstance(found["input_token"], str) and "." not in found["output_token"]
    )
    return dict(found) if paged_by_one_token else None


def cut(service: str, operation: str, params: dict[str, Any], reply: dict[str, Any]) -> dict[str, Any]:
    """The asked page of a reply that moto gave in full."""
    pages = model(service, operation)
    if pages is None or reply.get(pages["output_token"]):
        return reply
    token = params.get(pages["input_token"])
    last = _read_token(token)
    if token and last is None:
        return reply
    limit = _limit(pages, service, operation, params)
    keys = pages["result_key"] if isinstance(pages["result_key"], list) else [pages["result_key"]]
    items = [(key, item) for key in keys for item in reply.get(key) or ()]
    start = _after(items, last)
    end = start + limit if limit else len(items)
    for key in keys:
        if key in reply:
            reply[key] = [item for of, item in items[start:end] if of == key]
    if end < len(items):
        reply[pages["output_token"]] = _write_token(end, items[end - 1][1])
        if "more_results" in pages:
            reply[pages["more_results"]] = True
    return reply


def resumed(service: str, operation: str, params: dict[str, Any]) -> str | None:
    """The name of the token parameter where it holds a token of ours, of which moto must not learn."""
    pages = model(service, operation)
    if pages is None or _read_token(params.get(pages["input_token"])) is None:
        return None
    return str(pages["input_token"])


def wanted(service: str, operation: str, params: dict[str, Any]) -> bool:
    """Whether the reply to this call may need cutting; everything else is passed on unread."""
    if (service, operation) in DEFAULT_PAGE or _longest:
        return True
    pages = model(service, operation)
    return pages is not None and any(params.get(pages.get(key) or "") for key in ("limit_key", "input_token"))


def _limit(pages: dict[str, Any], service: str, operation: str, params: dict[str, Any]) -> int:
    """Items a page; 0 for all of them."""
    told = int(params.get(pages.get("limit_key") or "") or DEFAULT_PAGE.get((service, operation), 0))
    return min([told, *_longest]) if told else sum(_longest)


def _after(items: Sequence[tuple[str, Any]], last: tuple[int, str] | None) -> int:
    """Where the next page starts: behind the last item shown, wherever deletions have moved it since."""
    if last is None:
        return 0
    position, identity = last
    for index in range(min(position, len(items)) - 1, -1, -1):
        if _identity(items[index][1]) == identity:
            return index + 1
    return position


def _identity(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    names = sorted(key for key in item if key.lower().endswith(("arn", "id", "name", "key")))
    return "|".join(str(item[name]) for name in names)


def _write_token(position: int, item: Any) -> str:
    text = json.dumps([position, _identity(item)])
    return base64.urlsafe_b64encode((_OUR_MARK + text).encode()).decode()


def _read_token(token: Any) -> tuple[int, str] | None:
    try:
        text = base64.urlsafe_b64decode(str(token or "")).decode()
        if not text.startswith(_OUR_MARK):
            return None
        position, identity = json.loads(text.removeprefix(_OUR_MARK))
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return int(position), str(identity)
