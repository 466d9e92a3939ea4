"""Security groups and their rules, compared rule by rule however EC2 has grouped them."""

from __future__ import annotations

import dataclasses as dc
import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import ErrorClass, classify, unless_gone
from orchestrator.core.address import Address
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import Link, Ref
from orchestrator.kinds.base import Actions, Item
from orchestrator.kinds.ec2.base import Ec2Kind
from orchestrator.kinds.ec2.vpc import Vpc

SELF = "self"
"""The peer that is the group itself: a group cannot refer to its own id before it has one."""

_PROTOCOLS: Mapping[str, str] = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}

# Where EC2 lists peers of each sort, and the key that holds the peer.
_PEERS: tuple[tuple[str, str], ...] = (
    ("IpRanges", "CidrIp"),
    ("Ipv6Ranges", "CidrIpv6"),
    ("UserIdGroupPairs", "GroupId"),
    ("PrefixListIds", "PrefixListId"),
)


@dc.dataclass(frozen=True)
class Rule:
    """One permission for one peer: a CIDR range, a security group, a prefix list, or ``SELF``.

    It is kept as EC2 writes it, so that two ways to say the same are equal: protocols by name, no ports where
    everything is allowed, ranges without host bits.
    """

    peer: Link[SecurityGroup]
    protocol: str = "tcp"
    from_port: int | None = None
    to_port: int | None = None
    description: str = ""

    def __post_init__(self) -> None:
        protocol = _PROTOCOLS.get(str(self.protocol).lower(), str(self.protocol).lower())
        object.__setattr__(self, "protocol", protocol)
        if protocol == "-1":
            object.__setattr__(self, "from_port", None)
            object.__setattr__(self, "to_port", None)
        if isinstance(self.peer, str) and "/" in self.peer:
            object.__setattr__(self, "peer", str(ipaddress.ip_network(self.peer, strict=False)))

    @property
    def bare(self) -> Rule:
        """The rule without its description, which is what EC2 tells rules apart by."""
        return dc.replace(self, description="")

    def __str__(self) -> str:
        ports = "" if self.from_port is None else f" {self.from_port}"
        ports += "" if self.to_port == self.from_port else f"-{self.to_port}"
        return f"{'all' if self.protocol == '-1' else self.protocol}{ports} {self.peer}"


EVERYWHERE = Rule("0.0.0.0/0", "-1")
"""What EC2 allows a new group to reach."""


@dc.dataclass(frozen=True, kw_only=True)
class SecurityGroup(Resource):
    """A security group with all its rules.

    AWS cannot change a description, and replacing a group means moving everything that wears it: so the description
    is given at creation and not compared afterwards.
    """

    kind: ClassVar[str] = "security-group"
    vpc: Link[Vpc] = attr("VpcId", immutable=True)
    description: str = "Managed by orchestrator"
    ingress: frozenset[Rule] = attr(default=frozenset())
    egress: frozenset[Rule] = attr(default=frozenset({EVERYWHERE}))


class SecurityGroupKind(Ec2Kind[SecurityGroup]):
    """New rules are authorised before old ones are revoked, so that what both allow is never cut off."""

    resource = SecurityGroup
    find = ("describe_security_groups", "SecurityGroups")
    outputs: ClassVar[Mapping[str, str]] = {"id": "GroupId"}
    actions = Actions(
        read=("ec2:DescribeSecurityGroups",),
        create=(
            "ec2:CreateSecurityGroup",
            "ec2:CreateTags",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupEgress",
        ),
        update=(
            "ec2:CreateTags",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
            "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
        ),
        delete=("ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress", "ec2:DeleteSecurityGroup"),
    )
    arns: ClassVar[Mapping[str, str]] = {"ec2:security-group": "security-group/*"}
    deadline = 1200.0  # network interfaces of load balancers and endpoints linger, and wear it

    def parse(self, name: str, found: Mapping[str, str], item: Item, extra: Mapping[str, Any]) -> SecurityGroup:
        """EC2 merges rules by protocol and ports; each peer is a rule of its own here."""
        rules = {
            "ingress": frozenset(_atoms(item.get("IpPermissions") or (), item["GroupId"])),
            "egress": frozenset(_atoms(item.get("IpPermissionsEgress") or (), item["GroupId"])),
        }
        return super().parse(name, found, item, {**extra, **rules})

    def widened(self, want: SecurityGroup, live: Live[SecurityGroup]) -> SecurityGroup:
        """With the rules that it has: tasks of the release before still serve by them."""
        ingress, egress = _either(want.ingress, live.resource.ingress), _either(want.egress, live.resource.egress)
        if (ingress, egress) == (want.ingress, want.egress):
            return want
        return dc.replace(want, ingress=ingress, egress=egress)

    def create(self, aws: Aws, want: SecurityGroup) -> Item:
        """With the one rule that every new group has."""
        made: Item = aws.client("ec2").create_security_group(
            GroupName=f"{want.tags[tags.STACK]}-{want.name}",
            Description=want.description,
            VpcId=want.vpc,
            TagSpecifications=tags.specification("security-group", want.tags),
        )
        return made

    def complete(self, aws: Aws, want: SecurityGroup, item: Item) -> None:
        """Exchange the rule that every new group has for those that are wanted."""
        self._set_rules(aws, item["GroupId"], "ingress", want.ingress, frozenset())
        self._set_rules(aws, item["GroupId"], "egress", want.egress, frozenset({EVERYWHERE}))

    def update(self, aws: Aws, want: SecurityGroup, live: Live[SecurityGroup], changed: frozenset[str]) -> None:
        """Rules and tags."""
        self.retag(aws, want, live, changed)
        for side in ("ingress", "egress"):
            if side in changed:
                self._set_rules(aws, live.outputs["id"], side, getattr(want, side), getattr(live.resource, side))

    def delete(self, aws: Aws, live: Live[SecurityGroup]) -> None:
        """Take back first what it says of other groups: two groups that name each other hold each other."""
        group = live.outputs["id"]
        for side in ("ingress", "egress"):
            named = frozenset(r for r in getattr(live.resource, side) if str(r.peer).startswith("sg-"))
            self._set_rules(aws, group, side, frozenset(), named)
        aws.client("ec2").delete_security_group(GroupId=group)

    def _set_rules(self, aws: Aws, group: str, side: str, want: frozenset[Rule], have: frozenset[Rule]) -> None:
        ec2 = aws.client("ec2")
        wanted, present = {r.bare: r for r in want}, {r.bare: r for r in have}
        new = [wanted[bare] for bare in wanted.keys() - present.keys()]
        old = [present[bare] for bare in present.keys() - wanted.keys()]
        reworded = [wanted[bare] for bare in wanted.keys() & present.keys() if wanted[bare] != present[bare]]
        if new:
            self._authorize(aws, group, side, new)
        if reworded:
            call = getattr(ec2, f"update_security_group_rule_descriptions_{side}")
            call(GroupId=group, IpPermissions=_permissions(reworded, group))
        if old:
            call = getattr(ec2, f"revoke_security_group_{side}")
            permissions = _permissions([rule.bare for rule in old], group)
            unless_gone(lambda: call(GroupId=group, IpPermissions=permissions))  # InvalidPermission.NotFound

    def _authorize(self, aws: Aws, group: str, side: str, new: list[Rule]) -> None:
        """One rule that is there already (InvalidPermission.Duplicate) fails the call for all: then one by one."""
        call = getattr(aws.client("ec2"), f"authorize_security_group_{side}")
        try:
            call(GroupId=group, IpPermissions=_permissions(new, group))
        except Exception as error:
            if classify(error) is not ErrorClass.EXISTS:
                raise
            if len(new) > 1:
                for rule in new:
                    self._authorize(aws, group, side, [rule])

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """Tasks that only the load balancer and each other may reach."""
        vpc = Vpc(name="main", cidr="10.0.0.0/16")
        alb = SecurityGroup(name="alb", vpc=vpc.out(), ingress=frozenset({Rule("0.0.0.0/0", "tcp", 80, 80)}))
        ingress = {
            Rule(alb.out(), "tcp", 3000, 3000, "requests"),
            Rule(SELF, "tcp", 3000, 3001),
            Rule("10.0.0.0/16", "icmp", -1, -1),
        }
        egress = frozenset({Rule("10.0.0.9/16", "tcp", 443, 443, "endpoints")})
        return [vpc, alb, SecurityGroup(name="tasks", vpc=vpc.out(), ingress=frozenset(ingress), egress=egress)]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Rules in other words, one less and one more."""
        alb: Ref[SecurityGroup] = Ref(Address(SecurityGroup.kind, "alb"))
        ingress = {Rule(alb, "tcp", 3000, 3000, "all requests"), Rule("10.0.0.0/16", "6", 3000, 3000)}
        return {
            "ingress": frozenset(ingress),
            "egress": frozenset({Rule("10.0.0.0/16", "tcp", 443, 443), EVERYWHERE}),
        }


def _either(want: frozenset[Rule], have: frozenset[Rule]) -> frozenset[Rule]:
    wanted = {rule.bare for rule in want}
    return want | {rule for rule in have if rule.bare not in wanted}


def _atoms(permissions: Iterable[Mapping[str, Any]], group: str) -> Iterator[Rule]:
    for permission in permissions:
        ports = (permission.get("FromPort"), permission.get("ToPort"))
        for collection, key in _PEERS:
            for peer in permission.get(collection) or ():
                who = SELF if peer[key] == group else peer[key]
                yield Rule(who, permission["IpProtocol"], *ports, peer.get("Description") or "")


def _permissions(rules: Iterable[Rule], group: str) -> list[dict[str, Any]]:
    """Rules as ``IpPermissions``, in an order that does not change from run to run."""
    return [_permission(rule, group) for rule in sorted(rules, key=str)]


def _permission(rule: Rule, group: str) -> dict[str, Any]:
    peer = group if rule.peer == SELF else str(rule.peer)
    if peer.startswith("sg-"):
        collection, key = "UserIdGroupPairs", "GroupId"
    elif peer.startswith("pl-"):
        collection, key = "PrefixListIds", "PrefixListId"
    else:
        collection, key = ("Ipv6Ranges", "CidrIpv6") if ":" in peer else ("IpRanges", "CidrIp")
    described = {key: peer, "Description": rule.description} if rule.description else {key: peer}
    ports = {} if rule.from_port is None else {"FromPort": rule.from_port, "ToPort": rule.to_port}
    return {"IpProtocol": rule.protocol, **ports, collection: [described]}
