"""What CloudWatch Logs refuses: retention comes in certain numbers of days only."""

from __future__ import annotations

from orchestrator.sandbox.strict.call import Call
from orchestrator.sandbox.strict.registry import rule

_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


@rule("LOG-01", "logs", "PutRetentionPolicy", code="InvalidParameterException")
def retention_unknown(call: Call) -> str | None:
    """Retention is one of the periods that CloudWatch Logs offers."""
    days = call.params.get("retentionInDays")
    if days in _RETENTION_DAYS:
        return None
    allowed = ", ".join(map(str, _RETENTION_DAYS))
    return (
        f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{allowed}]"
    )
