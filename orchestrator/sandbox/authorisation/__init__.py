"""IAM as AWS enforces it: a caller who is a user or a role may do what policies allow, and nothing else.

Off unless asked for. An access key that IAM does not know is the account's root user, whom no policy limits.
"""

from __future__ import annotations

from orchestrator.sandbox.authorisation.layer import Authorised

__all__ = ["Authorised"]
