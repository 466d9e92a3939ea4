"""Security group rules as AWS answers; each of these fails on moto alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError


@dataclass
class Groups:
    ec2: Any
    tasks: str
    balancer: str

    def allow(self, *permissions):
        return self.ec2.authorize_security_group_ingress(GroupId=self.tasks, IpPermissions=list(permissions))[
            "SecurityGroupRules"
        ]

    def rules(self):
        found = self.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [self.tasks]}])
        return [rule for rule in found["SecurityGroupRules"] if not rule["IsEgress"]]

    def from_balancer(self, port=3000, **more):
        peer = {"GroupId": self.balancer, **more}
        return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": [peer]}


def from_range(cidr, port=443, **more):
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr, **more}]}


@pytest.fixture
def groups(aws):
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ids = [ec2.create_security_group(GroupName=n, Description=n, VpcId=vpc)["GroupId"] for n in ("tasks", "alb")]
    return Groups(ec2, *ids)


def test_the_description_of_a_rule_for_a_group_is_kept(groups):
    answered = groups.allow(groups.from_balancer(Description="from the balancer"))
    assert answered[0]["Description"] == groups.rules()[0]["Description"] == "from the balancer"


def test_the_description_of_a_rule_for_a_prefix_list_is_kept(groups):
    prefix_list = groups.ec2.describe_managed_prefix_lists()["PrefixLists"][0]["PrefixListId"]
    peer = {"PrefixListId": prefix_list, "Description": "to S3"}
    groups.allow({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [peer]})
    assert groups.rules()[0]["Description"] == "to S3"


def test_a_rule_tells_its_arn_and_whose_group_it_is_in(groups):
    rule = groups.allow(from_range("10.0.0.0/16"))[0]
    assert rule["SecurityGroupRuleArn"].endswith(f":security-group-rule/{rule['SecurityGroupRuleId']}")
    assert groups.rules()[0]["GroupOwnerId"] == rule["GroupOwnerId"]


def test_a_range_with_host_bits_is_stored_as_the_network_address(groups):
    groups.allow(from_range("10.1.2.3/16"))
    assert groups.rules()[0]["CidrIpv4"] == "10.1.0.0/16"


def test_a_range_is_revoked_however_its_host_bits_were_typed(groups):
    groups.allow(from_range("10.1.2.3/16"))
    groups.ec2.revoke_security_group_ingress(GroupId=groups.tasks, IpPermissions=[from_range("10.1.9.9/16")])
    assert groups.rules() == []


@pytest.mark.parametrize("first", ["", "other words"])
def test_a_rule_with_another_description_is_still_a_duplicate(groups, first):
    groups.allow(groups.from_balancer(Description=first))
    with pytest.raises(ClientError, match=r"InvalidPermission\.Duplicate"):
        groups.allow(groups.from_balancer(Description="words"))


def test_the_answer_names_every_rule_that_was_added(groups):
    answered = groups.allow(from_range("10.0.0.0/16"), groups.from_balancer())
    assert {rule["SecurityGroupRuleId"] for rule in answered} == {
        rule["SecurityGroupRuleId"] for rule in groups.rules()
    }


def test_a_refused_call_adds_none_of_its_rules(groups):
    groups.allow(from_range("10.0.0.0/16"))
    with pytest.raises(ClientError, match=r"InvalidPermission\.Duplicate"):
        groups.allow(groups.from_balancer(), from_range("10.0.0.0/16"))
    assert len(groups.rules()) == 1


def test_a_rule_is_modified_to_another_kind_of_peer_fields(groups):
    rule = groups.allow(groups.from_balancer())[0]["SecurityGroupRuleId"]
    asked = {
        "IpProtocol": "6", "FromPort": 8080, "ToPort": 8080,
        "ReferencedGroupId": groups.tasks, "Description": "among themselves",
    }  # fmt: skip
    groups.ec2.modify_security_group_rules(
        GroupId=groups.tasks, SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": asked}]
    )
    changed = groups.rules()[0]
    assert (changed["IpProtocol"], changed["FromPort"], changed["Description"]) == ("tcp", 8080, "among themselves")
    assert changed["ReferencedGroupInfo"]["GroupId"] == groups.tasks


def test_a_description_is_updated_by_the_rules_id(groups):
    rule = groups.allow(groups.from_balancer(Description="old"))[0]["SecurityGroupRuleId"]
    groups.ec2.update_security_group_rule_descriptions_ingress(
        GroupId=groups.tasks,
        SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": rule, "Description": "new"}],
    )
    assert groups.rules()[0]["Description"] == "new"


def test_a_description_that_an_update_leaves_out_is_removed(groups):
    groups.allow(groups.from_balancer(Description="old"))
    groups.ec2.update_security_group_rule_descriptions_ingress(
        GroupId=groups.tasks, IpPermissions=[groups.from_balancer()]
    )
    assert "Description" not in groups.rules()[0]


def test_a_description_that_is_left_out_is_taken_away(groups):
    groups.allow(groups.from_balancer(Description="old"))
    groups.ec2.update_security_group_rule_descriptions_ingress(
        GroupId=groups.tasks, IpPermissions=[groups.from_balancer()]
    )
    assert "Description" not in groups.rules()[0]
