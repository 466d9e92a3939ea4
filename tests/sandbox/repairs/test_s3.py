"""S3 as an orchestrator sees it: each of these fails on moto alone."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

STRANGER = "999999999999"
BUCKET = "forum-artifacts"


@pytest.fixture
def s3(aws):
    client = aws("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def test_a_new_bucket_is_encrypted_with_sse_s3(s3):
    rules = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules == [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]


def test_a_new_bucket_blocks_all_public_access(s3):
    block = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert len(block) == 4 and all(block.values())


def test_a_new_bucket_has_the_owner_enforced(s3):
    rules = s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_ownership_asked_for_at_create_wins_over_the_default(aws):
    s3 = aws("s3")
    s3.create_bucket(Bucket=BUCKET, ObjectOwnership="ObjectWriter")
    rules = s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "ObjectWriter"}]


def test_creating_the_own_bucket_again_changes_none_of_its_settings(s3):
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    s3.create_bucket(Bucket=BUCKET)
    block = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert block["BlockPublicPolicy"] is False


def test_tags_given_at_create_are_on_the_bucket(aws):
    s3 = aws("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"Tags": [{"Key": "stack", "Value": "forum"}]})
    assert s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == [{"Key": "stack", "Value": "forum"}]


def test_deleting_the_encryption_goes_back_to_sse_s3(s3):
    kms = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration=kms)
    s3.delete_bucket_encryption(Bucket=BUCKET)
    rules = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("get_bucket_tagging", {}),
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}),
        ("delete_bucket", {}),
        ("put_object", {"Key": "a", "Body": b"1"}),
    ],
)
def test_a_bucket_of_another_owner_than_expected_is_access_denied(s3, operation, arguments):
    with pytest.raises(ClientError) as refused:
        getattr(s3, operation)(Bucket=BUCKET, ExpectedBucketOwner=STRANGER, **arguments)
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_head_of_a_bucket_of_another_owner_is_403_without_a_body(s3):
    with pytest.raises(ClientError) as refused:
        s3.head_bucket(Bucket=BUCKET, ExpectedBucketOwner=STRANGER)
    assert refused.value.response["Error"]["Code"] == "403"


def test_a_strangers_bucket_is_forbidden_without_a_policy(s3, aws):
    session = aws("sts").assume_role(RoleArn=f"arn:aws:iam::{STRANGER}:role/x", RoleSessionName="stranger")
    theirs = aws("s3", credentials=session["Credentials"])
    with pytest.raises(ClientError) as refused:
        theirs.head_bucket(Bucket=BUCKET)
    assert refused.value.response["Error"]["Code"] == "403"


def test_the_expected_owner_passes(s3, aws):
    account = aws("sts").get_caller_identity()["Account"]
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"1", ExpectedBucketOwner=account)
    assert s3.get_object(Bucket=BUCKET, Key="a", ExpectedBucketOwner=account)["Body"].read() == b"1"


def test_a_lifecycle_comes_back_as_it_was_sent(s3):
    rule = {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "logs/", "ObjectSizeGreaterThan": 500}},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 3},
    }
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"] == [rule]


def test_a_deleted_lifecycle_is_gone(s3):
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}}
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})
    s3.delete_bucket_lifecycle(Bucket=BUCKET)
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)


def test_event_bridge_notification_comes_back(s3):
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=BUCKET)


def test_buckets_are_listed_with_their_region_and_page_by_page(s3):
    s3.create_bucket(Bucket="forum-trail", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    pages = list(s3.get_paginator("list_buckets").paginate(Prefix="forum-", PaginationConfig={"PageSize": 1}))
    assert [[(b["Name"], b["BucketRegion"]) for b in page["Buckets"]] for page in pages] == [
        [("forum-artifacts", "us-east-1")],
        [("forum-trail", "eu-west-1")],
    ]


def _deny(**condition: dict[str, str]) -> str:
    everything = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**everything, "Condition": condition}]})


def test_a_policy_that_demands_encrypted_transport_lets_clients_in(s3):
    s3.put_bucket_policy(Bucket=BUCKET, Policy=_deny(Bool={"aws:SecureTransport": "false"}))
    s3.put_object(Bucket=BUCKET, Key="build/1", Body=b"artifact")
    assert s3.get_object(Bucket=BUCKET, Key="build/1")["Body"].read() == b"artifact"


def test_a_policy_that_denies_whoever_comes_over_tls_keeps_clients_out(s3):
    s3.put_bucket_policy(Bucket=BUCKET, Policy=_deny(Bool={"aws:SecureTransport": "true"}))
    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket=BUCKET, Key="build/1", Body=b"artifact")
