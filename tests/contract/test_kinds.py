"""What every kind promises, proved for each with its own example."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.aws.errors import ErrorClass, classify
from orchestrator.core.health import Ready
from orchestrator.core.values import Secret
from orchestrator.kinds.base import Kind, NamedKind
from orchestrator.reconcile.steps import Action
from tests.contract.actions import UNUSUAL, actions_of
from tests.contract.calls import offences
from tests.contract.life import Life

VERBS = ("read", "create", "update", "delete")
VOLATILE = {"state", "status", "free"}  # outputs that AWS changes by itself
_VERB = {"complete": "create"}
SHARED = {"tag:GetResources", "sts:GetCallerIdentity"}  # the pass's own calls, of no kind in particular


def test_once_created_it_is_ready_and_nothing_is_left_to_plan(kind: Kind[Any], life: Life) -> None:
    assert life.health == Ready()
    assert [(str(s.address), s.action, s.changes) for s in life.created.changes] == []
    assert life.created.taken == ()


def test_what_creating_tells_is_what_observing_finds(life: Life) -> None:
    lasting = {name: value for name, value in life.told.items() if value is not None and name not in VOLATILE}
    assert {name: life.live.outputs[name] for name in lasting} == lasting
    assert {name: life.live.outputs[name] for name in life.predicted} == life.predicted


def test_a_change_in_place_is_seen_as_itself_alone_and_carried_out(kind: Kind[Any], life: Life) -> None:
    last = str(kind.example()[-1].address)
    for change in life.changes:
        alone = [(last, Action.UPDATE, frozenset({change.field}))]
        assert change.planned == alone, f"{change.field} to {change.value!r}"
        assert change.at_rest == [], f"{change.field} does not come to rest at {change.value!r}"
        if change.planned_back is not None:
            assert change.planned_back == alone, f"{change.field} back from {change.value!r}"
            assert change.back_at_rest == [], f"{change.field} does not come to rest where it began"


def test_what_cannot_be_changed_in_place_is_replaced(kind: Kind[Any], life: Life) -> None:
    last = kind.example()[-1]
    for field, plan in life.replaced.items():
        kept = [s for s in plan.changes if s.desired]
        assert [(s.address, s.action) for s in kept] == [(last.address, Action.REPLACE)], field
        assert {c.field for s in kept for c in s.changes} <= {field, "tags"}, field


def test_what_is_deleted_behind_our_back_is_made_again(kind: Kind[Any], life: Life) -> None:
    assert (str(kind.example()[-1].address), Action.CREATE, frozenset()) in life.deleted
    assert life.made_again == []


def test_deleting_what_is_gone_is_no_error(life: Life) -> None:
    assert life.second_deletion is None or classify(life.second_deletion) is ErrorClass.NOT_FOUND


def test_what_holds_data_says_so_until_it_is_emptied(life: Life) -> None:
    assert life.held in (None, (True, False))


def test_what_carries_another_stacks_tags_is_not_ours(kind: Kind[Any], life: Life) -> None:
    if not kind.tagged:
        pytest.skip("carries no tags: what it hangs on tells whose it is")
    seen = [live for live in life.seen_by_another_stack if live.address.kind == kind.resource.kind]
    assert [live for live in seen if live.owned] == []
    taken = [r.address for r in kind.example() if r.kind == kind.resource.kind] if isinstance(kind, NamedKind) else []
    assert [live.address for live in seen] == taken, "a taken name has to be reported"


def test_secrets_are_never_shown(kind: Kind[Any], life: Life) -> None:
    hidden = [secret.reveal() for resource in kind.example() for secret in secrets(resource)]
    shown = f"{life.first} {life.live} {life.changes}"
    assert [secret for secret in hidden if secret in shown] == []


def test_observing_writes_nothing(life: Life) -> None:
    assert [str(call) for call in life.sent if call.verb == "read" and not call.reads] == []


def test_it_takes_one_call_to_create_so_that_nothing_half_made_is_ever_lost_sight_of(life: Life) -> None:
    assert len({str(call) for call in life.sent if call.verb == "create" and not call.reads}) == 1


def test_what_is_sent_is_within_awss_own_model(life: Life) -> None:
    assert sorted({offence for call in life.sent for offence in offences(call)}) == []


def test_the_calls_made_need_exactly_the_actions_declared(kind: Kind[Any], life: Life) -> None:
    made = {(_VERB.get(c.verb, c.verb), a) for c in life.sent if c.verb for a in actions_of(c) - SHARED}
    declared = {(verb, a) for verb in VERBS for a in getattr(kind.actions, verb)}
    assert sorted(made - declared) == [], "needed, but not declared"
    needed = {action for _, action in made} | UNUSUAL.get(kind.resource.kind, frozenset())
    assert sorted((verb, a) for verb, a in declared if a not in needed) == [], "declared, but never needed"


def test_every_declared_action_is_written_as_iam_writes_it(kind: Kind[Any]) -> None:
    declared = [action for verb in VERBS for action in getattr(kind.actions, verb)]
    assert [action for action in declared if not re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z0-9]+", action)] == []


def secrets(value: Any) -> Iterator[Secret]:
    match value:
        case Secret():
            yield value
        case dict():
            for inner in value.values():
                yield from secrets(inner)
        case tuple() | list() | frozenset():
            for inner in value:
                yield from secrets(inner)
        case _ if dc.is_dataclass(value) and not isinstance(value, type):
            for field in dc.fields(value):
                yield from secrets(getattr(value, field.name))
