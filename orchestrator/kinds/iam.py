"""IAM roles with their policies. IAM is global, and one call tells of all roles of the account."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.aws import tags
from orchestrator.aws.door import Aws
from orchestrator.aws.errors import unless_gone
from orchestrator.core.resource import Live, Resource, attr
from orchestrator.core.values import PolicyDoc
from orchestrator.kinds.base import Actions, Item, Named, NamedKind
from orchestrator.kinds.scope import Scope

_PAGE: Mapping[str, int] = {"PageSize": 1000}
_MOST_MANAGED = 10
_MOST_INLINE = 10_240
"""Characters of all policies that a role has of its own."""


def _inline(policies: Iterable[Mapping[str, Any]]) -> dict[str, PolicyDoc]:
    return {policy["PolicyName"]: PolicyDoc(policy["PolicyDocument"]) for policy in policies}


@dc.dataclass(frozen=True, kw_only=True)
class Role(Named):
    """A role: who may take it, and what it may do by policies of its own and by managed ones (ARNs)."""

    kind: ClassVar[str] = "role"
    aws_name: str = attr("RoleName", immutable=True)
    path: str = attr("Path", immutable=True, default="/")
    trust: PolicyDoc = attr("AssumeRolePolicyDocument", parse=PolicyDoc)
    inline: Mapping[str, PolicyDoc] = attr("RolePolicyList", parse=_inline, factory=dict)
    managed: frozenset[str] = attr("AttachedManagedPolicies[].PolicyArn", parse=frozenset, default=frozenset())
    boundary: str | None = attr("PermissionsBoundary.PermissionsBoundaryArn", default=None)
    description: str | None = attr("Description", default=None)
    max_session: int | None = attr("MaxSessionDuration", default=None)


class RoleKind(NamedKind[Role]):
    """One call tells nearly everything; description and session length take another, where they are ours."""

    resource = Role
    service = "iam"
    find = ("get_account_authorization_details", "RoleDetailList")
    outputs: ClassVar[Mapping[str, str]] = {"arn": "Arn", "name": "RoleName", "id": "RoleId"}
    indexed = False
    actions = Actions(
        read=("iam:GetAccountAuthorizationDetails", "iam:ListRoles"),
        create=(
            "iam:CreateRole",
            "iam:TagRole",
            "iam:PutRolePolicy",
            "iam:AttachRolePolicy",
        ),
        update=(
            "iam:TagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
            "iam:DeleteRolePolicy",
            "iam:AttachRolePolicy",
            "iam:DetachRolePolicy",
        ),
        delete=(
            "iam:ListInstanceProfilesForRole",
            "iam:RemoveRoleFromInstanceProfile",
            "iam:ListAttachedRolePolicies",
            "iam:DetachRolePolicy",
            "iam:ListRolePolicies",
            "iam:DeleteRolePolicy",
            "iam:DeleteRole",
        ),
    )
    arns: ClassVar[Mapping[str, str]] = {"iam:role": "role{path}{aws_name}"}

    def items(self, aws: Aws, scope: Scope) -> list[Item]:
        """Of all roles, those we want by name and those that carry the stack's tag."""
        names = {getattr(want, "aws_name", None) for want in scope.of(Role.kind)}
        operation, path = self.find
        details = aws.pages("iam", operation, path, Filter=["Role"], PaginationConfig=_PAGE)
        mine = [r for r in details if r["RoleName"] in names or self.address(tags.as_map(r.get("Tags")), scope)]
        if not any(
            getattr(w, f, None) is not None for w in scope.of(Role.kind) for f in ("description", "max_session")
        ):
            return mine
        listed = {r["RoleName"]: r for r in aws.pages("iam", "list_roles", "Roles", PaginationConfig=_PAGE)}
        return [{"Description": "", **listed.get(role["RoleName"], {}), **role} for role in mine]

    def tags(self, aws: Aws, scope: Scope, items: list[Item]) -> list[Mapping[str, str]]:
        """They come with the details."""
        return [tags.as_map(item.get("Tags")) for item in items]

    def widened(self, want: Role, live: Live[Role]) -> Role:
        """With what it may do now: tasks of the release before still do it."""
        have = live.resource
        inline = {name: _either(document, have.inline.get(name)) for name, document in want.inline.items()}
        inline = {**{name: old for name, old in have.inline.items() if name not in inline}, **inline}
        managed = want.managed | have.managed
        if inline == want.inline and managed == want.managed:
            return want
        if len(managed) > _MOST_MANAGED or sum(len(document.text()) for document in inline.values()) > _MOST_INLINE:
            return want  # LimitExceeded
        return dc.replace(want, inline=inline, managed=managed)

    def predict(self, want: Role, account: str, region: str, partition: str) -> Mapping[str, Any]:
        """The ARN is made of names."""
        return {"arn": f"arn:{partition}:iam::{account}:role{want.path}{want.aws_name}", "name": want.aws_name}

    def create(self, aws: Aws, want: Role) -> Item:
        """Allowed nothing."""
        optional = {
            "Description": want.description,
            "MaxSessionDuration": want.max_session,
            "PermissionsBoundary": want.boundary,
        }
        made: Item = aws.client("iam").create_role(
            RoleName=want.aws_name,
            Path=want.path,
            AssumeRolePolicyDocument=want.trust.text(),
            Tags=_tags(aws, want),
            **{key: value for key, value in optional.items() if value is not None},
        )["Role"]
        return made

    def complete(self, aws: Aws, want: Role, item: Item) -> None:
        """Give it its policies."""
        self._set_inline(aws, want.aws_name, want.inline, {})
        self._set_managed(aws, want.aws_name, want.managed, frozenset())

    def update(self, aws: Aws, want: Role, live: Live[Role], changed: frozenset[str]) -> None:
        """Each part by a call of its own; permissions are added before others are taken away."""
        iam, role = aws.client("iam"), want.aws_name
        if "tags" in changed:
            iam.tag_role(RoleName=role, Tags=_tags(aws, want))
        if "trust" in changed:
            iam.update_assume_role_policy(RoleName=role, PolicyDocument=want.trust.text())
        if changed & {"description", "max_session"}:
            stated = {"Description": want.description, "MaxSessionDuration": want.max_session}
            iam.update_role(RoleName=role, **{key: value for key, value in stated.items() if value is not None})
        if "boundary" in changed:
            iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=want.boundary)
        if "inline" in changed:
            self._set_inline(aws, role, want.inline, live.resource.inline)
        if "managed" in changed:
            self._set_managed(aws, role, want.managed, live.resource.managed)

    def delete(self, aws: Aws, live: Live[Role]) -> None:
        """Refused by AWS (DeleteConflict) while anything is attached, whoever attached it."""
        iam, role = aws.client("iam"), live.resource.aws_name
        for profile in aws.pages("iam", "list_instance_profiles_for_role", "InstanceProfiles[]", RoleName=role):
            name = profile["InstanceProfileName"]
            unless_gone(lambda n=name: iam.remove_role_from_instance_profile(InstanceProfileName=n, RoleName=role))  # type: ignore[misc]
        attached = aws.pages("iam", "list_attached_role_policies", "AttachedPolicies[].PolicyArn", RoleName=role)
        self._set_managed(aws, role, frozenset(), frozenset(attached))
        own = aws.pages("iam", "list_role_policies", "PolicyNames", RoleName=role)
        self._set_inline(aws, role, {}, dict.fromkeys(own))
        iam.delete_role(RoleName=role)

    def _set_inline(self, aws: Aws, role: str, want: Mapping[str, PolicyDoc], have: Mapping[str, Any]) -> None:
        iam = aws.client("iam")
        for name, document in sorted(want.items()):
            if document != have.get(name):
                iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document.text())
        for name in sorted(have.keys() - want.keys()):
            unless_gone(lambda n=name: iam.delete_role_policy(RoleName=role, PolicyName=n))  # type: ignore[misc]

    def _set_managed(self, aws: Aws, role: str, want: frozenset[str], have: frozenset[str]) -> None:
        iam = aws.client("iam")
        for arn in sorted(want - have):
            iam.attach_role_policy(RoleName=role, PolicyArn=arn)
        for arn in sorted(have - want):
            unless_gone(lambda a=arn: iam.detach_role_policy(RoleName=role, PolicyArn=a))  # type: ignore[misc]

    @classmethod
    def example(cls) -> Sequence[Resource]:
        """What Fargate needs to start a task."""
        return [
            Role(
                name="execution",
                aws_name="demo-execution",
                trust=trust("ecs-tasks.amazonaws.com"),
                inline={"logs": allow(["logs:CreateLogStream", "logs:PutLogEvents"], ["*"])},
                managed=frozenset({f"{_SERVICE_ROLES}/AmazonECSTaskExecutionRolePolicy"}),
                description="Starts tasks",
                max_session=3600,
            )
        ]

    @classmethod
    def variations(cls) -> Mapping[str, Any]:
        """Trusted by another service, and allowed something else."""
        return {
            "trust": trust("ec2.amazonaws.com"),
            "inline": {"images": allow(["ecr:GetAuthorizationToken"], ["*"])},
            "managed": frozenset({"arn:aws:iam::aws:policy/ReadOnlyAccess"}),
            "boundary": "arn:aws:iam::aws:policy/PowerUserAccess",
            "description": "Starts tasks and stops them",
            "max_session": 7200,
        }


_SERVICE_ROLES = "arn:aws:iam::aws:policy/service-role"


def _tags(aws: Aws, want: Role) -> list[dict[str, str]]:
    """The stack's, and the region that it is in."""
    return tags.as_list({**want.tags, tags.REGION: aws.region})


def _either(want: PolicyDoc, have: PolicyDoc | None) -> PolicyDoc:
    """What is wanted, and whatever else is allowed now."""
    wanted = [PolicyDoc({"Statement": statement}) for statement in _statements(want)]
    old = [s for s in _statements(have) if s["Effect"] == "Allow" and PolicyDoc({"Statement": s}) not in wanted]
    return PolicyDoc({**want.value, "Statement": [*_statements(want), *old]}) if old else want


def _statements(document: PolicyDoc | None) -> list[Mapping[str, Any]]:
    found = document.value["Statement"] if document else []
    return found if isinstance(found, list) else [found]


def trust(*services: str) -> PolicyDoc:
    """The policy by which AWS services may take a role."""
    statement = {"Effect": "Allow", "Principal": {"Service": sorted(services)}, "Action": "sts:AssumeRole"}
    return PolicyDoc({"Version": "2012-10-17", "Statement": [statement]})


def allow(actions: Sequence[str], resources: Sequence[Any]) -> PolicyDoc:
    """A policy of one statement. Resources may be references."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return PolicyDoc({"Version": "2012-10-17", "Statement": [statement]})
