"""What a person looks at. All of it is made here, so that it can be read without a script too."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from orchestrator.app import picture, watching
from orchestrator.app.failures import failure
from orchestrator.core.errors import OrchestratorError
from orchestrator.daemon.views import StackView, State
from orchestrator.plan.load.loader import LoadedPlan
from orchestrator.web import chart
from orchestrator.web.api import recorded
from orchestrator.web.site import Stack, site_of, stack_of
from orchestrator.web.static import Static
from orchestrator.web.svg import size_of, svg_response
from orchestrator.web.words import FILTERS, visible

_SLUGS = {
    State.BROKEN: "broken",
    State.FAILED: "failed",
    State.PAUSED: "paused",
    State.ROLLING_OUT: "rolling",
    State.WAITING: "waiting",
    State.DRIFTED: "drifted",
    State.IN_SYNC: "sync",
    State.OFF: "off",
    State.UNKNOWN: "unknown",
}


class Pages:
    """The pages, and the templates that they are made of."""

    def __init__(self, static: Static) -> None:
        self._pictures: dict[str, tuple[LoadedPlan | None, str]] = {}
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            finalize=visible,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.filters.update(FILTERS)
        self._templates.globals.update(address=static.address, slugs=_SLUGS, box=chart, said=watching.said)

    @property
    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/", self.stacks),
            Route("/locks", self.locks),
            Route("/stacks/{key}", self.stack),
            Route("/stacks/{key}/system.svg", self.system),
            Route("/stacks/{key}/rollouts/{service}", self.rollout),
            Route("/stacks/{key}/history/{service}/{id}", self.record),
        ]

    async def stacks(self, request: Request) -> Response:
        """All stacks. ``only``: the rows of these, for the script; ``q`` and ``state`` for who has none."""
        views = site_of(request).daemon.views.all()
        asked = request.query_params
        only = set(asked.getlist("only"))
        shown = [v for v in views if v.key in only] if only else list(_matching(views, asked.get("q", "")))
        state = asked.get("state", "")
        shown = [v for v in shown if not state or _SLUGS[v.state] == state]
        counts = Counter(view.state for view in views)
        q = asked.get("q", "")
        return self._page(request, "stacks.html", views=shown, counts=counts, total=len(views), q=q, state=state)

    async def stack(self, request: Request) -> Response:
        """One stack."""
        found = stack_of(request)
        kept = await site_of(request).archive.of(found.planned)
        size = size_of(self._picture(found))
        return self._page(request, "stack.html", stack=found, view=found.view, kept=kept, size=size)

    async def system(self, request: Request) -> Response:
        """A stack's picture."""
        text = self._picture(stack_of(request))
        if not text:
            raise HTTPException(404, "There is no picture of it.")
        return svg_response(text)

    async def rollout(self, request: Request) -> Response:
        """A rollout while it lasts; between rollouts, what became of the last one."""
        site, found = site_of(request), stack_of(request)
        service = found.service(request.path_params["service"])
        kept = await site.archive.of(found.planned)
        told = kept.rollouts.get(service)
        last = None if told else kept.latest(service)
        drawn = chart.of_rollout(told, site.now) if told else chart.of_record(last) if last else None
        sight = found.view.sights.get(service, {})
        seen = sight if told and sight.get("id") == told["id"] else {}
        return self._page(
            request,
            "rollout.html",
            stack=found,
            view=found.view,
            kept=kept,
            service=service,
            told=told,
            last=last,
            chart=drawn,
            seen=seen,
        )

    async def record(self, request: Request) -> Response:
        """What became of a rollout."""
        found = stack_of(request)
        known = await recorded(request, found)
        drawn = chart.of_record(known)
        return self._page(request, "record.html", stack=found, view=found.view, record=known, chart=drawn)

    async def locks(self, request: Request) -> Response:
        """Who holds which stack."""
        site = site_of(request)
        fault, held = "", list[Any]()
        try:
            held = await site.archive.locks(site.daemon.planned_all())
        except (OrchestratorError, TimeoutError) as error:
            fault = failure(error).message if isinstance(error, OrchestratorError) else "the store has not answered yet"
        return self._page(request, "locks.html", held=held, fault=fault)

    def error(self, request: Request, status: int, message: str) -> Response:
        """Something that is not there, or did not work."""
        return self._page(request, "error.html", status=status, message=message)

    def _picture(self, stack: Stack) -> str:
        """Drawn once a plan; empty where that cannot be drawn."""
        loaded, key = stack.planned.loaded, stack.planned.key
        known, text = self._pictures.get(key, (None, ""))
        if loaded is not known:
            text = ""
            with contextlib.suppress(OrchestratorError):
                text = picture.draw(loaded, "svg") if loaded else ""
            self._pictures[key] = loaded, text
        return text

    def _page(self, request: Request, template: str, status: int = 200, **told: Any) -> Response:
        site = site_of(request)
        ahead = site.now - site.means.wall.now()  # locks go by the wall, all else by a clock that a sandbox speeds up
        told |= {"now": site.now, "ahead": ahead, "steered": bool(site.tokens), "path": request.url.path}
        return HTMLResponse(self._templates.get_template(template).render(**told, status=status), status)


def _matching(views: Iterable[StackView], text: str) -> Iterable[StackView]:
    """The stacks whose names or state hold every word."""
    words = text.lower().split()
    for view in views:
        held = f"{view.key} {view.stack} {view.region} {view.mode} {view.state.value}".lower()
        if all(word in held for word in words):
            yield view
