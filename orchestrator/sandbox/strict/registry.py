"""The list of what AWS refuses: one small named rule each, switchable one by one.

A rule is a function beside its service that looks at one call and at the live state, and returns the message AWS
would refuse it with, or ``None`` to let it pass. Its id, service, operations and AWS error code are data here, so the
list can be printed, counted, switched and tested without running anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from orchestrator.core.errors import OrchestratorError
from orchestrator.sandbox.strict.call import Call

Check = Callable[[Call], str | None]
Note = Callable[[Call], None]

EVERY_OPERATION = "*"
MODEL = "MODEL"
"""The id under which the checks of enum, pattern and maximum from the service model are switched."""


class UnknownRule(OrchestratorError):
    """No rule has that id."""


class Refusal(Exception):
    """AWS's answer to a call that it does not carry out, and the id of the rule that says so."""

    def __init__(self, code: str, message: str, status: int | None = None, *, rule: str) -> None:
        super().__init__(f"{code}: {message}")
        self.rule = rule
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True)
class Rule:
    """One thing that AWS refuses; ``status`` only where the service model does not tell the HTTP status."""

    id: str
    service: str
    operations: tuple[str, ...]
    code: str
    check: Check = field(repr=False)
    status: int | None = None

    @property
    def summary(self) -> str:
        """The first line of the rule's docstring."""
        return (self.check.__doc__ or "").strip().splitlines()[0]

    def covers(self, service: str, operation: str) -> bool:
        """Whether this rule has a say about the operation."""
        return self.service == service and (operation in self.operations or EVERY_OPERATION in self.operations)

    def enforce(self, call: Call) -> None:
        """Raise the refusal, if there is one."""
        message = self.check(call)
        if message is not None:
            raise Refusal(self.code, message, self.status, rule=self.id)


_rules: dict[str, list[Rule]] = {}
_notes: dict[tuple[str, str], list[Note]] = {}
_disabled: set[str] = set()


def rule(
    rule_id: str, service: str, *operations: str, code: str, status: int | None = None
) -> Callable[[Check], Check]:
    """Register the decorated check. One id may have several checks: it is switched as a whole."""

    def register(check: Check) -> Check:
        _rules.setdefault(rule_id, []).append(Rule(rule_id, service, operations, code, check, status))
        return check

    return register


def note(service: str, *operations: str) -> Callable[[Note], Note]:
    """Register a function told of each call that no rule refused, to remember what outlives the call's effect."""

    def register(take: Note) -> Note:
        for operation in operations:
            _notes.setdefault((service, operation), []).append(take)
        return take

    return register


def rules() -> tuple[Rule, ...]:
    """Every registered rule, in the order of ids."""
    return tuple(one for rule_id in sorted(_rules) for one in _rules[rule_id])


def rules_for(service: str, operation: str) -> tuple[Rule, ...]:
    """The rules that look at one operation, in the order they were registered."""
    return tuple(one for same in _rules.values() for one in same if one.covers(service, operation))


def notes_for(service: str, operation: str) -> tuple[Note, ...]:
    """Who wants to be told when this operation is let through."""
    return tuple(_notes.get((service, operation), ()))


def enabled(rule_id: str) -> bool:
    """Whether the rule of that id is on."""
    return rule_id not in _disabled


def disable(*ids: str) -> None:
    """Switch rules off by id; an id that does not exist is an error, not a rule that silently stays on."""
    _disabled.update(_known(ids))


def enable(*ids: str) -> None:
    """Switch rules on again; without ids, all of them."""
    _disabled.difference_update(_known(ids) if ids else tuple(_disabled))


@contextmanager
def disabled(*ids: str) -> Iterator[None]:
    """Switch rules off for a while."""
    before = set(_disabled)
    disable(*ids)
    try:
        yield
    finally:
        _disabled.clear()
        _disabled.update(before)


def _known(ids: tuple[str, ...]) -> tuple[str, ...]:
    for rule_id in ids:
        if rule_id not in _rules and rule_id != MODEL:
            near = max(sorted([*_rules, MODEL]), key=lambda each: SequenceMatcher(None, rule_id.upper(), each).ratio())
            hint = f"the nearest is {near}; orchestrator sandbox rules lists them all"
            raise UnknownRule(f"there is no strict rule {rule_id!r}", hint=hint)
    return ids
