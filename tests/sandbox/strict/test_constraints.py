"""What a service model demands is demanded of every call, in the code and the protocol of the service."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.sandbox import strict
from orchestrator.sandbox.strict.constraints import constraint_of
from tests.sandbox.strict.network import refused
from tests.world import REGION, Aws

TRUST = '{"Version": "2012-10-17", "Statement": []}'

# service, operation, parameters, code, the constraint
FORBIDDEN: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("ecs", "list_tasks", {"launchType": "MOON"}, "InvalidParameterException", "'launchType'"),
    ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "moon"}, "InvalidParameterValue", "enum"),
    ("elbv2", "create_target_group", {"Name": "x", "Protocol": "MOON"}, "ValidationError", "'protocol'"),
    ("iam", "create_user", {"UserName": "a b"}, "ValidationError", "regular expression pattern"),
    ("iam", "create_user", {"UserName": "x" * 65}, "ValidationError", "length less than or equal to 64"),
    ("logs", "create_log_group", {"logGroupName": "a b"}, "InvalidParameterException", "'logGroupName'"),
    ("ecr", "describe_repositories", {"maxResults": 1001}, "InvalidParameterException", "value less than or equal"),
    ("kms", "create_key", {"KeyUsage": "MOON"}, "ValidationException", "'keyUsage'"),
    ("cloudwatch", "describe_alarms", {"StateValue": "MOON"}, "ValidationError", "'stateValue'"),
    ("application-autoscaling", "describe_scalable_targets", {"ServiceNamespace": "x"}, "ValidationException", "enum"),
    ("lambda", "list_functions", {"FunctionVersion": "MOON"}, "ValidationException", "[ALL]"),
    ("route53", "create_hosted_zone", {"Name": "x" * 1025, "CallerReference": "x"}, "InvalidInput", "1024"),
    (
        "s3",
        "create_bucket",
        {"Bucket": "files", "CreateBucketConfiguration": {"LocationConstraint": REGION}, "ACL": "moon"},
        "InvalidArgument",
        "enum",
    ),
    (
        "s3",
        "put_bucket_versioning",
        {"Bucket": "files", "VersioningConfiguration": {"Status": "Moon"}},
        "MalformedXML",
        "'versioningConfiguration.status'",
    ),
    (
        "dynamodb",
        "create_table",
        {
            "TableName": "t",
            "KeySchema": [{"AttributeName": "a", "KeyType": "MOON"}],
            "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
        },
        "ValidationException",
        "'keySchema.1.member.keyType'",
    ),
]


@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "words"), FORBIDDEN, ids=[f"{s}-{o}-{c}" for s, o, _, _, c in FORBIDDEN]
)
def test_what_the_model_forbids_is_refused(
    aws: Aws, service: str, operation: str, params: dict[str, Any], code: str, words: str
) -> None:
    with refused(code, "1 validation error detected", words):
        getattr(aws.client(service), operation)(**params)


def test_several_mistakes_are_told_at_once(aws: Aws) -> None:
    with refused("ValidationError", "2 validation errors detected"):
        aws.client("iam").create_user(UserName="a b", Path="x")


def test_a_sensitive_value_is_never_repeated(aws: Aws) -> None:
    with pytest.raises(Exception, match="secretString") as caught:
        aws.client("secretsmanager").create_secret(Name="db", SecretString="hunter2" * 10_000)
    assert "hunter2" not in str(caught.value)


def test_the_model_is_switched_off_as_one(aws: Aws) -> None:
    with strict.disabled(strict.MODEL):
        aws.client("iam").create_user(UserName="a b")


def test_a_rule_that_says_the_same_is_not_said_twice() -> None:
    constraint = constraint_of("iam", "CreateRole")
    assert constraint is not None
    assert "RoleName" not in constraint.members
    assert "Path" in constraint.members


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "dedicated"}),
        ("iam", "CreateUser", {"UserName": "a+b=c,d.e@f-g_h", "Path": "/team/"}),
        ("ecs", "CreateCluster", {"clusterName": "web", "tags": [{"key": "größe:x/y", "value": "ä b"}]}),
        ("logs", "CreateLogGroup", {"logGroupName": "/aws/ecs/web#1", "logGroupClass": "INFREQUENT_ACCESS"}),
        ("secretsmanager", "CreateSecret", {"Name": "a/b", "SecretString": "x" * 65536}),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k", "ServerSideEncryption": "aws:kms"}),
    ],
)
def test_what_the_model_allows_passes(service: str, operation: str, params: dict[str, Any]) -> None:
    constraint = constraint_of(service, operation)
    assert constraint is None or list(constraint.violations(params, "")) == []
