"""The stages of which every strategy is made, and the form in which a list of them is saved."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from typing import Any

from orchestrator.rollout import gates
from orchestrator.rollout.stages.base import Stage
from orchestrator.rollout.stages.capacity import Arm, Follow, Retire, Suspend, Tidy
from orchestrator.rollout.stages.check import Check, Test
from orchestrator.rollout.stages.provision import Provision
from orchestrator.rollout.stages.together import Together
from orchestrator.rollout.stages.traffic import Approve, Bake, Enlist, Hold, Ready, Shift

_ALL = (Check, Suspend, Enlist, Provision, Test, Ready, Shift, Bake, Approve, Together, Follow, Hold, Retire, Arm, Tidy)
_STAGES: Mapping[str, type[Any]] = {stage.name: stage for stage in _ALL}


def as_json(stage: Stage) -> dict[str, Any]:
    """A stage as it is kept in a store."""
    fields: dict[str, Any] = dc.asdict(stage)  # type: ignore[call-overload]  # every stage is a dataclass
    if "gates" in fields:
        fields["gates"] = [gates.as_json(gate) for gate in getattr(stage, "gates", ())]
    return {"stage": stage.name, **fields}


def from_json(value: Mapping[str, Any]) -> Stage:
    """A stage from what was kept of it."""
    fields = {k: v for k, v in value.items() if k != "stage"}
    if "gates" in fields:
        fields["gates"] = tuple(gates.from_json(gate) for gate in fields["gates"])
    made: Stage = _STAGES[value["stage"]](**fields)
    return made
