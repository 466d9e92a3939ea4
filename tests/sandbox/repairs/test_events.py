"""EventBridge as AWS answers."""

from __future__ import annotations


def test_tags_of_a_rule_count_at_its_creation_only(aws):
    events = aws("events")
    arn = events.put_rule(Name="push", EventPattern="{}", Tags=[{"Key": "stack", "Value": "forum"}])["RuleArn"]
    events.put_rule(Name="push", EventPattern="{}", Tags=[{"Key": "stack", "Value": "chat"}])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "stack", "Value": "forum"}]
