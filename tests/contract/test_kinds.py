"""What every kind promises, proved for each with its own example."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.aws.errors import ErrorClass, classify
from orchestrator.core.resource import Resource
from orchestrator.core.values import Initial, Secret
from orchestrator.kinds.base import Kind, NamedKind
from orchestrator.reconcile.steps import Action
from tests.contract.actions import UNUSUAL, actions_of
from tests.contract.calls import offences
from tests.contract.contents import FILL
from tests.contract.harness import Account, different, variations

VERBS = ("read", "create", "update", "delete")
VOLATILE = {"state", "status", "free"}  # outputs that AWS changes by itself
SHARED = {"tag:GetResources", "sts:GetCallerIdentity"}  # the pass's own calls, of no kind in particular


def test_once_created_nothing_is_left_to_plan(kind: Kind[Any], account: Account) -> None:
    example = kind.example()
    account.apply(example)
    plan = account.plan(example)
    assert [(str(s.address), s.action, s.changes) for s in plan.changes] == []
    assert plan.taken == ()


def test_what_creating_tells_is_what_observing_finds(kind: Kind[Any], account: Account) -> None:
    *needed, last = kind.example()
    account.apply(needed)
    outputs = {live.address: live.outputs for live in account.observe(needed)} if needed else {}
    want = account.resolved(*account.marked([last]), outputs)
    told = kind.outputs_of(kind.create(account.aws, want))
    account.apply([*needed, last])
    live = account.find([*needed, last], last.address)
    who = account.reader.identity()
    predicted = kind.predict(want, who.account, account.reader.region, who.partition)
    lasting = {name: value for name, value in told.items() if value is not None and name not in VOLATILE}
    assert live is not None
    assert {name: live.outputs[name] for name in lasting} == lasting
    assert {name: live.outputs[name] for name in predicted} == predicted


def test_a_change_in_place_is_seen_as_itself_alone_and_carried_out(kind: Kind[Any], account: Account) -> None:
    example = kind.example()
    *needed, last = example
    account.apply(example)
    for field, value in variations(kind).items():
        changed = [*needed, dc.replace(last, **{field: value})]
        assert planned(account, changed) == [(last.address, Action.UPDATE, {field})]
        account.apply(changed)
        assert planned(account, changed) == [], f"{field} does not come to rest at {value!r}"
        if field == "tags" or getattr(last, field) is None:
            continue  # foreign tags and what is not managed stay as they are
        assert planned(account, example) == [(last.address, Action.UPDATE, {field})]
        account.apply(example)
        assert planned(account, example) == [], f"{field} does not come back to rest at {getattr(last, field)!r}"


def test_what_cannot_be_changed_in_place_is_replaced(kind: Kind[Any], account: Account) -> None:
    *needed, last = kind.example()
    account.apply([*needed, last])
    for field, how in last.attrs():
        now = getattr(last, field)
        if how.immutable and not isinstance(now, Initial):
            changed = dc.replace(last, **{field: different(now)})
            planned = account.plan([*needed, changed]).changes
            assert [(s.address, s.action) for s in planned if s.desired] == [(last.address, Action.REPLACE)], field
            assert {c.field for s in planned for c in s.changes} <= {field, "tags"}, field


def test_what_is_deleted_behind_our_back_is_made_again(kind: Kind[Any], account: Account) -> None:
    example = kind.example()
    account.apply(example)
    live = account.find(example, example[-1].address)
    assert live is not None
    account.delete(live, example)
    assert (example[-1].address, Action.CREATE) in [(s.address, s.action) for s in account.plan(example).changes]
    account.apply(example)
    assert account.plan(example).empty


def test_deleting_what_is_gone_is_no_error(kind: Kind[Any], account: Account) -> None:
    example = kind.example()
    account.apply(example)
    live = account.find(example, example[-1].address)
    assert live is not None
    account.delete(live, example)
    try:
        kind.delete(account.aws, live)
    except Exception as error:
        assert classify(error) is ErrorClass.NOT_FOUND, error


def test_what_carries_another_stacks_tags_is_not_ours(kind: Kind[Any], account: Account) -> None:
    if not kind.tagged:
        pytest.skip("carries no tags: what it hangs on tells whose it is")
    example = kind.example()
    account.beside("another").apply(example)
    seen = [live for live in account.observe(example) if live.address.kind == kind.resource.kind]
    assert [live for live in seen if live.owned] == []
    if isinstance(kind, NamedKind):
        assert [live.address for live in seen] == [example[-1].address], "a taken name has to be reported"
    else:
        assert seen == []


def test_secrets_are_never_shown(kind: Kind[Any], account: Account) -> None:
    example = kind.example()
    hidden = [secret.reveal() for resource in example for secret in secrets(resource)]
    if not hidden:
        pytest.skip("holds no secret")
    plan = account.plan(example)
    account.apply(example)
    shown = f"{plan} {account.observe(example)} {example}"
    assert [secret for secret in hidden if secret in shown] == []


def test_its_whole_life_sends_what_aws_accepts_and_needs_the_actions_it_declares(
    kind: Kind[Any], account: Account
) -> None:
    live_a_whole_life(kind, account)
    mine = [call for call in [*account.reader.sent, *account.aws.sent] if call.kind == kind.resource.kind]
    assert [str(call) for call in account.reader.sent if not call.reads] == []
    assert sorted({o for call in mine for o in offences(call)}) == []
    made = {(c.verb, a) for c in mine for a in actions_of(c) - SHARED}
    declared = {(verb, a) for verb in VERBS for a in getattr(kind.actions, verb)}
    assert sorted(made - declared) == [], "needed, but not declared"
    needed = {action for _, action in made} | UNUSUAL.get(kind.resource.kind, frozenset())
    assert sorted((verb, a) for verb, a in declared if a not in needed) == [], "declared, but never needed"


def test_every_declared_action_is_written_as_iam_writes_it(kind: Kind[Any]) -> None:
    declared = [action for verb in VERBS for action in getattr(kind.actions, verb)]
    assert [action for action in declared if not re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z0-9]+", action)] == []


def live_a_whole_life(kind: Kind[Any], account: Account) -> None:
    """Made, seen by its own stack and by a stranger's, changed field by field and back, emptied, deleted."""
    example = kind.example()
    *needed, last = example
    account.apply(example)
    account.beside("another").observe(example)
    for field, value in variations(kind).items():
        account.apply([*needed, dc.replace(last, **{field: value})])
        account.apply(example)
    live = account.find(example, last.address)
    assert live is not None
    if kind.holds_data and kind.resource.kind in FILL:
        FILL[kind.resource.kind](account.aws, live)
        assert account.holds(live), "what was put into it would be lost"
        account.empty(live)
        assert not account.holds(live), "nothing is left in it"
    account.delete(live, example)


def planned(account: Account, resources: list[Resource]) -> list[tuple[Any, Action, set[str]]]:
    return [(s.address, s.action, {c.field for c in s.changes}) for s in account.plan(resources).changes]


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
