"""Security group rules: a description belongs to every kind of peer, and tells no two rules apart."""

from __future__ import annotations

from functools import wraps
from typing import Any

from moto.ec2.models.security_groups import SecurityGroupRule

from orchestrator.sandbox.repairs.ec2_network import canonical, ec2
from orchestrator.sandbox.repairs.operations import AwsError, Call, Proceed, Reply, repair

_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}


def _identity(rule: Any) -> tuple[Any, ...]:
    ports = (None, None) if rule.ip_protocol == "-1" else (rule.from_port, rule.to_port)
    peer = (rule.cidr_ipv4, rule.cidr_ipv6, rule.source_group.get("GroupId"), rule.prefix_list_id)
    return rule.ip_protocol, *ports, *peer


def _description(rule: Any) -> str | None:
    found: str | None = _peer(rule).get("Description")
    return found


def _peer(rule: Any) -> dict[str, Any]:
    """Where a rule keeps its description: with its peer, as IpPermissions show it."""
    peer: dict[str, Any] = rule.source_group or rule.ip_range or vars(rule).setdefault("prefix_list", {})
    return peer


def _descriptions_kept() -> None:
    """Moto keeps a description for CIDR peers only, and takes equal rules with other descriptions for different."""
    original = SecurityGroupRule.__init__

    @wraps(original)
    def create(self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        self.prefix_list = dict(named.get("prefix_list_id") or (arguments[7] if len(arguments) > 7 else None) or {})

    SecurityGroupRule.__init__ = create
    SecurityGroupRule.__eq__ = lambda self, other: _identity(self) == _identity(other)
    SecurityGroupRule.description = property(_description)
    SecurityGroupRule.group_owner_id = property(lambda rule: rule.ec2_backend.account_id)
    SecurityGroupRule.security_group_rule_arn = property(_rule_arn)


def _rule_arn(rule: Any) -> str:
    backend = rule.ec2_backend
    return f"arn:{backend.partition}:ec2:{backend.region_name}:{backend.account_id}:security-group-rule/{rule.id}"


_descriptions_kept()


@repair("ec2", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
@repair("ec2", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress")
def canonical_peers(call: Call, proceed: Proceed) -> Reply:
    """A rule's CIDR is stored as a network address, however it was typed."""
    for permission in (call.params, *call.params.get("IpPermissions", ())):
        for holder in (permission, *permission.get("IpRanges", ()), *permission.get("Ipv6Ranges", ())):
            for name in ("CidrIp", "CidrIpv6"):
                if name in holder:
                    holder[name] = canonical(holder[name])
    return proceed()


@repair("ec2", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
def all_or_nothing(call: Call, proceed: Proceed) -> Reply:
    """A refused call adds nothing, and the answer names every rule added; moto does it permission by permission."""
    group = ec2(call).get_security_group_by_name_or_id(call.params.get("GroupId") or call.params.get("GroupName"))
    if group is None:
        return proceed()
    rules = f"{'egress' if call.operation.endswith('Egress') else 'ingress'}_rules"
    before = list(getattr(group, rules))
    try:
        reply = proceed()
    except AwsError:
        setattr(group, rules, before)
        raise
    old = {rule.id for rule in before}
    reply["SecurityGroupRules"] = [_shown(rule) for rule in getattr(group, rules) if rule.id not in old]
    return reply


def _shown(rule: Any) -> Reply:
    unbounded = rule.ip_protocol == "-1"
    shown = {
        "SecurityGroupRuleId": rule.id,
        "SecurityGroupRuleArn": rule.security_group_rule_arn,
        "GroupId": rule.group_id,
        "GroupOwnerId": rule.group_owner_id,
        "IsEgress": rule.is_egress,
        "IpProtocol": rule.ip_protocol,
        "FromPort": -1 if unbounded else rule.from_port,
        "ToPort": -1 if unbounded else rule.to_port,
        "CidrIpv4": rule.cidr_ipv4,
        "CidrIpv6": rule.cidr_ipv6,
        "PrefixListId": rule.prefix_list_id,
        "ReferencedGroupInfo": rule.referenced_group_info,
        "Description": rule.description,
        "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in rule.get_tags()],
    }
    return {name: value for name, value in shown.items() if value is not None}


def _rule(call: Call, id: str) -> Any:
    for group in ec2(call).describe_security_groups(group_ids=[call.params["GroupId"]]):
        for rule in (*group.ingress_rules, *group.egress_rules):
            if rule.id == id:
                return rule
    raise AwsError("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{id}' does not exist")


@repair("ec2", "ModifySecurityGroupRules")
def every_peer_can_change(call: Call, proceed: Proceed) -> Reply:
    """Moto changes IPv4 peers only and leaves the others as they were."""
    proceed()
    for each in call.params["SecurityGroupRules"]:
        rule, asked = _rule(call, each["SecurityGroupRuleId"]), each["SecurityGroupRule"]
        protocol = str(asked["IpProtocol"]).lower()
        rule.ip_protocol = _PROTOCOLS.get(protocol, protocol)
        description = {"Description": asked["Description"]} if "Description" in asked else {}
        rule.ip_range, rule.source_group, rule.prefix_list_id, rule.prefix_list = {}, {}, None, {}
        if "ReferencedGroupId" in asked:
            rule.source_group = {"GroupId": asked["ReferencedGroupId"], "UserId": call.account, **description}
        elif "PrefixListId" in asked:
            rule.prefix_list_id, rule.prefix_list = asked["PrefixListId"], description
        else:
            name, key = ("CidrIpv6", "CidrIpv6") if "CidrIpv6" in asked else ("CidrIp", "CidrIpv4")
            rule.ip_range = {name: canonical(asked[key]), **description}
    return {"Return": True}


@repair("ec2", "UpdateSecurityGroupRuleDescriptionsIngress", "UpdateSecurityGroupRuleDescriptionsEgress")
def described_anew(call: Call, proceed: Proceed) -> Reply:
    """Moto ignores descriptions that are given by rule id, and keeps the old where none is given."""
    if "IpPermissions" in call.params:
        proceed()
        _forget_omitted(call)
    for each in call.params.get("SecurityGroupRuleDescriptions", ()):
        _peer(_rule(call, each["SecurityGroupRuleId"]))["Description"] = each.get("Description")
    return {"Return": True}


def _forget_omitted(call: Call) -> None:
    group = ec2(call).get_security_group_by_name_or_id(call.params.get("GroupId") or call.params.get("GroupName"))
    omitted = [
        (permission.get("FromPort"), permission.get("ToPort"), peer)
        for permission in call.params["IpPermissions"]
        for peers in permission.values()
        if isinstance(peers, list)
        for peer in peers
        if not peer.get("Description")
    ]
    for rule in group.egress_rules if call.operation.endswith("Egress") else group.ingress_rules:
        known = (rule.cidr_ipv4, rule.cidr_ipv6, rule.source_group.get("GroupId"), rule.prefix_list_id)
        for first, last, peer in omitted:
            if (first, last) == (rule.from_port, rule.to_port) and set(peer.values()) & set(filter(None, known)):
                _peer(rule).pop("Description", None)
