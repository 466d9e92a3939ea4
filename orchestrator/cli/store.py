"""Which store a command uses: the state directory, or the table that the settings name."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestrator.core.clock import Clock, SystemClock
from orchestrator.core.store import Store
from orchestrator.settings import Settings, SharedStore

if TYPE_CHECKING:
    from orchestrator.aws.door import Access, Aws


def open_store(
    settings: Settings,
    clock: Clock,
    plan: Access | None = None,
    aws: Aws | None = None,
    opened: Callable[[Aws], None] = lambda _door: None,
) -> Store:
    """The store in force. ``aws`` is the door to the account of the ``plan`` where there is one.

    The table is looked for there unless the settings say otherwise. ``opened`` is told of the door that it is behind.
    """
    if settings.store is None:
        from orchestrator.stores.file import FileStore

        return FileStore(settings.state_dir)
    from orchestrator.stores.dynamodb import DynamoDbStore

    door = aws if aws and _reached_by(aws, settings.store) else door_to(settings.store, settings, clock, plan)
    opened(door)
    return DynamoDbStore(door, settings.store.table, secrets.token_hex(8), (SystemClock(), clock))


def door_to(store: SharedStore, settings: Settings, clock: Clock, plan: Access | None = None) -> Aws:
    """The door to the table's account and region: what its address names, else the plan's, else the environment's."""
    from orchestrator.aws.door import Access, Aws

    plan = plan or Access(profile=settings.profile)
    own = store.profile or store.role  # credentials of its own: the plan's role and account say nothing about them
    access = Access(
        region=store.region or plan.region,
        profile=store.profile or plan.profile,
        role=store.role if own else plan.role,
        account=None if own else plan.account,
    )
    return Aws(access, clock)


def _reached_by(aws: Aws, store: SharedStore) -> bool:
    """Whether the table is where the door leads to."""
    return store.region in (None, aws.region) and not (store.profile or store.role)
