"""CloudTrail as AWS answers; each of these fails on moto alone."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def cloudtrail(aws):
    aws("s3").create_bucket(Bucket="audit")
    client = aws("cloudtrail")
    client.create_trail(Name="forum", S3BucketName="audit", TagsList=[{"Key": "stack", "Value": "forum"}])
    return client


def test_a_trail_of_a_taken_name_is_refused(cloudtrail):
    with pytest.raises(ClientError, match="TrailAlreadyExists"):
        cloudtrail.create_trail(Name="forum", S3BucketName="audit")


def test_only_the_asked_trails_are_described(cloudtrail):
    cloudtrail.create_trail(Name="chat", S3BucketName="audit")
    assert [trail["Name"] for trail in cloudtrail.describe_trails(trailNameList=["chat"])["trailList"]] == ["chat"]


def test_a_trail_tells_its_home_region(cloudtrail):
    assert cloudtrail.get_trail(Name="forum")["Trail"]["HomeRegion"] == "us-east-1"


def test_a_new_trail_records_management_events(cloudtrail):
    selectors = cloudtrail.get_event_selectors(TrailName="forum")["EventSelectors"]
    assert [(each["ReadWriteType"], each["IncludeManagementEvents"]) for each in selectors] == [("All", True)]


def test_deleting_an_unknown_trail_is_not_found(cloudtrail):
    with pytest.raises(ClientError, match="TrailNotFound"):
        cloudtrail.delete_trail(Name="chat")


def test_a_deleted_trail_leaves_no_tags_to_the_next_of_its_name(cloudtrail):
    arn = cloudtrail.get_trail(Name="forum")["Trail"]["TrailARN"]
    cloudtrail.delete_trail(Name="forum")
    cloudtrail.create_trail(Name="forum", S3BucketName="audit")
    assert cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"][0]["TagsList"] == []
