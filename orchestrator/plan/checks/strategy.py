"""How releases take over: settings that fit the strategy, and gates that can be asked where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from orchestrator.plan.checks.finding import Finding
from orchestrator.plan.matching import matcher
from orchestrator.plan.model import gates as model
from orchestrator.plan.model.gates import Gate
from orchestrator.plan.model.plan import Plan
from orchestrator.plan.model.services import Alarms, Service
from orchestrator.plan.model.strategy import Strategy

_OWN_ALARMS = ("cpu", "memory", "requests", "errors", "latency")
_ASK_TRAFFIC = ("errors", "latency")


def check_strategies(plan: Plan) -> Iterator[Finding]:
    """The strategy of every service."""
    for name, service in plan.services.items():
        at = ("services", name, "strategy")
        yield from (((*at, *path), text) for path, text in _settings(service.strategy))
        for stage, gates in service.strategy.gates.by_stage.items():
            for index, gate in enumerate(gates):
                here = (*at, "gates", stage, index)
                yield from (((*here, *path), text) for path, text in _gate(gate, stage, service))
            yield from (((*at, "gates", stage, *path), text) for path, text in _told_apart(gates))


def _settings(strategy: Strategy) -> Iterator[Finding]:
    weights = [step.weight for step in strategy.steps]
    kind = strategy.type or "all-at-once"
    if kind == "canary" and not weights:
        yield ("steps",), "missing, needed: the steps of a canary, such as [{weight: 10, for: 300}]"
    if kind != "canary" and weights:
        yield ("steps",), f"are those of a canary, the type is {kind}: leave them empty"
    if sorted(set(weights)) != weights:
        yield ("steps",), f"found {', '.join(map(str, weights))}, allowed: each more than the one before"
    if kind == "linear" and strategy.step is None:
        yield ("step",), "missing, needed: the percent of the traffic that each step of a linear strategy adds"
    if kind != "linear" and strategy.step is not None:
        yield ("step",), f"is that of a linear strategy, the type is {kind}: leave it empty"
    if strategy.gates.watch and not strategy.bake:
        yield ("bake",), "found 0, allowed: 1 or more, because gates watch while it bakes"
    if strategy.sticky > strategy.bake:
        yield (
            ("sticky",),
            f"found {strategy.sticky}, allowed: at most bake, which is {strategy.bake}, "
            "or clients stay on a side that is gone",
        )


def _gate(gate: Gate, stage: str, service: Service) -> Iterator[Finding]:
    asked = gate.asked
    if len(asked) != 1:
        known = ", ".join(type(gate).model_fields)
        yield (), f"found {', '.join(asked) or 'nothing'}, allowed: exactly one of {known}"
        return
    (key, question), *_ = asked.items()
    if key in ("http", *_ASK_TRAFFIC) and not service.balanced:
        yield (key,), "asks through the load balancer, but the service has no paths"
    elif key in _ASK_TRAFFIC and stage != "watch":
        yield (key,), "asks about requests of clients, which there are none of before the stage watch"
    elif isinstance(question, model.Http):
        yield from (((key, *path), text) for path, text in _http(question, stage, service))
    elif isinstance(question, model.AlarmsQuiet):
        yield from (((key, *path), text) for path, text in _alarms(question, service.alarms))


def _http(asked: model.Http, stage: str, service: Service) -> Iterator[Finding]:
    if stage == "preflight":
        yield (), "asks the new side, which is not there yet, allowed: the stages test and watch"
    elif service.test is None:
        yield (), "reaches the new side by a test rule: add test, such as test: X-Release, to the service"
    path = asked.path.partition("?")[0]
    if service.paths and not any(matcher(pattern).fullmatch(path) for pattern in service.paths):
        yield ("path",), f"the load balancer does not send {path} here, allowed: {' or '.join(service.paths)}"
    try:
        re.compile(asked.body)
    except re.error as error:
        yield ("body",), f"is no regular expression: {error}"


def _alarms(asked: model.AlarmsQuiet, stated: Alarms) -> Iterator[Finding]:
    for index, name in enumerate(asked.names):
        if name in _OWN_ALARMS and getattr(stated, name) is None:
            yield ("names", index), f"the service has no alarm {name}: state its threshold under alarms"


def _told_apart(gates: tuple[Gate, ...]) -> Iterator[Finding]:
    """Answers are counted by what is asked, so nothing may be asked twice in a stage."""
    seen: dict[object, int] = {}
    for index, gate in enumerate(gates):
        for key, question in gate.asked.items():
            first = seen.setdefault(_identity(key, question), index)
            if first != index:
                yield (index, key), f"is asked in this stage already, as number {first + 1}"


def _identity(key: str, question: model.Judged) -> object:
    match question:
        case model.Task(name=name):
            return key, name
        case model.Http(path=path):
            return key, path
        case model.Webhook(url=url):
            return key, url.partition("?")[0]
    judged = model.Judged.model_fields
    told: Mapping[str, object] = {name: str(value) for name, value in question if name not in judged}
    return key, tuple(sorted(told.items()))
