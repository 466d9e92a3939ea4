"""Whether policies allow one action on one resource: nothing is allowed unless it is said, and a Deny always wins.

Understood are Effect, Action, NotAction, Resource, NotResource and Condition with the operators below. A statement
with anything else allows nothing, and denies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any

Context = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Ask:
    """May this be done on that? ``context`` holds the values of the condition keys that the call has."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


class Verdict(Enum):
    """What policies say."""

    ALLOWED = "allowed"
    UNSAID = "because no identity-based policy allows the {action} action"
    DENIED = "with an explicit deny in an identity-based policy"


def judge(policies: Iterable[Mapping[str, Any]], ask: Ask) -> Verdict:
    """What all policies of a caller say together."""
    said = Verdict.UNSAID
    for policy in policies:
        for statement in _listed(policy.get("Statement", ())):
            denies = statement.get("Effect") == "Deny"
            if _applies(statement, ask, doubt=denies):
                if denies:
                    return Verdict.DENIED
                said = Verdict.ALLOWED
    return said


def _applies(statement: Mapping[str, Any], ask: Ask, *, doubt: bool) -> bool:
    return (
        _covers(statement, "Action", ask.action.lower(), _lower)
        and _covers(statement, "Resource", ask.resource, str)
        and all(
            _holds(operator, key, _listed(wanted), ask.context, doubt=doubt)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _covers(statement: Mapping[str, Any], element: str, value: str, form: Callable[[str], str]) -> bool:
    if element in statement:
        return any(_matches(form(pattern), value) for pattern in _listed(statement[element]))
    if f"Not{element}" in statement:
        return not any(_matches(form(pattern), value) for pattern in _listed(statement[f"Not{element}"]))
    return False


def _lower(pattern: str) -> str:
    return pattern.lower()


# -- conditions ----------------------------------------------------------------------------------------------


def _equals(wanted: str, found: str) -> bool:
    return wanted == found


def _equals_in_any_case(wanted: str, found: str) -> bool:
    return wanted.lower() == found.lower()


def _matches(pattern: str, value: str) -> bool:
    return _expression(pattern).fullmatch(value) is not None


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": _equals,
    "StringEqualsIgnoreCase": _equals_in_any_case,
    "StringLike": _matches,
    "ArnEquals": _matches,
    "ArnLike": _matches,
    "Bool": _equals_in_any_case,
}
_NEGATED = {"StringNotEquals": "StringEquals", "StringNotLike": "StringLike", "ArnNotEquals": "ArnEquals"}


def _holds(operator: str, key: str, wanted: list[Any], context: Context, *, doubt: bool) -> bool:
    """Whether one condition holds; ``doubt`` is the answer where the operator, or a policy variable, is not known."""
    name, optional = operator.removesuffix("IfExists"), operator.endswith("IfExists")
    quantifier, _, name = name.rpartition(":")
    found = next((values for k, values in context.items() if k.lower() == key.lower()), ())
    texts = [str(value) for value in wanted]
    if name == "Null":
        return texts == [str(not found).lower()]
    test = _OPERATORS.get(_NEGATED.get(name, name))
    if test is None or any("${" in text for text in texts):
        return doubt
    if not found and (optional or name in _NEGATED or quantifier == "ForAllValues"):
        return True
    passed = [any(test(text, value) for text in texts) for value in found]
    if name in _NEGATED:
        return not any(passed)
    return all(passed) and bool(passed) if quantifier == "ForAllValues" else any(passed)


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """``*`` is anything, ``?`` one character; IAM knows no brackets."""
    return re.compile("".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern), re.DOTALL)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
