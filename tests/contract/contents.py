"""How to put something into a thing that holds data, for each kind that does: what makes deleting it a loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestrator.aws.door import Aws
from orchestrator.core.resource import Live

Fill = Callable[[Aws, Live], None]

FILL: Mapping[str, Fill] = {}
