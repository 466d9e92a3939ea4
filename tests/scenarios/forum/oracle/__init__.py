"""Every line of forum.md as a small check that reads AWS with plain boto3 and knows nothing of the product."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from tests.scenarios.forum.oracle import compute, network, operations
from tests.scenarios.forum.oracle.account import Account

Check = Callable[[Account], None]


def _checks(module: ModuleType) -> dict[str, Check]:
    named = vars(module).items()
    return {n: f for n, f in named if callable(f) and f.__module__ == module.__name__ and not n.startswith("_")}


CHECKS: dict[str, Check] = {**_checks(network), **_checks(compute), **_checks(operations)}


def failures(account: Account) -> list[str]:
    """What of forum.md is not true on this account; a line a failed check."""
    found = []
    for name, check in CHECKS.items():
        try:
            check(account)
        except Exception as error:
            found.append(f"{name}: {type(error).__name__} {error}")
    return found
