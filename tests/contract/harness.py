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
from orchestrator.kinds.base import Item, Kind, owned
from orchestrator.kinds.catalogue import KINDS
from orchestrator.kinds.scope import Scope
from orchestrator.reconcile.apply import Applier
from orchestrator.reconcile.diff import make_plan
from orchestrator.reconcile.observe import traits
from orchestrator.reconcile.steps import Action, Plan, Step
from tests.contract.calls import WatchedAws

TICK = 15.0
_AGAIN = (ErrorClass.BUSY, ErrorClass.PROPAGATING)

Lives = Sequence[Live[Any]]
Outputs = dict[Address, Mapping[str, Any]]


class Account:
    """An account as one stack sees it. ``aws`` writes, ``reader`` cannot."""

    def __init__(self, aws: WatchedAws, reader: WatchedAws, stack: str = "contract") -> None:
        self.aws = aws
        self.reader = reader
        self.stack = stack

    def beside(self, stack: str) -> Account:
        """The same account as another stack sees it."""
        return Account(self.aws, self.reader, stack)

    def observe(self, resources: Sequence[Resource], kinds: Iterable[str] = ()) -> Lives:
        """What exists of these kinds, or of all that the resources are of."""
        scope = Scope(self.stack, self._marked(resources))
        found: list[Live[Any]] = []
        for kind in kinds or dict.fromkeys(resource.kind for resource in resources):
            with self.reader.during(kind, "read"):
                found.extend(KINDS[kind].observe(self.reader, scope))
        return found

    def plan(
        self, resources: Sequence[Resource], lives: Lives | None = None, *, adopt: frozenset[Address] = frozenset()
    ) -> Plan:
        """What the diff would do, from what was seen or from what there is now."""
        who = self.reader.identity()
        seen = self.observe(resources) if lives is None else lives
        here = traits(who.account, self.reader.region, who.partition)
        return make_plan(self._marked(resources), seen, here, adopt=adopt)

    def apply(self, resources: Sequence[Resource], lives: Lives | None = None) -> None:
        """Create and update what the plan says, in its order."""
        seen = self.observe(resources) if lives is None else lives
        outputs: Outputs = {live.address: live.outputs for live in seen if live.owned}
        for step in self.plan(resources, seen).changes:
            if step.action is Action.CREATE:
                outputs[step.address] = self._created(step, outputs, resources)
            elif step.action is Action.UPDATE:
                self._update(step, outputs)
                self.until_ready(step.address, resources)
            else:
                raise AssertionError(f"{step.action} {step.address}: {step.cause}, {step.changes}")

    def applier(self) -> Applier:
        """The engine itself, on this account."""
        return Applier(aws=self.aws, stack=self.stack, clock=self.aws.clock)

    def create(self, resource: Resource, lives: Lives) -> tuple[Resource, Item]:
        """Create one resource whose needs are there; what was wanted in the end, and what creating it told."""
        (marked,) = self._marked([resource])
        want = self._resolved(marked, {live.address: live.outputs for live in lives if live.owned})
        return want, self._made(want)

    def until_ready(self, address: Address, resources: Sequence[Resource]) -> None:
        """Wait for what takes AWS a while."""
        kind = KINDS[address.kind]

        def ready() -> bool:
            live = self.find(resources, address)
            health = kind.health(live) if live else Pending("it to be seen")
            assert not isinstance(health, Broken), f"{address} is broken: {health.why}"
            return not isinstance(health, Pending)

        if kind.settles:
            self._until(kind, ready, f"{address} to be ready")

    def find(self, resources: Sequence[Resource], address: Address) -> Live[Any] | None:
        """The one live resource at an address, if it is this stack's."""
        lives = self.observe(resources, {address.kind})
        found = [live for live in lives if live.address == address and live.owned]
        assert len(found) < 2, f"{address} is reported {len(found)} times"
        return found[0] if found else None

    def delete(self, live: Live[Any], resources: Sequence[Resource]) -> None:
        """Delete it and wait until it is gone."""
        kind = KINDS[live.address.kind]
        with self.aws.during(live.address.kind, "delete"):
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

    # -- inside --------------------------------------------------------------------------------------------------------

    def _marked(self, resources: Iterable[Resource]) -> list[Resource]:
        return [owned(self.stack, resource) for resource in resources]

    def _resolved(self, resource: Resource, outputs: Outputs) -> Resource:
        """As a verb gets it: references replaced, initial values bare."""

        def lookup(ref: Ref[Any]) -> Any:
            value = outputs[ref.to].get(ref.output)
            assert value is not None, f"{resource.address} needs {ref}, which creating {ref.to} did not tell"
            return value

        want = resolve(resource, lookup)
        bare = {f: getattr(want, f).value for f, _ in want.attrs() if isinstance(getattr(want, f), Initial)}
        return dc.replace(want, **bare)

    def _created(self, step: Step, outputs: Outputs, resources: Sequence[Resource]) -> Mapping[str, Any]:
        """What others may refer to: what creating it told, or, where that takes AWS a while, what is there then."""
        kind = KINDS[step.address.kind]
        told = kind.outputs_of(self._create(step, outputs))
        self.until_ready(step.address, resources)
        live = self.find(resources, step.address) if kind.settles else None
        return live.outputs if live else told

    def _create(self, step: Step, outputs: Outputs) -> Item:
        assert step.desired is not None
        return self._made(self._resolved(step.desired, outputs))

    def _made(self, want: Resource) -> Item:
        """Created and completed."""
        kind = KINDS[want.kind]
        with self.aws.during(want.kind, "create"):
            item = self._patiently(kind, lambda: kind.create(self.aws, want))
        with self.aws.during(want.kind, "complete"):
            self._patiently(kind, lambda: kind.complete(self.aws, want, item))
        return item

    def _update(self, step: Step, outputs: Outputs) -> None:
        kind = KINDS[step.address.kind]
        assert step.desired is not None
        want = self._resolved(step.desired, outputs)
        changed = frozenset(change.field for change in step.changes)
        with self.aws.during(step.address.kind, "update"):
            self._patiently(kind, lambda: kind.update(self.aws, want, step.live, changed))

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
