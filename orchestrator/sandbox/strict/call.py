"""What a rule sees: one parsed call, the account and region it goes to, and the live models behind it.

Moto is imported when a call is judged and not before: the list of rules is printed without it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from orchestrator.sandbox.strict.lingering import Lingering

_GLOBAL = frozenset({"iam", "s3", "sts", "route53", "cloudfront"})
_PACKAGES = {"lambda": "awslambda"}


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
        from moto.utilities.utils import get_partition

        return str(get_partition(self.region))

    @property
    def scope(self) -> tuple[str, str]:
        """The account and region, as a key for what lingers."""
        return self.account, self.region

    def used(self, service: str) -> bool:
        """Whether anything of a service can exist: moto loads a model on the first call to it, which takes time."""
        return f"moto.{_PACKAGES.get(service, service.replace('-', ''))}.models" in sys.modules

    def backend(self, service: str | None = None) -> Any:
        """Moto's live model of a service in this call's account and region (the call's own service by default)."""
        from moto.backends import get_backend

        name = service or self.service
        scope = self.partition if name in _GLOBAL else self.region
        return get_backend(name)[self.account][scope]
