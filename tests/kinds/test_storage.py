"""Buckets: strangers of the same name, regions, tags of others, and what is lost with a bucket."""

from __future__ import annotations

import dataclasses as dc
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.door import Access
from orchestrator.core.values import JsonDoc, PolicyDoc
from orchestrator.kinds.base import owned
from orchestrator.kinds.catalogue import KINDS
from orchestrator.kinds.scope import Scope
from orchestrator.kinds.storage import Bucket
from orchestrator.reconcile.steps import Action
from tests.contract.calls import WatchedAws
from tests.contract.fixtures import Doors
from tests.contract.harness import Account
from tests.contract.life import planned

NAME = "contract-artifacts-123456789012-us-east-1"
BUCKET = Bucket(name="artifacts", aws_name=NAME)


def operations(aws: WatchedAws) -> list[str]:
    return [call.operation for call in aws.sent]


def strangers_s3(doors: Doors) -> Any:
    """Another account's client."""
    role = doors[1].client("sts").assume_role(RoleArn="arn:aws:iam::999999999999:role/x", RoleSessionName="stranger")
    keys = role["Credentials"]
    return boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=doors[0].url,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def test_an_unchanged_bucket_takes_no_more_calls_than_it_has_managed_parts(account: Account) -> None:
    account.apply([BUCKET])
    account.reader.sent.clear()
    assert account.plan([BUCKET]).empty
    assert sorted(operations(account.reader)) == [
        "GetBucketEncryption",
        "GetPublicAccessBlock",
        "GetResources",
        "ListBuckets",
    ]


def test_a_strangers_bucket_of_the_wanted_name_is_reported_and_never_looked_into(
    account: Account, doors: Doors
) -> None:
    strangers_s3(doors).create_bucket(Bucket=NAME)
    account.reader.sent.clear()
    (taken,) = account.plan([BUCKET]).taken
    assert (taken.address, taken.owned) == (BUCKET.address, False)
    asked = sorted(operations(account.reader))
    assert asked == ["GetResources", "HeadBucket", "ListBuckets", "ListObjectsV2"]  # the last one for why, by our owner


def test_every_call_that_can_name_the_owner_does(account: Account) -> None:
    full = dc.replace(BUCKET, versioning=True, lifecycle=JsonDoc({"Rules": [RULE]}))
    account.apply([full])
    live = account.find([full], full.address)
    assert live is not None
    account.holds(live)
    account.empty(live)
    account.delete(live, [full])
    sent = [call for call in (*account.aws.sent, *account.reader.sent) if call.service == "s3"]
    silent = [
        c.operation
        for c in sent
        if "ExpectedBucketOwner" in c.model.input_shape.members and "ExpectedBucketOwner" not in c.params
    ]
    assert len(sent) > 10
    assert silent == []


RULE = {"ID": "expire", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}


def test_outside_us_east_1_the_region_is_named_and_in_it_it_is_not(account: Account) -> None:
    account.apply([BUCKET])
    elsewhere = WatchedAws(Access(region="eu-west-1"), account.aws.clock)
    other = dc.replace(BUCKET, aws_name="contract-artifacts-eu-west-1")
    KINDS["bucket"].create(elsewhere, owned("contract", other))
    created = [call for aws in (account.aws, elsewhere) for call in aws.sent if call.operation == "CreateBucket"]
    places = [call.params["CreateBucketConfiguration"].get("LocationConstraint") for call in created]
    assert places == [None, "eu-west-1"]


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_where_s3_does_not_take_tags_at_creation_they_are_put_after_it(account: Account, region: str) -> None:
    aws, reader = (WatchedAws(Access(region=region), account.aws.clock, read_only=r) for r in (False, True))
    place, bucket = Account(aws, reader), dc.replace(BUCKET, aws_name=f"contract-artifacts-{region}")

    def refuse(params: Any, model: Any, **_: Any) -> None:
        if "Tags" in params.get("CreateBucketConfiguration", {}):
            raise ClientError({"Error": {"Code": "MalformedXML", "Message": "The XML is not well-formed"}}, model.name)

    aws.client("s3").meta.events.register("provide-client-params.s3.CreateBucket", refuse)
    place.apply([bucket])
    assert place.plan([bucket]).empty
    (live,) = place.observe([bucket])
    assert live.owned


def in_ireland(account: Account) -> Account:
    """The same stack in another region."""
    aws, reader = (WatchedAws(Access(region="eu-west-1"), account.aws.clock, read_only=r) for r in (False, True))
    return Account(aws, reader)


@pytest.mark.parametrize("told", [True, False], ids=["region listed", "region not listed"])
def test_a_bucket_of_the_same_stack_in_another_region_is_not_ours_to_prune(account: Account, told: bool) -> None:
    ireland = in_ireland(account)
    theirs = dc.replace(BUCKET, aws_name="contract-artifacts-123456789012-eu-west-1")
    ireland.apply([theirs])
    account.apply([BUCKET])
    for place in (account, ireland):
        if not told:
            place.reader.client("s3").meta.events.register("after-call.s3.ListBuckets", without_regions)
    assert account.plan([BUCKET]).empty
    assert ireland.plan([theirs]).empty
    assert account.observe([], {"bucket"})[0].resource.aws_name == NAME
    for place in (account, ireland):
        place.reader.client("s3").meta.events.unregister("after-call.s3.ListBuckets", without_regions)


def without_regions(parsed: Any, **_: Any) -> None:
    for bucket in parsed["Buckets"]:
        del bucket["BucketRegion"]


def test_tags_of_others_survive_ours(account: Account) -> None:
    account.apply([BUCKET])
    s3 = account.aws.client("s3")
    theirs = [*s3.get_bucket_tagging(Bucket=NAME)["TagSet"], {"Key": "cost-centre", "Value": "42"}]
    s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": theirs})
    tagged = dc.replace(BUCKET, tags={"team": "forum"})
    account.apply([tagged])
    found = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=NAME)["TagSet"]}
    assert (found["cost-centre"], found["team"]) == ("42", "forum")
    assert account.plan([tagged]).empty


def test_a_bucket_opened_or_left_unencrypted_by_somebody_is_closed_again(account: Account) -> None:
    account.apply([BUCKET])
    account.aws.client("s3").delete_public_access_block(Bucket=NAME)
    assert planned(account.plan([BUCKET])) == [("bucket/artifacts", Action.UPDATE, frozenset({"private"}))]
    account.apply([BUCKET])
    assert account.plan([BUCKET]).empty


def test_a_policy_that_the_plan_does_not_mention_is_left_alone(account: Account) -> None:
    account.apply([BUCKET])
    policy = PolicyDoc(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudtrail.amazonaws.com"},
                    "Action": "s3:GetBucketAcl",
                    "Resource": f"arn:aws:s3:::{NAME}",
                }
            ],
        }
    )
    account.aws.client("s3").put_bucket_policy(Bucket=NAME, Policy=policy.text())
    assert account.plan([BUCKET]).empty


def test_an_empty_bucket_holds_no_data_and_one_with_an_object_does(account: Account) -> None:
    account.apply([BUCKET])
    live = account.find([BUCKET], BUCKET.address)
    assert live is not None
    assert not account.holds(live)
    account.aws.client("s3").put_object(Bucket=NAME, Key="a", Body=b"1")
    assert account.holds(live)


def test_a_bucket_of_more_objects_than_one_call_can_delete_is_emptied(account: Account) -> None:
    account.apply([BUCKET])
    live = account.find([BUCKET], BUCKET.address)
    assert live is not None
    from moto.s3.models import s3_backends

    backend = s3_backends[account.aws.account]["aws"]
    for number in range(1001):
        backend.put_object(NAME, f"{number:04}", b"")
    account.empty(live)
    assert not account.holds(live)
    batches = [len(c.params["Delete"]["Objects"]) for c in account.aws.sent if c.operation == "DeleteObjects"]
    assert batches == [1000, 1]


def test_a_bucket_is_found_by_name_though_the_tagging_api_knows_nothing_of_it(account: Account) -> None:
    elsewhere_named = dc.replace(BUCKET, aws_name="unlike-the-stack-123456789012")
    account.apply([elsewhere_named])
    scope = Scope("contract", [owned("contract", elsewhere_named)])
    scope.once("tagging-index", dict)
    (live,) = KINDS["bucket"].observe(account.reader, scope)
    assert live.owned
