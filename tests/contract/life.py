"""The whole life of a kind's example, lived once and written down: the contract is what the tests read out of it."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.core.health import Health
from orchestrator.core.resource import Live, Resource
from orchestrator.core.values import Initial
from orchestrator.kinds.base import Kind
from orchestrator.reconcile.steps import Action, Plan
from tests.contract.calls import Sent
from tests.contract.contents import FILL
from tests.contract.harness import Account, Lives
from tests.contract.user import User

# Fields whose other values need what no kind makes: the tests of their kind prove them.
_PROVED_ELSEWHERE: Mapping[str, frozenset[str]] = {
    "listener": frozenset({"protocol"}),  # a certificate
    "table": frozenset({"billing", "ttl"}),  # another capacity with it; an hour between two changes
}

Planned = list[tuple[str, Action, frozenset[str]]]
"""The steps of a plan that do something: address, action and changed fields."""


@dc.dataclass
class Change:
    """One field set to another value and back: what was planned before and after each."""

    field: str
    value: Any
    planned: Planned
    at_rest: Planned
    planned_back: Planned | None = None
    back_at_rest: Planned | None = None


@dc.dataclass
class Life:
    """What was seen of an example from its creation to its end."""

    first: Plan
    created: Plan
    health: Health
    told: Mapping[str, Any]
    predicted: Mapping[str, Any]
    live: Live[Any]
    seen_by_another_stack: Lives
    replaced: dict[str, Plan] = dc.field(default_factory=dict)
    changes: list[Change] = dc.field(default_factory=list)
    held: tuple[bool, bool] | None = None
    deleted: Planned = dc.field(default_factory=list)
    made_again: Planned = dc.field(default_factory=list)
    second_deletion: Exception | None = None
    sent: list[Sent] = dc.field(default_factory=list)


def live_through(kind: Kind[Any], account: Account, user: User) -> Life:
    """Made, seen by its own stack and by another, changed field by field and back, deleted, made again, deleted."""
    life = _be_born(kind, account)
    living = _Living(kind, account)
    for field, value in replacements(kind).items():
        replaced = living.with_field(field, value)
        life.replaced[field] = account.plan(replaced, living.look(replaced))
    for field, value in variations(kind).items():
        life.changes.append(_change(living, field, value))
    _die(living, life, user)
    life.sent = [call for call in (*account.reader.sent, *account.aws.sent) if call.kind == kind.resource.kind]
    return life


def plans(kind: Kind[Any]) -> list[list[Resource]]:
    """Everything that a life wants at one time or another: the example, and each of its fields in another value."""
    *needed, last = kind.example()
    others = [*replacements(kind).items(), *variations(kind).items()]
    return [[*needed, last], *([*needed, dc.replace(last, **{field: value})] for field, value in others)]


def replacements(kind: Kind[Any]) -> dict[str, Any]:
    """Another value for each field of the example that cannot be changed in place."""
    example = kind.example()[-1]
    fixed = {field: getattr(example, field) for field, how in example.attrs() if how.immutable}
    return {field: different(now) for field, now in fixed.items() if not isinstance(now, Initial)}


def planned(plan: Plan) -> Planned:
    """What a plan would do."""
    return [(str(s.address), s.action, frozenset(c.field for c in s.changes)) for s in plan.changes]


def different(value: Any) -> Any:
    """Any other value: for fields of which only the comparison matters, since AWS never sees it."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return f"{value}x"
    return "another"


def variations(kind: Kind[Any]) -> dict[str, Any]:
    """A second value for each field of the kind's example that can be changed in place."""
    example = kind.example()[-1]
    told = kind.variations()
    proved = _PROVED_ELSEWHERE.get(kind.resource.kind, frozenset())
    values: dict[str, Any] = {}
    for field, how in example.attrs():
        now = getattr(example, field)
        if field in told:
            values[field] = told[field]
        elif field not in proved and not how.immutable and not isinstance(now, Initial):
            assert isinstance(now, bool), f"{kind.resource.kind} needs a variation of {field}"
            values[field] = not now
    if kind.tagged:
        values["tags"] = {**example.tags, "team": "forum"}
    return values


def _be_born(kind: Kind[Any], account: Account) -> Life:
    example = kind.example()
    *needed, last = example
    first = account.plan(example)
    account.apply(needed)
    want, item = account.create(last, account.observe(needed) if needed else [])
    account.until_ready(last.address, example)
    lives = account.observe(example)
    live = next(live for live in lives if live.address == last.address)
    who = account.reader.identity()
    return Life(
        first=first,
        created=account.plan(example, lives),
        health=kind.health(live),
        told=kind.outputs_of(item),
        predicted=kind.predict(want, who.account, account.reader.region, who.partition),
        live=live,
        seen_by_another_stack=account.beside("another").observe(example),
    )


class _Living:
    """An example that exists. What it needs is looked at once: only the example itself changes from here on."""

    def __init__(self, kind: Kind[Any], account: Account) -> None:
        self.kind = kind
        self.account = account
        self.example = kind.example()
        self.last = self.example[-1]
        self._needed = [live for live in account.observe(self.example) if live.address.kind != self.last.kind]

    def with_field(self, field: str, value: Any) -> list[Resource]:
        return [*self.example[:-1], dc.replace(self.last, **{field: value})]

    def look(self, resources: Sequence[Resource]) -> Lives:
        return [*self._needed, *self.account.observe(resources, [self.last.kind])]

    def planned(self, resources: Sequence[Resource]) -> Planned:
        return planned(self.account.plan(resources, self.look(resources)))

    def itself(self) -> Live[Any]:
        live = self.account.find(self.example, self.last.address)
        assert live is not None
        return live


def _change(living: _Living, field: str, value: Any) -> Change:
    account, changed = living.account, living.with_field(field, value)
    before = living.look(changed)
    plan = planned(account.plan(changed, before))
    account.apply(changed, before)
    after = living.look(changed)
    change = Change(field, value, plan, planned(account.plan(changed, after)))
    if field != "tags" and getattr(living.last, field) is not None:  # tags and what is not managed stay as they are
        change.planned_back = planned(account.plan(living.example, after))
        account.apply(living.example, after)
        change.back_at_rest = living.planned(living.example)
    return change


def _die(living: _Living, life: Life, user: User) -> None:
    kind, account, example = living.kind, living.account, living.example
    account.delete(living.itself(), example)
    gone = living.look(example)
    life.deleted = planned(account.plan(example, gone))
    account.apply(example, gone)
    life.made_again = living.planned(example)
    live = living.itself()
    if kind.resource.kind in FILL:
        with user.by_hand():
            FILL[kind.resource.kind](account.aws, live)
        held = account.holds(live)
        account.empty(live)
        life.held = (held, account.holds(live))
    account.delete(live, example)
    assert account.find(example, living.last.address) is None
    try:
        kind.delete(account.aws, live)
    except Exception as error:
        life.second_deletion = error
