"""CloudWatch alarms as AWS answers; each of these fails on moto alone."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def cloudwatch(aws):
    return aws("cloudwatch")


def put(cloudwatch, name="cpu", **more):
    cloudwatch.put_metric_alarm(
        AlarmName=name, Namespace="AWS/ECS", MetricName="CPUUtilization", Statistic="Average", Period=60,
        EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold", **{"Threshold": 80.0, **more},
    )  # fmt: skip


def alarm(cloudwatch, name="cpu"):
    return cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]


def tags(cloudwatch):
    found = cloudwatch.list_tags_for_resource(ResourceARN=alarm(cloudwatch)["AlarmArn"])["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


def test_a_new_alarm_has_insufficient_data(cloudwatch):
    put(cloudwatch)
    assert alarm(cloudwatch)["StateValue"] == "INSUFFICIENT_DATA"


def test_changing_an_alarm_keeps_its_state(cloudwatch):
    put(cloudwatch)
    cloudwatch.set_alarm_state(AlarmName="cpu", StateValue="ALARM", StateReason="hot")
    put(cloudwatch, Threshold=90.0)
    live = alarm(cloudwatch)
    assert (live["StateValue"], live["StateReason"], live["Threshold"]) == ("ALARM", "hot", 90.0)


def test_tags_of_an_alarm_count_at_its_creation_only(cloudwatch):
    put(cloudwatch, Tags=[{"Key": "stack", "Value": "forum"}])
    put(cloudwatch, Tags=[{"Key": "stack", "Value": "chat"}])
    assert tags(cloudwatch) == {"stack": "forum"}


def test_a_deleted_alarm_leaves_no_tags_to_the_next_of_its_name(cloudwatch):
    put(cloudwatch, Tags=[{"Key": "old", "Value": "1"}])
    cloudwatch.delete_alarms(AlarmNames=["cpu"])
    put(cloudwatch, Tags=[{"Key": "new", "Value": "1"}])
    assert tags(cloudwatch) == {"new": "1"}


def test_all_conditions_of_a_description_hold(cloudwatch):
    put(cloudwatch, "forum-cpu")
    put(cloudwatch, "chat-cpu")
    found = cloudwatch.describe_alarms(AlarmNamePrefix="forum", StateValue="OK")["MetricAlarms"]
    assert found == []


def test_metric_alarms_are_left_out_when_composite_ones_are_asked_for(cloudwatch):
    put(cloudwatch)
    assert cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["MetricAlarms"] == []


def test_tags_of_a_missing_alarm_are_not_found(cloudwatch):
    with pytest.raises(ClientError, match="ResourceNotFound"):
        cloudwatch.list_tags_for_resource(ResourceARN="arn:aws:cloudwatch:us-east-1:123456789012:alarm:none")
