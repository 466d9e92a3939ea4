"""What the daemon sends to workers: which stack, by which plan, and a name for the tick. No more, and no secrets."""

from __future__ import annotations

import dataclasses as dc
import hashlib

from orchestrator.plan.load.loader import LoadedPlan

_LONGEST = 500


class Misshapen(ValueError):
    """It is not one of our messages."""


@dc.dataclass(frozen=True, kw_only=True)
class Message:
    """One tick of one stack. ``plan`` is the digest of what the daemon has read; ``tick`` is different each time."""

    key: str
    plan: str
    tick: str

    @classmethod
    def of(cls, told: object) -> Message:
        """What has arrived: anybody who reaches the broker can send anything. Raises ``Misshapen``."""
        names = {f.name for f in dc.fields(cls)}
        if not isinstance(told, dict) or set(told) != names:
            raise Misshapen(f"allowed: {', '.join(sorted(names))}")
        for name, text in told.items():
            if not isinstance(text, str) or not 0 < len(text) <= _LONGEST or not text.isprintable():
                raise Misshapen(f"{name}: allowed: a line of at most {_LONGEST} characters")
        return cls(**told)

    def as_json(self) -> dict[str, str]:
        """For the broker."""
        return dc.asdict(self)


def digest(loaded: LoadedPlan) -> str:
    """The same on two machines if they have read the same: a file, an environment, and what variables are worth.

    Defaults are left out, so that workers and daemon may be of different releases while they are replaced.
    """
    stated = loaded.model.model_dump_json(exclude_unset=True)
    return hashlib.sha256(f"{loaded.stack}\x00{stated}".encode()).hexdigest()[:16]
