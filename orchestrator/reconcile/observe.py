"""Reads what exists of a stack: every kind that it wants or may have left behind, all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import ErrorClass, allowing, classify
from orchestrator.aws.redact import Redactor
from orchestrator.core.address import Address
from orchestrator.core.errors import AwsError, CredentialsError, WrongAccount
from orchestrator.core.health import Broken
from orchestrator.core.resource import Live, Resource
from orchestrator.kinds.base import Kind, NamedKind
from orchestrator.kinds.catalogue import KINDS
from orchestrator.kinds.scope import Scope
from orchestrator.reconcile.explain import explain
from orchestrator.reconcile.steps import Traits

_READERS = 12
_TOLD = 5
"""How many kinds that cannot be read are told one by one: the reason is mostly the same for all."""
_SLOWEST_FIRST = ("elbv2", "ec2", "s3", "iam", "events", "cloudwatch")
"""Services whose kinds ask several times in a row: they are begun first, so that the others run beside them."""


def observe(
    aws: Aws,
    stack: str,
    desired: Iterable[Resource],
    *,
    kinds: Mapping[str, Kind[Any]] = KINDS,
    everything: bool = False,
    elsewhere: frozenset[Address] = frozenset(),
    scope: Scope | None = None,
) -> tuple[Live[Any], ...]:
    """All that lives of a stack, of the kinds it wants, those the tagging API proposes, and those that it cannot list.

    ``everything`` reads all kinds, for whoever wants nothing to remain. A kind is not read for the sake of what is
    looked after ``elsewhere``. ``scope`` keeps what was read, for a caller who reads on. Raises ``AwsError`` naming
    what could not be read.
    """
    scope = scope or Scope(stack, desired)
    certain = set(kinds) if everything else {k for k in kinds if scope.of(k) or not kinds[k].indexed}
    with ThreadPoolExecutor(_READERS, thread_name_prefix="observe") as pool:
        reading: dict[Future[Any], str] = {
            pool.submit(_read, kinds[k], aws, scope): k for k in sorted(certain, key=_haste(kinds))
        }
        tagged = pool.submit(_proposed, aws, scope, elsewhere)
        if tagged.exception() is None:
            for kind in sorted(tagged.result() & kinds.keys() - certain):
                reading[pool.submit(_read, kinds[kind], aws, scope)] = kind
        else:
            reading[tagged] = "the stack's tags"
        return _gathered(reading, kinds)


def traits(account: str, region: str, partition: str, *, kinds: Mapping[str, Kind[Any]] = KINDS) -> dict[str, Traits]:
    """What the diff has to know of each kind, here."""

    def of(kind: Kind[Any]) -> Traits:
        return Traits(
            coexists=kind.coexists,
            unique_names=isinstance(kind, NamedKind),
            holds_data=kind.holds_data,
            renews=kind.renews,
            predict=lambda want: kind.predict(want, account, region, partition),
            broken=lambda live: health.why if isinstance(health := kind.health(live), Broken) else "",
            widened=kind.widened,
        )

    return {name: of(kind) for name, kind in kinds.items()}


def _read(kind: Kind[Any], aws: Aws, scope: Scope) -> list[Live[Any]]:
    return list(kind.observe(aws, scope))


def _haste(kinds: Mapping[str, Kind[Any]]) -> Any:
    rank = {service: place for place, service in enumerate(_SLOWEST_FIRST)}
    return lambda name: (rank.get(kinds[name].service, len(rank)), name)


def _proposed(aws: Aws, scope: Scope, elsewhere: frozenset[Address]) -> set[str]:
    """Kinds that something carrying the stack's tags says it is of."""
    known = {str(address) for address in elsewhere}
    said = {found.get(tags.ADDRESS, "") for found in scope.index(aws).values()}
    return {address.partition("/")[0] for address in said - known}


def _gathered(reading: Mapping[Future[Any], str], kinds: Mapping[str, Kind[Any]]) -> tuple[Live[Any], ...]:
    lives: dict[str, list[Live[Any]]] = {}
    errors: dict[str, Exception] = {}
    for future in as_completed(reading):
        error = future.exception()
        if isinstance(error, CredentialsError | WrongAccount):
            raise error
        if isinstance(error, Exception):
            errors[reading[future]] = error
        else:
            lives[reading[future]] = future.result()
    if errors:
        raise _unreadable(errors, kinds)
    return tuple(live for kind in sorted(lives) for live in lives[kind])


def _unreadable(errors: Mapping[str, Exception], kinds: Mapping[str, Kind[Any]]) -> AwsError:
    redact = Redactor()
    lines = [f"cannot read {kind}: {redact(explain(error))}" for kind, error in sorted(errors.items())]
    lines[_TOLD:] = [f"and {len(lines) - _TOLD} more kinds"] if len(lines) > _TOLD else []
    refused = [kinds[k] for k, e in errors.items() if k in kinds and classify(e) is ErrorClass.DENIED]
    denied = {action for kind in refused for action in kind.actions.read}
    hints = {e.hint for e in errors.values() if isinstance(e, AwsError) and e.hint}
    said = " ".join(explain(e) for e in errors.values() if classify(e) is ErrorClass.DENIED)
    advice = allowing(denied, said) if denied else "; ".join(sorted(hints))
    return AwsError("\n".join(lines), hint=advice or "nothing was changed; run the same again")
