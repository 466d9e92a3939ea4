"""The application: every address that the daemon answers to, around one ``Site``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from orchestrator.app.failures import failure
from orchestrator.core.errors import OrchestratorError
from orchestrator.core.events import Event, State
from orchestrator.daemon.daemon import Daemon
from orchestrator.daemon.reconciler import Means
from orchestrator.web import actions, api, health
from orchestrator.web.archive import Archive
from orchestrator.web.feed import Feed
from orchestrator.web.guard import Guard
from orchestrator.web.pages import Pages
from orchestrator.web.site import Metrics, Site, site_of
from orchestrator.web.static import Static
from orchestrator.web.tokens import Tokens
from orchestrator.web.undoing import Undoing


def create_app(
    daemon: Daemon,
    means: Means,
    *,
    tokens: Tokens | None = None,
    hosts: Collection[str] | None = None,
    metrics: Metrics | None = None,
) -> ASGIApp:
    """Page, API and the rest of one daemon. ``hosts``: the names that it answers to; None for any."""
    archive = Archive(means)

    async def rollouts(key: str) -> Mapping[str, Mapping[str, Any]]:
        planned = daemon.planned(key)
        return (await archive.of(planned)).rollouts if planned else {}

    feed = Feed(daemon.views.all, rollouts, means.clock.now)
    site = Site(
        daemon=daemon,
        means=means,
        tokens=tokens or Tokens(),
        archive=archive,
        feed=feed,
        undoing=Undoing(),
        metrics=metrics,
    )
    static = Static()
    pages = Pages(static)

    async def failed(request: Request, error: Exception) -> Response:
        """For programs as JSON, for people as a page. What went wrong inside is not told."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        message = error.detail if isinstance(error, HTTPException) else "This is a defect of the daemon."
        if isinstance(error, TimeoutError | OrchestratorError):
            down = isinstance(error, OrchestratorError)
            status, message = 503, failure(error).message if down else "The store has not answered yet."
        headers = error.headers if isinstance(error, HTTPException) else None
        if request.url.path.startswith("/api/") or request.method not in ("GET", "HEAD"):
            return JSONResponse({"error": message}, status, headers=headers)
        return pages.error(request, status, message)

    routes = [
        Mount("/api", routes=[*actions.ROUTES, *api.ROUTES]),
        Route("/events", events),
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/metrics", health.metrics),
        Route("/static/{name}", static.serve),
        *pages.routes,
    ]
    handlers: Any = dict.fromkeys((HTTPException, TimeoutError, OrchestratorError, Exception), failed)
    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=_living(site))
    app.state.site = site
    return Guard(app, hosts)


async def events(request: Request) -> Response:
    """What changes, for as long as somebody listens; ``stack`` for one stack alone, and its rollouts."""
    feed = site_of(request).feed
    if feed.full:
        raise HTTPException(503, "Too many listen already.", {"Retry-After": "10"})
    last = request.headers.get("last-event-id", "")
    told = feed.listen(request.query_params.get("stack", ""), last)
    return StreamingResponse(told, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _living(site: Site) -> Any:
    @contextlib.asynccontextmanager
    async def living(_app: Starlette) -> AsyncIterator[None]:
        """The feed runs until the daemon is told to stop: streams would else keep the server."""
        feeding = asyncio.create_task(site.feed.run())
        feeding.add_done_callback(lambda task: _ended(site, task))
        closing = asyncio.create_task(_until(site))
        try:
            yield
        finally:
            site.feed.close()
            for task in (closing, feeding):
                task.cancel()
            await asyncio.gather(closing, feeding, return_exceptions=True)
            await site.undoing.stop()

    return living


def _ended(site: Site, feeding: asyncio.Task[None]) -> None:
    """Pages that keep up no more have to be known of."""
    error = None if feeding.cancelled() else feeding.exception()
    if error:
        site.feed.close()
        said = f"pages do not keep up any more: {type(error).__name__}: {error}"
        site.means.sink(Event(at=site.now, subject="web", action="serve", state=State.FAILED, message=said))


async def _until(site: Site) -> None:
    while not site.means.stop.is_set():
        await asyncio.sleep(_NOTICED_WITHIN)
    site.feed.close()


_NOTICED_WITHIN = 0.2
