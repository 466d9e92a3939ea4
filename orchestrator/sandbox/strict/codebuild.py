"""What CodeBuild refuses: a project whose service role it cannot assume."""

from __future__ import annotations

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.iam import role_of
from orchestrator.sandbox.strict.policies import statements
from orchestrator.sandbox.strict.registry import rule


@rule("CBD-01", "codebuild", "CreateProject", "UpdateProject", code="InvalidInputException")
def role_not_assumable(call: Call) -> str | None:
    """A project's service role exists and trusts CodeBuild."""
    arn = call.params.get("serviceRole")
    role = role_of(call, arn) if arn else None
    if arn is None or (role is not None and _trusts_codebuild(role.assume_role_policy_document)):
        return None
    return (
        "CodeBuild is not authorized to perform: sts:AssumeRole on service role. Please verify that: "
        "1) The provided service role exists, 2) The role name is case-sensitive and matches exactly, and "
        "3) The role has the necessary trust policy configured."
    )


def _trusts_codebuild(document: str) -> bool:
    return any(
        one.effect == "Allow" and one.names("codebuild.amazonaws.com") and one.covers("sts:AssumeRole")
        for one in statements(document)
    )
