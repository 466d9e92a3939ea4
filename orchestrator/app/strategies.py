"""From how a plan wants releases to take over to how the rollout engine does it: strategies, and the gates in them."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from typing import Any

from orchestrator.plan.compile import ServicePlan
from orchestrator.plan.model import gates as said
from orchestrator.plan.model.strategy import Strategy as Wanted
from orchestrator.rollout.gates.alarms import Alarms
from orchestrator.rollout.gates.base import Gate
from orchestrator.rollout.gates.job import Job
from orchestrator.rollout.gates.metrics import ErrorRate, Latency, Metric
from orchestrator.rollout.gates.scan import Scan
from orchestrator.rollout.gates.smoke import Smoke
from orchestrator.rollout.gates.webhook import Webhook
from orchestrator.rollout.strategies import Strategy, all_at_once, canary, linear, manual, rolling


def strategy_of(planned: ServicePlan) -> Strategy:
    """The strategy of a service. What nobody sends traffic to is replaced in place, whatever its type."""
    wanted = planned.strategy

    def gates(stage: tuple[said.Gate, ...]) -> tuple[Gate, ...]:
        return tuple(_gate(question, planned.alarms) for gate in stage for question in gate.asked.values())

    return dc.replace(
        _by_type(wanted, balanced=planned.rule is not None),
        approve=wanted.approve or wanted.type == "manual",
        check=gates(wanted.gates.preflight),
        test=gates(wanted.gates.test),
        watch=gates(wanted.gates.watch),
        freeze=wanted.on_failure == "freeze",
    )


def _by_type(wanted: Wanted, *, balanced: bool) -> Strategy:
    watched = {"bake": float(wanted.bake), "hold": float(wanted.hold)}
    match wanted.type if balanced else "rolling":
        case "rolling":
            return rolling(bake=wanted.bake)
        case "canary":
            return canary([(step.weight, step.for_) for step in wanted.steps], **watched)
        case "linear":
            return linear(wanted.step or 100, wanted.every, **watched)
        case "manual":
            return manual(**watched)
    return all_at_once(**watched)


def _gate(question: said.Judged, alarms: Mapping[str, str]) -> Gate:
    match question:
        case said.Http(path=path, status=status, body=body, within=within, headers=headers):
            gate: Gate = Smoke(path=path, status=status, body=body, seconds=within, headers=dict(headers))
        case said.Errors(max=most, requests=requests, worse_by=worse_by):
            gate = ErrorRate(maximum=most, requests=requests, worse_by=worse_by)
        case said.Latency(max=most, percentile=percentile, requests=requests, slower_by=slower_by):
            gate = Latency(maximum=most, percentile=percentile, requests=requests, slower_by=slower_by)
        case said.Metric(namespace=namespace, name=name, dimensions=dimensions, statistic=statistic, max=most):
            gate = Metric(
                namespace=namespace, metric=name, dimensions=dict(dimensions), statistic=statistic, maximum=most
            )
        case said.AlarmsQuiet(names=names):
            gate = Alarms(names=tuple(alarms.get(name, name) for name in names))
        case said.Scan():
            gate = Scan(allowed=_allowed(question))
        case said.Task(name=name, command=command, timeout=timeout):
            gate = Job(job=name, command=command, seconds=timeout)
        case said.Webhook(url=url, timeout=timeout, secret=secret):
            gate = Webhook(url=url, seconds=timeout, secret=secret or "")
        case _:
            raise TypeError(f"no gate asks {type(question).__name__}")
    stated: dict[str, Any] = {name: getattr(question, name) for name in said.Judged.model_fields}
    limits = dc.replace(gate.limits, **{name: value for name, value in stated.items() if value is not None})
    return dc.replace(gate, limits=limits)  # type: ignore[type-var]  # every gate is a dataclass


def _allowed(scan: said.Scan) -> dict[str, int]:
    severities = {name: getattr(scan, name) for name in ("critical", "high", "medium", "low")}
    return {name.upper(): most for name, most in severities.items() if most is not None}
