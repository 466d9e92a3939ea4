"""Load balancers, target groups, rules and targets as they act, and as AWS reads them back."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.system import PORT, System


def _attributes(answer: Any) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in answer["Attributes"]}


def _described(system: System, group: str) -> list[Any]:
    found = system.aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return list(found)


def test_a_balancer_becomes_active_after_two_minutes_however_often_one_looks(system: System) -> None:
    elb, arn = system.aws.client("elbv2"), system.balancer()
    states = []
    for _ in range(13):
        states.append(elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["State"]["Code"])
        system.aws.sleep(10)
    assert states == ["provisioning"] * 12 + ["active"]


def test_a_balancer_asked_for_twice_is_made_once(system: System) -> None:
    first = system.balancer()
    assert system.balancer() == first
    assert len(system.aws.client("elbv2").describe_load_balancers()["LoadBalancers"]) == 1


def test_a_balancer_has_aws_s_defaults_and_takes_every_attribute(system: System) -> None:
    elb, arn = system.aws.client("elbv2"), system.balancer()
    defaults = _attributes(elb.describe_load_balancer_attributes(LoadBalancerArn=arn))
    assert defaults["idle_timeout.timeout_seconds"] == "60"
    assert defaults["routing.http2.enabled"] == "true"
    assert defaults["access_logs.s3.enabled"] == "false"
    told = [
        {"Key": "idle_timeout.timeout_seconds", "Value": "120"},
        {"Key": "health_check_logs.s3.prefix", "Value": "x"},
    ]
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=told)
    changed = _attributes(elb.describe_load_balancer_attributes(LoadBalancerArn=arn))
    assert changed == defaults | _attributes({"Attributes": told})


def test_a_balancer_without_scheme_and_groups_gets_aws_s(system: System) -> None:
    elb = system.aws.client("elbv2")
    made = elb.create_load_balancer(Name="plain", Subnets=system.subnets)["LoadBalancers"][0]
    assert made["Scheme"] == "internet-facing"
    assert len(made["SecurityGroups"]) == 1
    assert {zone["SubnetId"] for zone in made["AvailabilityZones"]} == set(system.subnets)


def test_a_target_group_asked_for_twice_is_made_once_and_with_other_settings_refused(system: System) -> None:
    group = system.target_group("web")
    assert system.target_group("web") == group
    with pytest.raises(ClientError) as caught:
        system.target_group("web", HealthCheckIntervalSeconds=20)
    assert caught.value.response["Error"]["Code"] == "DuplicateTargetGroupName"


def test_a_target_group_drains_for_up_to_an_hour_and_refuses_unknown_attributes(system: System) -> None:
    elb, group = system.aws.client("elbv2"), system.target_group("web")
    hour = [{"Key": "deregistration_delay.timeout_seconds", "Value": "3600"}]
    elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=hour)
    live = _attributes(elb.describe_target_group_attributes(TargetGroupArn=group))
    assert live["deregistration_delay.timeout_seconds"] == "3600"
    assert live["stickiness.lb_cookie.duration_seconds"] == "86400"
    with pytest.raises(ClientError) as caught:
        elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[{"Key": "deregistration", "Value": "1"}])
    assert caught.value.response["Error"]["Code"] == "ValidationError"


def test_a_target_group_belongs_to_the_balancer_whose_rules_name_it_now(system: System) -> None:
    elb, balancer = system.aws.client("elbv2"), system.balancer()
    blue, green = system.target_group("blue"), system.target_group("green")
    listener = system.listener(balancer, blue)

    def belonging() -> dict[str, list[str]]:
        found = elb.describe_target_groups()["TargetGroups"]
        return {each["TargetGroupName"]: each["LoadBalancerArns"] for each in found}

    assert belonging() == {"blue": [balancer], "green": []}
    both = [{"TargetGroupArn": blue, "Weight": 100}, {"TargetGroupArn": green, "Weight": 0}]
    forward = [{"Type": "forward", "ForwardConfig": {"TargetGroups": both}}]
    elb.modify_listener(ListenerArn=listener, DefaultActions=forward)
    assert belonging() == {"blue": [balancer], "green": [balancer]}
    of_balancer = elb.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]
    assert {each["TargetGroupName"] for each in of_balancer} == {"blue", "green"}
    elb.modify_listener(ListenerArn=listener, DefaultActions=[{"Type": "forward", "TargetGroupArn": green}])
    assert belonging() == {"blue": [], "green": [balancer]}
    elb.delete_target_group(TargetGroupArn=blue)
    elb.delete_target_group(TargetGroupArn=blue)
    assert set(belonging()) == {"green"}


def test_a_single_target_group_is_read_back_in_both_places(system: System) -> None:
    elb, balancer, group = system.aws.client("elbv2"), system.balancer(), system.target_group("web")
    made = elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Listeners"][0]
    expected = {
        "Type": "forward",
        "TargetGroupArn": group,
        "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": group, "Weight": 1}],
            "TargetGroupStickinessConfig": {"Enabled": False},
        },
    }
    assert made["DefaultActions"] == [expected]
    assert elb.describe_rules(ListenerArn=made["ListenerArn"])["Rules"][0]["Actions"] == [expected]
    assert "SslPolicy" not in elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]


def test_weights_conditions_and_redirects_are_read_back_whole(system: System) -> None:
    elb, balancer = system.aws.client("elbv2"), system.balancer()
    blue, green = system.target_group("blue"), system.target_group("green")
    listener = system.listener(balancer, blue, green)
    weighed = [{"TargetGroupArn": blue, "Weight": 90}, {"TargetGroupArn": green, "Weight": 10}]
    rule = elb.create_rule(
        ListenerArn=listener,
        Priority=20,
        Conditions=[{"Field": "path-pattern", "Values": ["/api/*"]}],
        Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": weighed}}],
    )["Rules"][0]
    assert rule["Conditions"] == [
        {"Field": "path-pattern", "Values": ["/api/*"], "PathPatternConfig": {"Values": ["/api/*"]}}
    ]
    action = rule["Actions"][0]
    assert "TargetGroupArn" not in action
    assert action["ForwardConfig"]["TargetGroups"] == weighed
    moved = elb.create_rule(
        ListenerArn=listener,
        Priority=10,
        Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": ["old.example.com"]}}],
        Actions=[{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "StatusCode": "HTTP_301"}}],
    )["Rules"][0]
    assert moved["Conditions"][0]["Values"] == ["old.example.com"]
    assert moved["Actions"][0]["RedirectConfig"] == {
        "Protocol": "HTTPS",
        "Port": "#{port}",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    }
    rules = elb.describe_rules(ListenerArn=listener)["Rules"]
    assert [each["Priority"] for each in rules] == ["10", "20", "default"]
    pages = elb.get_paginator("describe_rules").paginate(ListenerArn=listener, PaginationConfig={"PageSize": 1})
    assert [each["Priority"] for page in pages for each in page["Rules"]] == ["10", "20", "default"]


def test_two_rules_can_swap_their_priorities(system: System) -> None:
    elb, group = system.aws.client("elbv2"), system.target_group("web")
    listener = system.listener(system.balancer(), group)
    first, second, third = (
        elb.create_rule(
            ListenerArn=listener,
            Priority=number,
            Conditions=[{"Field": "path-pattern", "Values": [f"/{number}"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": group}],
        )["Rules"][0]["RuleArn"]
        for number in (1, 2, 3)
    )
    swap = [{"RuleArn": first, "Priority": 2}, {"RuleArn": second, "Priority": 1}]
    elb.set_rule_priorities(RulePriorities=swap)
    ordered = [each["RuleArn"] for each in elb.describe_rules(ListenerArn=listener)["Rules"]]
    assert ordered[:3] == [second, first, third]
    with pytest.raises(ClientError) as caught:
        elb.set_rule_priorities(RulePriorities=[{"RuleArn": first, "Priority": 3}])
    assert caught.value.response["Error"]["Code"] == "PriorityInUse"


def test_a_listener_asked_for_twice_is_made_once(system: System) -> None:
    balancer, group = system.balancer(), system.target_group("web")
    first = system.listener(balancer, group)
    assert system.listener(balancer, group) == first
    assert len(system.aws.client("elbv2").describe_listeners(LoadBalancerArn=balancer)["Listeners"]) == 1


def test_targets_of_a_group_that_no_rule_names_are_unused_until_one_does(system: System) -> None:
    front, repository = system.front(), system.repository()
    idle = system.target_group("idle")
    listener = system.listener(system.balancer(), front, idle, port=81)
    system.service(system.definition(f"{repository}:v1"), idle)
    system.aws.sleep(90)
    assert system.states(idle) == ["healthy"] * 2
    elb = system.aws.client("elbv2")
    elb.modify_listener(ListenerArn=listener, DefaultActions=[{"Type": "forward", "TargetGroupArn": front}])
    assert {each["TargetHealth"]["Reason"] for each in _described(system, idle)} == {"Target.NotInUse"}
    both = [{"TargetGroupArn": front, "Weight": 1}, {"TargetGroupArn": idle, "Weight": 0}]
    forward = [{"Type": "forward", "ForwardConfig": {"TargetGroups": both}}]
    elb.modify_listener(ListenerArn=listener, DefaultActions=forward)
    assert system.states(idle) == ["initial"] * 2
    system.aws.sleep(11)
    assert system.states(idle) == ["healthy"] * 2


def test_a_target_is_an_address_with_a_port_and_drains_when_it_is_taken_out(system: System) -> None:
    elb, group = system.aws.client("elbv2"), system.front()
    both = [{"Id": "10.0.0.50", "Port": PORT}, {"Id": "10.0.0.50", "Port": PORT + 1}]
    elb.register_targets(TargetGroupArn=group, Targets=both)
    assert [each["Target"]["Port"] for each in _described(system, group)] == [PORT, PORT + 1]
    assert {each["HealthCheckPort"] for each in _described(system, group)} == {str(PORT), str(PORT + 1)}
    assert {each["TargetHealth"]["Reason"] for each in _described(system, group)} == {"Elb.RegistrationInProgress"}
    elb.deregister_targets(TargetGroupArn=group, Targets=both[:1])
    states = {each["Target"]["Port"]: each["TargetHealth"]["State"] for each in _described(system, group)}
    assert states == {PORT: "draining", PORT + 1: "initial"}
    system.aws.sleep(31)
    assert [each["Target"]["Port"] for each in _described(system, group)] == [PORT + 1]
    asked = elb.describe_target_health(TargetGroupArn=group, Targets=both[:1])["TargetHealthDescriptions"][0]
    assert asked["TargetHealth"]["State"] == "unused"
    assert asked["TargetHealth"]["Reason"] == "Target.NotRegistered"
    elb.deregister_targets(TargetGroupArn=group, Targets=both[:1])


def test_an_address_that_nobody_answers_at_times_out(system: System) -> None:
    elb, group = system.aws.client("elbv2"), system.front()
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.50"}])
    system.aws.sleep(25)
    assert _described(system, group)[0]["TargetHealth"] == {
        "State": "unhealthy",
        "Reason": "Target.Timeout",
        "Description": "Request timed out",
    }


def test_a_security_group_that_does_not_let_the_balancer_in_makes_targets_time_out(system: System) -> None:
    ec2, group, repository = system.aws.client("ec2"), system.front(), system.repository()
    system.service(system.definition(f"{repository}:v1"), group, healthCheckGracePeriodSeconds=600)
    system.aws.sleep(90)
    assert system.states(group) == ["healthy"] * 2
    rules = ec2.describe_security_groups(GroupIds=[system.task_group])["SecurityGroups"][0]["IpPermissions"]
    ec2.revoke_security_group_ingress(GroupId=system.task_group, IpPermissions=rules)
    system.aws.sleep(60)
    assert system.states(group) == ["unhealthy"] * 2
    ec2.authorize_security_group_ingress(
        GroupId=system.task_group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}],
    )
    system.aws.sleep(60)
    assert system.states(group) == ["healthy"] * 2


def test_a_matcher_decides_which_answers_are_good(system: System) -> None:
    elb, group, repository = system.aws.client("elbv2"), system.front(), system.repository()
    system.aws.push("web", "v2", "unhealthy")
    system.service(system.definition(f"{repository}:v2"), group, healthCheckGracePeriodSeconds=600)
    system.aws.sleep(90)
    assert system.states(group) == ["unhealthy"] * 2
    elb.modify_target_group(TargetGroupArn=group, Matcher={"HttpCode": "200,500-599"})
    system.aws.sleep(30)
    assert system.states(group) == ["healthy"] * 2
