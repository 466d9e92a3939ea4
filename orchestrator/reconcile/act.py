"""How one step is done, from the first call to the moment when others can build on it.

An act is a generator: it calls AWS, and yields whenever it has to wait, so that no thread sleeps for it and it still
reads from top to bottom. After a creation that went wrong it always looks before it tries again, since AWS may have
made the thing all the same, and not everything has a name that would stop a second one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeAlias

from orchestrator.aws import tags
from orchestrator.aws.errors import ErrorClass
from orchestrator.core.errors import AwsError, Refused
from orchestrator.core.events import State
from orchestrator.core.health import Broken, Pending, Ready
from orchestrator.core.resource import Live, Resource
from orchestrator.kinds.base import Item
from orchestrator.reconcile.blockers import blockers
from orchestrator.reconcile.context import Context, same
from orchestrator.reconcile.diff import compare
from orchestrator.reconcile.explain import explain
from orchestrator.reconcile.patience import BUSY, PROPAGATION, Patience, meaning_of
from orchestrator.reconcile.steps import Action, Step
from orchestrator.reconcile.taken import holder, way_out
from orchestrator.reconcile.wait import Look, Pause

Outputs: TypeAlias = Mapping[str, Any]
Moves: TypeAlias = Generator[Look | Pause, Any, Outputs]

HEARTBEAT = 30.0
_SEARCH = 8.0
_ATTEMPTS = 2


class GaveUp(AwsError):
    """What we made will never be ready."""

    def __init__(self, why: str, live: Live[Any]) -> None:
        super().__init__(f"AWS gave it up: {why}")
        self.live = live


class Act:
    """One step on its way."""

    def __init__(self, step: Step, context: Context) -> None:
        self._step = step
        self._context = context
        self._kind = context.kinds[step.address.kind]
        self._near = step.addresses_needed | {step.address}
        self._told = ""
        self._told_at = -math.inf

    def run(self) -> Moves:
        """All of it; what it returns is what others may refer to."""
        step = self._step
        match step.action:
            case Action.DELETE if step.live:
                return self._remove(step.live)
            case Action.UPDATE if step.live:
                return self._update(step.live)
            case Action.KEEP if step.live:
                return self._ready(step.live.outputs)
        return self._create()

    # -- making it -----------------------------------------------------------------------------------------------------

    def _create(self) -> Moves:
        attempt = 1
        while True:
            want = self._context.to_create(self._desired, attempt)
            outputs = yield from self._make(want)
            if not self._kind.settles or self._tells_all(want, outputs):
                return outputs
            try:
                return (yield from self._ready(outputs))
            except GaveUp as gave_up:
                if attempt == _ATTEMPTS:
                    raise
                self._tell(State.RETRYING, f"{gave_up.message}; deleting it and making it again")
                yield from self._delete(gave_up.live)
                attempt += 1

    def _make(self, want: Resource) -> Moves:
        """Create it, or find that it has been created, and see it completed."""
        patience = self._patience()
        while True:
            try:
                item = self._kind.create(self._context.aws, want)
            except Exception as error:
                yield from self._pause(patience, error)
                meaning = meaning_of(error)
                found = yield from self._find(want, self._search_time(meaning))
                if found:
                    self._context.note_birth(self._step.address)
                    return (yield from self._bring(lambda _live: want, found))
                if meaning is ErrorClass.EXISTS:
                    raise
            else:
                self._context.note_birth(self._step.address)
                return (yield from self._complete(want, item))

    def _tells_all(self, want: Resource, outputs: Outputs) -> bool:
        """Whether the very answer to the creation says that it is ready, and all there is to know of it."""
        told = all(value is not None for value in outputs.values())
        return told and isinstance(self._kind.health(Live(want, outputs)), Ready)

    def _search_time(self, meaning: ErrorClass) -> float:
        """How long to look for what a creation may have made, which AWS need not list at once, before another one."""
        if meaning is ErrorClass.UNKNOWN:
            return _SEARCH if self._kind.recognised else PROPAGATION
        return PROPAGATION if meaning is ErrorClass.EXISTS else 0.0

    def _find(self, want: Resource, seconds: float) -> Generator[Look | Pause, Any, Live[Any] | None]:
        """What a creation of ours has made, if it has."""
        until = self._context.clock.now() + seconds
        while True:
            lives: list[Live[Any]] = yield Look(self._step.address.kind)
            for live in (x for x in lives if x.address == want.address):
                if not live.owned:
                    raise _taken(live)
                if _is_of(want, live):
                    return live
            if self._context.clock.now() >= until:
                return None
            self._tell(State.WAITING, "waiting for AWS to list what it may have made")

    def _complete(self, want: Resource, item: Item) -> Moves:
        """Do what follows a creation; once AWS lists what it made, only what then still differs."""
        outputs = self._kind.outputs_of(item)
        patience = self._patience()
        while True:
            try:
                self._kind.complete(self._context.aws, want, item)
            except Exception as error:
                yield from self._pause(patience, error)
            else:
                return outputs
            lives: list[Live[Any]] = yield Look(self._step.address.kind)
            live = next((x for x in lives if x.address == want.address and same(x.outputs, outputs)), None)
            if live:
                return (yield from self._bring(lambda _live: want, live))

    # -- changing it ---------------------------------------------------------------------------------------------------

    def _update(self, live: Live[Any]) -> Moves:
        if self._step.prune:  # the first half has brought it to the wider form
            wider = self._kind.widened(self._context.to_update(self._desired, live), live)
            live = Live(wider, live.outputs)
        outputs = yield from self._bring(self._to_update, live)
        if self._kind.renews:
            return (yield from self._revised())
        return (yield from self._ready(outputs)) if self._kind.settles else outputs

    def _to_update(self, live: Live[Any]) -> Resource:
        want = self._context.to_update(self._desired, live)
        return self._kind.widened(want, live) if self._step.widens else want

    def _revised(self) -> Moves:
        """The outputs of the revision that an update has made, as soon as AWS lists it."""
        deadline = self._context.clock.now() + self._kind.deadline
        while True:
            lives: list[Live[Any]] = yield Look(self._step.address.kind)
            for live in (x for x in lives if x.address == self._step.address):
                if not compare(self._context.to_update(self._desired, live), live)[0]:
                    return live.outputs
            self._wait_for("AWS to list the new revision", deadline)

    def _bring(self, wanted: Callable[[Live[Any]], Resource], live: Live[Any]) -> Moves:
        """Change what differs; after an error, what then still differs."""
        patience = self._patience()
        while True:
            want = wanted(live)
            changes, _ = compare(want, live)
            if fixed := [c.field for c in changes if c.immutable]:
                raise AwsError(f"{', '.join(fixed)} changed after the plan was made", hint="plan again")
            if not changes:
                return live.outputs
            try:
                self._kind.update(self._context.aws, want, live, frozenset(c.field for c in changes))
            except Exception as error:
                yield from self._pause(patience, error)
            else:
                return live.outputs
            lives = yield Look(self._step.address.kind)
            live = next((x for x in lives if x.address == live.address and same(x.outputs, live.outputs)), live)

    # -- taking it away ------------------------------------------------------------------------------------------------

    def _remove(self, live: Live[Any]) -> Moves:
        if self._step.holds_data and not self._context.may_lose(live.address):
            raise Refused("it holds data, and its deletion was not asked for by name")
        return (yield from self._delete(live, emptied=self._step.holds_data))

    def _delete(self, live: Live[Any], *, emptied: bool = False) -> Moves:
        """What is ``emptied`` is emptied before every try: others, such as CloudTrail, go on filling it for a while."""
        deadline = self._kind.deadline
        patience = self._patience(busy=deadline, full=deadline if emptied else 0.0)
        held = ""
        while True:
            try:
                if emptied:
                    self._kind.empty(self._context.aws, live)
                self._kind.delete(self._context.aws, live)
                break
            except Exception as error:
                meaning = meaning_of(error)
                if meaning is ErrorClass.NOT_FOUND:
                    return {}
                if meaning is ErrorClass.BUSY and self._quiet_for(HEARTBEAT):
                    held = blockers(self._context.aws, live)
                yield from self._pause(patience, error, also=held)
        if self._kind.settles:
            yield from self._gone(live)
        return {}

    # -- waiting for it ------------------------------------------------------------------------------------------------

    def _ready(self, outputs: Outputs) -> Moves:
        """Wait until it can be used. What AWS does not list yet is on its way."""
        live: Live[Any] | None = None
        deadline = self._context.clock.now() + self._kind.deadline
        while True:
            lives: list[Live[Any]] = yield Look(self._step.address.kind)
            live = next((x for x in lives if x.address == self._step.address and same(x.outputs, outputs)), None)
            match self._kind.health(live) if live else Pending("AWS to list it"):
                case Ready() if live:
                    return live.outputs
                case Broken(why) if live:
                    raise GaveUp(why, live)
                case Pending(why):
                    self._wait_for(why, deadline)

    def _gone(self, live: Live[Any]) -> Generator[Look | Pause, Any, None]:
        deadline = self._context.clock.now() + self._kind.deadline
        while True:
            lives = yield Look(self._step.address.kind)
            if not any(x.address == live.address and same(x.outputs, live.outputs) for x in lives):
                return
            self._wait_for("AWS to finish deleting it", deadline)

    def _wait_for(self, what: str, deadline: float) -> None:
        if self._context.clock.now() >= deadline:
            hint = "it may still get there: run the same again to go on waiting"
            raise AwsError(f"waited {self._kind.deadline:.0f} s for {what}", hint=hint)
        self._tell(State.WAITING, f"waiting for {what}")

    def _pause(self, patience: Patience, error: Exception, also: str = "") -> Generator[Look | Pause, Any, None]:
        """Wait before another try, or raise the error when trying again makes no sense."""
        why = explain(error)
        seconds = patience.pause(error, fresh_until=self._context.fresh_until(self._near))
        if seconds is None:
            if also:
                raise AwsError(f"{why}; {also}", hint="remove what holds it, and run the same again") from error
            raise error
        self._tell(State.RETRYING, f"{why}; {also}" if also else why)
        yield Pause(seconds)

    # -- inside --------------------------------------------------------------------------------------------------------

    @property
    def _desired(self) -> Resource:
        assert self._step.desired is not None  # noqa: S101  (only deletions have none)
        return self._step.desired

    def _patience(self, busy: float = BUSY, full: float = 0.0) -> Patience:
        return Patience(self._context.clock, self._step.address, busy=busy, full=full)

    def _quiet_for(self, seconds: float) -> bool:
        return self._context.clock.now() - self._told_at >= seconds

    def _tell(self, state: State, message: str) -> None:
        """Say it when it is news, and now and then when it is not."""
        if message == self._told and not self._quiet_for(HEARTBEAT):
            return
        now = self._context.clock.now()
        self._told, self._told_at = message, now
        self._context.tell(self._step, state, message)


def _is_of(want: Resource, live: Live[Any]) -> bool:
    """Whether a live thing is what this creation made, or could have made."""
    if live.resource.tags.get(tags.GENERATION) == want.tags[tags.GENERATION]:
        return True
    changes, _ = compare(want, live)
    return not any(c.immutable for c in changes)


def _taken(live: Live[Any]) -> Refused:
    return Refused(f"{live.address}: its name is taken by {holder(live)}", hint=way_out(live))
