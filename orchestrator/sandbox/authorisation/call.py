"""One API call as authorisation sees it: its parameters, where it goes, and the live models behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.backends import get_backend

_PREFIXES = {"elbv2": "elasticloadbalancing", "resourcegroupstaggingapi": "tag"}
_GLOBAL = frozenset({"iam", "s3", "route53"})
_WITHOUT_REGION = _GLOBAL
_WITHOUT_ACCOUNT = frozenset({"s3", "route53"})


@dataclass(frozen=True, kw_only=True)
class Call:
    """An operation by boto3's names."""

    service: str
    operation: str
    params: Mapping[str, Any]
    account: str
    region: str
    partition: str

    @property
    def prefix(self) -> str:
        """What the service is called in policies."""
        return _PREFIXES.get(self.service, self.service)

    def arn(self, tail: str, service: str | None = None) -> str:
        """The ARN of something in this account and region; what is one already stays as it is."""
        if tail.startswith("arn:") or tail == "*":
            return tail
        prefix = service or self.prefix
        region = "" if prefix in _WITHOUT_REGION else self.region
        account = "" if prefix in _WITHOUT_ACCOUNT else self.account
        return f"arn:{self.partition}:{prefix}:{region}:{account}:{tail}"

    def backend(self, service: str) -> Any:
        """Moto's live model of a service."""
        return get_backend(service)[self.account][self.partition if service in _GLOBAL else self.region]
