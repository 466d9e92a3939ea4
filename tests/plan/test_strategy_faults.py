# ruff: noqa: E501  (a message is one line, as it is printed)
"""What a person reads when a strategy, a gate or a test rule does not fit its service: the literal text."""

from __future__ import annotations

import pytest

from tests.plan.conftest import SMALL, Load, Refusal

CART = SMALL + "    strategy: {}\n"
WORKER = SMALL + "  mailer:\n    strategy: {}\n"


def with_gate(stage: str, gate: str, more: str = "") -> str:
    return f"{SMALL}    test: X-Test\n{more}    strategy:\n      gates: {{{stage}: [{gate}]}}\n"


def about(told: list[str]) -> list[str]:
    """Without the place, which other tests are about."""
    return [line.split(": ", 1)[1] for line in told]


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        ("{type: canary}", "12:5: services.cart.strategy.steps: missing, needed: the steps of a canary, such as [{weight: 10, for: 300}]"),
        ("{type: linear, steps: [10]}", "12:37: services.cart.strategy.steps: are those of a canary, the type is linear: leave them empty"),
        ("{steps: [10]}", "12:23: services.cart.strategy.steps: are those of a canary, the type is all-at-once: leave them empty"),
        ("{type: canary, steps: [50, 10]}", "12:37: services.cart.strategy.steps: found 50, 10, allowed: each more than the one before"),
        ("{type: canary, steps: [{weight: 100}]}", "12:47: services.cart.strategy.steps[0].weight: found 100, allowed: a whole number from 1 to 99"),
        ("{type: canary, steps: [10], step: 10}", "12:49: services.cart.strategy.step: is that of a linear strategy, the type is canary: leave it empty"),
        ("{type: blue-green}", "12:22: services.cart.strategy.type: found 'blue-green', allowed: one of all-at-once, canary, linear, manual, rolling"),
        ("{sticky: 60, bake: 30}", "12:24: services.cart.strategy.sticky: found 60, allowed: at most bake, which is 30, or clients stay on a side that is gone"),
        ("{bake: 0, gates: {watch: [scan: {}]}}", "12:22: services.cart.strategy.bake: found 0, allowed: 1 or more, because gates watch while it bakes"),
        ("{on_failure: rolback}", "12:28: services.cart.strategy.on_failure: found 'rolback', allowed: one of rollback, freeze, did you mean rollback?"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_the_strategy_are_told(refusal: Refusal, strategy: str, told: str) -> None:
    assert f"plan.yaml:{told}" in refusal(CART.replace("strategy: {}", f"strategy: {strategy}"))


def test_a_linear_strategy_needs_its_step(refusal: Refusal) -> None:
    (told,) = about(refusal(CART.replace("strategy: {}", "strategy: linear")))
    assert told.endswith("missing, needed: the percent of the traffic that each step of a linear strategy adds")


@pytest.mark.parametrize(
    ("stage", "gate", "told"),
    [
        ("test", "{http: /cart/health, scan: {}}", "found http, scan, allowed: exactly one of http, errors, latency, metric, alarms, scan, task, webhook"),
        ("test", "{}", "found nothing, allowed: exactly one of http, errors, latency, metric, alarms, scan, task, webhook"),
        ("preflight", "http: /cart", "asks the new side, which is not there yet, allowed: the stages test and watch"),
        ("test", "http: /admin", "the load balancer does not send /admin here, allowed: /cart*"),
        ("test", "http: {path: /cart, body: '('}", "is no regular expression: missing ), unterminated subpattern at position 0"),
        ("test", "errors: 1", "asks about requests of clients, which there are none of before the stage watch"),
        ("watch", "alarms: errors", "found 'errors', allowed: a list of at most 100, each text"),
        ("watch", "alarms: [errors]", "the service has no alarm errors: state its threshold under alarms"),
        ("watch", "webhook: checks.example.com", "found 'checks.example.com', allowed: an address such as https://checks.example.com/go"),
        ("watch", "latency: {max: 1, percentile: 99}", "found 99, allowed: a percentile such as p99 or p99.9"),
        ("test", "task: {name: migrate}", "missing, needed: a list"),
        ("test", "scan: {}, every: 5", "unknown key"),
    ],
)  # fmt: skip
def test_a_gate_that_cannot_be_asked_there_is_told(refusal: Refusal, stage: str, gate: str, told: str) -> None:
    assert told in " ".join(refusal(with_gate(stage, gate)))


def test_a_gate_is_asked_once_a_stage_because_its_answers_are_counted_by_what_it_asks(refusal: Refusal) -> None:
    twice = "{http: /cart}, {http: {path: /cart, samples: 9}}"
    (told,) = about(refusal(with_gate("test", twice)))
    assert told.endswith("is asked in this stage already, as number 1")


def test_gates_that_ask_different_things_are_accepted(load: Load) -> None:
    gates = "{http: /cart}, {http: /cart/health}, {metric: {namespace: A, name: B, max: 1}}, {metric: {namespace: A, name: C, max: 1}}"
    assert len(load(with_gate("test", gates)).model.services["cart"].strategy.gates.test) == 4


def test_a_request_needs_a_test_rule_to_reach_the_new_side(refusal: Refusal) -> None:
    text = with_gate("test", "http: /cart").replace("    test: X-Test\n", "")
    assert refusal(text) == [
        "plan.yaml:13:28: services.cart.strategy.gates.test[0].http: reaches the new side by a test rule: "
        "add test, such as test: X-Release, to the service"
    ]


@pytest.mark.parametrize("gate", ["http: /", "errors: 1", "latency: 2"])
def test_a_service_without_paths_is_not_asked_through_the_load_balancer(refusal: Refusal, gate: str) -> None:
    text = WORKER.replace("strategy: {}", f"strategy: {{gates: {{watch: [{gate}]}}}}")
    (told,) = about(refusal(text))
    assert told.endswith("asks through the load balancer, but the service has no paths")


@pytest.mark.parametrize("strategy", ["manual", "{approve: true}", "{gates: {test: [scan: {}]}}"])
def test_what_is_replaced_in_place_can_wait_for_a_person_and_be_tested(load: Load, strategy: str) -> None:
    assert load(WORKER.replace("strategy: {}", f"strategy: {strategy}")).model.services["mailer"]


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("{}", "allowed: exactly one of header and port"),
        ("{header: X-Test, port: 9000}", "allowed: exactly one of header and port"),
        ("{port: 80}", "found 80, which serves everybody, allowed: another port"),
        ("{port: 9000}", "no rule of security group alb lets 9000 in"),
        ("{header: X Test}", "found 'X Test', allowed: the name of a header such as X-Release, of at most 40 characters"),
        ("{header: X-Test, value: a*}", "found 'a*', allowed: text without * and ?, which would match other values too"),
    ],
)  # fmt: skip
def test_a_test_that_reaches_nobody_or_everybody_is_told(refusal: Refusal, test: str, told: str) -> None:
    assert told in " ".join(refusal(f"{SMALL}    test: {test}\n"))


def test_a_test_rule_needs_room_before_the_rule(refusal: Refusal) -> None:
    (told,) = about(refusal(f"{SMALL}    test: X-Test\n    priority: 1\n"))
    assert told.endswith("found 1, allowed: 2 or more, because the test rule comes before it")


def test_a_test_rule_does_not_take_another_services_place(refusal: Refusal) -> None:
    second = "  shop:\n    port: 8080\n    paths: [/shop*]\n    test: X-Test\n    priority: 101\n"
    (told,) = about(refusal(SMALL + second))
    assert told.endswith("the test rule comes before it, at 100, which is the priority of cart")


def test_a_service_without_paths_has_nothing_to_test(refusal: Refusal) -> None:
    (told,) = about(refusal(WORKER.replace("strategy: {}", "test: X-Test")))
    assert told.endswith("reaches a side behind the load balancer, but the service has no paths")


@pytest.mark.parametrize("alarm", ["requests: 5", "errors: 5", "latency: 1"])
def test_alarms_of_the_load_balancer_are_for_services_behind_it(refusal: Refusal, alarm: str) -> None:
    (told,) = about(refusal(WORKER.replace("strategy: {}", f"alarms: {{{alarm}}}")))
    assert told.endswith("is measured by the load balancer, but the service has no paths")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("network:", "network:\n  namespace: Shop", "found 'Shop', allowed: a domain such as shop.local"),
        ("port: 8080", "port: 8080\n    discovery: true", "there is no namespace to be found in: add network.namespace"),
        ("network:", "defaults: {discovery: true}\nnetwork:\n  namespace: a.local", "while a release takes over both sides would answer to the name, allowed: the load balancer, or rolling"),
    ],
)  # fmt: skip
def test_a_name_that_nobody_could_rely_on_is_told(refusal: Refusal, before: str, after: str, told: str) -> None:
    assert told in " ".join(refusal(SMALL.replace(before, after, 1)))


def test_a_service_that_is_found_but_not_let_in_is_told(refusal: Refusal) -> None:
    closed = "network:\n  namespace: shop.local\n  security_groups: {tasks: [{ports: 8080, from: alb}]}"
    (told,) = about(refusal(SMALL.replace("network:", closed) + "  stock: {port: 9000}\n"))
    assert told.endswith("it is found by name, but no rule of security group tasks lets 9000 in")


def test_a_check_in_the_container_is_held_to_what_ecs_takes(refusal: Refusal) -> None:
    health = "    health: {command: [CMD, 'true'], timeout: 90, interval: 120}\n"
    (told,) = about(refusal(SMALL + health))
    assert told.endswith("found 90, allowed: at most 60 for a check in the container")
