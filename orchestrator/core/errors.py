"""Errors that a person is meant to read, each with its exit code.

OrchestratorError                1
├── PlanError                    1   the plan file is wrong (plan.load, plan.model)
├── AwsError                     1   AWS refused, or cannot be reached
│   ├── CredentialsError         1   none, expired, or not accepted
│   └── WrongAccount             1   the credentials belong to another account than the plan's
├── Conflict                     1   a stored value changed between reading and writing
├── LockHeld                     15  another process works on this stack
└── Refused                      16  verify or the guard says no; nothing was changed
"""

from __future__ import annotations

from typing import ClassVar


class OrchestratorError(Exception):
    """Something a person can act on. ``hint`` is the one thing to do next."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class PlanError(OrchestratorError):
    """The plan file does not say what can be built; the message holds every fault with file, line and column."""


class AwsError(OrchestratorError):
    """AWS refused a call for good, or cannot be reached."""


class CredentialsError(AwsError):
    """There are no credentials, or AWS does not accept them."""


class WrongAccount(AwsError):
    """The credentials belong to another account than the plan names."""


class Conflict(OrchestratorError):
    """A stored value changed between reading and writing it."""


class LockHeld(OrchestratorError):
    """Another process holds the stack."""

    exit_code = 15


class Refused(OrchestratorError):
    """A check said no before anything was changed."""

    exit_code = 16
