"""What becomes of requests: by weights, target states and images, counted and never made."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from orchestrator.sandbox.clock import VirtualClock
from orchestrator.sandbox.server import Sandbox
from orchestrator.sandbox.world.traffic.ledger import Fate
from tests.sandbox.system import PORT, System, build
from tests.world import Aws


def _pair(system: System, blue: int = 100, green: int = 0) -> tuple[str, str, str]:
    """A rule for two groups behind an active balancer."""
    groups = system.target_group("blue"), system.target_group("green")
    listener = system.listener(system.balancer(), groups[0])
    rule = system.aws.client("elbv2").create_rule(
        ListenerArn=listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/api/*"]}],
        Actions=[_forward(groups, blue, green)],
    )["Rules"][0]["RuleArn"]
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    system.aws.client("elbv2").modify_listener(ListenerArn=listener, DefaultActions=[answer])
    system.aws.sleep(121)
    return rule, *groups


def _forward(groups: tuple[str, str], *weights: int) -> Any:
    weighed = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in zip(groups, weights, strict=True)]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": weighed}}


def _weigh(system: System, rule: str, groups: tuple[str, str], *weights: int) -> None:
    system.aws.client("elbv2").modify_rule(RuleArn=rule, Actions=[_forward(groups, *weights)])


def _during(aws: Aws, seconds: float) -> dict[Fate, int]:
    """What becomes of the requests of the next seconds."""
    before = aws.sandbox.ledger.totals()
    aws.sleep(seconds)
    return dict(aws.sandbox.ledger.totals() - before)


def _by(fates: dict[Fate, int], what: str) -> dict[Any, int]:
    counted: dict[Any, int] = {}
    for fate, number in fates.items():
        value = getattr(fate, what, None) if hasattr(fate, what) else getattr(fate.answer, what)
        counted[value] = counted.get(value, 0) + number
    return counted


def _serving(system: System, group: str, behaves: str = "ok", name: str = "web", **more: Any) -> None:
    tag = f"{name}-image"
    system.aws.push("web", tag, behaves)
    registry = f"{system.registry}/web"
    system.service(system.definition(f"{registry}:{tag}", name), group, name=name, **more)
    system.aws.sleep(90)


def test_nobody_asks_for_a_service_before_it_has_been_there(system: System) -> None:
    system.repository()
    _, blue, _ = _pair(system)
    assert _during(system.aws, 600) == {}
    _serving(system, blue)
    assert _by(_during(system.aws, 600), "status") == {200: 600}


def test_requests_are_shared_out_by_the_weights_of_the_moment(system: System) -> None:
    system.repository()
    rule, blue, green = _pair(system)
    _serving(system, blue, name="blue")
    _serving(system, green, name="green")
    assert _by(_during(system.aws, 600), "group") == {blue: 600}
    _weigh(system, rule, (blue, green), 90, 10)
    shared = _by(_during(system.aws, 600), "group")
    assert sum(shared.values()) == 600
    assert 50 <= shared[green] <= 70
    _weigh(system, rule, (blue, green), 0, 100)
    fates = _during(system.aws, 600)
    assert _by(fates, "group") == {green: 600}
    assert _by(fates, "service") == {"main/green": 600}
    digest = system.tasks("green")[0]["containers"][0]["imageDigest"]
    assert _by(fates, "digest") == {digest: 600}


def test_a_group_with_weight_and_no_target_fails_its_share_for_there_is_no_failing_over(system: System) -> None:
    system.repository()
    rule, blue, green = _pair(system)
    _serving(system, blue)
    _weigh(system, rule, (blue, green), 75, 25)
    fates = _during(system.aws, 600)
    lost = _by(fates, "reason")["the target group has no target that takes requests"]
    assert _by(fates, "status") == {200: 600 - lost, 503: lost}
    assert 140 <= lost <= 160
    _weigh(system, rule, (blue, green), 0, 0)
    assert _by(_during(system.aws, 60), "reason") == {"no target group has a weight": 60}


def test_targets_that_are_still_being_checked_get_no_requests(system: System) -> None:
    system.repository()
    rule, blue, green = _pair(system)
    _serving(system, blue, name="blue")
    _serving(system, green, "slow=400", name="green", healthCheckGracePeriodSeconds=600)
    elb = system.aws.client("elbv2")
    elb.modify_target_group(TargetGroupArn=green, UnhealthyThresholdCount=10)
    assert set(system.states(green)) <= {"initial", "unhealthy"}
    _weigh(system, rule, (blue, green), 50, 50)
    fates = _during(system.aws, 10)
    assert {fate.failed for fate in fates if fate.group == green} == {True}


def test_a_group_with_none_but_unhealthy_targets_lets_all_of_them_answer(system: System) -> None:
    system.repository()
    rule, blue, green = _pair(system)
    _serving(system, blue, name="blue")
    _serving(system, green, "unhealthy", name="green", healthCheckGracePeriodSeconds=6000)
    assert system.states(green) == ["unhealthy"] * 2
    _weigh(system, rule, (blue, green), 0, 100)
    assert _by(_during(system.aws, 60), "status") == {503: 60}
    assert {fate.answer.by_target for fate in _during(system.aws, 60)} == {True}


def test_an_image_that_fails_and_is_slow_shows_in_status_and_latency(system: System) -> None:
    system.repository()
    _, blue, _ = _pair(system)
    _serving(system, blue, "errors=10,latency=300")
    fates = _during(system.aws, 6000)
    assert _by(fates, "latency") == {0.32: 6000}
    assert 550 <= _by(fates, "status")[500] <= 650


def test_requests_to_a_task_that_drains_succeed_and_those_to_one_that_died_do_not(system: System) -> None:
    system.repository()
    system.aws.sandbox.set_traffic(6000)
    _, blue, _ = _pair(system)
    _serving(system, blue, count=3)
    killed = system.tasks()[0]["taskArn"]
    system.aws.client("ecs").stop_task(cluster="main", task=killed)
    assert set(_by(_during(system.aws, 120), "status")) == {200}
    system.aws.push("web", "dying", "late-crash=100")
    system.update(taskDefinition=system.definition(f"{system.registry}/web:dying"))
    fates = _during(system.aws, 240)
    assert {fate.answer.status for fate in fates if fate.answer.reason == "the target has stopped"} == {502}


def test_a_rolling_deployment_of_a_good_image_fails_no_request(system: System) -> None:
    system.aws.sandbox.set_traffic(60_000)
    system.repository()
    _, blue, _ = _pair(system)
    _serving(system, blue)
    system.aws.push("web", "v2")
    system.update(taskDefinition=system.definition(f"{system.registry}/web:v2"))
    fates = _during(system.aws, 300)
    assert len(_by(fates, "deployment")) == 2
    assert _by(fates, "failed") == {False: 300_000}


def test_a_security_group_that_is_closed_loses_requests_at_once(system: System) -> None:
    system.repository()
    _, blue, _ = _pair(system)
    _serving(system, blue, healthCheckGracePeriodSeconds=600)
    reach = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT}
    peers = [{"GroupId": system.balancer_group}]
    system.aws.client("ec2").revoke_security_group_ingress(
        GroupId=system.task_group, IpPermissions=[{**reach, "UserIdGroupPairs": peers}]
    )
    assert _by(_during(system.aws, 5), "status") == {504: 5}


def test_rules_for_tests_and_other_ports_are_not_what_the_public_asks_for(system: System) -> None:
    system.repository()
    rule, blue, green = _pair(system)
    _serving(system, blue)
    elb = system.aws.client("elbv2")
    path = {"Field": "path-pattern", "Values": ["/api/*"]}
    listener = rule.replace(":listener-rule/", ":listener/").rpartition("/")[0]
    balancer = elb.describe_listeners(ListenerArns=[listener])["Listeners"][0]["LoadBalancerArn"]
    header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x-test", "Values": ["1"]}}
    elb.create_rule(
        ListenerArn=listener,
        Priority=2,
        Conditions=[path, header],
        Actions=[_forward((blue, green), 100, 0)],
    )
    system.listener(balancer, blue, port=8080)
    assert _by(_during(system.aws, 600), "rule") == {rule: 600}


def test_the_same_seed_gives_the_same_fates() -> None:
    def told() -> list[tuple[int, int]]:
        clock = VirtualClock(start=1_800_000_000.0)
        with Sandbox(clock=clock, traffic=61) as sandbox:
            aws = Aws(sandbox, clock)
            system = build(aws)
            system.repository()
            _, blue, green = _pair(system, 63, 37)
            _serving(system, blue, "errors=13", name="blue")
            _serving(system, green, name="green")
            aws.sleep(777)
            return sorted((fate.answer.status, number) for fate, number in aws.sandbox.ledger.totals().items())

    assert told() == told()


def _ask(aws: Aws, name: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{aws.sandbox.url}/_sandbox/{name}", data=data)) as answer:
        return json.load(answer)


def test_the_administration_sets_the_rate_and_tells_the_ledger(system: System) -> None:
    system.repository()
    _, blue, _ = _pair(system)
    _serving(system, blue)
    assert _ask(system.aws, "traffic")["rate"] == 60
    before = _ask(system.aws, "traffic", {"rate": 600})["requests"]
    system.aws.sleep(60)
    ledger = _ask(system.aws, "ledger")
    assert ledger["requests"] - before == 600
    assert [(each["status"], each["service"], each["failed"]) for each in ledger["fates"]] == [(200, "main/web", False)]
    with pytest.raises(urllib.error.HTTPError) as caught:
        _ask(system.aws, "traffic", {"rate": "much"})
    assert "rate must be a number of requests a minute, found 'much'" in caught.value.read().decode()
    _ask(system.aws, "reset", {})
    assert _ask(system.aws, "traffic") == {"rate": 600, "requests": 0, "failed": 0}
