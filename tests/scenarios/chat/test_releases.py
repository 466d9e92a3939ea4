"""Releases of a running chat: in place for what only others ask, by steps of traffic for what the world asks."""

from __future__ import annotations

import pytest

from orchestrator.app import delivery, inspection, steering
from orchestrator.app.ending import Outcome
from orchestrator.app.verification import verify
from orchestrator.core.events import Event
from orchestrator.rollout.driver import unfinished
from orchestrator.rollout.orders import Word
from orchestrator.rollout.stages.traffic import Hold
from tests.scenarios.chat.chat import System, account, addresses, leads_to, running_image, tasks_of
from tests.scenarios.chat.oracle import CHECKS

_BY_REQUESTS = "ALBRequestCountPerTarget"


def push(stage: System, tag: str, behaves: str = "ok") -> str:
    """An image of users; its digest."""
    return stage.aws.sandbox.push("chat/users", tag, behaves)["digest"]


def test_a_good_release_takes_over_in_place_and_its_name_leads_to_the_new_tasks(running: System) -> None:
    before, digest = addresses(tasks_of(running, "users")), push(running, "2.0")
    ending = running.deploy(users="2.0")
    assert ending.outcome is Outcome.SUCCEEDED, ending
    assert running_image(running, "users") == {digest}
    assert leads_to(running, "users") == addresses(tasks_of(running, "users"))
    assert not leads_to(running, "users") & before
    assert running.look().empty


@pytest.mark.parametrize("behaves", ["crash", "unhealthy", "pull-error", "late-crash=20"])
def test_a_bad_release_is_taken_back_and_its_name_never_led_nowhere(running: System, behaves: str) -> None:
    known = running_image(running, "users")
    push(running, f"bad-{behaves.partition('=')[0]}", behaves)
    ending = running.deploy(users=f"bad-{behaves.partition('=')[0]}")
    assert ending.outcome is Outcome.ROLLED_BACK, ending
    assert running_image(running, "users") == known
    assert leads_to(running, "users") == addresses(tasks_of(running, "users"))
    assert running.look().empty


def test_what_a_task_wrote_before_it_ended_stands_right_behind_the_reason_that_aws_gives(running: System) -> None:
    push(running, "talks", "crash")
    evidence = running.deploy(users="talks").services[0].evidence
    assert [line.partition(": ")[0] for line in evidence][:4] == ["stopped", "stopped", "logs", "logs"]
    assert evidence[3].startswith("logs: exiting with 1")


def test_two_services_of_one_wave_and_the_one_that_needs_them_are_released_in_that_order(running: System) -> None:
    for name in ("users", "feed", "discovery-server"):
        running.aws.sandbox.push(f"chat/{name}", "3.0", "ok")
    running.events.clear()
    images = {"users": "3.0", "feed": "3.0", "discovery-server": "3.0"}
    assert running.deploy(**images).outcome is Outcome.SUCCEEDED
    rollouts = [e for e in running.events if e.action == "roll out"]
    order = [(e.subject, e.details.get("stage"), e.state.value) for e in rollouts]
    arrived = next(i for i, told in enumerate(order) if told[:2] == ("discovery-server", "together"))
    begun = [next(i for i, told in enumerate(order) if (told[0], told[2]) == (n, "started")) for n in ("users", "feed")]
    assert all(arrived < start for start in begun), "a joint release waits for what it needs as far as that goes alone"


def test_the_frontend_moves_in_steps_and_what_counts_its_requests_moves_with_it(running: System) -> None:
    running.aws.sandbox.push("chat/frontend", "2.0", "ok")
    running.events.clear()
    assert running.deploy(frontend="2.0").outcome is Outcome.SUCCEEDED
    shifts = [e.message for e in running.events if e.subject == "frontend" and e.message.startswith("shift: green ")]
    assert [message.rpartition(" ")[2] for message in shifts] == ["10", "50", "100"]
    seen = account(running)
    (group,) = seen.ecs_services["frontend"]["loadBalancers"]
    assert "green" in group["targetGroupArn"]
    resource = f"service/chat/{seen.ecs_services['frontend']['serviceName']}"
    policies = seen.all(
        "application-autoscaling", "describe_scaling_policies", "ScalingPolicies", ServiceNamespace="ecs"
    )
    tracked = [
        p["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
        for p in policies
        if p["ResourceId"] == resource
    ]
    (label,) = [t["ResourceLabel"] for t in tracked if t["PredefinedMetricType"] == _BY_REQUESTS]
    assert label.endswith(group["targetGroupArn"].rpartition(":")[2])
    CHECKS["the_api_goes_to_the_gateway_and_all_else_to_the_frontend"](seen)
    assert running.look().empty


def test_an_api_that_errs_for_a_tenth_sets_off_its_alarm_for_the_new_side_alone(running: System) -> None:
    running.aws.sandbox.world.traffic.rate = 3000.0
    known = running_image(running, "api-gateway")
    running.aws.sandbox.push("chat/api-gateway", "errs", "errors=10")
    ending = running.deploy(**{"api-gateway": "errs"})
    running.aws.sandbox.world.traffic.rate = 60.0
    assert ending.outcome is Outcome.ROLLED_BACK, ending
    assert "chat-api-gateway-errors: the new side is beyond 20 in 3 of 3 periods" in ending.services[0].why
    assert running_image(running, "api-gateway") == known
    assert running.look().empty


def test_a_frontend_that_answers_nobody_well_gets_no_traffic_but_that_of_its_tests(running: System) -> None:
    running.aws.sandbox.push("chat/frontend", "errs", "errors=100")
    before = running.aws.sandbox.ledger.totals()
    ending = running.deploy(frontend="errs")
    assert ending.outcome is Outcome.ROLLED_BACK, ending
    assert ending.services[0].why.startswith("GET /: 500 in ")
    lost = {fate.rule for fate in running.aws.sandbox.ledger.totals() - before if fate.failed}
    (rule,) = running.client("elbv2").describe_rules(RuleArns=sorted(lost))["Rules"]
    assert "http-header" in {condition["Field"] for condition in rule["Conditions"]}
    assert running.look().empty


def test_a_frontend_that_cannot_be_asked_from_here_is_no_good_release_and_says_why(
    running: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # nobody listens there
    running.aws.sandbox.push("chat/frontend", "unasked")
    ending = running.deploy(frontend="unasked")
    assert ending.outcome is Outcome.ROLLED_BACK, ending
    assert "no verdict within 300 s: GET /: http://chat-" in ending.services[0].why
    assert "cannot be reached from here: Connection refused" in ending.services[0].why
    assert running.look().empty


def test_a_release_that_is_handed_over_is_told_promoted_and_undone(running: System) -> None:
    system = running.system
    before, pushed = running_image(running, "frontend"), running.aws.sandbox.push("chat/frontend", "steered")["digest"]
    with system.hold("deploy"):
        wanted = delivery.look(system, {"frontend": "steered"})
        handed = delivery.deploy(system, wanted, running.events.append, patience=200)
    assert handed.outcome is Outcome.TIMED_OUT
    (told,) = inspection.status(system, "frontend")
    assert told.says.startswith("steered timed out, still in progress: ")
    steering.order(system, "frontend", Word.PROMOTE_FULLY, "seen enough")
    with system.hold("promote"):
        ending = steering.carry_on(system, ("frontend",), running.events.append)
    assert ending.outcome is Outcome.SUCCEEDED, ending
    assert running_image(running, "frontend") == {pushed}
    with system.hold("undo"):
        assert steering.undo(system, "frontend", running.events.append).outcome is Outcome.SUCCEEDED
    assert running_image(running, "frontend") == before
    assert [r["release"]["image"].partition("@")[0] for r in steering.records(system, "frontend")][1] == "steered"


def test_an_undo_while_the_old_side_is_held_moves_the_traffic_back_and_has_succeeded(running: System) -> None:
    system, known = running.system, running_image(running, "api-gateway")
    serving = account(running).ecs_services["api-gateway"]["deployments"][0]["id"]
    running.aws.sandbox.push("chat/api-gateway", "regretted")
    with system.hold("deploy"):
        wanted = delivery.look(system, {"api-gateway": "regretted"})
        delivery.deploy(system, wanted, running.events.append, patience=1200)
    assert isinstance(unfinished(system.store, system.stack)["api-gateway"].stage, Hold)
    with system.hold("undo"):
        ending = steering.undo(system, "api-gateway", running.events.append)
    assert ending.outcome is Outcome.SUCCEEDED, ending
    assert running_image(running, "api-gateway") == known
    assert account(running).ecs_services["api-gateway"]["deployments"][0]["id"] == serving
    assert running.look().empty


def test_an_api_that_is_asked_more_while_it_is_released_grows_on_both_sides(running: System) -> None:
    running.aws.sandbox.push("chat/api-gateway", "grown", "ok")
    traffic, begun = running.aws.sandbox.world.traffic, len(running.events)

    def rush(event: Event) -> None:
        running.events.append(event)
        if event.details.get("stage") == "bake":
            traffic.rate = 4500.0

    system = running.system
    with system.hold("deploy"):
        ending = delivery.deploy(system, delivery.look(system, {"api-gateway": "grown"}), rush)
    traffic.rate = 60.0
    assert ending.outcome is Outcome.SUCCEEDED, ending
    held = next(e.details["tasks"] for e in running.events[begun:] if e.details.get("stage") == "hold")
    assert min(side["desired"] for side in held.values()) > 2
    assert max(side["desired"] for side in held.values()) <= 6


def test_what_a_rollout_would_be_refused_for_is_told_by_verify_before_anybody_begins_one(running: System) -> None:
    def bad() -> dict[str, str]:
        return {check.name: check.detail for check in verify(running.system, {}) if not check.good}

    assert bad() == {}
    running.client("logs").delete_log_group(logGroupName="/chat/users")
    assert bad() == {"rollout of users": "log group /chat/users is not there"}
    running.apply()


@pytest.mark.parametrize(("service", "behaves"), [("users", "crash"), ("frontend", "errors=100")])
def test_what_runs_by_a_revision_that_somebody_deregistered_can_be_gone_back_to(
    running: System, service: str, behaves: str
) -> None:
    known = running_image(running, service)
    (definition,) = {task["taskDefinitionArn"] for task in tasks_of(running, service)}
    running.client("ecs").deregister_task_definition(taskDefinition=definition)
    assert all(check.good for check in verify(running.system, {}))
    running.aws.sandbox.push(f"chat/{service}", "backwards", behaves)
    assert running.deploy(**{service: "backwards"}).outcome is Outcome.ROLLED_BACK
    assert running_image(running, service) == known
    assert leads_to(running, "users") == addresses(tasks_of(running, "users"))
    assert running.look().empty


def test_an_image_in_which_a_scan_finds_something_critical_starts_no_task(running: System) -> None:
    running.aws.sandbox.push("chat/feed", "holes", "findings=CRITICAL:1")
    with running.calls() as calls:
        ending = running.deploy(feed="holes")
    assert ending.outcome is Outcome.ROLLED_BACK, ending
    assert ending.services[0].why == "scan findings CRITICAL at most 0: 1 critical"
    assert not {"ecs.UpdateService", "ecs.CreateService", "ecs.RunTask"} & set(calls)
    assert running.look().empty
