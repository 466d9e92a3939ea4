"""One at a time: who may change a stack, told apart from who could a moment ago.

A lease is a stored record that is never deleted, so that its ``fence`` only grows. It runs out unless it is renewed; a
holder that cannot renew it stops in time by its own clock, and others wait a margin longer than that, since clocks
differ. AWS takes no fencing tokens, so a holder asks ``assert_held`` before each step, and that asks the store: a clock
of its own tells a machine that has slept nothing.
"""

from __future__ import annotations

import contextlib
import dataclasses as dc
import itertools
import os
import pwd
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestrator.core.clock import Clock, iso
from orchestrator.core.errors import Conflict, LockHeld, OrchestratorError
from orchestrator.core.store import Store, Stored

TTL = 60.0
SKEW = 30.0
_PREFIX = "leases/"
_TRIES = 5
_REMEMBERED = 20
_runs = itertools.count(1)


class LeaseLost(OrchestratorError):
    """The stack is no longer ours to change."""

    exit_code = 15


@dc.dataclass(frozen=True, kw_only=True)
class Holder:
    """Who holds: a person on a host, a process. ``place`` is where process numbers mean the same."""

    owner: str
    pid: int
    place: str

    @classmethod
    def here(cls, owner: str = "") -> Holder:
        """This process; ``owner`` is how people know it, its user, host and process number unless told."""
        host, pid = socket.gethostname(), os.getpid()
        return cls(owner=owner or f"{_user()}@{host}:{pid}", pid=pid, place=_place(host))

    def gone(self, place: str) -> bool:
        """Whether the process is certainly dead: it was one of ``place``, and there is no such process there."""
        if self.place != place:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False


@dc.dataclass(frozen=True, kw_only=True)
class Taking:
    """That a lease was taken away from its holder: when, by whom, why, and what it was holding it for."""

    at: float
    by: str
    reason: str
    owner: str
    doing: str
    fence: int


@dc.dataclass(frozen=True, kw_only=True)
class Holding:
    """A lease as it is stored. ``doing`` is the command; ``since`` and ``until`` are seconds since the epoch.

    ``takings`` are passed on from holder to holder: written with what they tell of, none can be missing.
    """

    stack: str
    owner: str
    pid: int
    place: str
    run: str
    doing: str
    since: float
    until: float
    fence: int
    released: str = ""
    takings: tuple[Taking, ...] = ()

    def blocks(self, now: float, place: str) -> bool:
        """Whether somebody else has to wait for it."""
        holder = Holder(owner=self.owner, pid=self.pid, place=self.place)
        return self.until > 0 and now < self.until + SKEW and not holder.gone(place)


class Lease:
    """The right to change one stack."""

    def __init__(
        self, store: Store, clock: Clock, stack: str, doing: str, *, holder: Holder | None = None, ttl: float = TTL
    ) -> None:
        self._store = store
        self._clock = clock
        self._holder = holder or Holder.here()
        self._ttl = ttl
        self._stack = stack
        self._doing = doing
        self._run = f"{self._holder.owner}:{clock.now():.3f}:{next(_runs)}"
        self._lock = threading.RLock()
        self._version = 0
        self._held: Holding | None = None
        self._questions = 0
        self._answered = 0

    @property
    def fence(self) -> int:
        """Grows with every holder; 0 while it is not held."""
        return self._held.fence if self._held else 0

    def acquire(self) -> None:
        """Take it. Raises ``LockHeld`` when somebody else has it."""
        for _ in range(_TRIES):
            stored = self._store.load(_PREFIX + self._stack)
            before = _parse(stored) if stored else None
            now = self._clock.now()
            if before and before.run != self._run and before.blocks(now, self._holder.place):
                raise _held_by(before)
            mine = Holding(
                stack=self._stack,
                owner=self._holder.owner,
                pid=self._holder.pid,
                place=self._holder.place,
                run=self._run,
                doing=self._doing,
                since=now,
                until=now + self._ttl,
                fence=(before.fence if before else 0) + 1,
                takings=before.takings if before else (),
            )
            with contextlib.suppress(Conflict), self._lock:
                self._keep(mine, stored.version if stored else None)
                return
        raise LockHeld(f"{self._stack} is wanted by too many at once", hint="try again in a moment")

    def renew(self) -> None:
        """Make it last a ttl from now. Raises ``LeaseLost`` when it is somebody else's."""
        with self._lock:
            held = self._mine()
            try:
                self._keep(dc.replace(held, until=self._clock.now() + self._ttl), self._version)
            except Conflict:
                self._held = None
                raise self._lost() from None

    def release(self) -> None:
        """Give it back. One that was lost is left to whoever has it; while the store is away it runs out by itself."""
        with self._lock:
            if self._held:
                with contextlib.suppress(OrchestratorError):
                    self._keep(dc.replace(self._held, until=0.0, released="done"), self._version)
            self._held = None

    def assert_held(self) -> None:
        """Return when it is ours, which the store has said since this was asked. Raises ``LeaseLost``.

        It is renewed when a third of it has passed. Of threads that ask at once one goes to the store for all.
        """
        asked = self._questions
        with self._lock:
            held = self._mine()
            now = self._clock.now()
            if now >= held.until:
                self._held = None
                raise self._lost()
            if held.until - now < self._ttl * 2 / 3:
                self.renew()
            elif self._answered <= asked:
                self._confirm()

    def beat(self, done: threading.Event) -> None:
        """Renew it now and then until ``done``: what a thread of its own does for as long as it is held."""
        while not done.is_set():
            self._clock.sleep(self._ttl / 3, done)
            if done.is_set():
                return
            try:
                self.renew()
            except LeaseLost:
                return
            except Exception:  # noqa: S112  (a store that cannot be reached now may be on the next beat; until then it runs)
                continue

    def _confirm(self) -> None:
        """Ask the store whether it is as we left it."""
        self._questions += 1
        stored = self._store.load(_PREFIX + self._stack)
        if stored is None or stored.version != self._version:
            self._held = None
            raise self._lost()
        self._answered = self._questions

    def _keep(self, holding: Holding, expected: int | None) -> None:
        self._questions += 1
        stored = self._store.save(_PREFIX + self._stack, dc.asdict(holding), expected)
        self._held, self._version, self._answered = holding, stored.version, self._questions

    def _mine(self) -> Holding:
        if self._held is None:
            raise self._lost()
        return self._held

    def _lost(self) -> LeaseLost:
        other = None
        with contextlib.suppress(OrchestratorError):  # a store that is away cannot tell to whom
            stored = self._store.load(_PREFIX + self._stack)
            other = _parse(stored) if stored else None
        if other and other.run != self._run and other.until:
            who = f"{other.owner} has it now"
        elif other and other.run == self._run and other.takings and other.fence == other.takings[-1].fence + 1:
            who = f"{other.takings[-1].by} took it away: {other.takings[-1].reason}"
        else:
            who = "it ran out or was released"
        return LeaseLost(
            f"{self._stack} is no longer ours to change: {who}",
            hint="nothing more was started; run the same again once the stack is free",
        )


@contextlib.contextmanager
def acquire(
    store: Store, clock: Clock, stack: str, *, doing: str, owner: str = "", ttl: float = TTL, heartbeat: bool = True
) -> Iterator[Lease]:
    """Hold a stack for the length of some work. Raises ``LockHeld`` when somebody else has it.

    Without ``heartbeat`` it is renewed by ``assert_held`` alone.
    """
    lease = Lease(store, clock, stack, doing, holder=Holder.here(owner), ttl=ttl)
    lease.acquire()
    done = threading.Event()
    if heartbeat:
        threading.Thread(target=lease.beat, args=(done,), name=f"lease-{stack}", daemon=True).start()
    try:
        yield lease
    finally:
        done.set()
        lease.release()


def held(store: Store, clock: Clock) -> list[Holding]:
    """All leases that somebody holds, by stack. One that ran out is held until somebody else may take it."""
    return list(held_by_place(store, clock).values())


def held_by_place(store: Store, clock: Clock) -> dict[str, Holding]:
    """The same by what they are of: a stack and, in a store of several accounts and regions, where: ``forum@PLACE``."""
    place, now = Holder.here().place, clock.now()
    stored = {key.removeprefix(_PREFIX): store.load(key) for key in store.keys(_PREFIX)}
    found = {of: _parse(one) for of, one in stored.items() if one}
    return {of: holding for of, holding in found.items() if holding.blocks(now, place)}


def release(store: Store, clock: Clock, stack: str, *, force: bool = False, reason: str = "", by: str = "") -> bool:
    """Take a lease away from a holder that is gone; whether there was one. ``force``: even when it may be alive.

    The fence grows, so that a holder which is alive after all finds that it has lost it.
    """
    for _ in range(_TRIES):
        stored = store.load(_PREFIX + stack)
        holding = _parse(stored) if stored else None
        if stored is None or holding is None or not holding.until:
            return False
        now = clock.now()
        if holding.blocks(now, Holder.here().place) and not force:
            raise _held_by(holding)
        with contextlib.suppress(Conflict):  # it has just been renewed
            freed = _taken(holding, now, by or Holder.here().owner, reason or "its holder was gone")
            store.save(_PREFIX + stack, dc.asdict(freed), stored.version)
            return True
    raise LockHeld(f"{stack} is changing hands", hint="see `orchestrator lock ls`, then try again")


def holder(store: Store, clock: Clock, stack: str) -> Holding | None:
    """Who holds one stack now."""
    holding = last(store, stack)
    return holding if holding and holding.blocks(clock.now(), Holder.here().place) else None


def last(store: Store, stack: str) -> Holding | None:
    """Who held one stack last, whether it still is held or not."""
    stored = store.load(_PREFIX + stack)
    return _parse(stored) if stored else None


def takings(store: Store, stack: str) -> tuple[Taking, ...]:
    """When the stack's lease was taken away from its holder, newest first."""
    stored = store.load(_PREFIX + stack)
    return _parse(stored).takings[::-1] if stored else ()


def _taken(holding: Holding, now: float, by: str, reason: str) -> Holding:
    taking = Taking(at=now, by=by, reason=reason, owner=holding.owner, doing=holding.doing, fence=holding.fence)
    known = (*holding.takings, taking)[-_REMEMBERED:]
    return dc.replace(holding, until=0.0, released=reason, fence=holding.fence + 1, takings=known)


def _parse(stored: Stored) -> Holding:
    known: dict[str, Any] = {f.name: stored.value[f.name] for f in dc.fields(Holding) if f.name in stored.value}
    return Holding(**{**known, "takings": tuple(Taking(**t) for t in known.get("takings", ()))})


def _held_by(holding: Holding) -> LockHeld:
    return LockHeld(
        f"{holding.stack} is held by {holding.owner} since {iso(holding.since)}: {holding.doing}",
        hint=f"wait for it, see `orchestrator lock ls`, or, if it is gone for good, free it with "
        f'`orchestrator lock release {holding.stack} --force --reason "..."`',
    )


def _user() -> str:
    """The login name; the number where a container has no name for it."""
    uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _place(host: str) -> str:
    """A machine since its start and, in a container, the container: where a process number means one process."""
    marks = [host]
    with contextlib.suppress(OSError):
        marks.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
    with contextlib.suppress(OSError):
        marks.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(marks)
