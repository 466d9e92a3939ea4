"""What can go wrong with a call, and which calls it happens to."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Fault(enum.StrEnum):
    """What becomes of a call."""

    THROTTLE = "throttle"
    ERROR = "5xx"
    DENIED = "denied"
    DELAY = "delay"
    RESET = "reset"
    """The connection is gone before anything was carried out."""
    QUOTA = "quota"
    LOST_REPLY = "lost"
    """It is carried out, and the connection is gone."""
    TRUNCATED = "truncated"
    """It is carried out, and half of the answer arrives."""


REFUSALS = frozenset({Fault.THROTTLE, Fault.ERROR, Fault.DENIED, Fault.QUOTA})
"""What AWS answers with an error, and does not carry out."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Which calls, by patterns such as ``ec2`` and ``Create*``, and what becomes of them.

    ``skip`` lets that many matching calls through first, ``count`` takes at most so many after that, and of these only
    the share that ``rate`` says. With ``each`` these hold for each operation by itself.
    """

    fault: Fault
    service: str = "*"
    operation: str = "*"
    skip: int = 0
    count: int | None = None
    each: bool = False
    rate: float = 1.0
    seed: int = 0
    seconds: float = 1.0
    """How long a delay is, in real seconds."""
    code: str = ""
    """What a refusal is called, where not as the service usually calls it."""
    message: str = ""
