"""A store whose failures are told apart from AWS's: a full disk is nothing that credentials would cure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from orchestrator.core.errors import Conflict, OrchestratorError
from orchestrator.core.store import Store, Stored

T = TypeVar("T")


class StoreDown(OrchestratorError):
    """What is kept can be neither read nor written at the moment."""


class Watched:
    """Another store, from which only ``Conflict`` and ``StoreDown`` come."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self, key: str) -> Stored | None:
        return _watch(lambda: self._store.load(key))

    def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
        return _watch(lambda: self._store.save(key, value, expected))

    def keys(self, prefix: str) -> Iterator[str]:
        return iter(_watch(lambda: list(self._store.keys(prefix))))


def _watch(work: Callable[[], T]) -> T:
    try:
        return work()
    except Conflict:
        raise
    except OrchestratorError as error:
        raise StoreDown(error.message, hint=error.hint) from error
    except Exception as error:
        raise StoreDown(f"{type(error).__name__}: {error}") from error
