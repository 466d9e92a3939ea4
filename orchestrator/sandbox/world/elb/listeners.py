"""Listeners and rules as AWS reads them back: actions and conditions completed, rules in the order they are tried."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from moto.elbv2.models import elbv2_backends

from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, operation, repair
from orchestrator.sandbox.world.world import present

_MIRRORED = {"path-pattern": "PathPatternConfig", "host-header": "HostHeaderConfig"}
_REDIRECT = {
    "Protocol": "#{protocol}",
    "Port": "#{port}",
    "Host": "#{host}",
    "Path": "/#{path}",
    "Query": "#{query}",
}
_SECURE = ("HTTPS", "TLS")


def _backend(call: Call) -> Any:
    return elbv2_backends[call.account][call.region]


@repair("elbv2", "CreateListener")
def create_once(call: Call, proceed: Proceed) -> Reply:
    """The same port with the same settings is the same listener; moto makes a second one."""
    balancer = _backend(call).load_balancers.get(call.params["LoadBalancerArn"])
    listeners = list(balancer.listeners.values()) if balancer is not None else []
    existing = next((each for each in listeners if int(each.port) == call.params.get("Port")), None)
    if existing is None:
        return _listeners(proceed())
    actions = [each.data for each in existing.default_actions]
    shown = {
        "ListenerArn": existing.arn,
        "LoadBalancerArn": existing.load_balancer_arn,
        "Port": existing.port,
        "Protocol": existing.protocol,
        "SslPolicy": existing.ssl_policy,
        "Certificates": [{"CertificateArn": each} for each in existing.certificates],
        "DefaultActions": actions,
    }
    return _listeners({"Listeners": [shown]})


@repair("elbv2", "DescribeListeners", "ModifyListener")
def listeners_completed(_: Call, proceed: Proceed) -> Reply:
    """Default actions are completed, and a listener without TLS has no policy for it."""
    return _listeners(proceed())


@repair("elbv2", "DescribeRules")
def rules_in_order(call: Call, proceed: Proceed) -> Reply:
    """Rules come by priority, the default one last; moto gives them as they were created."""
    for balancer in _backend(call).load_balancers.values():
        for listener in balancer.listeners.values():
            ordered = sorted(listener._non_default_rules.items(), key=lambda each: int(each[1].priority))
            listener._non_default_rules = OrderedDict(ordered)
    return _rules(proceed())


@repair("elbv2", "CreateRule", "ModifyRule")
def rules_completed(_: Call, proceed: Proceed) -> Reply:
    """Actions and conditions are completed."""
    return _rules(proceed())


@operation("elbv2", "SetRulePriorities")
def set_rule_priorities(call: Call) -> Reply:
    """All at once, so that two rules can swap places; moto refuses that."""
    wanted = {each["RuleArn"]: int(each["Priority"]) for each in call.params["RulePriorities"]}
    moved = []
    for balancer in _backend(call).load_balancers.values():
        for listener in balancer.listeners.values():
            rules = listener._non_default_rules
            numbers = [wanted.get(arn, int(rule.priority)) for arn, rule in rules.items()]
            if len(set(numbers)) != len(numbers):
                taken = next(number for number in numbers if numbers.count(number) > 1)
                raise AwsError("PriorityInUse", f"Priority '{taken}' is currently in use")
            moved += [rule for arn, rule in rules.items() if arn in wanted]
    if len(moved) != len(wanted):
        raise AwsError("RuleNotFound", "One or more rules not found")
    for rule in moved:
        rule.priority = wanted[rule.arn]
    shown = [
        {
            "RuleArn": rule.arn,
            "Priority": str(rule.priority),
            "Conditions": rule.conditions,
            "Actions": [action.data for action in rule.actions],
            "IsDefault": False,
        }
        for rule in moved
    ]
    return _rules({"Rules": shown})


@repair("elbv2", "CreateListener", "ModifyListener", "DeleteListener", "CreateRule", "ModifyRule", "DeleteRule")
def review_after(call: Call, proceed: Proceed) -> Reply:
    """Target groups come into use, or fall out of it."""
    reply = proceed()
    present().elb.review(call.account, call.region)
    return reply


def _listeners(reply: Reply) -> Reply:
    for listener in reply["Listeners"]:
        listener["DefaultActions"] = [_action(each) for each in listener.get("DefaultActions", [])]
        if listener.get("Protocol") not in _SECURE:
            listener.pop("SslPolicy", None)
            listener.pop("Certificates", None)
    return reply


def _rules(reply: Reply) -> Reply:
    for rule in reply["Rules"]:
        rule["Actions"] = [_action(each) for each in rule.get("Actions", [])]
        rule["Conditions"] = [_condition(each) for each in rule.get("Conditions", [])]
    return reply


def _action(action: Reply) -> Reply:
    if action["Type"] == "forward":
        return _forward(action)
    if action["Type"] == "redirect":
        return {**action, "RedirectConfig": {**_REDIRECT, **action["RedirectConfig"]}}
    return action


def _forward(action: Reply) -> Reply:
    """A single target group stands in both places, whichever of them named it."""
    config = dict(action.get("ForwardConfig") or {})
    groups = config.get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]
    config["TargetGroups"] = [{"Weight": 1, **each} for each in groups]
    config.setdefault("TargetGroupStickinessConfig", {"Enabled": False})
    single = {"TargetGroupArn": groups[0]["TargetGroupArn"]} if len(groups) == 1 else {}
    return {**action, **single, "ForwardConfig": config}


def _condition(condition: Reply) -> Reply:
    """Paths and hosts stand in both places, whichever of them named them."""
    config = _MIRRORED.get(condition.get("Field", ""))
    if config is None:
        return condition
    values = condition.get("Values") or condition.get(config, {}).get("Values", [])
    return {**condition, "Values": values, config: {**condition.get(config, {}), "Values": values}}
