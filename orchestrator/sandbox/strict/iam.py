"""What IAM refuses: trust policies that name nobody, policies in use, and its quotas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.policies import parse, statements
from orchestrator.sandbox.strict.quotas import quota
from orchestrator.sandbox.strict.registry import rule

_ROLE_NAME_MAX = 64
_TRUSTING = ("CreateRole", "UpdateAssumeRolePolicy")


@rule("IAM-05", "iam", "CreateRole", code="ValidationError")
def role_name_too_long(call: Call) -> str | None:
    """A role's name has at most 64 characters."""
    if len(call.params.get("RoleName", "")) <= _ROLE_NAME_MAX:
        return None
    return (
        "1 validation error detected: Value at 'roleName' failed to satisfy constraint: "
        f"Member must have length less than or equal to {_ROLE_NAME_MAX}"
    )


@rule("IAM-03", "iam", *_TRUSTING, code="MalformedPolicyDocument")
def trust_malformed(call: Call) -> str | None:
    """A trust policy is JSON with statements that name a principal and no resource."""
    document = parse(_trust(call))
    if document is None:
        return "This policy contains invalid Json"
    found = document.get("Statement")
    entries: list[Any] = found if isinstance(found, list) else [found]
    if not found or not all(isinstance(entry, dict) for entry in entries):
        return "Missing required field Statement"
    for entry in entries:
        if "Resource" in entry:
            return "Has prohibited field Resource"
        if "Principal" not in entry and "NotPrincipal" not in entry:
            return "Missing required field Principal"
        if "Action" not in entry and "NotAction" not in entry:
            return "Missing required field Action"
    return None


@rule("IAM-02", "iam", *_TRUSTING, code="MalformedPolicyDocument")
def trusts_nobody(call: Call) -> str | None:
    """A role or user of this account that a trust policy names has to exist already."""
    existing = {one.arn for one in (*call.backend().roles.values(), *call.backend().users.values())}
    for arn in _own_principals(call):
        if arn not in existing:
            return f'Invalid principal in policy: "AWS":"{arn}"'
    return None


@rule("IAM-01", "iam", "DeletePolicy", code="DeleteConflict")
def policy_in_use(call: Call) -> str | None:
    """A managed policy is detached from everything, and has lost its older versions, before it is deleted."""
    iam, arn = call.backend(), call.params.get("PolicyArn")
    holders = (*iam.roles.values(), *iam.users.values(), *iam.groups.values())
    if any(policy.arn == arn for holder in holders for policy in holder.managed_policies.values()):
        return "Cannot delete a policy attached to entities."
    policy = iam.managed_policies.get(arn)
    if policy is not None and len(policy.versions) > 1:
        return (
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy."
        )
    return None


@rule("IAM-04", "iam", "AttachRolePolicy", code="LimitExceeded")
def too_many_policies(call: Call) -> str | None:
    """A role holds ten managed policies unless the quota was raised."""
    limit = quota("iam policies per role")
    role = _role_named(call, call.params.get("RoleName", ""))
    if role is None or call.params.get("PolicyArn") in {policy.arn for policy in role.managed_policies.values()}:
        return None
    return f"Cannot exceed quota for PoliciesPerRole: {limit}" if len(role.managed_policies) >= limit else None


@rule("IAM-06", "iam", "CreateServiceLinkedRole", code="InvalidInput")
def service_linked_role_exists(call: Call) -> str | None:
    """A service has one linked role in an account, unless it allows a suffix."""
    service, suffix = str(call.params.get("AWSServiceName")), call.params.get("CustomSuffix")
    for role in call.backend().roles.values():
        if role.path == f"/aws-service-role/{service}/" and _suffixed(role.name, service, suffix):
            return f"Service role name {role.name} has been taken in this account, please try a different suffix."
    return None


def role_of(call: Call, arn: str) -> Any | None:
    """The role with that ARN in the call's account."""
    return next((role for role in call.backend("iam").roles.values() if role.arn == arn), None)


def _role_named(call: Call, name: str) -> Any | None:
    return next((role for role in call.backend().roles.values() if role.name == name), None)


def _trust(call: Call) -> Any:
    return call.params.get("AssumeRolePolicyDocument") or call.params.get("PolicyDocument")


def _own_principals(call: Call) -> Iterator[str]:
    own = (f"arn:{call.partition}:iam::{call.account}:role/", f"arn:{call.partition}:iam::{call.account}:user/")
    for statement in statements(_trust(call)):
        for name in statement.principals.get("AWS", ()):
            if name.startswith(own):
                yield name


def _suffixed(name: str, service: str, suffix: str | None) -> bool:
    """Whether a linked role's name ends in that suffix. Without one, a service with a prefix may have one part more."""
    if suffix:
        return name.endswith(f"_{suffix}")
    parts_of_plain = 2 if len(service.split(".")) > len(["service", "amazonaws", "com"]) else 1
    return len(name.split("_")) <= parts_of_plain
