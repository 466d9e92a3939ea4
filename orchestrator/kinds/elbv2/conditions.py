"""Which requests a rule takes: conditions that must all hold, each met by any one of its values."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping
from typing import Any

_CONFIG = {
    "path-pattern": "PathPatternConfig",
    "host-header": "HostHeaderConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}


@dc.dataclass(frozen=True)
class Condition:
    """One condition. ``field`` is AWS's word (``path-pattern``); values of a query string are ``key=value``."""

    field: str
    values: frozenset[str]
    header: str = ""
    """Whose values an ``http-header`` condition looks at."""


def paths(*patterns: str) -> Condition:
    """Requests whose path matches any of the patterns; ``*`` and ``?`` match as in a shell, case matters."""
    return Condition("path-pattern", frozenset(patterns))


def hosts(*names: str) -> Condition:
    """Requests for any of the host names."""
    return Condition("host-header", frozenset(names))


def header(name: str, *values: str) -> Condition:
    """Requests that carry a header with any of the values."""
    return Condition("http-header", frozenset(values), name)


def render(conditions: Iterable[Condition]) -> list[dict[str, Any]]:
    """The conditions as AWS wants them."""
    return [_render(c) for c in sorted(conditions, key=lambda c: (c.field, c.header, sorted(c.values)))]


def parse(conditions: Iterable[Mapping[str, Any]]) -> frozenset[Condition]:
    """Conditions that AWS describes. What no plan can say is kept, so that it differs from the plan."""
    return frozenset(_parse(c) for c in conditions)


def _render(condition: Condition) -> dict[str, Any]:
    values: list[Any] = sorted(condition.values)
    if condition.field == "query-string":
        values = [_pair(v) for v in values]
    config: dict[str, Any] = {"Values": values}
    if condition.header:
        config["HttpHeaderName"] = condition.header
    return {"Field": condition.field, _CONFIG[condition.field]: config}


def _parse(condition: Mapping[str, Any]) -> Condition:
    field = str(condition["Field"])
    config = condition.get(_CONFIG.get(field, "")) or {}
    if config.get("RegexValues"):
        return Condition(f"{field} by regular expression", frozenset(config["RegexValues"]))
    values = config.get("Values") or condition.get("Values") or ()
    texts = (f"{v['Key']}={v['Value']}" if v.get("Key") else v["Value"] for v in values if isinstance(v, Mapping))
    plain = (v for v in values if isinstance(v, str))
    return Condition(field, frozenset((*texts, *plain)), config.get("HttpHeaderName") or "")


def _pair(text: str) -> dict[str, str]:
    key, equals, value = text.partition("=")
    return {"Key": key, "Value": value} if equals else {"Value": text}
