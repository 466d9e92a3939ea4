"""An account in memory with two kinds of thing, one that is there at once and one that AWS takes its time over."""

from __future__ import annotations

import dataclasses as dc
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from orchestrator.aws import tags
from orchestrator.aws.door import UnknownOutcome
from orchestrator.core.events import Event
from orchestrator.core.health import Broken, Health, Pending, Ready
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Initial, Link, Secret
from orchestrator.kinds.base import REGISTRY, Actions, Kind
from orchestrator.kinds.scope import Scope
from orchestrator.reconcile.apply import Applier
from orchestrator.reconcile.diff import make_plan
from orchestrator.reconcile.observe import observe, traits
from orchestrator.reconcile.steps import Plan

STACK = "demo"


class Clock:
    """Time that jumps to the end of every sleep."""

    def __init__(self) -> None:
        self._now = 1_000_000.0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> None:
        with self._lock:
            if not (wake and wake.is_set()):
                self._now += max(0.0, seconds)


def refusal(code: str, operation: str = "CreateThing", message: str = "no") -> ClientError:
    """What AWS answers when it refuses."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Died(BaseException):
    """The process ended here."""


def bury_the_dead() -> None:
    """Wait for threads of an apply that died; those of a real process would have died with it."""
    for thread in threading.enumerate():
        if thread.name.startswith("apply"):
            thread.join()


@dc.dataclass
class Item:
    """Something on the account."""

    id: str
    resource: Resource
    tags: dict[str, str]
    made_at: float
    ready_at: float
    gone_at: float | None = None
    broken: str = ""


class Cloud:
    """The account. ``before`` and ``after`` are called around every write with the verb and the address.

    ``takes``: seconds until something slow is ready. ``lag``: seconds until what was made is seen.
    """

    account, region, partition = "123456789012", "eu-west-1", "aws"

    def __init__(self, clock: Clock | None = None, *, takes: float = 0.0, lag: float = 0.0) -> None:
        self.clock = clock or Clock()
        self.takes = takes
        self.lag = lag
        self.items: dict[str, Item] = {}
        self.writes: list[tuple[str, str]] = []
        self.looks = 0
        self.interfaces: list[dict[str, Any]] = []
        self.before: Callable[[str, str], None] = lambda _verb, _address: None
        self.after: Callable[[str, str], None] = lambda _verb, _address: None
        self.completing: Callable[[Item], None] = lambda _item: None
        self._lock = threading.RLock()
        self._made = 0

    def each(self, fn: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        return [fn(item) for item in items]

    def pages(self, service: str, operation: str, path: str, **params: Any) -> Iterator[Any]:
        yield from self.interfaces if operation == "describe_network_interfaces" else ()

    def there(self) -> list[Item]:
        with self._lock:
            now = self.clock.now()
            return [i for i in self.items.values() if i.gone_at is None or i.gone_at > now]

    def listed(self) -> list[Item]:
        """What AWS tells of what is there."""
        return [i for i in self.there() if i.made_at + self.lag <= self.clock.now()]

    def addresses(self) -> list[str]:
        return sorted(i.tags[tags.ADDRESS] for i in self.there())

    def write(self, verb: str, address: str, change: Callable[[], Any]) -> Any:
        self.before(verb, address)
        with self._lock:
            self.writes.append((verb, address))
            answer = change()
        self.after(verb, address)
        return answer

    def check(self, want: Any) -> None:
        """Nothing may be built on what is not there, or not ready."""
        for held in _holds(want):
            if held and held[-1].isdigit():
                item = self.items.get(held)
                assert item in self.there(), f"{want.address} was given {held}, which is not there"
                assert item.ready_at <= self.clock.now(), f"{want.address} was given {held}, which is not ready"

    def make(self, want: Resource, *, alone: bool = False) -> Item:
        self.check(want)
        if alone and str(want.address) in self.addresses():
            raise refusal("ThingAlreadyExists")
        self._made += 1
        takes = self.takes if isinstance(want, Slow) else 0.0
        now = self.clock.now()
        item = Item(f"{want.kind}-{self._made}", want, dict(want.tags), now, now + takes)
        self.items[item.id] = item
        return item


@dc.dataclass(frozen=True, kw_only=True)
class Thing(Resource):
    """There at once. ``base`` and ``parts`` make a graph: one that forces replacement, one that does not."""

    kind: ClassVar[str] = "thing"
    size: int | Initial[int] = attr(default=1)
    shape: str = attr(immutable=True, default="round")
    base: Link[Any] | None = attr(immutable=True, default=None)
    parts: tuple[Link[Any], ...] = attr(default=())
    word: Secret | None = attr(default=None)
    document: Any = attr(default=None)
    members: frozenset[str] = attr(default=frozenset())


@dc.dataclass(frozen=True, kw_only=True)
class Slow(Thing):
    """AWS takes its time over making and deleting it."""

    kind: ClassVar[str] = "slow"


@dc.dataclass(frozen=True, kw_only=True)
class Sole(Thing):
    """There cannot be two of a name."""

    kind: ClassVar[str] = "sole"


@dc.dataclass(frozen=True, kw_only=True)
class Edition(Thing):
    """Changing it makes another one, which goes by another id."""

    kind: ClassVar[str] = "edition"


@dc.dataclass(frozen=True, kw_only=True)
class Gate(Thing):
    """Its members are let in, and those that leave are needed until everything else has moved."""

    kind: ClassVar[str] = "gate"


class ThingKind(Kind[Thing]):
    outputs: ClassVar[Mapping[str, str]] = {}
    actions = Actions(read=("demo:List",), create=("demo:Create",), update=("demo:Update",), delete=("demo:Delete",))
    service = "demo"
    indexed = False
    recognised = False

    def observe(self, aws: Any, scope: Scope) -> list[Live[Thing]]:
        aws.looks += 1
        mine = [i for i in aws.listed() if i.tags[tags.ADDRESS].startswith(f"{self.resource.kind}/")]
        return [self._live(aws, i, scope) for i in mine]

    def _live(self, aws: Any, item: Item, scope: Scope) -> Live[Thing]:
        resource: Any = dc.replace(item.resource, tags=dict(item.tags))
        pending = item.ready_at > aws.clock.now() or item.gone_at is not None
        outputs = {"id": item.id, "pending": pending, "broken": item.broken}
        return Live(resource, outputs, owned=item.tags.get(tags.STACK) == scope.stack)

    def outputs_of(self, item: Any) -> dict[str, Any]:
        return {"id": item.id, "pending": item.ready_at > item.made_at, "broken": item.broken}

    def health(self, live: Live[Thing]) -> Health:
        if live.outputs["broken"]:
            return Broken(live.outputs["broken"])
        return Pending("the thing to cool down") if live.outputs["pending"] else Ready()

    def create(self, aws: Any, want: Thing) -> Any:
        return aws.write("create", str(want.address), lambda: aws.make(want, alone=not self.coexists))

    def complete(self, aws: Any, want: Thing, item: Any) -> None:
        aws.completing(item)

    def update(self, aws: Any, want: Thing, live: Live[Thing], changed: frozenset[str]) -> None:
        def change() -> None:
            aws.check(want)
            item = aws.items[live.outputs["id"]]
            item.resource = want
            item.tags.update(want.tags)

        aws.write("update", str(want.address), change)

    def delete(self, aws: Any, live: Live[Thing]) -> None:
        def change() -> None:
            item = aws.items.get(live.outputs["id"])
            if item is None or (item.gone_at is not None and item.gone_at <= aws.clock.now()):
                raise refusal("InvalidThing.NotFound", "DeleteThing")
            if users := [i.id for i in aws.there() if i is not item and live.outputs["id"] in _holds(i.resource)]:
                raise refusal("DependencyViolation", "DeleteThing", f"{item.id} is used by {users}")
            item.gone_at = aws.clock.now() + (aws.takes if self.settles else 0.0)

        aws.write("delete", str(live.address), change)


class SlowKind(ThingKind):
    settles = True


class SoleKind(ThingKind):
    coexists = False
    recognised = True


class EditionKind(ThingKind):
    renews = frozenset({"id"})

    def update(self, aws: Any, want: Thing, live: Live[Thing], changed: frozenset[str]) -> None:
        def change() -> None:
            aws.items.pop(live.outputs["id"])
            aws.make(want)

        aws.write("update", str(want.address), change)


class GateKind(ThingKind):
    def widened(self, want: Thing, live: Live[Thing]) -> Thing:
        members = want.members | live.resource.members
        return want if members == want.members else dc.replace(want, members=members)


def _holds(resource: Any) -> set[Any]:
    return {resource.base, *resource.parts}


# Set late, so that these kinds stay out of the product's registry.
ThingKind.resource, SlowKind.resource, SoleKind.resource, EditionKind.resource = Thing, Slow, Sole, Edition
GateKind.resource = Gate
KINDS: Mapping[str, Kind[Any]] = {
    "thing": ThingKind(),
    "slow": SlowKind(),
    "sole": SoleKind(),
    "edition": EditionKind(),
    "gate": GateKind(),
}
assert not REGISTRY.keys() & KINDS.keys()


def plan_for(cloud: Cloud, desired: Iterable[Resource], **more: Any) -> Plan:
    """What observing and comparing says now."""
    wanted = list(desired)
    live = observe(cloud, STACK, wanted, kinds=KINDS)  # type: ignore[arg-type]
    return make_plan(wanted, live, traits("123456789012", "eu-west-1", "aws", kinds=KINDS), **more)


def applier(cloud: Cloud, **more: Any) -> Applier:
    """How the tests apply: on the account's own clock."""
    aws: Any = cloud
    return Applier(**{"aws": aws, "stack": STACK, "clock": cloud.clock, "kinds": KINDS, **more})


def bring(cloud: Cloud, *desired: Resource, **more: Any) -> Any:
    """Plan and apply."""
    return applier(cloud, **more).apply(plan_for(cloud, desired))


def lost_reply() -> UnknownOutcome:
    """What the door raises when a creation's answer did not come back."""
    return UnknownOutcome("demo:CreateThing: the reply was lost")


class Told:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def lines(self, *states: str) -> list[str]:
        return [
            f"{e.subject} {e.action} {e.state}: {e.message}" for e in self.events if not states or e.state in states
        ]

    def gaps(self, state: str) -> list[float]:
        """Seconds between one event of that state and the next."""
        at = [e.at for e in self.events if e.state == state]
        return [later - earlier for earlier, later in itertools.pairwise(at)]
