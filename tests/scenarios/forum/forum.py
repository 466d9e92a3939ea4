"""The forum system on a sandbox with virtual time, driven by the use cases, and the words in which stories are told."""

from __future__ import annotations

import dataclasses as dc
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.app import delivery, provision, teardown
from orchestrator.app import outlook as looking
from orchestrator.app.ending import Ending
from orchestrator.app.outlook import Outlook
from orchestrator.app.system import System
from orchestrator.aws.door import READS, Access
from orchestrator.aws.door import Aws as Door
from orchestrator.core.clock import SystemClock
from orchestrator.core.events import Event
from orchestrator.core.store import Store
from orchestrator.plan.load.loader import load_plan
from orchestrator.stores.memory import MemoryStore
from tests.scenarios.forum.oracle import Account, failures
from tests.world import Aws, world

PLAN = Path(__file__).parents[3] / "plans" / "forum.yaml"
REGION = "us-east-1"


class Killed(BaseException):
    """The process is gone; nothing catches this."""


@dc.dataclass
class Forum:
    """One account and one plan file at a time."""

    aws: Aws
    plan: Path = PLAN
    environment: str | None = None
    store: Store = dc.field(default_factory=MemoryStore)
    events: list[Event] = dc.field(default_factory=list)
    _systems: dict[tuple[Path, str | None], System] = dc.field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Plain boto3, for what people do by hand."""
        return self.aws.client(service, REGION)

    @property
    def account(self) -> Account:
        """What plain boto3 sees of the stack, read anew."""
        return Account(self.client, f"forum-{self.environment}" if self.environment else "forum")

    @property
    def system(self) -> System:
        """The plan and a door. A system remembers nothing, so one a plan file will do, and boto3 is slow to set up."""
        chosen = (self.plan, self.environment)
        if chosen not in self._systems:
            loaded = load_plan(*chosen)
            door = Door(Access(region=loaded.model.region, account=loaded.model.account), self.aws.clock)
            self._systems[chosen] = System(loaded, door, self.store, self.aws.clock, wall=SystemClock())
        return self._systems[chosen]

    # -- what is done --------------------------------------------------------------------------------------------------

    def look(self) -> Outlook:
        """What would be done."""
        return looking.look(self.system)

    def apply(self, *, data: bool = False) -> Ending:
        """Look, check, apply: as the command does it."""
        system = self.system
        with system.hold("apply"):
            outlook = looking.look(system)
            provision.check(system, outlook, data=data, deletions=None)
            return provision.apply(system, outlook, self.events.append, data=data)

    def deploy(self, **images: str) -> Ending:
        """Roll out images by service."""
        system = self.system
        with system.hold("deploy"):
            return delivery.deploy(system, delivery.look(system, images), self.events.append)

    def killed_at(self, stage: str, **images: str) -> None:
        """Deploy with a process that dies when a rollout is seen at a stage."""

        def sink(event: Event) -> None:
            if event.details.get("stage") == stage:
                raise Killed

        with pytest.raises(Killed), self.system.hold("deploy"):
            delivery.deploy(self.system, delivery.look(self.system, images), sink)

    def destroy(self, *, data: bool) -> tuple[Ending, set[str]]:
        """Take everything away; how it ended, and what was kept."""
        system = self.system
        with system.hold("destroy"):
            removal = teardown.look(system, data=data)
            ending = teardown.destroy(system, removal, self.events.append)
            return ending, {str(step.address) for step in removal.kept}

    # -- what is seen --------------------------------------------------------------------------------------------------

    @property
    def wrong(self) -> list[str]:
        """What of forum.md is not true."""
        return failures(self.account)

    @contextmanager
    def calls(self) -> Iterator[list[str]]:
        """The calls made inside the block, as ``service.Operation``, filled in at its end."""
        before, found = len(self.aws.sandbox.calls), list[str]()
        yield found
        found += [f"{call.service}.{call.operation}" for call in self.aws.sandbox.calls[before:]]

    def changes(self) -> dict[str, set[str]]:
        """What a look finds to do: the fields that differ by address, nothing named for what is made or removed."""
        return {str(step.address): {c.field for c in step.changes} for step in self.look().plan.changes}

    def needs(self) -> dict[str, str]:
        """What services need, by name."""
        return {d.service: d.need.value for d in self.look().concerns}


def writes(calls: list[str]) -> list[str]:
    """Those that change something."""
    return [call for call in calls if not call.rpartition(".")[2].startswith(READS)]


@contextmanager
def forum(plan: Path = PLAN, **settings: Any) -> Iterator[Forum]:
    """An empty account that the product reaches through its own door."""
    with world(**settings) as aws, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", aws.sandbox.url)
        yield Forum(aws, plan)


def edited(path: Path, changes: Mapping[str, str], plan: Path = PLAN) -> Path:
    """A copy of the plan file with some of its text replaced."""
    text = plan.read_text(encoding="utf-8")
    for before, after in changes.items():
        text, count = re.subn(before, after, text, flags=re.MULTILINE)
        assert count, f"the plan has no {before!r}"
    path.write_text(text, encoding="utf-8")
    return path
