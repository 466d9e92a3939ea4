"""Whose a name is that we want and that is not ours, as far as tags tell, and what to do about it."""

from __future__ import annotations

from typing import Any

from orchestrator.aws import tags
from orchestrator.core.resource import Live


def holder(live: Live[Any]) -> str:
    """Who has the name."""
    found = live.resource.tags
    if tags.STACK not in found:
        return "something without this stack's tags"
    region = f" in {found[tags.REGION]}" if tags.REGION in found else ""
    return f"the stack {found[tags.STACK]}{region}"


def way_out(live: Live[Any]) -> str:
    """What to do about it. To adopt what another stack looks after would only make the two fight over it."""
    if tags.STACK not in live.resource.tags:
        return f"rename or remove it, or list {live.address} under `adopt:` in the plan"
    shared = "all regions of an account share such names: " if tags.REGION in live.resource.tags else ""
    return f"{shared}give one of the two plans another name, or an environment"
