"""CloudWatch Logs as AWS answers; each of these fails on moto alone."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d"


@pytest.fixture
def logs(aws):
    client = aws("logs")
    client.create_log_group(logGroupName="/ecs/posts", logGroupClass="INFREQUENT_ACCESS", tags={"stack": "forum"})
    client.create_log_group(logGroupName="/ecs/threads")
    return client


def names(answer):
    return [group["logGroupName"] for group in answer["logGroups"]]


def test_the_class_of_a_group_comes_back(logs):
    groups = logs.describe_log_groups(logGroupNamePrefix="/ecs/")["logGroups"]
    assert [group["logGroupClass"] for group in groups] == ["INFREQUENT_ACCESS", "STANDARD"]


def test_groups_are_found_by_class_identifier_and_pattern(logs):
    arn = logs.describe_log_groups()["logGroups"][1]["logGroupArn"]
    assert names(logs.describe_log_groups(logGroupClass="INFREQUENT_ACCESS")) == ["/ecs/posts"]
    assert names(logs.describe_log_groups(logGroupIdentifiers=[arn])) == ["/ecs/threads"]
    assert names(logs.describe_log_groups(logGroupNamePattern="POST")) == ["/ecs/posts"]


def test_a_key_is_associated_and_disassociated(logs):
    logs.associate_kms_key(logGroupName="/ecs/posts", kmsKeyId=KEY)
    assert logs.describe_log_groups(logGroupNamePrefix="/ecs/posts")["logGroups"][0]["kmsKeyId"] == KEY
    logs.disassociate_kms_key(logGroupName="/ecs/posts")
    assert "kmsKeyId" not in logs.describe_log_groups(logGroupNamePrefix="/ecs/posts")["logGroups"][0]


def test_tagging_a_missing_group_is_not_found(logs):
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/nobody"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.tag_resource(resourceArn=arn, tags={"a": "b"})


def test_groups_are_paged_by_the_limit(logs):
    pages = logs.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 1})
    assert [names(page) for page in pages] == [["/ecs/posts"], ["/ecs/threads"]]
