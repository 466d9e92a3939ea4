"""What has to be done, as values: steps with their causes, and the plan they form."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.core.address import Address
from orchestrator.core.resource import Live, Resource
from orchestrator.core.values import stable


class Action(enum.StrEnum):
    """What happens to a resource, in the symbols people know from Terraform."""

    CREATE = "+"
    UPDATE = "~"
    REPLACE = "-/+"
    DELETE = "-"
    KEEP = "="


@dataclass(frozen=True)
class Change:
    """One field that differs. For ``tags``, only the keys that differ."""

    field: str
    old: Any
    new: Any
    immutable: bool = False


@dataclass(frozen=True)
class Foreign:
    """A field that differs and is left alone, because ``owner`` decides it."""

    field: str
    live: Any
    plan: Any
    owner: str


@dataclass(frozen=True)
class Step:
    """One thing to do. ``key`` names it in ``needs`` of others; a replaced resource has two, one for the old half."""

    key: str
    action: Action
    address: Address
    desired: Resource | None = None
    live: Live[Any] | None = None
    changes: tuple[Change, ...] = ()
    foreign: tuple[Foreign, ...] = ()
    cause: str = ""
    needs: frozenset[str] = frozenset()
    holds_data: bool = False
    prune: bool = False
    widens: bool = False
    """Whether it takes nothing away yet that is in use: that is left to its ``tightening``."""

    def tightening(self) -> Step:
        """The pruning step that takes away what this one has left."""
        key = self.key + TIGHTEN
        return replace(self, key=key, foreign=(), needs=frozenset({self.key}), prune=True, widens=False)

    @property
    def replaced(self) -> bool:
        """Whether this deletes the old half of a replacement."""
        return self.key.endswith(OLD)

    @property
    def verb(self) -> str:
        """What is done, in a word for events and messages."""
        if self.action is Action.UPDATE and self.live and not self.live.owned:
            return "adopt"
        return _VERBS[self.action]

    @property
    def addresses_needed(self) -> frozenset[Address]:
        """What must exist before this step; removals that must come first are left out."""
        return frozenset(Address.parse(key) for key in self.needs if "#" not in key)

    @property
    def subject(self) -> str:
        """The step as people know it: the address, and which half of a replacement it is."""
        return str(self.address) if "#" not in self.key else f"{self.address} ({self.key.partition('#')[2]})"


OLD = "#old"
LEFT_OVER = "#left over"
TIGHTEN = "#tighten"
_VERBS = {
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.REPLACE: "replace",
    Action.DELETE: "delete",
    Action.KEEP: "keep",
}


@dataclass(frozen=True)
class Traits:
    """What the diff has to know of a kind.

    ``coexists``: whether old and new may be there at once, where ``unique_names`` only under two names;
    ``predict`` gives outputs that are certain before the thing exists; ``broken`` why something will never be of use;
    ``renews`` the outputs that an update changes; ``widened`` what is wanted with all that lives and may be in use.
    """

    coexists: bool = True
    unique_names: bool = False
    holds_data: bool = False
    renews: frozenset[str] = frozenset()
    predict: Callable[[Any], Mapping[str, Any]] = lambda _resource: {}
    broken: Callable[[Live[Any]], str] = lambda _live: ""
    widened: Callable[[Any, Live[Any]], Any] = lambda want, _live: want


@dataclass(frozen=True)
class Plan:
    """Steps in an order in which they could run one by one: what converges first, what is pruned last."""

    steps: tuple[Step, ...] = ()
    taken: tuple[Live[Any], ...] = ()
    """Names that we want and that something without our tags has."""

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(s for s in self.steps if s.action is not Action.KEEP)

    @property
    def tightenings(self) -> tuple[Step, ...]:
        """The second halves of updates that only widen; they are told with the first."""
        return tuple(s.tightening() for s in self.changes if s.widens)

    @property
    def empty(self) -> bool:
        """Whether AWS is as the plan says."""
        return not self.changes and not self.taken

    def count(self, action: Action) -> int:
        """How many resources an action happens to; the old half of a replacement is not counted."""
        return sum(1 for s in self.steps if s.action is action and not s.replaced)

    @property
    def fingerprint(self) -> str:
        """Changes when anything that would be done, or what it starts from, changes; the same in every process."""
        told = [
            (s.key, s.action, stable(s.changes), stable(s.desired), s.live and _which(s.live)) for s in self.changes
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _which(live: Live[Any]) -> str:
    """A live thing by its identity and its fields: its other outputs, such as free addresses, move by themselves."""
    return f"{live.outputs.get('id')} {live.outputs.get('arn')} {stable(live.resource)}"
