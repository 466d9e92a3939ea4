"""What a rule sees: one parsed call, the account and region it goes to, and the live models behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from moto.backends import get_backend
from moto.utilities.utils import get_partition

from orchestrator.sandbox.strict.lingering import Lingering

_GLOBAL = frozenset({"iam", "s3", "sts", "route53", "cloudfront"})


@dataclass(frozen=True)
class Call:
    """One API call, its parameters typed as botocore types them; what was not sent is not in ``params``."""

    service: str
    operation: str
    params: dict[str, Any]
    account: str
    region: str
    access_key: str
    now: float
    lingering: Lingering

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn`` or ``aws-us-gov``, by the region."""
        return get_partition(self.region)

    def backend(self, service: str | None = None) -> Any:
        """Moto's live model of a service in this call's account and region (the call's own service by default)."""
        name = service or self.service
        scope = self.partition if name in _GLOBAL else self.region
        return get_backend(name)[self.account][scope]  # type: ignore[call-overload]
