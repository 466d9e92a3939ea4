"""Which rule of a listener a request meets, by path, host, header, query, method and source, compared as AWS does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any


@dataclass(frozen=True)
class Request:
    """What a load balancer sees of a request; names of headers are in lower case."""

    method: str
    host: str
    path: str
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    source: str


def rules_in_order(listener: Any) -> Iterator[Any]:
    """The rules of a listener as they are tried, the default one last."""
    yield from sorted(listener._non_default_rules.values(), key=lambda rule: int(rule.priority))
    yield from listener._default_rule.values()


def meets(request: Request, conditions: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a request meets every condition of a rule."""
    return all(_meets(request, condition) for condition in conditions)


def _meets(request: Request, condition: Mapping[str, Any]) -> bool:
    field = condition["Field"]
    config = condition.get(_CONFIG[field]) or {}
    values = condition.get("Values") or config.get("Values") or []
    expressions = condition.get("RegexValues") or config.get("RegexValues") or []
    match field:
        case "path-pattern":
            return _like(request.path, values, expressions)
        case "host-header":
            return _like(request.host.partition(":")[0], values, expressions, any_case=True)
        case "http-header":
            found = request.headers.get(config["HttpHeaderName"].lower())
            return found is not None and _like(found, values, expressions, any_case=True)
        case "http-request-method":
            return request.method in values
        case "source-ip":
            return any(ip_address(request.source) in ip_network(each) for each in values)
    return any(_queried(request, wanted) for wanted in values)


def _queried(request: Request, wanted: Mapping[str, str]) -> bool:
    """Whether a query has the value, under the key if there is one."""
    return any(
        ("Key" not in wanted or _like(key, [wanted["Key"]], any_case=True))
        and _like(value, [wanted["Value"]], any_case=True)
        for key, value in request.query
    )


def _like(text: str, patterns: Iterable[str], expressions: Iterable[str] = (), *, any_case: bool = False) -> bool:
    """Whether a text is like one of some patterns, where ``*`` is any text and ``?`` any character."""
    flags = re.IGNORECASE if any_case else 0
    written = [re.escape(each).replace(r"\*", ".*").replace(r"\?", ".") for each in patterns]
    return any(re.fullmatch(each, text, flags | re.DOTALL) for each in (*written, *expressions))


_CONFIG = {
    "path-pattern": "PathPatternConfig",
    "host-header": "HostHeaderConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
