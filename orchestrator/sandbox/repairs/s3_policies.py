"""S3: bucket policies whose statements have conditions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import wraps
from typing import Any

from moto.iam.access_control import IAMPolicy
from moto.s3.models import FakeBucket

_KNOWN = {"aws:securetransport": "true"}
"""What is certain of every request: the sandbox speaks plain HTTP, in place of endpoints that speak TLS."""

_asked = FakeBucket.get_permission


@wraps(_asked)
def _permission(self: FakeBucket, action: str, resource: str) -> Any:
    """A statement whose condition does not hold says nothing; to moto it is a denial of everything."""
    if self.policy is None:
        return _asked(self, action, resource)
    policy = json.loads(self.policy)
    stated = policy.get("Statement", [])
    holding = [s for s in (stated if isinstance(stated, list) else [stated]) if _holds(s.get("Condition", {}))]
    unconditional = [{k: v for k, v in statement.items() if k != "Condition"} for statement in holding]
    return IAMPolicy(json.dumps({**policy, "Statement": unconditional})).is_action_permitted(action, resource)


FakeBucket.get_permission = _permission


def _holds(condition: Mapping[str, Mapping[str, Any]]) -> bool:
    return all(
        operator in ("Bool", "BoolIfExists") and str(wanted).lower() == _KNOWN.get(key.lower())
        for operator, tests in condition.items()
        for key, wanted in tests.items()
    )
