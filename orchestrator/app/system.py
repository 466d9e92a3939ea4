"""A plan in one environment on its account: what every use case works on."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from functools import cached_property

from orchestrator.aws.door import Aws
from orchestrator.core.clock import Clock
from orchestrator.core.events import Sink
from orchestrator.core.store import Scoped, Store
from orchestrator.lease import Holder, Lease, acquire
from orchestrator.plan.compile import Compiled, Context, compile_plan
from orchestrator.plan.compile.context import ColourName
from orchestrator.plan.load.loader import LoadedPlan
from orchestrator.reconcile.apply import Applier
from orchestrator.reconcile.observe import traits
from orchestrator.reconcile.steps import Traits


class System:
    """The plan, and the means to look at and change what it describes."""

    def __init__(
        self,
        loaded: LoadedPlan,
        aws: Aws,
        store: Store,
        clock: Clock,
        *,
        wall: Clock | None = None,
        stop: threading.Event | None = None,
        workers: int = 8,
        by: str = "",
    ) -> None:
        """``clock`` is AWS's, which a sandbox may run faster; ``wall`` is real time, by which leases are held.

        ``by`` is who holds and does what is done, as people know them; left out, this process's user and host.
        """
        self.loaded = loaded
        self.aws = aws
        self._store = store
        self.clock = clock
        self.wall = wall or clock
        self.stop = stop or threading.Event()
        self.workers = workers
        self.by = Holder.here(by).owner
        self.lease: Lease | None = None

    @property
    def stack(self) -> str:
        """The plan's name, and its environment's where it has one."""
        return self.loaded.stack

    @cached_property
    def store(self) -> Store:
        """What is kept for this account and region."""
        return Scoped(self._store, self.reader.scope)

    @cached_property
    def reader(self) -> Aws:
        """The door that lets no write out."""
        return self.aws.reader()

    def compile(
        self, colours: Mapping[str, ColourName] | None = None, zones: tuple[str, ...] | None = None
    ) -> Compiled:
        """What the plan wants, with the traffic of each service on one of its colours.

        Raises ``PlanError`` when a zone of the plan is none of ``zones``, where these were asked for.
        """
        identity = self.aws.identity()
        context = Context(
            stack=self.stack,
            account=identity.account,
            region=self.aws.region,
            partition=identity.partition,
            zones=zones,
            colours=colours or {},
        )
        return compile_plan(self.loaded.model, context)

    @cached_property
    def traits(self) -> dict[str, Traits]:
        """What the diff has to know of each kind, on this account."""
        identity = self.aws.identity()
        return traits(identity.account, self.aws.region, identity.partition)

    @contextlib.contextmanager
    def hold(self, doing: str) -> Iterator[Lease]:
        """Be the only one who changes this stack. Raises ``LockHeld`` naming who is at it already."""
        self.aws.identity()  # credentials of another account are refused before anything is taken
        with acquire(self.store, self.wall, self.stack, doing=doing, owner=self.by) as lease:
            self.lease = lease
            try:
                yield lease
            finally:
                self.lease = None

    def applier(self, sink: Sink, *, data: bool = False) -> Applier:
        """How plans of this stack are carried out: under its lease, until it is told to stop."""
        return Applier(
            aws=self.aws,
            stack=self.stack,
            clock=self.clock,
            sink=sink,
            workers=self.workers,
            hold=self.assert_held,
            stop=self.stop,
            data=data,
        )

    def assert_held(self) -> None:
        """Raise when this stack is no longer ours to change: called before every step that writes."""
        if self.lease is not None:
            self.lease.assert_held()
