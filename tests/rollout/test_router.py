"""Whose share is whose, and what is written into the rule."""

from __future__ import annotations

from typing import Any

from orchestrator.rollout.router import AlbRouter, Rule, share, weights

BLUE, GREEN, OLD_BLUE = "tg/blue", "tg/green", "tg/blue-before"
GROUPS = {"blue": (BLUE,), "green": (GREEN,)}


class Elb:
    """Takes down what it is told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def client(self, service: str) -> Elb:
        assert service == "elbv2"
        return self

    def modify_rule(self, **parameters: Any) -> None:
        self.told.append(parameters)


def _forward(**by_group: int) -> dict[str, Any]:
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": _groups(by_group)}}


def _groups(by_group: dict[str, int]) -> list[dict[str, Any]]:
    return [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in by_group.items()]


def test_a_share_is_told_from_the_weights_whatever_they_add_up_to() -> None:
    assert share({BLUE: 3, GREEN: 1}, GROUPS, "green") == 25


def test_a_rule_with_a_group_of_somebody_else_has_no_share_of_ours() -> None:
    assert share({BLUE: 100, "tg/theirs": 0}, GROUPS, "blue") is None


def test_a_rule_that_sends_nobody_anything_is_told_apart_from_a_foreign_one() -> None:
    assert share({BLUE: 0, GREEN: 0}, GROUPS, "blue") == -1


def test_a_single_group_without_weights_has_everything() -> None:
    assert weights([{"Type": "forward", "TargetGroupArn": BLUE}]) == {BLUE: 1}


def _router(elb: Elb, *actions: dict[str, Any], groups: Any = GROUPS, **more: Any) -> AlbRouter:
    settings: dict[str, Any] = {"guard": lambda: None, **more}
    return AlbRouter(elb, Rule("rule/1", actions), groups, **settings)  # type: ignore[arg-type]


def _written(elb: Elb, action: int = 0) -> dict[str, Any]:
    config: dict[str, Any] = elb.told[-1]["Actions"][action]["ForwardConfig"]
    return config


def test_other_actions_stay_and_a_lone_group_goes() -> None:
    login = {"Type": "authenticate-oidc", "Order": 1}
    forward = _forward(**{BLUE: 100, GREEN: 0}) | {"Order": 2, "TargetGroupArn": BLUE}
    elb, asked = Elb(), []
    _router(elb, login, forward, guard=lambda: asked.append(1)).weigh("green", 10)
    (told,) = elb.told
    first, second = told["Actions"]
    assert first == login
    assert second["ForwardConfig"]["TargetGroups"] == _groups({BLUE: 90, GREEN: 10})
    assert "TargetGroupArn" not in second
    assert asked == [1]


def test_clients_stick_to_their_side_only_while_traffic_is_divided() -> None:
    elb = Elb()
    _router(elb, _forward(**{BLUE: 100, GREEN: 0}), sticky=60).weigh("green", 10)
    assert _written(elb)["TargetGroupStickinessConfig"] == {"Enabled": True, "DurationSeconds": 60}
    _router(elb, _forward(**{BLUE: 90, GREEN: 10}), sticky=60).weigh("green", 100)
    assert _written(elb)["TargetGroupStickinessConfig"] == {"Enabled": False}


def test_weights_that_are_as_wanted_are_not_written_again() -> None:
    elb = Elb()
    _router(elb, _forward(**{BLUE: 90, GREEN: 10})).weigh("green", 10)
    assert elb.told == []


def test_a_replaced_group_keeps_the_weight_while_its_tasks_are_in_it() -> None:
    elb = Elb()
    groups = {"blue": (OLD_BLUE, BLUE), "green": (GREEN,)}
    router = _router(elb, _forward(**{OLD_BLUE: 100}), groups=groups)
    assert router.percent("blue") == 100
    router.weigh("green", 10)
    assert _written(elb)["TargetGroups"] == _groups({OLD_BLUE: 90, GREEN: 10})


def test_test_traffic_is_sent_to_one_side_and_only_when_it_is_not_there() -> None:
    elb = Elb()
    router = _router(elb, _forward(**{BLUE: 100, GREEN: 0}), test=Rule("rule/test", [_forward(**{BLUE: 1})]))
    assert (router.tests("blue"), router.tests("green")) == (True, False)
    router.send_tests("blue")
    assert elb.told == []
    router.send_tests("green")
    assert elb.told[0]["RuleArn"] == "rule/test"
    assert _written(elb)["TargetGroups"] == _groups({GREEN: 100})
