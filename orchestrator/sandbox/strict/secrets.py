"""What Secrets Manager refuses while a deleted secret waits out its recovery window."""

from __future__ import annotations

from typing import Any

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.registry import rule

_NOT_WHILE_DELETED = (
    "GetSecretValue",
    "PutSecretValue",
    "UpdateSecret",
    "UpdateSecretVersionStage",
    "RotateSecret",
    "PutResourcePolicy",
    "TagResource",
    "UntagResource",
)


@rule("SEC-01", "secretsmanager", "CreateSecret", code="InvalidRequestException")
def name_still_taken(call: Call) -> str | None:
    """A deleted secret keeps its name until the recovery window is over."""
    if _deleted(call, call.params.get("Name")):
        return "You can't create this secret because a secret with this name is already scheduled for deletion."
    return None


@rule("SEC-02", "secretsmanager", *_NOT_WHILE_DELETED, code="InvalidRequestException")
def marked_for_deletion(call: Call) -> str | None:
    """A deleted secret is restored before it is used."""
    if _deleted(call, call.params.get("SecretId")):
        return "You can't perform this operation on the secret because it was marked for deletion."
    return None


def _deleted(call: Call, secret_id: Any) -> bool:
    secret = call.backend().secrets.get(secret_id) if secret_id else None
    return secret is not None and getattr(secret, "deleted_date", None) is not None
