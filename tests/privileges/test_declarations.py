"""Declared is what is called: the calls in the source of the engines, and IAM's grammar for every action."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

import orchestrator
from orchestrator.app.privileges.arns import Place, arns_of
from orchestrator.app.privileges.privileges import BLOCKED, CERTIFICATE, LOOKING
from orchestrator.app.privileges.scopes import ANY, IN_CLUSTER, LINKED, MADE, PASSED, SCOPES
from orchestrator.kinds.catalogue import KINDS
from orchestrator.rollout.actions import ENGINE
from orchestrator.rollout.gates.alarms import Alarms
from orchestrator.rollout.gates.job import Job
from orchestrator.rollout.gates.metrics import ErrorRate, Latency, Metric
from orchestrator.rollout.gates.scan import Scan
from orchestrator.rollout.gates.smoke import Smoke
from orchestrator.rollout.gates.webhook import Webhook

SESSION = botocore.session.get_session()
SOURCE = Path(orchestrator.__file__).parent
GATES = (Alarms, ErrorRate, Job, Latency, Metric, Scan, Smoke, Webhook)
PREFIXES = {"elbv2": "elasticloadbalancing", "resourcegroupstaggingapi": "tag"}
FREE = {"sts:GetCallerIdentity"}
IMPLIED = {"iam:PassRole"}
"""What no call is named after: the roles of a task definition."""


def called(*places: str) -> set[str]:
    """The actions of all calls in these modules and packages, as the source names them."""
    files = [
        f for place in places for f in ([SOURCE / place] if place.endswith(".py") else (SOURCE / place).rglob("*.py"))
    ]
    return {action for file in files for action in _calls(ast.parse(file.read_text(encoding="utf-8")))} - FREE


def _calls(tree: ast.AST) -> Iterator[str]:
    """``client("ecs").run_task(...)``, ``self._ecs.run_task(...)`` and ``pages("ecs", "list_tasks", ...)``."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=method, value=ast.Call(func=ast.Attribute(attr="client"), args=[a]))):
                yield _action(ast.literal_eval(a), method)
            case ast.Call(func=ast.Attribute(attr=method, value=ast.Attribute(attr="_ecs"))):
                yield _action("ecs", method)
            case ast.Call(
                func=ast.Attribute(attr="pages"), args=[ast.Constant(value=service), ast.Constant(value=m), *_]
            ):
                yield _action(str(service), str(m))


@cache
def _operations(service: str) -> dict[str, str]:
    return {xform_name(name): name for name in SESSION.get_service_model(service).operation_names}


def _action(service: str, method: str) -> str:
    return f"{PREFIXES.get(service, service)}:{_operations(service)[method]}"


def test_the_rollout_engine_and_its_gates_declare_exactly_what_they_call() -> None:
    declared = {a for gate in GATES for a in gate.actions} | {*ENGINE.read, *ENGINE.update}
    assert declared - IMPLIED == called("rollout")


def test_every_gate_is_known_here() -> None:
    modules = {gate.__module__.rpartition(".")[2] for gate in GATES}
    assert modules == {f.stem for f in (SOURCE / "rollout" / "gates").glob("*.py")} - {"__init__", "base"}


def test_the_other_engines_declare_exactly_what_they_call() -> None:
    assert LOOKING | BLOCKED | {CERTIFICATE} == called(
        "app", "cli", "daemon", "kinds/scope.py", "plan", "reconcile", "stores", "web"
    )


def test_iams_grammar_is_known_for_every_declared_action_and_for_no_other() -> None:
    of_kinds = {
        a for k in KINDS.values() for verb in ("read", "create", "update", "delete") for a in getattr(k.actions, verb)
    }
    of_gates = {a for gate in GATES for a in gate.actions}
    declared = of_kinds | of_gates | {*ENGINE.read, *ENGINE.update} | LOOKING | BLOCKED | {CERTIFICATE}
    assert declared == SCOPES.keys()


def test_every_type_that_an_action_is_granted_on_has_its_arns_from_a_kind() -> None:
    elsewhere = {"acm:certificate", "secretsmanager:secret", "secretsmanager:token", "ssm:parameter"}
    special = {ANY, IN_CLUSTER, PASSED, LINKED, "instance-profile", f"{MADE}{ANY}"}
    wanted = {
        f"{a.partition(':')[0]}:{t.removeprefix(MADE)}"
        for a, types in SCOPES.items()
        for t in types
        if t not in special
    }
    assert wanted == {t for kind in KINDS.values() for t in kind.arns} | elsewhere


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_kind_that_passes_roles_or_brings_a_linked_one_says_to_whom(name: str) -> None:
    kind = KINDS[name]
    declared = {a for verb in ("create", "update", "delete") for a in getattr(kind.actions, verb)}
    assert bool(kind.passes_to) == ("iam:PassRole" in declared)
    assert bool(kind.linked) == ("iam:CreateServiceLinkedRole" in declared)


@pytest.mark.parametrize("name", sorted(name for name, kind in KINDS.items() if kind.arns))
def test_the_arn_of_a_kind_is_made_of_what_its_resources_say(name: str) -> None:
    found = arns_of(KINDS[name].example(), Place(stack="contract", region="us-east-1", account="123456789012"))
    for type_ in KINDS[name].arns:
        for arn in found.exact[type_]:
            assert "{" not in arn
            assert arn.startswith(f"arn:aws:{type_.partition(':')[0]}:")
            assert not arn.endswith(("::", "/*/*", ":None"))
