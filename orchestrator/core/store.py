"""Where the little that AWS itself cannot tell is kept: leases, rollout cursors, history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Stored:
    """A value as it was read, and the version to name when replacing it."""

    value: Mapping[str, Any]
    version: int


class Store(Protocol):
    """Compare-and-swap over JSON objects. Keys are paths such as ``leases/forum`` or ``forum/rollouts/posts``.

    A value that was never saved has no version; each save makes the version larger. Nothing is ever deleted.
    """

    def load(self, key: str) -> Stored | None:
        """The value, or None if there never was one."""
        ...

    def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
        """Replace version ``expected`` (None: must not exist). Raises ``Conflict`` when another got there first."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin with the prefix, sorted."""
        ...


def names_of(key: str) -> list[str]:
    """The names that a key is made of. Raises ``ValueError`` on what a store need not hold."""
    names = key.split("/")
    if not all(names) or {".", ".."}.intersection(names):
        raise ValueError(f"a key is names between slashes, found {key!r}")
    return names


class Scoped:
    """A part of a store: what is kept for one account and region, so that stacks of one name do not meet elsewhere."""

    def __init__(self, store: Store, scope: str) -> None:
        self._store = store
        self._mark = f"@{scope}"

    def load(self, key: str) -> Stored | None:
        """The value, or None if there never was one here."""
        return self._store.load(key + self._mark)

    def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
        """Replace version ``expected``. Raises ``Conflict`` when another got there first."""
        return self._store.save(key + self._mark, value, expected)

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys of this part that begin with the prefix, sorted."""
        return (key.removesuffix(self._mark) for key in self._store.keys(prefix) if key.endswith(self._mark))
