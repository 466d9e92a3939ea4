"""Strategies and gates on their way from the plan to the engine: nothing that a plan states gets lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from orchestrator.app.strategies import strategy_of
from orchestrator.plan.compile import Context, ServicePlan, compile_plan
from orchestrator.plan.model.gates import Gate as Said
from orchestrator.plan.model.plan import Plan
from orchestrator.rollout import gates
from orchestrator.rollout.gates.alarms import Alarms
from orchestrator.rollout.gates.base import Limits
from orchestrator.rollout.gates.job import Job
from orchestrator.rollout.gates.metrics import ErrorRate, Latency, Metric
from orchestrator.rollout.gates.scan import Scan
from orchestrator.rollout.gates.smoke import Smoke
from orchestrator.rollout.gates.webhook import Webhook
from orchestrator.rollout.strategies import Strategy

PLAN = """
name: shop
region: eu-west-1
network:
  subnets:
    public: {a: 10.0.0.0/24, b: 10.0.1.0/24}
    private: {a: 10.0.2.0/24, b: 10.0.3.0/24}
entry: {}
services:
  cart: {port: 8080, paths: [/cart*], alarms: {errors: 5, cpu: 80}, strategy: STRATEGY}
  mailer: {strategy: STRATEGY}
"""
TOKEN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbCdEf"


def planned(strategy: str, service: str = "cart") -> ServicePlan:
    written = yaml.safe_load(PLAN.replace("STRATEGY", strategy))
    model = TypeAdapter(Plan).validate_python(tupled(written))
    context = Context(stack="shop", account="123456789012", region="eu-west-1")
    return next(s for s in compile_plan(model, context).services if s.name == service)


def tupled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: tupled(inner) for key, inner in value.items()}
    return tuple(map(tupled, value)) if isinstance(value, list) else value


def strategy(text: str, service: str = "cart") -> Strategy:
    return strategy_of(planned(text, service))


def only_gate(stage: str, text: str) -> gates.Gate:
    built = strategy(f"{{gates: {{{stage}: [{text}]}}}}")
    (gate,) = {"preflight": built.check, "test": built.test, "watch": built.watch}[stage]
    return gate


@pytest.mark.parametrize(
    ("text", "kind", "steps"),
    [
        ("{}", "all-at-once", ()),
        ("all-at-once", "all-at-once", ()),
        ("{type: canary, steps: [{weight: 10, for: 60}, 50]}", "canary", ((10, 60), (50, 300))),
        ("{type: linear, step: 25, every: 30}", "linear", ((25, 30), (50, 30), (75, 30))),
        ("manual", "manual", ()),
        ("rolling", "rolling", ()),
    ],
)
def test_each_type_becomes_the_strategy_of_its_name(text: str, kind: str, steps: tuple[tuple[int, float], ...]) -> None:
    built = strategy(text)
    assert (built.kind, built.steps) == (kind, steps)
    assert built.approve is (kind == "manual")
    assert built.in_place is (kind == "rolling")


@pytest.mark.parametrize("text", ["{}", "{type: canary, steps: [10]}", "{type: linear, step: 10}", "all-at-once"])
def test_a_service_without_paths_is_replaced_in_place_whatever_moves_the_traffic_of_others(text: str) -> None:
    assert strategy(text, "mailer").in_place


def test_any_strategy_can_wait_for_a_person() -> None:
    assert strategy("{type: canary, steps: [10], approve: true}").approve


def test_times_and_what_becomes_of_a_failure_are_handed_on() -> None:
    built = strategy("{bake: 7, hold: 9, on_failure: freeze}")
    assert (built.bake, built.hold, built.freeze) == (7, 9, True)
    assert not strategy("{}").freeze


@pytest.mark.parametrize(
    ("stage", "text", "gate"),
    [
        ("test", "http: /cart", Smoke(path="/cart")),
        (
            "watch",
            "http: {path: /cart, status: 204, body: o+k, within: 2, headers: {A: b}, every: 5, samples: 2}",
            Smoke(
                path="/cart",
                status=204,
                body="o+k",
                seconds=2,
                headers={"A": "b"},
                limits=Limits(every=5, samples=2, failures=1),
            ),
        ),
        ("watch", "errors: 2", ErrorRate(maximum=2)),
        (
            "watch",
            "errors: {max: 0, requests: 9, worse_by: 1, errors: 0}",
            ErrorRate(maximum=0, requests=9, worse_by=1, limits=Limits(errors=0)),
        ),
        (
            "watch",
            "latency: {max: 0.5, percentile: p95, requests: 7, slower_by: 1.2}",
            Latency(maximum=0.5, percentile="p95", requests=7, slower_by=1.2),
        ),
        (
            "preflight",
            "metric: {namespace: N, name: M, dimensions: {D: d}, statistic: Sum, max: 3}",
            Metric(namespace="N", metric="M", dimensions={"D": "d"}, statistic="Sum", maximum=3),
        ),
        (
            "watch",
            "alarms: [errors, cpu, other-team]",
            Alarms(names=("shop-cart-errors", "shop-cart-cpu", "other-team")),
        ),
        ("preflight", "scan: {}", Scan(allowed={"CRITICAL": 0})),
        ("preflight", "scan: {critical: 1, high: 2, low: 0}", Scan(allowed={"CRITICAL": 1, "HIGH": 2, "LOW": 0})),
        (
            "preflight",
            "task: {name: migrate, command: [./migrate, up], timeout: 30}",
            Job(job="migrate", command=("./migrate", "up"), seconds=30),
        ),
        (
            "watch",
            f"webhook: {{url: 'https://checks.example.com', timeout: 3, secret: '{TOKEN}'}}",
            Webhook(url="https://checks.example.com", seconds=3, secret=TOKEN),
        ),
    ],
)
def test_a_gate_asks_what_the_plan_says_in_the_stage_where_it_says_it(stage: str, text: str, gate: object) -> None:
    assert only_gate(stage, text) == gate


def test_what_a_gate_leaves_out_is_what_suits_its_question() -> None:
    built = only_gate("test", "http: {path: /cart, samples: 9}")
    assert built.limits == Limits(every=10.0, samples=9, failures=1)


def test_every_question_that_a_plan_can_ask_is_in_this_file() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [key for key in Said.model_fields if f'"{key}: ' not in text and f"{key}: {{" not in text] == []


def test_gates_survive_being_saved_with_the_stage_that_asks_them() -> None:
    for text in (
        "http: {path: /cart, headers: {A: b}}",
        "scan: {high: 1}",
        "alarms: [errors]",
        "task: {name: a, command: [b]}",
    ):
        gate = only_gate("watch", text)
        assert gates.from_json(gates.as_json(gate)) == gate
