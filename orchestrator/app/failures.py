"""What kept us from looking at a system or from changing it, as something to tell a person once."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from orchestrator.aws.errors import ErrorClass, allowing, classify, message_of
from orchestrator.aws.redact import Redactor
from orchestrator.core.errors import AwsError, CredentialsError, OrchestratorError, PlanError, Refused, WrongAccount
from orchestrator.lease import LeaseLost
from orchestrator.reconcile.explain import explain


class Sort(enum.StrEnum):
    """What has to happen before it can go on."""

    CREDENTIALS = "credentials"
    UNREACHABLE = "AWS cannot be reached"
    DENIED = "denied"
    LEASE = "lease lost"
    REFUSED = "refused"
    PLAN = "plan"
    FAILED = "failed"
    DEFECT = "defect"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The error in words, without secrets, and the one thing to do about it."""

    sort: Sort
    message: str
    hint: str = ""


def failure(error: Exception) -> Failure:
    """Any exception of a use case, understood."""
    hint = error.hint if isinstance(error, OrchestratorError) else ""
    sort = _sort(error)
    if sort is Sort.DENIED:
        hint = allowing((), message_of(error))
    if sort is Sort.DEFECT:
        return Failure(sort=sort, message=Redactor()(f"{type(error).__name__}: {error}"), hint="please report it")
    return Failure(sort=sort, message=Redactor()(explain(error)), hint=hint)


def _sort(error: Exception) -> Sort:
    match error:
        case CredentialsError() | WrongAccount():
            return Sort.CREDENTIALS
        case LeaseLost():
            return Sort.LEASE
        case Refused():
            return Sort.REFUSED
        case PlanError():
            return Sort.PLAN
        case AwsError():
            return Sort.UNREACHABLE
        case OrchestratorError():
            return Sort.FAILED
    return _CLASSES.get(classify(error), Sort.FAILED if hasattr(error, "response") else Sort.DEFECT)


_CLASSES = {
    ErrorClass.CREDENTIALS: Sort.CREDENTIALS,
    ErrorClass.DENIED: Sort.DENIED,
    ErrorClass.THROTTLED: Sort.UNREACHABLE,
    ErrorClass.UNKNOWN: Sort.UNREACHABLE,
}
