"""A stack driven through the methods of its kinds: the least engine that can prove them, with the real diff."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from orchestrator.aws.errors import ErrorClass, classify
from orchestrator.core.address import Address
from orchestrator.core.health import Broken, Pending
from orchestrator.core.resource import Live, Resource
from orchestrator.core.values import Initial, Ref, resolve
from orchestrator.kinds.base import Kind, owned
from orchestrator.kinds.catalogue import KINDS
from orchestrator.kinds.scope import Scope
from orchestrator.reconcile.diff import make_plan
from orchestrator.reconcile.steps import Action, Plan, Step, Traits
from tests.contract.calls import WatchedAws

TICK = 15.0
_AGAIN = (ErrorClass.BUSY, ErrorClass.PROPAGATING)

# Fields whose other values need what no kind makes: the tests of their kind prove them.
_PROVED_ELSEWHERE: Mapping[str, frozenset[str]] = {
    "listener": frozenset({"protocol"}),  # a certificate
}


class Account:
    """An account as one stack sees it."""

    def __init__(self, aws: WatchedAws, reader: WatchedAws, stack: str = "contract") -> None:
        self.aws = aws
        self.reader = reader
        self.stack = stack

    def beside(self, stack: str) -> Account:
        """The same account as another stack sees it."""
        return Account(self.aws, self.reader, stack)

    def marked(self, resources: Iterable[Resource]) -> list[Resource]:
        """The resources with this stack's ownership tags."""
        return [owned(self.stack, resource) for resource in resources]

    def observe(self, resources: Sequence[Resource], kinds: Iterable[str] = ()) -> list[Live[Any]]:
        """What exists of these kinds, or of all that the resources are of, read through the door that cannot write."""
        scope = Scope(self.stack, self.marked(resources))
        found: list[Live[Any]] = []
        for kind in kinds or dict.fromkeys(resource.kind for resource in resources):
            with self.reader.during(kind, "read"):
                found.extend(KINDS[kind].observe(self.reader, scope))
        return found

    def find(self, resources: Sequence[Resource], address: Address) -> Live[Any] | None:
        """The one live resource at an address, if it is this stack's."""
        found = [live for live in self.observe(resources, {address.kind}) if live.address == address and live.owned]
        assert len(found) < 2, f"{address} is reported {len(found)} times"
        return found[0] if found else None

    def plan(self, resources: Sequence[Resource]) -> Plan:
        """What the diff would do."""
        return self._plan(resources, self.observe(resources))

    def apply(self, resources: Sequence[Resource]) -> None:
        """Create and update what the plan says, in its order."""
        seen = self.observe(resources)
        outputs: dict[Address, Mapping[str, Any]] = {live.address: live.outputs for live in seen if live.owned}
        for step in self._plan(resources, seen).changes:
            if step.action is Action.CREATE:
                outputs[step.address] = self._create(step, resources, outputs)
            elif step.action is Action.UPDATE:
                self._update(step, resources, outputs)
            else:
                raise AssertionError(f"{step.action} {step.address}: {step.cause}, {step.changes}")

    def delete(self, live: Live[Any], resources: Sequence[Resource]) -> None:
        """Delete it and wait until it is gone."""
        kind = KINDS[live.address.kind]
        with self.aws.during(kind.resource.kind, "delete"):
            self._patiently(kind, lambda: kind.delete(self.aws, live))
        self._until(kind, lambda: self.find(resources, live.address) is None, f"{live.address} to be gone")

    def holds(self, live: Live[Any]) -> bool:
        """Whether deleting it would lose data."""
        with self.reader.during(live.address.kind, "read"):
            return KINDS[live.address.kind].holds(self.reader, live)

    def empty(self, live: Live[Any]) -> None:
        """Throw away what it holds."""
        with self.aws.during(live.address.kind, "delete"):
            KINDS[live.address.kind].empty(self.aws, live)

    def resolved(self, resource: Resource, outputs: Mapping[Address, Mapping[str, Any]]) -> Resource:
        """As a verb gets it: references replaced, initial values bare."""

        def lookup(ref: Ref[Any]) -> Any:
            value = outputs[ref.to].get(ref.output)
            assert value is not None, f"{resource.address} needs {ref}, which creating {ref.to} did not tell"
            return value

        want = resolve(resource, lookup)
        bare = {f: getattr(want, f).value for f, _ in want.attrs() if isinstance(getattr(want, f), Initial)}
        return dc.replace(want, **bare)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _plan(self, resources: Sequence[Resource], seen: Sequence[Live[Any]]) -> Plan:
        return make_plan(self.marked(resources), seen, self._traits())

    def _create(self, step: Step, resources: Sequence[Resource], outputs: Any) -> Mapping[str, Any]:
        kind = KINDS[step.address.kind]
        assert step.desired is not None
        want = self.resolved(step.desired, outputs)
        with self.aws.during(step.address.kind, "create"):
            item = self._patiently(kind, lambda: kind.create(self.aws, want))
        self._until_ready(kind, resources, step.address)
        return kind.outputs_of(item)

    def _update(self, step: Step, resources: Sequence[Resource], outputs: Any) -> None:
        kind = KINDS[step.address.kind]
        assert step.desired is not None
        want = self.resolved(step.desired, outputs)
        with self.aws.during(step.address.kind, "update"):
            changed = frozenset(change.field for change in step.changes)
            self._patiently(kind, lambda: kind.update(self.aws, want, step.live, changed))
        self._until_ready(kind, resources, step.address)

    def _until_ready(self, kind: Kind[Any], resources: Sequence[Resource], address: Address) -> None:
        def ready() -> bool:
            live = self.find(resources, address)
            health = kind.health(live) if live else Pending("it to be seen")
            assert not isinstance(health, Broken), f"{address} is broken: {health.why}"
            assert kind.settles or not isinstance(health, Pending), f"{address} does not settle, but: {health.why}"
            return not isinstance(health, Pending)

        self._until(kind, ready, f"{address} to be ready")

    def _until(self, kind: Kind[Any], reached: Callable[[], bool], what: str) -> None:
        deadline = self.aws.clock.now() + kind.deadline
        while not reached():
            assert self.aws.clock.now() < deadline, f"waited {kind.deadline:.0f} s for {what}"
            self.aws.clock.sleep(TICK)

    def _patiently(self, kind: Kind[Any], call: Callable[[], Any]) -> Any:
        """The call, tried again for as long as the kind allows while AWS says that it is busy or has not heard yet."""
        deadline = self.aws.clock.now() + kind.deadline
        while True:
            try:
                return call()
            except Exception as error:
                if classify(error) not in _AGAIN or self.aws.clock.now() > deadline:
                    raise
            self.aws.clock.sleep(TICK)

    def _traits(self) -> dict[str, Traits]:
        who = self.reader.identity()

        def trait(kind: Kind[Any]) -> Traits:
            def predict(resource: Any) -> Mapping[str, Any]:
                return kind.predict(resource, who.account, self.reader.region, who.partition)

            def broken(live: Live[Any]) -> str:
                health = kind.health(live)
                return health.why if isinstance(health, Broken) else ""

            return Traits(coexists=kind.coexists, holds_data=kind.holds_data, predict=predict, broken=broken)

        return {name: trait(kind) for name, kind in KINDS.items()}


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
