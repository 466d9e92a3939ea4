"""Who calls: the IAM user or role behind an access key, with the policies that it has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Caller:
    """A user or a role in session. A boundary limits what its policies allow."""

    arn: str
    policies: tuple[Policy, ...]
    boundary: Policy | None = None


def caller_of(access_key: str, account: str, partition: str) -> Caller | None:
    """The caller with that access key; ``None`` for the account's root user, and for roles that nobody has made."""
    backend = iam_backends[account][partition]
    for user in backend.users.values():
        if any(key.access_key_id == access_key and key.status == "Active" for key in user.access_keys):
            return Caller(user.arn, _of_user(backend, user), _boundary(user, backend))
    session = sts_backends[account][partition].get_assumed_role_from_access_key(access_key)
    if session is None:
        return None
    role = next((r for r in backend.roles.values() if r.arn == session.role_arn), None)
    return Caller(session.arn, _of(role), _boundary(role, backend)) if role else None


def _of_user(backend: Any, user: Any) -> tuple[Policy, ...]:
    groups = backend.get_groups_for_user(user.name)
    return tuple(policy for holder in (user, *groups) for policy in _of(holder))


def _of(holder: Any) -> tuple[Policy, ...]:
    """Inline policies and attached ones."""
    attached = [_in_force(policy) for policy in holder.managed_policies.values()]
    return tuple(_read(document) for document in (*holder.policies.values(), *attached))


def _boundary(holder: Any, backend: Any) -> Policy | None:
    boundary = getattr(holder, "permissions_boundary", None)
    arn = boundary.get("PermissionsBoundaryArn") if isinstance(boundary, dict) else boundary
    known = backend.managed_policies.get(arn) if arn else None
    return _read(_in_force(known)) if known is not None else None


def _in_force(policy: Any) -> Any:
    """The document of a managed policy's default version."""
    return next(version.document for version in policy.versions if version.is_default)


def _read(document: Any) -> Policy:
    return _parsed(document if isinstance(document, str) else json.dumps(document))


@lru_cache(maxsize=128)
def _parsed(text: str) -> Policy:
    return dict(json.loads(text if text.lstrip().startswith("{") else unquote(text)))
