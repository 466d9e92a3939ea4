"""Whether this machine's clock can be trusted with leases: they are compared by clocks, and DynamoDB shows its own.

AWS itself refuses requests only when their time is minutes wrong; leases allow for half a minute between two machines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from orchestrator.core.clock import Clock
from orchestrator.core.errors import OrchestratorError

T = TypeVar("T", bound=Mapping[str, Any])

TOLERANCE = 15.0
"""Half of the margin that leases leave: one machine may be fast and the other slow."""
_REFUSED = 900.0
"""RequestTimeTooSkewed: what is further off and was answered all the same is an endpoint with a time of its own."""


def checked(call: Callable[[], T], clocks: tuple[Clock, ...]) -> T:
    """The answer of a call. Raises ``OrchestratorError`` when it is from a time that none of the clocks shows."""
    sent = [clock.now() for clock in clocks]
    answer = call()
    shown = _shown(answer)
    if shown is None:
        return answer
    off = [_outside(shown, since, clock.now()) for since, clock in zip(sent, clocks, strict=True)]
    wrong = min(off, key=abs, default=0.0)
    if TOLERANCE < abs(wrong) < _REFUSED:
        raise OrchestratorError(
            f"the clock of this machine is {abs(wrong):.0f} s {'ahead of' if wrong > 0 else 'behind'} AWS's: "
            "locks that are shared with other machines would not hold",
            hint="set it right (NTP), then run the same again",
        )
    return answer


def _shown(answer: Mapping[str, Any]) -> float | None:
    text = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


def _outside(shown: float, sent: float, received: float) -> float:
    """How far the answer's time is outside of the time that it took: above 0 when our clock is ahead."""
    return sent - shown if shown < sent else min(0.0, received - shown)
