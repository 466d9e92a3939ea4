"""What listeners and rules say is read back as it was meant, and rules make room for each other but for no stranger."""

from __future__ import annotations

import dataclasses as dc
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws import tags
from orchestrator.core.errors import Refused
from orchestrator.core.resource import Resource
from orchestrator.core.values import Initial
from orchestrator.kinds.catalogue import KINDS
from orchestrator.kinds.elbv2 import actions, conditions
from orchestrator.kinds.elbv2.actions import Action, FixedResponse, Forward, Redirect, Target
from orchestrator.kinds.elbv2.listeners import Https, Listener, ListenerKind
from orchestrator.kinds.elbv2.rules import ListenerRule, ListenerRuleKind
from orchestrator.kinds.elbv2.target_groups import TargetGroup
from orchestrator.kinds.scope import Scope
from orchestrator.reconcile.steps import Action as Does
from tests.contract.harness import Account
from tests.contract.life import planned

*ENTRY, RULE = ListenerRuleKind.example()
(LISTENER,) = (r for r in ENTRY if isinstance(r, Listener))
(BLUE, GREEN) = (r for r in ENTRY if isinstance(r, TargetGroup))


def rule(name: str, priority: int, path: str = "/x", action: Action | Initial[Action] | None = None) -> ListenerRule:
    return ListenerRule(
        name=name,
        listener=LISTENER.out(),
        priority=priority,
        conditions=frozenset({conditions.paths(path)}),
        action=action or FixedResponse("503"),
    )


def priorities(account: Account) -> dict[str, str]:
    """The path of each rule on the listener by its priority, as AWS has them."""
    elbv2 = account.aws.client("elbv2")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    (listener,) = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    found = elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    return {r["Priority"]: path_of(r) for r in found if not r["IsDefault"]}


def path_of(described: Any) -> str:
    (condition,) = described["Conditions"]
    return str(condition["PathPatternConfig"]["Values"][0])


def arn_of(account: Account, among: list[Resource], resource: Resource) -> str:
    live = account.find(among, resource.address)
    assert live is not None
    return str(live.outputs["arn"])


@pytest.mark.parametrize(
    "action",
    [
        Forward(frozenset({Target("tg-a", 90), Target("tg-b", 10)}), sticky_seconds=60),
        Forward(frozenset({Target("tg-a")})),
        FixedResponse("404", "not found"),
        FixedResponse("204"),
        Redirect(protocol="HTTPS", port="443"),
        Redirect(host="example.com", path="/moved", query="", status="HTTP_302"),
    ],
)
def test_an_action_is_read_back_as_it_was_said(action: Action) -> None:
    assert actions.parse(actions.render(action)) == action


def test_a_lone_target_group_means_the_same_in_both_of_awss_spellings() -> None:
    short = {"Type": "forward", "TargetGroupArn": "tg-a"}
    config = {
        "TargetGroups": [{"TargetGroupArn": "tg-a", "Weight": 1}],
        "TargetGroupStickinessConfig": {"Enabled": False},
    }
    assert actions.parse([short]) == actions.parse([{**short, "Order": 1, "ForwardConfig": config}])
    assert actions.parse([short]) == Forward(frozenset({Target("tg-a")}))


def test_the_order_in_which_aws_lists_target_groups_means_nothing() -> None:
    groups = [{"TargetGroupArn": "tg-a", "Weight": 90}, {"TargetGroupArn": "tg-b", "Weight": 10}]
    forward, backward = ([{"Type": "forward", "ForwardConfig": {"TargetGroups": g}}] for g in (groups, groups[::-1]))
    assert actions.parse(forward) == actions.parse(backward)


def test_an_action_that_no_plan_can_say_differs_from_all_that_plans_say() -> None:
    login = {"Type": "authenticate-oidc", "Order": 1}
    answer = {"Type": "fixed-response", "Order": 2, "FixedResponseConfig": {"StatusCode": "404"}}
    assert actions.parse([login, answer]) != FixedResponse("404")


@pytest.mark.parametrize(
    "condition",
    [
        conditions.paths("/api/*", "/v2/*"),
        conditions.hosts("forum.example.com"),
        conditions.header("X-Test", "yes", "no"),
        conditions.Condition("query-string", frozenset({"version=2", "beta"})),
        conditions.Condition("source-ip", frozenset({"10.0.0.0/8"})),
        conditions.Condition("http-request-method", frozenset({"GET", "HEAD"})),
    ],
)
def test_a_condition_is_read_back_as_it_was_said(condition: conditions.Condition) -> None:
    assert conditions.parse(conditions.render([condition])) == {condition}


def test_a_path_is_known_where_aws_gives_it_without_its_configuration() -> None:
    assert conditions.parse([{"Field": "path-pattern", "Values": ["/a"]}]) == {conditions.paths("/a")}


def test_a_regular_expression_is_not_mistaken_for_a_pattern() -> None:
    written = [{"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["/a"]}}]
    assert conditions.parse(written) != {conditions.paths("/a")}


def test_a_listener_moves_to_https_and_back(account: Account) -> None:
    certificate = account.aws.client("iam").upload_server_certificate(
        ServerCertificateName="entry", CertificateBody="body", PrivateKey="key"
    )["ServerCertificateMetadata"]["Arn"]
    *needed, listener = ListenerKind.example()
    account.apply([*needed, listener])
    secured = [*needed, dc.replace(listener, protocol=Https(certificate))]
    assert planned(account.plan(secured)) == [("listener/http", Does.UPDATE, frozenset({"protocol"}))]
    account.apply(secured)
    assert account.plan(secured).empty
    account.apply([*needed, listener])
    assert account.plan([*needed, listener]).empty


def test_two_rules_can_swap_their_priorities(account: Account) -> None:
    account.apply([*ENTRY, rule("a", 10, "/a"), rule("b", 20, "/b")])
    swapped = [*ENTRY, rule("a", 20, "/a"), rule("b", 10, "/b")]
    account.apply(swapped)
    assert priorities(account) == {"20": "/a", "10": "/b"}
    assert account.plan(swapped).empty


def test_a_new_rule_gets_its_priority_from_one_that_is_about_to_go(account: Account) -> None:
    before = [*ENTRY, rule("old", 10, "/old")]
    account.apply(before)
    account.create(rule("new", 10, "/new"), account.observe(before))
    assert priorities(account) == {"10": "/new", "50000": "/old"}


def test_a_rule_that_is_created_again_because_the_reply_was_lost_is_the_one_that_is_there(account: Account) -> None:
    account.apply(ENTRY)
    (_, first), (_, again) = (account.create(rule("new", 10, "/new"), account.observe(ENTRY)) for _ in range(2))
    assert again["RuleArn"] == first["RuleArn"]
    assert priorities(account) == {"10": "/new"}


def test_a_strangers_rule_is_neither_reported_nor_pushed_aside(account: Account) -> None:
    account.apply(ENTRY)
    listener = arn_of(account, ENTRY, LISTENER)
    condition = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/theirs"]}}
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    account.aws.client("elbv2").create_rule(ListenerArn=listener, Priority=10, Conditions=[condition], Actions=[answer])
    assert account.plan(ENTRY).empty
    assert [live for live in account.observe([*ENTRY, RULE]) if live.address.kind == "listener-rule"] == []
    with pytest.raises(Refused, match=r"listener-rule/ours: priority 10 is held by arn:\S+, which is not this stack's"):
        account.apply([*ENTRY, rule("ours", 10)])
    assert priorities(account) == {"10": "/theirs"}


def test_weights_that_a_rollout_has_moved_are_shown_and_left_alone(account: Account) -> None:
    forward: Action = Forward(frozenset({Target(BLUE.out(), 100), Target(GREEN.out(), 0)}))
    wanted = [*ENTRY, rule("posts", 10, "/posts", Initial(forward, "a rollout"))]
    account.apply(wanted)
    blue, green = (arn_of(account, wanted, group) for group in (BLUE, GREEN))
    moved = actions.render(Forward(frozenset({Target(blue, 0), Target(green, 100)})))
    account.aws.client("elbv2").modify_rule(RuleArn=arn_of(account, wanted, wanted[-1]), Actions=moved)
    plan = account.plan(wanted)
    assert plan.empty
    assert [f.owner for step in plan.steps for f in step.foreign] == ["a rollout"]


def test_other_fields_of_a_rule_change_without_touching_its_weights(account: Account) -> None:
    forward: Action = Forward(frozenset({Target(BLUE.out(), 100), Target(GREEN.out(), 0)}))
    wanted = rule("posts", 10, "/posts", Initial(forward, "a rollout"))
    account.apply([*ENTRY, wanted])
    account.aws.sent.clear()
    account.apply([*ENTRY, dc.replace(wanted, conditions=frozenset({conditions.paths("/other")}))])
    (sent,) = (call for call in account.aws.sent if call.operation == "ModifyRule")
    assert sent.params.keys() == {"RuleArn", "Conditions"}


def test_a_target_group_that_goes_while_it_is_looked_at_is_not_there(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.apply([ENTRY[0], BLUE, GREEN])
    doomed = arn_of(account, [ENTRY[0], BLUE, GREEN], BLUE)
    client = account.reader.client("elbv2")
    told = client.describe_target_group_attributes

    def then_gone(**params: Any) -> Any:
        account.aws.client("elbv2").delete_target_group(TargetGroupArn=doomed)
        return told(**params)

    monkeypatch.setattr(client, "describe_target_group_attributes", then_gone)
    scope = Scope(account.stack, [BLUE, GREEN])
    assert [live.address for live in KINDS["target-group"].observe(account.reader, scope)] == [GREEN.address]


def test_rules_of_a_listener_that_another_stack_shares_are_found_by_its_arn(account: Account) -> None:
    shared = account.beside("shared")
    shared.apply(ENTRY)
    listener = arn_of(shared, ENTRY, LISTENER)
    ours = dc.replace(rule("ours", 30, "/ours"), listener=listener)
    account.apply([ours])
    assert account.plan([ours]).empty


def test_tags_of_what_the_index_still_lists_though_it_is_gone_cost_no_more_than_a_call(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = [*ENTRY, BLUE, GREEN, *(rule(f"r{n}", 10 + n, f"/{n}") for n in range(5))]
    account.apply(system)
    gone = arn_of(account, system, system[-1])
    account.aws.client("elbv2").delete_rule(RuleArn=gone)
    listed = Scope(account.stack, system).index(account.reader)
    stale = {**listed, gone: tags.ownership(account.stack, system[-1].address, "1")}
    monkeypatch.setattr(Scope, "index", lambda *_: stale)
    client = account.reader.client("elbv2")
    tell, asked = client.describe_tags, []

    def as_aws_does(**params: Any) -> Any:
        asked.append(params["ResourceArns"])
        if gone in params["ResourceArns"]:
            raise ClientError({"Error": {"Code": "RuleNotFound", "Message": f"'{gone}' not found"}}, "DescribeTags")
        return tell(**params)

    monkeypatch.setattr(client, "describe_tags", as_aws_does)
    (step,) = account.plan(system).changes
    assert (step.action, step.address) == (Does.CREATE, system[-1].address)
    assert [gone in arns for arns in asked] == [True, False]
