"""How a kind is declared: data for the common case, plain boto3 for the writes.

A kind is a frozen dataclass (the schema, the diff policy and the parser map) and an adapter beside it. The adapter
reads in batches, writes one resource at a time, and never waits: retries, waiting, tags and pace are the engine's.
"""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import jmespath

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.core.address import Address
from orchestrator.core.health import Health, Ready
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import stable
from orchestrator.kinds.scope import Scope

R = TypeVar("R", bound=Resource)
Item = Mapping[str, Any]

REGISTRY: dict[str, Kind[Any]] = {}
"""Every kind by its name; filled as kind modules are imported (``kinds.catalogue`` imports them all)."""


@dc.dataclass(frozen=True)
class Actions:
    """The IAM actions that each verb needs. The contract suite checks them against the calls really made."""

    read: Sequence[str]
    create: Sequence[str] = ()
    update: Sequence[str] = ()
    delete: Sequence[str] = ()


@dc.dataclass(frozen=True, kw_only=True)
class Named(Resource):
    """A resource that AWS finds by a name. Kinds redeclare ``aws_name`` with the path at which AWS reports it."""

    naming: ClassVar[str] = "{stack}-{name}"
    """What AWS calls it; ``{account}`` and ``{region}`` are for names that AWS shares among accounts."""
    name_limit: ClassVar[int] = 64
    aws_name: str = attr(immutable=True)


class Kind(Generic[R]):
    """One kind of resource. Subclasses that set ``resource`` register themselves."""

    resource: ClassVar[type[Resource]]
    service: ClassVar[str]
    find: ClassVar[tuple[str, str]]
    """The describe operation and the JMESPath of its items."""
    outputs: ClassVar[Mapping[str, str]]
    """Output name to JMESPath in an item, or in what ``create`` returns."""
    actions: ClassVar[Actions]
    arns: ClassVar[Mapping[str, str]] = {}
    """By IAM's type of resource, the last part of the ARN that one has there; fields of the resource in braces."""
    linked: ClassVar[str] = ""
    """The AWS service whose service-linked role AWS makes with the first of this kind in an account."""
    passes_to: ClassVar[str] = ""
    """The AWS service that takes the roles which the kind's resources name."""
    holds_data: ClassVar[bool] = False
    """Deleting it may lose what cannot be made again: refused unless asked for, see ``holds``."""
    coexists: ClassVar[bool] = True
    """Whether a replacement can be made while the old one is still there."""
    settles: ClassVar[bool] = False
    """Whether it takes AWS a while after create or delete, so that the poller has to watch it."""
    indexed: ClassVar[bool] = True
    """Whether the tagging API lists this kind; one that it does not list is read on every pass."""
    tagged: ClassVar[bool] = True
    """Whether AWS takes tags on it; whose an untagged thing is, what it hangs on tells."""
    recognised: ClassVar[bool] = True
    """Whether AWS tells a creation that is repeated, by its name or client token, from one of another thing."""
    renews: ClassVar[frozenset[str]] = frozenset()
    """Outputs that are others after an update, because the update makes a new revision."""
    deadline: ClassVar[float] = 600.0
    """Seconds after which waiting for it to be ready, or gone, is given up."""

    def __init_subclass__(cls) -> None:
        if "resource" in cls.__dict__:
            REGISTRY[cls.resource.kind] = cls()

    # -- reading: batched, without writes, without waiting -------------------------------------------------------------

    def observe(self, aws: Aws, scope: Scope) -> Iterable[Live[R]]:
        """All that exists of this kind in the stack, in no particular order."""
        items = self.items(aws, scope)
        lives = aws.each(
            lambda pair: self.live(aws, scope, *pair), zip(items, self.tags(aws, scope, items), strict=True)
        )
        return [live for live in lives if live]

    def query(self, scope: Scope) -> Iterable[Mapping[str, Any]]:
        """Parameters of the describe calls that together list all candidates: by the stack's tag unless overridden."""
        return [{"Filters": [{"Name": f"tag:{tags.STACK}", "Values": [scope.stack]}]}]

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """Candidates as AWS describes them."""
        operation, path = self.find
        return [i for params in self.query(scope) for i in aws.pages(self.service, operation, path, **params)]

    def tags(self, aws: Aws, scope: Scope, items: list[Item]) -> list[Mapping[str, str]]:
        """The tags of each item: inline, unless overridden."""
        return [tags.as_map(i.get("Tags", i.get("tags"))) for i in items]

    def live(self, aws: Aws, scope: Scope, item: Item, found: Mapping[str, str]) -> Live[R] | None:
        """The item as a live resource, or None when it is not this stack's in this region."""
        address = self.address(found, scope)
        if address is None or found.get(tags.REGION, aws.region) != aws.region:
            return None
        return Live(self.parse(address.name, found, item, self.extra(aws, scope, item)), self.outputs_of(item))

    def address(self, found: Mapping[str, str], scope: Scope) -> Address | None:
        """Where tags say it belongs: filters are re-checked here, since some endpoints ignore them."""
        kind, _, name = found.get(tags.ADDRESS, "").partition("/")
        mine = found.get(tags.STACK) == scope.stack and kind == self.resource.kind and bool(name)
        return Address(kind, name) if mine else None

    def extra(self, aws: Aws, scope: Scope, item: Item) -> Mapping[str, Any]:
        """Fields that the describe call does not tell, by field name, in the desired form."""
        return {}

    def parse(self, name: str, found: Mapping[str, str], item: Item, extra: Mapping[str, Any]) -> R:
        """An item in the desired form."""
        values: dict[str, Any] = {}
        for field, how in self.resource.attrs():
            if field in extra:
                values[field] = extra[field]
            elif how.path:
                raw = jmespath.search(how.path, item)
                values[field] = how.parse(raw) if how.parse and raw is not None else raw
        return self.resource(name=name, tags=found, **values)  # type: ignore[return-value]  # R is resource's own type

    def outputs_of(self, item: Item) -> dict[str, Any]:
        """What others may refer to."""
        return {output: jmespath.search(path, item) for output, path in self.outputs.items()}

    def health(self, live: Live[R]) -> Health:
        """Whether it can be used yet."""
        return Ready()

    def holds(self, aws: Aws, live: Live[R]) -> bool:
        """Whether deleting this one would lose data. Asked only before a deletion, of kinds that ``holds_data``."""
        return self.holds_data

    def widened(self, want: R, live: Live[R]) -> R:
        """What is wanted together with what lives and running tasks may still need; ``want`` itself where that is all.

        An update brings it to this first, and to what is wanted once the services have been rolled out.
        """
        return want

    def predict(self, want: R, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """Outputs that are certain before it exists (an ARN made of names), so that plans need not say unknown."""
        return {}

    # -- writing: one resource, idempotent, never waiting --------------------------------------------------------------

    def create(self, aws: Aws, want: R) -> Item:
        """The one call that makes it, tagged from its first moment; the item from which ``outputs`` are taken."""
        raise TypeError(f"{self.resource.kind} cannot be created")

    def complete(self, aws: Aws, want: R, item: Item) -> None:
        """The calls that follow ``create``, if it takes any, on what that gave.

        Repeated as a whole where one fails, since AWS may not know everywhere yet what it has just made.
        """

    def update(self, aws: Aws, want: R, live: Live[R], changed: frozenset[str]) -> None:
        """Bring the changed fields (``tags`` among them) to what is wanted."""
        raise TypeError(f"{self.resource.kind} cannot be updated in place")

    def delete(self, aws: Aws, live: Live[R]) -> None:
        """Take it away. Raising AWS's own not-found error is fine: gone already is done."""
        raise TypeError(f"{self.resource.kind} cannot be deleted")

    def empty(self, aws: Aws, live: Live[R]) -> None:
        """Throw away what it holds. Called before ``delete``, only where losing the data was asked for."""

    # -- proof: what the contract suite tries it with ------------------------------------------------------------------

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """Resources to prove the kind with, those it depends on first; the last one is of this kind."""
        raise TypeError(f"{cls.__name__} has no example")

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Other values for the fields of the example that can be changed in place; truth values need none."""
        return {}


class NamedKind(Kind[R]):
    """A kind that AWS finds by name and whose tags have to be asked for separately.

    The tagging API answers for all of them in one call; what it does not know, or knows differently from what is
    wanted, is asked of the service itself.
    """

    coexists = False

    def arn(self, aws: Aws, item: Item) -> str:
        """The ARN under which the item is tagged."""
        return str(self.outputs_of(item)["arn"])

    def read_tags(self, aws: Aws, arn: str, item: Item) -> Mapping[str, str]:
        """The tags of one resource from its own service."""
        raise TypeError(f"{type(self).__name__} does not say how its tags are read")

    def aws_name_of(self, item: Item) -> str:
        """The name AWS knows the item by."""
        path = dict(self.resource.attrs())["aws_name"].path
        return str(jmespath.search(path, item))

    def candidates(self, aws: Aws, scope: Scope, items: Iterable[Item]) -> list[Item]:
        """Of a list of everything in the account: what we want by name, and what may be left over of this stack."""
        names = {getattr(r, "aws_name", None) for r in scope.of(self.resource.kind)}
        proposed = set(scope.proposed(aws, self.resource.kind))
        prefixes = (f"{scope.stack}-", f"{scope.stack}/", f"/{scope.stack}/")
        return [
            item
            for item in items
            if (name := self.aws_name_of(item)) in names or name.startswith(prefixes) or self.arn(aws, item) in proposed
        ]

    def meant(self, aws: Aws, scope: Scope, item: Item) -> list[R]:
        """What is wanted under this item's name, or at the address that the tagging API tells of it."""
        here = scope.index(aws).get(self.arn(aws, item), {}).get(tags.ADDRESS)
        name = self.aws_name_of(item)
        wanted: list[Any] = scope.of(self.resource.kind)
        return [w for w in wanted if getattr(w, "aws_name", None) == name or str(w.address) == here]

    def tags(self, aws: Aws, scope: Scope, items: list[Item]) -> list[Mapping[str, str]]:
        """From the tagging index where it agrees with what is wanted, from the service itself otherwise."""
        index = scope.index(aws)
        wanted = {getattr(r, "aws_name", ""): r for r in scope.of(self.resource.kind)}

        def ask(item: Item) -> Mapping[str, str]:
            arn = self.arn(aws, item)
            known, want = index.get(arn), wanted.get(self.aws_name_of(item))
            if known is not None and (want is None or want.tags.items() <= known.items()):
                return known
            return self.read_tags(aws, arn, item)

        return aws.each(ask, items)

    def live(self, aws: Aws, scope: Scope, item: Item, found: Mapping[str, str]) -> Live[R] | None:
        """As for every kind; and a name we want that carries no tags of ours is reported as not owned."""
        mine = super().live(aws, scope, item, found)
        if mine:
            return mine
        taken = self.aws_name_of(item)
        for want in scope.of(self.resource.kind):
            if getattr(want, "aws_name", None) == taken:
                resource = self.parse(want.name, found, item, self.extra(aws, scope, item))
                return Live(resource, self.outputs_of(item), owned=False)
        return None


def generation(want: Resource) -> str:
    """A fingerprint of what cannot change in a resource's life: tells a replacement from what it replaces."""
    fixed = [f"{field}={stable(getattr(want, field))}" for field, how in want.attrs() if how.immutable]
    return tags.fingerprint(want.address, *fixed)


def owned(stack: str, want: R) -> R:
    """The resource with the tags that mark it as this stack's, as every ``create`` gets it."""
    marks = tags.ownership(stack, want.address, generation(want))
    return dc.replace(want, tags={**want.tags, **marks})


def creation_token(want: Resource) -> str:
    """A client token that every attempt at creating this very thing shares. ``want`` carries its ownership tags."""
    return tags.token(want.tags[tags.STACK], want.address, want.tags[tags.GENERATION])
