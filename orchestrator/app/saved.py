"""Plans that were saved to be applied later: exactly as shown, or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.app.outlook import Outlook
from orchestrator.app.system import System
from orchestrator.core.clock import iso
from orchestrator.core.errors import OrchestratorError, Refused
from orchestrator.reconcile import text

_FORMAT = "orchestrator-plan/1"


@dataclass(frozen=True)
class Promise:
    """What a saved plan said: which plan file it was of, and what would have been done."""

    plan: Path
    environment: str | None
    variables: Mapping[str, str]
    fingerprint: str
    made: str

    def check(self, outlook: Outlook) -> None:
        """Raise ``Refused`` when the same look tells something else today."""
        if outlook.fingerprint != self.fingerprint:
            raise Refused(
                f"the world, or the plan file, has changed since this plan was saved at {self.made}",
                hint=f"look again: orchestrator plan {self.plan} --out FILE",
            )


def write(path: Path, system: System, outlook: Outlook, variables: Mapping[str, str]) -> None:
    """Save a plan, readable by its owner only: it names what is about to change, and the plan's variables."""
    content = {
        "format": _FORMAT,
        "made": iso(system.clock.now()),
        "plan": str(system.loaded.path.resolve()),
        "environment": system.loaded.environment,
        "variables": dict(variables),
        "fingerprint": outlook.fingerprint,
        "changes": text.as_json(outlook.plan),
    }
    try:
        path.touch(mode=0o600)
        path.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")
    except OSError as error:
        raise OrchestratorError(f"cannot save the plan: {error}") from None


def read(path: Path) -> Promise | None:
    """A saved plan, or None when the file is something else (a plan file)."""
    try:
        with path.open(encoding="utf-8") as file:
            if not file.read(1).startswith("{"):
                return None
            file.seek(0)
            content: Any = json.load(file)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        return None  # whatever is wrong with it, the plan loader says it better
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        return None
    return Promise(
        Path(content["plan"]), content["environment"], content["variables"], content["fingerprint"], content["made"]
    )
