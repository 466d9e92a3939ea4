"""A failed step in words: what AWS said, and the one thing to do about it."""

from __future__ import annotations

from typing import Any

from orchestrator.aws.errors import ErrorClass, allowing, classify, code_of, message_of
from orchestrator.core.errors import OrchestratorError
from orchestrator.kinds.base import Actions, Kind

_LINKED_ROLE = "iam:CreateServiceLinkedRole"
_AGAIN = "run the same again: what is done stays done"


def explain(error: BaseException) -> str:
    """The error on one line, in AWS's words where they are AWS's. Not redacted."""
    if isinstance(error, OrchestratorError):
        return error.message
    operation = getattr(error, "operation_name", "")
    text = " ".join(message_of(error).split())
    return f"{operation}: {code_of(error)}: {text}" if operation else f"{code_of(error)}: {text}"


def hint(error: BaseException, verb: str, kind: Kind[Any]) -> str:
    """What to do next."""
    if isinstance(error, OrchestratorError):
        return error.hint or _AGAIN
    match classify(error):
        case ErrorClass.DENIED:
            return f"{allowing(actions_for(kind.actions, verb), message_of(error))}; then {_AGAIN}"
        case ErrorClass.QUOTA:
            return f"have the quota raised in Service Quotas, or remove what uses it up, then {_AGAIN}"
        case ErrorClass.FULL:
            return "something has been put into it since the plan was made: plan again"
        case ErrorClass.PROPAGATING if "service linked role" in message_of(error):
            return f"allow the caller {_LINKED_ROLE}, or have that role created once for the account, then {_AGAIN}"
        case ErrorClass.FATAL if not getattr(error, "operation_name", ""):
            return "this is a defect of the orchestrator, please report it"
    return _AGAIN


def actions_for(actions: Actions, verb: str) -> list[str]:
    """The IAM actions that a verb needs."""
    match verb:
        case "delete":
            return sorted(set(actions.read) | set(actions.delete))
        case "update" | "adopt":
            return sorted(set(actions.read) | set(actions.update))
        case "keep":
            return sorted(actions.read)
    return sorted(set(actions.read) | set(actions.create))
