"""The contract's own instruments: that they find what they are there to find."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from tests.contract.actions import actions_of
from tests.contract.calls import Sent, offences

SESSION = botocore.session.get_session()


def sent(service: str, operation: str, **params: Any) -> Sent:
    return Sent("kind", "create", SESSION.get_service_model(service).operation_model(operation), params)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (sent("ec2", "CreateVpcEndpoint", VpcEndpointType="Gate"), "is none of"),
        (sent("iam", "CreateRole", RoleName="r" * 65), "is outside 1 to 64"),
        (sent("iam", "CreateRole", RoleName="a b"), "does not match"),
        (sent("iam", "CreateRole", Tags=[{"Key": "k", "Value": "v" * 257}]), "is outside 0 to 256"),
        (sent("ecs", "CreateService", loadBalancers=[{"containerPort": 1}], launchType="EC3"), "is none of"),
        (sent("s3", "PutBucketVersioning", VersioningConfiguration={"Status": "On"}), "is none of"),
    ],
    ids=["enum", "too long", "pattern", "within a list", "nested", "rest"],
)
def test_what_only_aws_would_refuse_is_found(call: Sent, said: str) -> None:
    assert [offence for offence in offences(call) if said in offence] != []


def test_what_aws_accepts_is_not_complained_of() -> None:
    assert offences(sent("iam", "CreateRole", RoleName="demo-task", Path="/", AssumeRolePolicyDocument="{}")) == []


@pytest.mark.parametrize(
    ("call", "actions"),
    [
        (sent("ec2", "CreateVpc", TagSpecifications=[{}]), {"ec2:CreateVpc", "ec2:CreateTags"}),
        (sent("ec2", "CreateTags", Tags=[{}]), {"ec2:CreateTags"}),
        (sent("elbv2", "DescribeRules"), {"elasticloadbalancing:DescribeRules"}),
        (sent("s3", "HeadBucket", Bucket="b"), {"s3:ListBucket"}),
        (sent("s3", "CreateBucket", CreateBucketConfiguration={"Tags": [{}]}), {"s3:CreateBucket", "s3:TagResource"}),
        (sent("s3", "PutBucketTagging", Tagging={"TagSet": [{}]}), {"s3:PutBucketTagging"}),
        (sent("iam", "CreateRole", Tags=[{}]), {"iam:CreateRole", "iam:TagRole"}),
        (sent("cloudwatch", "PutMetricAlarm"), {"cloudwatch:PutMetricAlarm"}),
        (
            sent("ecs", "RegisterTaskDefinition", taskRoleArn="arn:aws:iam::123456789012:role/demo-task"),
            {"ecs:RegisterTaskDefinition", "iam:PassRole"},
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, Sent) else "",
)
def test_the_actions_of_a_call_are_those_that_iam_knows(call: Sent, actions: set[str]) -> None:
    assert actions_of(call) == actions
