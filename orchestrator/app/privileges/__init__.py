"""What a plan's commands need to be allowed: the IAM policy, derived from what kinds, engines and gates declare."""

from __future__ import annotations

from orchestrator.app.privileges.arns import Place
from orchestrator.app.privileges.policy import LIMIT, Document
from orchestrator.app.privileges.privileges import Privileges, privileges

__all__ = ["LIMIT", "Document", "Place", "Privileges", "privileges"]
