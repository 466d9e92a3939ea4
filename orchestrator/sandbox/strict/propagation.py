"""What AWS refuses because it has not heard of a role yet; see ``orchestrator.sandbox.consistency``.

Each service says so in its own words and never by a code of its own, so clients have to look at both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.sandbox.consistency import propagating
from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.policies import statements
from orchestrator.sandbox.strict.registry import rule

_ID = "IAM-07"
_LINKED = "aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"


def _new(call: Call, *roles: Any) -> str | None:
    """The first of these roles that is too new."""
    return next((role for role in roles if role and propagating(str(role), call.now)), None)


def _names_new(call: Call, document: Any) -> str | None:
    """The first principal of a policy that is too new."""
    return _new(call, *(name for one in statements(document) for names in one.principals.values() for name in names))


@rule(_ID, "ecs", "RegisterTaskDefinition", code="ClientException")
def task_role_new(call: Call) -> str | None:
    """A task definition names roles that ECS has heard of."""
    new = _new(call, call.params.get("executionRoleArn"), call.params.get("taskRoleArn"))
    return "Role is not valid" if new else None


@rule(_ID, "ecs", "CreateService", code="InvalidParameterException")
def linked_role_new(call: Call) -> str | None:
    """A service needs the service-linked role of ECS, which somebody may have made only just now."""
    linked = f"arn:{call.partition}:iam::{call.account}:role/{_LINKED}"
    told = "Unable to assume the service linked role. Please verify that the ECS service linked role exists."
    return told if _new(call, linked) else None


@rule(_ID, "codebuild", "CreateProject", "UpdateProject", code="InvalidInputException")
def build_role_new(call: Call) -> str | None:
    """A build project has a role that CodeBuild can assume by now."""
    told = "CodeBuild is not authorized to perform: sts:AssumeRole on service role. Please verify that: "
    return f"{told}1) The provided service role exists" if _new(call, call.params.get("serviceRole")) else None


@rule(_ID, "codepipeline", "CreatePipeline", "UpdatePipeline", code="InvalidStructureException")
def pipeline_role_new(call: Call) -> str | None:
    """A pipeline has a role that CodePipeline can assume by now."""
    new = _new(call, (call.params.get("pipeline") or {}).get("roleArn"))
    return f"CodePipeline is not authorized to perform AssumeRole on role {new}" if new else None


@rule(_ID, "cloudtrail", "CreateTrail", "UpdateTrail", code="InvalidCloudWatchLogsRoleArnException")
def trail_role_new(call: Call) -> str | None:
    """A trail writes to a log group with a role that CloudTrail can assume by now."""
    new = _new(call, call.params.get("CloudWatchLogsRoleArn"))
    return "Access denied. Check the trust relationships for your role." if new else None


@rule(_ID, "application-autoscaling", "RegisterScalableTarget", code="ValidationException")
def scaling_role_new(call: Call) -> str | None:
    """A scalable target has a role that auto scaling can assume by now."""
    new = _new(call, call.params.get("RoleARN"))
    return f"Unable to assume IAM role: {new}" if new else None


@rule(_ID, "lambda", "CreateFunction", "UpdateFunctionConfiguration", code="InvalidParameterValueException")
def function_role_new(call: Call) -> str | None:
    """A function has a role that Lambda can assume by now."""
    told = "The role defined for the function cannot be assumed by Lambda."
    return told if _new(call, call.params.get("Role")) else None


@rule(_ID, "eks", "CreateCluster", code="InvalidParameterException")
def cluster_role_new(call: Call) -> str | None:
    """A Kubernetes cluster has a role that EKS can assume by now."""
    told = "Role could not be assumed because the trusted entity is not correct"
    return told if _new(call, call.params.get("roleArn")) else None


def _policy(service: str, *operations: str, member: str, code: str, told: Callable[[str], str]) -> None:
    """Register the refusal of a policy that names a role which the service has not heard of."""

    @rule(_ID, service, *operations, code=code)
    def principal_new(call: Call) -> str | None:
        """A policy names principals that are known everywhere by now."""
        new = _names_new(call, call.params.get(member))
        return told(new) if new else None

    principal_new.__name__ = f"{service}_{member}_new".lower()


def _invalid_principal(arn: str) -> str:
    return f'Invalid principal in policy: "AWS":"{arn}"'


_policy(
    "iam",
    "CreateRole",
    member="AssumeRolePolicyDocument",
    code="MalformedPolicyDocument",
    told=_invalid_principal,
)
_policy(
    "iam",
    "UpdateAssumeRolePolicy",
    member="PolicyDocument",
    code="MalformedPolicyDocument",
    told=_invalid_principal,
)
_policy("s3", "PutBucketPolicy", member="Policy", code="MalformedPolicy", told=lambda _: "Invalid principal in policy")
_policy(
    "kms",
    "CreateKey",
    "PutKeyPolicy",
    member="Policy",
    code="MalformedPolicyDocumentException",
    told=lambda _: "Policy contains a statement with one or more invalid principals.",
)
_policy(
    "ecr",
    "SetRepositoryPolicy",
    member="policyText",
    code="InvalidParameterException",
    told=lambda _: (
        "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'"
    ),
)
_policy(
    "secretsmanager",
    "PutResourcePolicy",
    member="ResourcePolicy",
    code="MalformedPolicyDocumentException",
    told=lambda _: "This resource policy contains an unsupported principal.",
)
