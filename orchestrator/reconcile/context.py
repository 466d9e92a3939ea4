"""What all steps of one apply share: where they work, whom they tell, and what has come to be so far."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.redact import Redactor
from orchestrator.core.address import Address
from orchestrator.core.clock import Clock
from orchestrator.core.errors import AwsError
from orchestrator.core.events import Event, Sink, State
from orchestrator.core.resource import Live, Resource
from orchestrator.core.values import Initial, Ref, resolve
from orchestrator.kinds.base import Kind, generation, owned
from orchestrator.reconcile.patience import PROPAGATION
from orchestrator.reconcile.steps import Step


@dc.dataclass(frozen=True, kw_only=True)
class Context:
    """One apply. ``run`` tells its creations from those of earlier ones; ``may_lose`` whose data may go."""

    aws: Aws
    stack: str
    clock: Clock
    sink: Sink
    kinds: Mapping[str, Kind[Any]]
    run: str
    may_lose: Callable[[Address], bool]
    redact: Redactor
    outputs: dict[Address, Mapping[str, Any]] = dc.field(default_factory=dict)
    born: dict[Address, float] = dc.field(default_factory=dict)

    def lookup(self, ref: Ref[Any]) -> Any:
        """What a reference stands for, now that what it refers to exists."""
        value = self.outputs.get(ref.to, {}).get(ref.output)
        if value is None:
            raise AwsError(f"{ref.to} exists, but AWS does not tell its {ref.output}")
        return value

    def to_create(self, desired: Resource, attempt: int) -> Resource:
        """What a creation is given: references resolved, first values taken, marked as this stack's.

        AWS remembers client tokens for a day, and answers a known one with the dead thing that it once made. So the
        generation, and the token made of it, is that of this run and attempt.
        """
        want = resolve(desired, self.lookup)
        want = _replacing_initials(want, lambda _field, initial: initial.value)
        return _marked(self.stack, want, tags.fingerprint(generation(want), self.run, attempt))

    def to_update(self, desired: Resource, live: Live[Any]) -> Resource:
        """What an update is given: what others own stays as it lives, and so does the mark of its generation."""
        want = resolve(desired, self.lookup)
        want = _replacing_initials(want, lambda field, _initial: getattr(live.resource, field))
        return _marked(self.stack, want, live.resource.tags.get(tags.GENERATION) or generation(want))

    def tell(self, step: Step, state: State, message: str = "", **details: Any) -> None:
        """Say what happens to a step, without its secrets."""
        text = self.redact(message)
        self.sink(
            Event(
                at=self.clock.now(), subject=step.subject, action=step.verb, state=state, message=text, details=details
            )
        )

    def note_birth(self, address: Address) -> None:
        """Remember that something has just been made."""
        self.born[address] = self.clock.now()

    def fresh_until(self, addresses: frozenset[Address]) -> float:
        """Until when AWS may not know everywhere of one of these, because it has only just been made."""
        return max((self.born[a] + PROPAGATION for a in addresses if a in self.born), default=0.0)


def _replacing_initials(want: Resource, value: Callable[[str, Initial[Any]], Any]) -> Resource:
    initials = {f: v for f, _ in want.attrs() if isinstance(v := getattr(want, f), Initial)}
    return dc.replace(want, **{f: value(f, v) for f, v in initials.items()}) if initials else want


def _marked(stack: str, want: Resource, mark: str) -> Resource:
    mine = owned(stack, want)
    return dc.replace(mine, tags={**mine.tags, tags.GENERATION: mark})


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two sets of outputs are of the very same thing on AWS, by what identifies it best."""
    for output in ("id", "arn", "name"):
        if one.get(output) is not None and other.get(output) is not None:
            return bool(one[output] == other[output])
    return True
