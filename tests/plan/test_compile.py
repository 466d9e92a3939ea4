"""What a plan compiles to, beyond the forum: the branches that a section can take."""

from __future__ import annotations

import pytest

from orchestrator.core.address import Address
from orchestrator.core.errors import PlanError
from orchestrator.core.resource import Resource
from orchestrator.core.values import Initial
from orchestrator.kinds.ec2.gateways import NatGateway
from orchestrator.kinds.ec2.routes import RouteTable
from orchestrator.kinds.ec2.security_groups import Rule, SecurityGroup
from orchestrator.kinds.ec2.vpc import Subnet
from orchestrator.kinds.elbv2.actions import Forward, Redirect
from orchestrator.kinds.elbv2.listeners import Https, Listener
from orchestrator.kinds.elbv2.rules import ListenerRule
from orchestrator.plan.compile import Compiled, Context, compile_plan
from tests.plan.conftest import SMALL, Load

CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/x"


def compiled(load: Load, text: str = SMALL, **context: object) -> Compiled:
    loaded = load(text)
    where = {"stack": loaded.stack, "account": "123456789012", "region": loaded.model.region, **context}
    return compile_plan(loaded.model, Context(**where))  # type: ignore[arg-type]


def by_address(found: Compiled) -> dict[str, Resource]:
    return {str(r.address): r for r in found.resources}


def test_one_nat_gateway_serves_all_zones_through_one_table(load: Load) -> None:
    found = by_address(compiled(load, SMALL.replace("network:", "network:\n  nat: [b]")))
    table, nat = found["route-table/private"], found["nat-gateway/b"]
    assert isinstance(table, RouteTable) and isinstance(nat, NatGateway)
    assert {str(s) for s in table.subnets} == {"${subnet/private-a.id}", "${subnet/private-b.id}"}
    assert str(nat.subnet) == "${subnet/public-b.id}"


def test_a_tier_without_internet_has_a_table_without_routes(load: Load) -> None:
    tier = "network:\n  nat: single\n  subnets:\n    database: {internet: none, zones: {a: 10.0.8.0/24}}"
    found = by_address(compiled(load, SMALL.replace("network:\n  subnets:", tier)))
    table = found["route-table/database"]
    assert isinstance(table, RouteTable) and table.routes == frozenset()


def test_a_nat_gateway_waits_for_the_way_out_of_its_subnet_because_aws_would_let_it_fail_later(load: Load) -> None:
    found = by_address(compiled(load, SMALL.replace("network:", "network:\n  nat: single")))
    assert found["nat-gateway/a"].after == {Address("internet-gateway", "main"), Address("route-table", "public")}


def test_security_groups_left_out_are_those_that_the_plan_takes_for_granted(load: Load) -> None:
    worker = "  mailer:\n    port: 9000\n"
    found = by_address(compiled(load, SMALL + worker))
    tasks = found["security-group/tasks"]
    assert isinstance(tasks, SecurityGroup)
    assert {str(r.peer): r.from_port for r in tasks.ingress} == {"${security-group/alb.id}": 8080, "self": 9000}


def test_rules_of_a_security_group_are_one_a_peer_and_range(load: Load) -> None:
    rule = "{ports: [8080, 9000-9010], from: [alb, 10.0.0.0/8]}"
    group = f"network:\n  security_groups: {{tasks: {{ingress: [{rule}], egress: []}}}}"
    tasks = by_address(compiled(load, SMALL.replace("network:", group)))["security-group/tasks"]
    assert isinstance(tasks, SecurityGroup)
    assert len(tasks.ingress) == 4
    assert Rule("10.0.0.0/8", "tcp", 9000, 9010) in tasks.ingress
    assert tasks.egress == frozenset()


def test_with_a_certificate_443_serves_and_80_redirects(load: Load) -> None:
    found = by_address(compiled(load, SMALL.replace("entry: {}", f"entry: {{certificate: '{CERTIFICATE}'}}")))
    https, http, rule = found["listener/https"], found["listener/http"], found["listener-rule/cart"]
    assert isinstance(https, Listener) and isinstance(http, Listener) and isinstance(rule, ListenerRule)
    assert isinstance(https.protocol, Https) and isinstance(http.default, Redirect)
    assert str(rule.listener) == "${listener/https.arn}"


def test_both_colours_are_in_the_rule_and_only_a_rollout_moves_their_weights(load: Load) -> None:
    rule = by_address(compiled(load))["listener-rule/cart"]
    assert isinstance(rule, ListenerRule) and isinstance(rule.action, Initial)
    assert isinstance(rule.action.value, Forward)
    weights = {str(t.group): t.weight for t in rule.action.value.targets}
    assert weights == {"${target-group/cart-blue.arn}": 100, "${target-group/cart-green.arn}": 0}


def test_a_worker_has_no_target_group_and_no_rule(load: Load) -> None:
    found = compiled(load, SMALL + "  mailer: {}\n")
    mailer = found.services[1]
    assert (mailer.rule, mailer.colours["blue"].target_group, mailer.colours["blue"].service.load_balancers) == (
        None,
        None,
        frozenset(),
    )


def test_a_service_with_permissions_has_a_role_of_its_own_so_that_the_others_do_not_get_them(load: Load) -> None:
    allowed = "    permissions: [{actions: ['s3:GetObject'], resources: ['arn:aws:s3:::media/*']}]\n"
    found = compiled(load, SMALL.replace("    paths", f"{allowed}    paths") + "  mailer: {}\n")
    roles = [str(s.task_definition.task_role) for s in found.services]
    assert roles == ["${role/cart-task.arn}", "${role/task.arn}"]


def test_the_execution_role_reads_exactly_the_secrets_that_containers_name(load: Load) -> None:
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"
    found = by_address(compiled(load, SMALL + f"    secrets: {{PASSWORD: '{secret}:password::'}}\n"))
    policy = found["role/execution"].inline["secrets"].value  # type: ignore[attr-defined]
    assert policy["Statement"] == [
        {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": [secret]}
    ]


def test_spot_tasks_use_a_capacity_strategy_that_their_cluster_has(load: Load) -> None:
    found = compiled(load, SMALL + "    capacity: FARGATE_SPOT\n")
    service = found.services[0].colours["blue"].service
    cluster = by_address(found)["cluster/main"]
    assert (service.launch_type, {c.provider for c in service.capacity or ()}) == (None, {"FARGATE_SPOT"})
    assert "FARGATE_SPOT" in cluster.providers  # type: ignore[attr-defined]


def test_the_request_metric_names_balancer_and_active_group(load: Load) -> None:
    scaling = SMALL + "    scaling: {min: 1, max: 4, requests: 1000}\n"
    blue = by_address(compiled(load, scaling))["scaling-policy/cart-blue-requests"]
    green = by_address(compiled(load, scaling, colours={"cart": "green"}))["scaling-policy/cart-green-requests"]
    assert str(blue.metric.label).endswith("/${target-group/cart-blue.full_name}")  # type: ignore[attr-defined]
    assert str(green.metric.label).endswith("/${target-group/cart-green.full_name}")  # type: ignore[attr-defined]


def test_the_plans_tags_are_on_everything_and_a_name_where_aws_shows_none(load: Load) -> None:
    found = by_address(compiled(load, "tags: {team: web}\n" + SMALL))
    assert found["vpc/main"].tags == {"Name": "shop-main", "team": "web"}
    assert found["repository/cart"].tags == {"team": "web"}


def test_a_zone_that_the_account_does_not_have_is_told_with_those_it_has(load: Load) -> None:
    with pytest.raises(PlanError, match="the account has no zone eu-west-1b, it has eu-west-1a, eu-west-1c"):
        compiled(load, zones=("eu-west-1a", "eu-west-1c"))


def test_zones_are_written_in_full_for_aws(load: Load) -> None:
    subnet = by_address(compiled(load))["subnet/public-b"]
    assert isinstance(subnet, Subnet) and subnet.zone == "eu-west-1b"


def test_a_plan_of_nothing_compiles_to_nothing(load: Load) -> None:
    assert compiled(load, "name: shop\nregion: eu-west-1\n").resources == ()
