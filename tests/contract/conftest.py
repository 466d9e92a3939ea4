"""Every kind in turn, and what its example lived through."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.kinds.base import Kind
from orchestrator.kinds.catalogue import KINDS
from tests.contract.fixtures import Doors, doors, fresh_account
from tests.contract.life import Life, live_through, plans
from tests.contract.user import User

__all__ = ["doors"]


@pytest.fixture(params=sorted(KINDS), scope="module")
def kind(request: pytest.FixtureRequest) -> Kind[Any]:
    """Every kind there is."""
    return KINDS[request.param]


@pytest.fixture(scope="module")
def life(kind: Kind[Any], doors: Doors) -> Life:
    """The life of its example, lived once for all tests of this kind, by a user who may do no more than it declares."""
    account = fresh_account(doors)
    user = User(account, plans(kind))
    with user.acting():
        return live_through(kind, account, user)
