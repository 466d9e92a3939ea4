"""Security groups: the same rule said in two ways, and rules that hold each other."""

from __future__ import annotations

import dataclasses as dc

from orchestrator.kinds.ec2.security_groups import EVERYWHERE, SELF, Rule, SecurityGroup, SecurityGroupKind
from orchestrator.kinds.ec2.vpc import Vpc
from orchestrator.reconcile.steps import Action
from tests.contract.harness import Account
from tests.contract.life import planned

VPC = Vpc(name="main", cidr="10.0.0.0/16")
WEB = SecurityGroup(name="web", vpc=VPC.out(), ingress=frozenset({Rule("0.0.0.0/0", "tcp", 80, 80)}))


def group_id(account: Account, name: str = "web") -> str:
    return next(str(x.outputs["id"]) for x in account.observe([VPC, WEB]) if x.address.name == name)


def written(account: Account) -> list[str]:
    return [call.operation for call in account.aws.sent if not call.reads]


def test_two_ways_to_say_a_rule_are_one_rule() -> None:
    assert Rule("10.0.0.7/16", "6", 80, 80) == Rule("10.0.0.0/16", "tcp", 80, 80)
    assert Rule("0.0.0.0/0", "all", 0, 65535) == Rule("0.0.0.0/0", "-1")
    assert Rule("2001:DB8::1/32", "TCP", 80, 80) == Rule("2001:db8::/32", "tcp", 80, 80)


def test_what_ec2_has_merged_by_ports_is_taken_apart_again() -> None:
    merged = {
        "GroupId": "sg-1",
        "IpPermissions": [
            {
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "IpRanges": [{"CidrIp": "10.0.0.0/16"}, {"CidrIp": "10.1.0.0/16", "Description": "office"}],
                "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}],
                "UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "1"}, {"GroupId": "sg-2", "UserId": "1"}],
                "PrefixListIds": [{"PrefixListId": "pl-1"}],
            }
        ],
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    }
    group = SecurityGroupKind().parse("web", {}, merged, {})
    peers = ("10.0.0.0/16", "2001:db8::/32", SELF, "sg-2", "pl-1")
    office = Rule("10.1.0.0/16", "tcp", 443, 443, "office")
    assert group.ingress == {Rule(peer, "tcp", 443, 443) for peer in peers} | {office}
    assert group.egress == {EVERYWHERE}


def test_what_a_new_group_may_reach_is_only_what_was_asked_for(account: Account) -> None:
    closed = SecurityGroup(name="web", vpc=VPC.out(), egress=frozenset())
    account.apply([VPC, closed])
    found = account.aws.client("ec2").describe_security_groups(GroupIds=[group_id(account)])["SecurityGroups"][0]
    assert found["IpPermissionsEgress"] == []


def test_a_new_rule_is_authorised_before_the_old_one_is_revoked(account: Account) -> None:
    account.apply([VPC, WEB])
    account.aws.sent.clear()
    account.apply([VPC, dc.replace(WEB, ingress=frozenset({Rule("0.0.0.0/0", "tcp", 443, 443)}))])
    assert written(account) == ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"]


def test_a_rule_in_other_words_is_reworded_and_never_revoked(account: Account) -> None:
    account.apply([VPC, WEB])
    account.aws.sent.clear()
    reworded = dc.replace(WEB, ingress=frozenset({Rule("0.0.0.0/0", "tcp", 80, 80, "everybody")}))
    account.apply([VPC, reworded])
    assert account.plan([VPC, reworded]).empty
    assert written(account) == ["UpdateSecurityGroupRuleDescriptionsIngress"]


def test_a_rule_that_somebody_added_is_drift_and_taken_back(account: Account) -> None:
    account.apply([VPC, WEB])
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    account.aws.client("ec2").authorize_security_group_ingress(GroupId=group_id(account), IpPermissions=[ssh])
    assert planned(account.plan([VPC, WEB])) == [("security-group/web", Action.UPDATE, frozenset({"ingress"}))]
    account.apply([VPC, WEB])
    assert account.plan([VPC, WEB]).empty


def test_another_description_is_no_reason_to_move_everything_that_wears_the_group(account: Account) -> None:
    account.apply([VPC, WEB])
    assert account.plan([VPC, dc.replace(WEB, description="Another")]).empty


def test_groups_that_name_each_other_can_both_be_deleted(account: Account) -> None:
    tasks = SecurityGroup(name="tasks", vpc=VPC.out(), ingress=frozenset({Rule(WEB.out(), "tcp", 3000, 3000)}))
    account.apply([VPC, WEB, tasks])
    back = {
        "IpProtocol": "tcp",
        "FromPort": 1,
        "ToPort": 1,
        "UserIdGroupPairs": [{"GroupId": group_id(account, "tasks")}],
    }
    account.aws.client("ec2").authorize_security_group_ingress(GroupId=group_id(account), IpPermissions=[back])
    everything = [VPC, WEB, tasks]
    lives = {live.address: live for live in account.observe(everything)}
    kind = SecurityGroupKind()
    for group in (WEB, tasks, WEB):
        try:
            kind.delete(account.aws, lives[group.address])
        except Exception as error:
            assert "DependencyViolation" in str(error)
    assert [live.address for live in account.observe(everything)] == [VPC.address]


def test_a_rule_by_which_old_tasks_still_serve_goes_only_after_they_have(account: Account) -> None:
    account.apply([VPC, WEB])
    moved = dc.replace(WEB, ingress=frozenset({Rule("0.0.0.0/0", "tcp", 8080, 8080)}))
    plan, applier = account.plan([VPC, moved]), account.applier()
    converged = applier.converge(plan)
    (both,) = (x.resource for x in account.observe([moved]))
    assert both.ingress == WEB.ingress | moved.ingress
    assert applier.prune(plan, converged).ok
    assert account.plan([VPC, moved]).empty


def test_a_rule_in_other_words_is_not_kept_beside_itself(account: Account) -> None:
    worded = dc.replace(WEB, ingress=frozenset({Rule("0.0.0.0/0", "tcp", 80, 80, "requests")}))
    account.apply([VPC, WEB])
    plan = account.plan([VPC, worded])
    assert account.applier().converge(plan).ok
    assert account.plan([VPC, worded]).empty


def test_rules_that_are_partly_there_already_are_completed(account: Account) -> None:
    account.apply([VPC, WEB])
    more = dc.replace(
        WEB, ingress=WEB.ingress | {Rule("10.0.0.0/16", "tcp", 22, 22), Rule("10.0.0.0/16", "tcp", 23, 23)}
    )
    (stale,) = account.observe([WEB])
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
    account.aws.client("ec2").authorize_security_group_ingress(GroupId=group_id(account), IpPermissions=[ssh])
    account.apply([VPC, more], [*account.observe([VPC]), stale])
    assert account.plan([VPC, more]).empty
