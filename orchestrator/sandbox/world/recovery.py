"""What is deleted only when its window is over: secrets, which keep their names until then, and keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.kms.models import kms_backends
from moto.secretsmanager.models import secretsmanager_backends

from orchestrator.sandbox.repairs.operations import Call, Proceed, Reply, repair
from orchestrator.sandbox.world.world import present

_DAY = 86400.0
_WINDOW = 30


@repair("secretsmanager", "DeleteSecret")
def secret_waits(call: Call, proceed: Proceed) -> Reply:
    """A deleted secret is gone when its window is over; moto counts its days by the machine's clock, and keeps it."""
    reply = proceed()
    if not call.params.get("ForceDeleteWithoutRecovery"):
        secrets = secretsmanager_backends[call.account][call.region].secrets
        secret, days = secrets[reply["ARN"]], call.params.get("RecoveryWindowInDays") or _WINDOW
        reply["DeletionDate"] = until = call.now + days * _DAY
        secret.delete(until)
        present().after(days * _DAY, lambda: _forget_secret(secrets, secret, until))
    return reply


@repair("kms", "ScheduleKeyDeletion")
def key_waits(call: Call, proceed: Proceed) -> Reply:
    """A key and its aliases are gone when its window is over; moto counts as for secrets."""
    reply, backend = proceed(), kms_backends[call.account][call.region]
    days = call.params.get("PendingWindowInDays") or _WINDOW
    key = backend.keys[backend.get_key_id(call.params["KeyId"])]
    key.deletion_date = until = datetime.fromtimestamp(call.now + days * _DAY, UTC).replace(tzinfo=None)
    present().after(days * _DAY, lambda: _forget_key(backend.keys, key, until))
    return {**reply, "DeletionDate": call.now + days * _DAY}


def _forget_secret(secrets: Any, secret: Any, until: float) -> None:
    """Unless it was restored meanwhile, and perhaps deleted again."""
    if secret.deleted_date == until and secrets.get(secret.arn) is secret:
        secrets.pop(secret.arn)


def _forget_key(keys: dict[str, Any], key: Any, until: object) -> None:
    if key.deletion_date == until:
        keys.pop(key.id, None)
