"""What CloudWatch refuses: dashboards that it could not draw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.policies import parse
from orchestrator.sandbox.strict.registry import rule

_COLUMNS = 24
_WIDGETS = ("metric", "text", "log", "alarm", "explorer", "custom")
_NEEDED = {"metric": ("metrics", "annotations"), "text": ("markdown",), "log": ("query",), "alarm": ("alarms",)}


@rule("CWD-01", "cloudwatch", "PutDashboard", code="InvalidParameterInput")
def dashboard_invalid(call: Call) -> str | None:
    """A dashboard is a JSON object with widgets of known types, each with what its type needs."""
    found = list(_problems(parse(call.params.get("DashboardBody"))))
    if not found:
        return None
    return f"The dashboard body is invalid, there are {len(found)} validation errors: [{', '.join(found)}]"


def _problems(body: dict[str, Any] | None) -> Iterator[str]:
    if body is None:
        yield _problem("/", "The field DashboardBody must be a valid JSON object")
        return
    widgets = body.get("widgets")
    if not isinstance(widgets, list):
        yield _problem("/", "Should have required property 'widgets'")
        return
    for index, widget in enumerate(widgets):
        path = f"/widgets/{index}"
        if not isinstance(widget, dict):
            yield _problem(path, "Should be object")
        else:
            yield from _problems_of(path, widget)


def _problems_of(path: str, widget: dict[str, Any]) -> Iterator[str]:
    kind, properties = widget.get("type"), widget.get("properties")
    if kind not in _WIDGETS:
        yield _problem(f"{path}/type", f"Should be one of: {', '.join(_WIDGETS)}")
    if not isinstance(properties, dict):
        yield _problem(path, "Should have required property 'properties'")
    elif kind in _NEEDED and not any(name in properties for name in _NEEDED[kind]):
        yield _problem(f"{path}/properties", f"Should have required property '{_NEEDED[kind][0]}'")
    if kind == "metric" and isinstance(properties, dict) and "region" not in properties:
        yield _problem(f"{path}/properties", "Should have required property 'region'")
    width = widget.get("width", 1)
    if not isinstance(width, int) or not 1 <= width <= _COLUMNS:
        yield _problem(f"{path}/width", f"Should be between 1 and {_COLUMNS}")
    if not isinstance(widget.get("x", 0), int) or not 0 <= widget.get("x", 0) < _COLUMNS:
        yield _problem(f"{path}/x", f"Should be between 0 and {_COLUMNS - 1}")


def _problem(path: str, message: str) -> str:
    return f'{{"dataPath":"{path}","message":"{message}"}}'
