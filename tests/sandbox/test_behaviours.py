"""What an image can be told to do, alone and with others."""

from __future__ import annotations

import pytest

from orchestrator.sandbox.world.behaviours import UnknownBehaviour, known_behaviours, parse
from tests.sandbox.system import System


def test_behaviours_are_combined_by_commas() -> None:
    both = parse("errors=10, latency=300,slow")
    assert (both.error_share, both.latency, both.ready_after) == (0.1, 0.3, 180.0)
    assert both.name == "errors=10, latency=300,slow"
    assert parse("findings=CRITICAL:1,findings=HIGH:3").findings == {"CRITICAL": 1, "HIGH": 3}


def test_an_argument_replaces_what_holds_without_it() -> None:
    assert (parse("slow").ready_after, parse("slow=20").ready_after) == (180.0, 20.0)
    assert (parse("late-crash").exits_after, parse("late-crash=40").exits_after) == (300.0, 40.0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("odd", "no behaviour is called 'odd'; known are crash, errors=PERCENT, "),
        ("ok,odd=3", "no behaviour is called 'odd'"),
        ("errors", "'errors' should be 'errors=PERCENT'"),
        ("crash=3", "'crash=3' should be 'crash'"),
        ("errors=ten", "'errors=ten' should be 'errors=PERCENT': found 'ten', expected a number from 0 to 100"),
        ("errors=101", "found '101', expected a number from 0 to 100"),
        ("latency=-1", "'latency=-1' should be 'latency=MILLISECONDS': found '-1', expected a number from 0"),
        ("slow=inf", "found 'inf', expected a number from 0"),
        ("memory-leak=0", "'memory-leak=0' should be 'memory-leak[=SECONDS]': found 0"),
        ("findings=BAD:1", "where SEVERITY is one of CRITICAL, HIGH, "),
        ("", "no behaviour is called ''"),
    ],
)
def test_a_wrong_behaviour_is_refused_with_what_would_be_right(text: str, told: str) -> None:
    with pytest.raises(UnknownBehaviour) as caught:
        parse(text)
    assert told in str(caught.value)


def test_all_behaviours_are_told_as_a_user_would_write_them() -> None:
    assert known_behaviours() == (
        "crash, errors=PERCENT, findings=SEVERITY:NUMBER, job-fails[=CODE], late-crash[=SECONDS], "
        "latency=MILLISECONDS, memory-leak[=SECONDS], no-capacity, ok, pull-error, slow[=SECONDS], unhealthy"
    )


def test_a_late_crash_comes_after_its_deployment_has_completed(system: System) -> None:
    repository = system.repository()
    system.aws.push("web", "v2", "late-crash=120")
    system.service(system.definition(f"{repository}:v2"), count=1)
    system.aws.sleep(100)
    assert [each[1] for each in system.deployments()] == ["COMPLETED"]
    system.aws.sleep(100)
    stopped = system.tasks(status="STOPPED")
    assert [(each["stopCode"], each["containers"][0]["exitCode"]) for each in stopped] == [
        ("EssentialContainerExited", 1)
    ]


def test_a_leak_ends_with_a_container_that_was_killed_for_its_memory(system: System) -> None:
    repository = system.repository()
    system.aws.push("web", "v2", "memory-leak=60")
    system.service(system.definition(f"{repository}:v2"), count=1)
    system.aws.sleep(120)
    container = system.tasks(status="STOPPED")[0]["containers"][0]
    assert container["exitCode"] == 137
    assert container["reason"] == "OutOfMemoryError: Container killed due to memory usage"


def test_answers_that_take_longer_than_the_check_waits_are_none(system: System) -> None:
    group, repository = system.front(), system.repository()
    system.aws.push("web", "v2", "latency=5100")
    system.service(system.definition(f"{repository}:v2"), group, count=1, healthCheckGracePeriodSeconds=600)
    system.aws.sleep(90)
    found = system.aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert [each["TargetHealth"]["Reason"] for each in found] == ["Target.Timeout"]
