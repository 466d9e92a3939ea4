"""Reading, as JSON. Written for programs; what it says is documented in docs/web.md and stays as it is."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from orchestrator.app import picture
from orchestrator.core.clock import iso
from orchestrator.lease import Holding
from orchestrator.web.site import Stack, site_of, stack_of
from orchestrator.web.svg import svg_response

MOST_RECORDS = 200
_FORMS = ("svg", "mermaid", "dot")


async def stacks(request: Request) -> Response:
    """Every stack as it was seen last."""
    site = site_of(request)
    views = [view.as_json() for view in site.daemon.views.all()]
    return JSONResponse({"now": iso(site.now), "stacks": views})


async def stack(request: Request) -> Response:
    """One stack, with its services, its unfinished rollouts and who paused it."""
    site, found = site_of(request), stack_of(request)
    kept = await site.archive.of(found.planned)
    told = {"services": found.services, "rollouts": kept.rollouts, "pause": kept.pause, "store": kept.fault or "ok"}
    return JSONResponse({"now": iso(site.now), **found.view.as_json(), **told})


async def rollouts(request: Request) -> Response:
    """The unfinished rollouts of a stack, by service."""
    kept = await site_of(request).archive.of(stack_of(request).planned)
    return JSONResponse({"rollouts": kept.rollouts, "store": kept.fault or "ok"})


async def rollout(request: Request) -> Response:
    """A service's unfinished rollout."""
    found = stack_of(request)
    service = found.service(request.path_params["service"])
    kept = await site_of(request).archive.of(found.planned)
    if service not in kept.rollouts:
        raise HTTPException(404, f"{service} is not being rolled out.")
    return JSONResponse(kept.rollouts[service])


async def history(request: Request) -> Response:
    """What became of rollouts, newest first."""
    found = stack_of(request)
    service = request.query_params.get("service")
    if service is not None:
        found.service(service)
    count = _count(request.query_params.get("count", "20"))
    records = await site_of(request).archive.history(found.loaded, service, count)
    return JSONResponse({"history": records})


async def record(request: Request) -> Response:
    """What became of one rollout."""
    return JSONResponse(await recorded(request, stack_of(request)))


async def recorded(request: Request, found: Stack) -> Mapping[str, Any]:
    """The record that a request names. Raises 404 where there is none."""
    service, rollout = found.service(request.path_params["service"]), request.path_params["id"]
    known = await site_of(request).archive.record(found.loaded, service, rollout)
    if known is None:
        raise HTTPException(404, f"The history of {service} knows no such rollout.")
    return known


async def drift(request: Request) -> Response:
    """What was not as planned when the stack was looked at last."""
    found = stack_of(request)
    view, kept = found.view, await site_of(request).archive.of(found.planned)
    told = [{**dc.asdict(one), "left_alone": one.left_alone} for one in view.differences]
    synced = view.looked is not None and not told
    reports = [dc.asdict(one) for one in kept.reports]
    return JSONResponse({"looked": view.looked, "in_sync": synced, "differences": told, "reports": reports})


async def graph(request: Request) -> Response:
    """The system as planned: a picture, or the text of one."""
    found, form = stack_of(request), request.query_params.get("format", "svg")
    if form not in _FORMS:
        raise HTTPException(400, f"format: allowed are {', '.join(_FORMS)}")
    text = picture.draw(found.loaded, form)
    return svg_response(text) if form == "svg" else PlainTextResponse(text)


async def locks(request: Request) -> Response:
    """Who holds which stack."""
    site = site_of(request)
    held = await site.archive.locks(site.daemon.planned_all())
    return JSONResponse({"locks": [_lock(of, one, site.means.wall.now()) for of, one in held]})


async def me(request: Request) -> Response:
    """Whose token it is."""
    owner = site_of(request).tokens.owner(request.headers.get("authorization", ""))
    if owner is None:
        raise HTTPException(401, "This is nobody's token.", {"WWW-Authenticate": "Bearer"})
    return JSONResponse({"name": owner})


def _lock(of: str, holding: Holding, now: float) -> dict[str, Any]:
    kept = ("stack", "owner", "doing", "run", "fence")
    told = {name: getattr(holding, name) for name in kept}
    times = {"since": iso(holding.since), "expires": iso(holding.until), "age_seconds": round(now - holding.since)}
    return {**told, **times, "place": of.partition("@")[2]}


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 3 or not 1 <= int(text) <= MOST_RECORDS:
        raise HTTPException(400, f"count: allowed is a whole number from 1 to {MOST_RECORDS}")
    return int(text)


ROUTES = [
    Route("/me", me),
    Route("/stacks", stacks),
    Route("/stacks/{key}", stack),
    Route("/stacks/{key}/rollouts", rollouts),
    Route("/stacks/{key}/rollouts/{service}", rollout),
    Route("/stacks/{key}/history", history),
    Route("/stacks/{key}/history/{service}/{id}", record),
    Route("/stacks/{key}/drift", drift),
    Route("/stacks/{key}/graph", graph),
    Route("/locks", locks),
]
