"""The gates, and the form in which they are saved with the stage that asks them."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from typing import Any

from orchestrator.rollout.gates.alarms import Alarms
from orchestrator.rollout.gates.base import Gate, Limits
from orchestrator.rollout.gates.job import Job
from orchestrator.rollout.gates.metrics import ErrorRate, Latency, Metric
from orchestrator.rollout.gates.scan import Scan
from orchestrator.rollout.gates.smoke import Smoke
from orchestrator.rollout.gates.webhook import Webhook

_GATES: Mapping[str, type[Any]] = {
    gate.name: gate for gate in (Alarms, ErrorRate, Latency, Metric, Smoke, Scan, Job, Webhook)
}


def as_json(gate: Gate) -> dict[str, Any]:
    """A gate as it is kept in a store."""
    return {"gate": gate.name, **dc.asdict(gate)}  # type: ignore[call-overload]  # every gate is a dataclass


def from_json(value: Mapping[str, Any]) -> Gate:
    """A gate from what was kept of it."""
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items() if k != "gate"}
    made: Gate = _GATES[value["gate"]](**{**fields, "limits": Limits(**value["limits"])})
    return made
