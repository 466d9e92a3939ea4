"""The store that ends with the process."""

from __future__ import annotations

import pytest

from orchestrator.core.store import Store
from orchestrator.stores.memory import MemoryStore
from tests.stores.conformance import Conformance


class TestMemoryStore(Conformance):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()
