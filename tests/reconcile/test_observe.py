"""What is read of a stack, and how it is said when it cannot be."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import pytest

from orchestrator.aws import tags
from orchestrator.core.errors import AwsError, CredentialsError
from orchestrator.core.resource import Live, Resource
from orchestrator.kinds.base import REGISTRY, Actions, Kind
from orchestrator.kinds.scope import Scope
from orchestrator.reconcile.observe import observe
from tests.reconcile.fakes import Cloud, refusal


@dc.dataclass(frozen=True, kw_only=True)
class Red(Resource):
    kind: ClassVar[str] = "red"


class Scripted(Kind[Any]):
    """A kind that answers as told."""

    service = "demo"
    actions = Actions(read=("demo:List",))

    def __init__(self, answer: Exception | None = None, *, indexed: bool = True) -> None:
        self.answer, self.indexed, self.read = answer, indexed, 0  # type: ignore[misc]

    def observe(self, aws: Any, scope: Scope) -> Iterable[Live[Any]]:
        self.read += 1
        if self.answer:
            raise self.answer
        return [Live(Red(name="a"), {})]


class Account(Cloud):
    """An account whose tagging API lists what it is told to."""

    listed: Mapping[str, str] = {}

    def pages(self, service: str, operation: str, path: str, **params: Any) -> Any:
        for arn, address in self.listed.items():
            found = [{"Key": tags.STACK, "Value": "demo"}, {"Key": tags.ADDRESS, "Value": address}]
            yield {"ResourceARN": arn, "Tags": found}


def look(
    kinds: Mapping[str, Kind[Any]], *wanted: Resource, listed: Mapping[str, str] | None = None, **more: Any
) -> Any:
    account: Any = Account()
    account.listed = listed or {}
    return observe(account, "demo", wanted, kinds=kinds, **more)


def test_kinds_that_are_wanted_or_cannot_be_listed_are_read_and_no_others() -> None:
    kinds = {"red": Scripted(), "blue": Scripted(), "role": Scripted(indexed=False)}
    look(kinds, Red(name="a"))
    assert [kinds[k].read for k in ("red", "blue", "role")] == [1, 0, 1]


def test_kinds_that_the_tagging_api_proposes_are_read_once() -> None:
    kinds = {"red": Scripted(), "blue": Scripted()}
    look(kinds, listed={"arn:1": "blue/x", "arn:2": "blue/y", "arn:3": "unheard-of/z"})
    assert [kinds[k].read for k in ("red", "blue")] == [0, 1]


def test_everything_reads_all_kinds() -> None:
    kinds = {"red": Scripted(), "blue": Scripted()}
    look(kinds, everything=True)
    assert [k.read for k in kinds.values()] == [1, 1]


def test_every_kind_that_cannot_be_read_is_named_with_what_to_allow() -> None:
    kinds = {
        "red": Scripted(refusal("AccessDenied", "ListReds", "not today")),
        "blue": Scripted(refusal("InternalFailure", "ListBlues", "oops")),
        "green": Scripted(),
    }
    with pytest.raises(AwsError) as error:
        look(kinds, everything=True)
    assert error.value.message.splitlines() == [
        "cannot read blue: ListBlues: InternalFailure: oops",
        "cannot read red: ListReds: AccessDenied: not today",
    ]
    assert error.value.hint.startswith("allow the caller demo:List; orchestrator iam-policy")
    assert kinds["green"].read == 1


def test_tags_that_cannot_be_read_are_named_beside_the_kinds() -> None:
    class Throttled(Account):
        def pages(self, service: str, operation: str, path: str, **params: Any) -> Any:
            raise refusal("ThrottlingException", "GetResources", "slow down")

    throttled: Any = Throttled()
    with pytest.raises(AwsError, match="cannot read the stack's tags: GetResources: ThrottlingException: slow down"):
        observe(throttled, "demo", [Red(name="a")], kinds={"red": Scripted()})


def test_bad_credentials_are_said_once_and_not_for_every_kind() -> None:
    kinds = {"red": Scripted(CredentialsError("expired")), "blue": Scripted(CredentialsError("expired"))}
    with pytest.raises(CredentialsError, match=r"^expired$"):
        look(kinds, everything=True)


assert not {"red", "blue"} & REGISTRY.keys()
