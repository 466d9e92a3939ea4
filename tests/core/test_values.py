"""References, documents and secrets, as the diff relies on them."""

from __future__ import annotations

import dataclasses as dc

import pytest

from orchestrator.core.address import Address
from orchestrator.core.values import Initial, Join, JsonDoc, PolicyDoc, Ref, Secret, Unknown, refs, resolve, unknowns

VPC = Ref(Address("vpc", "main"))
BUCKET = Ref(Address("bucket", "artifacts"), "arn")


@dc.dataclass(frozen=True)
class Rule:
    port: int
    group: object


@pytest.mark.parametrize(
    "value",
    [
        VPC,
        ("a", VPC),
        frozenset({VPC}),
        {"vpc": VPC},
        Initial((VPC,), "a rollout"),
        Rule(80, VPC),
        JsonDoc({"Resource": [VPC]}),
        Join(("arn:", VPC)),
    ],
)
def test_a_reference_is_found_and_resolved_wherever_it_hides(value: object) -> None:
    assert list(refs(value)) == [VPC]
    resolved = resolve(value, lambda _: "vpc-1")
    assert list(refs(resolved)) == []
    assert "vpc-1" in str(getattr(resolved, "value", resolved))


def test_a_value_without_references_is_not_copied_by_resolving() -> None:
    rule = Rule(80, "sg-1")
    assert resolve(rule, lambda _: "never") is rule


def test_text_joined_with_something_unknown_is_unknown() -> None:
    joined = Join((BUCKET, "/*"))
    assert resolve(joined, lambda _: "arn:aws:s3:::b") == "arn:aws:s3:::b/*"
    assert isinstance(resolve(joined, Unknown), Unknown)


def test_the_unknown_equals_nothing_so_that_whatever_holds_it_differs() -> None:
    unknown = Unknown(VPC)
    assert unknown != unknown
    assert JsonDoc({"a": unknown}) != JsonDoc({"a": "x"})
    assert unknowns({"deep": (Rule(80, unknown),)})
    assert not unknowns({"deep": (Rule(80, "sg-1"),)})


def test_a_secret_is_compared_but_never_shown() -> None:
    assert Secret("hunter2") == Secret("hunter2") != Secret("other")
    assert "hunter2" not in f"{Secret('hunter2')} {Secret('hunter2')!r} {[Secret('hunter2')]}"


def test_documents_are_equal_whatever_their_spacing_and_key_order() -> None:
    assert JsonDoc('{"b": 1, "a": [1, 2]}') == JsonDoc({"a": [1, 2], "b": 1})
    assert JsonDoc({"a": [1, 2]}) != JsonDoc({"a": [2, 1]})


def test_policies_are_equal_in_the_forms_in_which_iam_returns_them() -> None:
    ours = PolicyDoc(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "",
                    "Effect": "Allow",
                    "Action": ["s3:Get*", "s3:Put*"],
                    "Resource": ["*"],
                    "Principal": {"AWS": "123456789012"},
                },
                {
                    "Effect": "Deny",
                    "Action": "s3:*",
                    "Resource": "*",
                    "Condition": {"Bool": {"aws:SecureTransport": False}},
                },
            ],
        }
    )
    theirs = PolicyDoc(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Deny",
                    "Action": ["s3:*"],
                    "Resource": ["*"],
                    "Condition": {"Bool": {"aws:SecureTransport": ["false"]}},
                },
                {
                    "Effect": "Allow",
                    "Action": ["s3:Put*", "s3:Get*", "s3:Get*"],
                    "Resource": "*",
                    "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]},
                },
            ],
        }
    )
    assert ours == theirs
    widened = PolicyDoc({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    assert ours != widened
