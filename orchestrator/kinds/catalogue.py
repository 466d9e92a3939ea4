"""Imports every kind module, so that ``base.REGISTRY`` is complete. A new kind adds its module here."""

from __future__ import annotations

from orchestrator.kinds.base import REGISTRY as KINDS
from orchestrator.kinds.ec2 import vpc as _vpc  # noqa: F401  (imported for its registration)

__all__ = ["KINDS"]
