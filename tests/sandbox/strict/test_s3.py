"""S3 refuses names, ACLs and policies that a bucket of today does not take."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from tests.sandbox.strict.network import refused
from tests.world import ONE_ATTEMPT, REGION, Aws

HERE = {"LocationConstraint": REGION}


def bucket(aws: Aws, name: str = "files") -> str:
    aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=HERE)
    return name


@pytest.mark.parametrize("name", ["ABC_d", "under_score", "Upper", "192.168.1.1", "a..b", "xn--shop", "shop-s3alias"])
def test_a_bucket_name_of_the_wrong_form_is_refused(aws: Aws, name: str) -> None:
    with refused("InvalidBucketName", "The specified bucket is not valid."):
        bucket(aws, name)


@pytest.mark.parametrize("name", ["abc", "x" * 63, "a.b-c", "1st"])
def test_a_bucket_name_of_the_right_form_is_accepted(aws: Aws, name: str) -> None:
    bucket(aws, name)


def test_a_bucket_name_belongs_to_one_account_in_the_world(aws: Aws) -> None:
    sts = aws.client("sts")
    stranger = sts.assume_role(RoleArn="arn:aws:iam::210987654321:role/x", RoleSessionName="stranger")["Credentials"]
    theirs = boto3.client(
        "s3",
        endpoint_url=aws.sandbox.url,
        region_name=REGION,
        config=ONE_ATTEMPT,
        aws_access_key_id=stranger["AccessKeyId"],
        aws_secret_access_key=stranger["SecretAccessKey"],
        aws_session_token=stranger["SessionToken"],
    )
    theirs.create_bucket(Bucket="theirs", CreateBucketConfiguration=HERE)
    with refused("BucketAlreadyExists", "The bucket namespace is shared by all users"):
        bucket(aws, "theirs")
    bucket(aws, "ours")


def test_a_bucket_name_is_free_again_a_while_after_its_deletion(aws: Aws) -> None:
    s3 = aws.client("s3")
    s3.delete_bucket(Bucket=bucket(aws))
    with refused("OperationAborted", "A conflicting conditional operation"):
        bucket(aws)
    aws.sleep(60)
    bucket(aws)


def statement(resource: str, principal: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": resource, **more}


def put_policy(aws: Aws, *statements: dict[str, Any]) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    aws.client("s3").put_bucket_policy(Bucket="files", Policy=document)


US = {"AWS": "arn:aws:iam::123456789012:root"}


def test_a_public_policy_is_blocked_until_the_block_is_lifted(aws: Aws) -> None:
    bucket(aws)
    with refused("AccessDenied", "because public policies are blocked by the BlockPublicPolicy"):
        put_policy(aws, statement("arn:aws:s3:::files/*"))
    put_policy(aws, statement("arn:aws:s3:::files/*", US))
    ours = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    put_policy(aws, statement("arn:aws:s3:::files/*", Condition=ours))
    put_policy(aws, statement("arn:aws:s3:::files/*", {"AWS": "*"}, Effect="Deny"))
    aws.client("s3").delete_public_access_block(Bucket="files")
    put_policy(aws, statement("arn:aws:s3:::files/*"))


def test_a_policy_is_about_its_own_bucket(aws: Aws) -> None:
    bucket(aws)
    for other in ("arn:aws:s3:::other/*", "arn:aws:s3:::files2", "*"):
        with refused("MalformedPolicy", "Policy has invalid resource"):
            put_policy(aws, statement(other, US))
    put_policy(aws, statement("arn:aws:s3:::files", US), statement("arn:aws:s3:::files/a/*", US))


def test_a_bucket_that_enforces_its_owner_has_no_acls(aws: Aws) -> None:
    s3 = aws.client("s3")
    bucket(aws)
    with refused("AccessControlListNotSupported", "The bucket does not allow ACLs"):
        s3.put_bucket_acl(Bucket="files", ACL="public-read")
    with refused("AccessControlListNotSupported"):
        s3.put_object(Bucket="files", Key="k", Body=b"x", ACL="public-read")
    s3.put_object(Bucket="files", Key="k", Body=b"x", ACL="bucket-owner-full-control")
    s3.put_object(Bucket="files", Key="k", Body=b"x")
    preferred = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket="files", OwnershipControls=preferred)
    s3.put_bucket_acl(Bucket="files", ACL="private")
