"""What KMS refuses: using a key that is about to be deleted, and policies that lock everybody out."""

from __future__ import annotations

from typing import Any

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.policies import statements
from orchestrator.sandbox.strict.registry import rule

_NOT_WHILE_PENDING = (
    "CreateAlias",
    "CreateGrant",
    "Decrypt",
    "DisableKey",
    "DisableKeyRotation",
    "EnableKey",
    "EnableKeyRotation",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "GetPublicKey",
    "ReEncrypt",
    "ScheduleKeyDeletion",
    "Sign",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdateKeyDescription",
    "Verify",
    "VerifyMac",
)


@rule("KMS-01", "kms", *_NOT_WHILE_PENDING, code="KMSInvalidStateException")
def pending_deletion(call: Call) -> str | None:
    """A key whose deletion is scheduled does nothing until that is cancelled."""
    key = _key(call, call.params.get("TargetKeyId") or call.params.get("KeyId") or call.params.get("DestinationKeyId"))
    if key is not None and key.key_state == "PendingDeletion":
        return f"{key.arn} is pending deletion."
    return None


@rule("KMS-02", "kms", "CreateKey", "PutKeyPolicy", code="MalformedPolicyDocumentException")
def lockout(call: Call) -> str | None:
    """A key policy lets its author change it again, unless the check is bypassed."""
    policy = call.params.get("Policy")
    if not policy or call.params.get("BypassPolicyLockoutSafetyCheck"):
        return None
    us = (call.account, f"arn:{call.partition}:iam::{call.account}:root", *_caller(call))
    for statement in statements(policy):
        if statement.effect == "Allow" and statement.names(*us) and statement.covers("kms:PutKeyPolicy"):
            return None
    return "The new key policy will not allow you to update the key policy in the future."


def _key(call: Call, key_id: Any) -> Any | None:
    if not key_id:
        return None
    kms = call.backend()
    found = kms.get_key_id_from_alias(key_id) if "alias/" in str(key_id) else kms.get_key_id(key_id)
    return kms.keys.get(found)


def _caller(call: Call) -> tuple[str, ...]:
    """The ARN behind the access key, where it is a user's."""
    users = call.backend("iam").users.values()
    return tuple(user.arn for user in users if any(key.access_key_id == call.access_key for key in user.access_keys))
