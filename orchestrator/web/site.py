"""What every handler works with, and how it finds the stack that a request is about."""

from __future__ import annotations

import dataclasses as dc
from typing import Any, Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request

from orchestrator.daemon.daemon import Daemon
from orchestrator.daemon.plans import Planned
from orchestrator.daemon.reconciler import Means
from orchestrator.daemon.views import StackView
from orchestrator.plan.load.loader import LoadedPlan
from orchestrator.web.archive import Archive
from orchestrator.web.feed import Feed
from orchestrator.web.tokens import Tokens
from orchestrator.web.undoing import Undoing


class Metrics(Protocol):
    """What ``/metrics`` answers with."""

    def render(self) -> tuple[bytes, str]:
        """The text and its content type."""
        ...


@dc.dataclass(frozen=True, kw_only=True)
class Site:
    """One daemon's page."""

    daemon: Daemon
    means: Means
    tokens: Tokens
    archive: Archive
    feed: Feed
    undoing: Undoing
    metrics: Metrics | None = None

    @property
    def now(self) -> float:
        """The time that AWS and the plans go by."""
        return self.means.clock.now()


@dc.dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack that a request is about."""

    planned: Planned
    view: StackView

    @property
    def loaded(self) -> LoadedPlan:
        """Its plan. Raises 409 where there has never been one that could be read."""
        if self.planned.loaded is None:
            raise HTTPException(409, f"The plan of {self.planned.key} cannot be read: {self.planned.fault}")
        return self.planned.loaded

    @property
    def services(self) -> tuple[str, ...]:
        """The names of its services."""
        return tuple(self.planned.loaded.model.services) if self.planned.loaded else ()

    def service(self, name: str) -> str:
        """A service of it. Raises 404 for another."""
        if name not in self.services:
            raise HTTPException(404, f"{self.planned.key} has no service of this name.")
        return name


def site_of(request: Request) -> Site:
    """The site that a request came to."""
    found: Any = request.app.state.site
    if not isinstance(found, Site):
        raise TypeError("an application without a site")
    return found


def stack_of(request: Request) -> Stack:
    """The stack that a request names. Raises 404 for one that is not planned."""
    site, key = site_of(request), request.path_params["key"]
    planned = site.daemon.planned(key)
    if planned is None:
        raise HTTPException(404, "There is no stack of this name.")
    return Stack(planned=planned, view=site.daemon.views.view(key))
