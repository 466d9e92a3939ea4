"""A store that ends with the process: for tests, and for a sandbox that ends with it too."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.core.errors import Conflict
from orchestrator.core.store import Stored, names_of


class MemoryStore:
    """Compare-and-swap over a dictionary. Values are copied in and out, as through JSON."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: dict[str, tuple[str, int]] = {}

    def load(self, key: str) -> Stored | None:
        names_of(key)
        with self._lock:
            text, version = self._texts.get(key, ("", 0))
        return Stored(json.loads(text), version) if version else None

    def save(self, key: str, value: Mapping[str, Any], expected: int | None) -> Stored:
        names_of(key)
        text = json.dumps(dict(value))
        with self._lock:
            _, version = self._texts.get(key, ("", 0))
            if version != (expected or 0):
                raise Conflict(f"{key} was changed by somebody else meanwhile", hint="look again, then try again")
            self._texts[key] = (text, version + 1)
        return Stored(json.loads(text), version + 1)

    def keys(self, prefix: str) -> Iterator[str]:
        with self._lock:
            return iter(sorted(key for key in self._texts if key.startswith(prefix)))
