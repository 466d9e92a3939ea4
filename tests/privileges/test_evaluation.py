"""The sandbox judges policies as IAM does: nothing unless it is said, a Deny before all else, conditions in full."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.sandbox.authorisation.evaluation import Ask, Verdict, judge

BUCKET = "arn:aws:s3:::shop-artifacts"


def verdict(
    *statements: dict[str, Any], action: str = "s3:GetObject", on: str = f"{BUCKET}/a/b", **keys: str
) -> Verdict:
    context = {key.replace("__", ":"): tuple(value.split(",")) for key, value in keys.items()}
    return judge(
        [{"Version": "2012-10-17", "Statement": list(statements)}], Ask(action=action, resource=on, context=context)
    )


def allow(action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def test_what_nobody_allows_is_not_allowed() -> None:
    assert verdict() is Verdict.UNSAID
    assert verdict(allow("s3:PutObject")) is Verdict.UNSAID
    assert verdict(allow(resource="arn:aws:s3:::other/*")) is Verdict.UNSAID


def test_a_deny_wins_wherever_it_stands() -> None:
    assert verdict(allow(), deny()) is Verdict.DENIED
    assert verdict(deny("s3:*", f"{BUCKET}/a/*"), allow("*")) is Verdict.DENIED
    assert verdict(deny(resource="arn:aws:s3:::other/*"), allow()) is Verdict.ALLOWED


@pytest.mark.parametrize(
    ("action", "resource", "said"),
    [
        ("s3:Get*", f"{BUCKET}/*", Verdict.ALLOWED),
        ("S3:getobject", f"{BUCKET}/?/b", Verdict.ALLOWED),
        (["ec2:*", "s3:GetObject"], ["arn:aws:ec2:*", f"{BUCKET}*"], Verdict.ALLOWED),
        ("s3:Get", "*", Verdict.UNSAID),
        ("s3:GetObject", f"{BUCKET}/A/b", Verdict.UNSAID),
        ("s3:GetObject", f"{BUCKET}/[ab]/b", Verdict.UNSAID),
    ],
)
def test_patterns_are_of_stars_and_question_marks_and_only_actions_disregard_case(
    action: Any, resource: Any, said: Verdict
) -> None:
    assert verdict(allow(action, resource)) is said


def test_all_but_some_is_allowed_by_not_action_and_not_resource() -> None:
    others = {"Effect": "Allow", "NotAction": "iam:*", "NotResource": f"{BUCKET}/secret/*"}
    assert verdict(others) is Verdict.ALLOWED
    assert verdict(others, action="iam:GetRole") is Verdict.UNSAID
    assert verdict(others, on=f"{BUCKET}/secret/key") is Verdict.UNSAID


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"StringEquals": {"aws:RequestTag/stack": "forum"}}, Verdict.ALLOWED),
        ({"StringEquals": {"AWS:requesttag/STACK": ["chat", "forum"]}}, Verdict.ALLOWED),
        ({"StringEquals": {"aws:RequestTag/stack": "Forum"}}, Verdict.UNSAID),
        ({"StringEqualsIgnoreCase": {"aws:RequestTag/stack": "Forum"}}, Verdict.ALLOWED),
        ({"StringLike": {"aws:RequestTag/stack": "for*"}}, Verdict.ALLOWED),
        ({"StringEquals": {"aws:RequestTag/stack": "for*"}}, Verdict.UNSAID),
        ({"StringNotEquals": {"aws:RequestTag/stack": "forum"}}, Verdict.UNSAID),
        ({"StringNotEquals": {"aws:RequestTag/other": "forum"}}, Verdict.ALLOWED),
        ({"StringEquals": {"aws:ResourceTag/stack": "forum"}}, Verdict.UNSAID),
        ({"StringEqualsIfExists": {"aws:ResourceTag/stack": "forum"}}, Verdict.ALLOWED),
        ({"Null": {"aws:ResourceTag/stack": "true"}}, Verdict.ALLOWED),
        ({"Null": {"aws:RequestTag/stack": "true"}}, Verdict.UNSAID),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["stack", "Name", "team"]}}, Verdict.ALLOWED),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["stack"]}}, Verdict.UNSAID),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["stack"]}}, Verdict.ALLOWED),
        ({"StringEquals": {"aws:RequestTag/stack": "forum", "aws:TagKeys": "no"}}, Verdict.UNSAID),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, Verdict.UNSAID),
        ({"StringEquals": {"aws:RequestTag/stack": "${aws:username}"}}, Verdict.UNSAID),
    ],
)
def test_every_condition_has_to_hold_and_one_that_is_not_understood_allows_nothing(
    condition: dict[str, Any], said: Verdict
) -> None:
    keys = {"aws__RequestTag/stack": "forum", "aws__TagKeys": "stack,Name"}
    assert verdict(allow(Condition=condition), **keys) is said


def test_a_deny_that_is_not_understood_denies() -> None:
    doubtful = deny(Condition={"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}})
    assert verdict(allow(), doubtful) is Verdict.DENIED
