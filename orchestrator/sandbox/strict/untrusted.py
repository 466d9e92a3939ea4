"""Constraints of the service models that AWS itself does not hold to, each with the reason it is not checked."""

from __future__ import annotations

from functools import cache

_SHAPES: dict[tuple[str, str], str] = {
    ("s3", "BucketLocationConstraint"): "S3 answers InvalidLocationConstraint, and moto does too",
}

_MEMBERS: dict[tuple[str, str, str], str] = {
    ("iam", "CreateRole", "RoleName"): "rule IAM-05 refuses it, so that it can be switched by its own id",
}


@cache
def untrusted(service: str, operation: str, path: str, shape: str) -> bool:
    """Whether the constraints of a shape, or of one member of one operation, are left unchecked."""
    return (service, shape) in _SHAPES or (service, operation, path) in _MEMBERS
