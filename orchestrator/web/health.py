"""Whether the process lives, whether it can do its work, and its figures: for supervisors and for Prometheus."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from orchestrator.web.site import Site, site_of

STUCK_AFTER = 60.0
"""Seconds without a turn of the loop, which takes one a second."""


async def healthz(request: Request) -> Response:
    """200 for as long as the loop turns."""
    site = site_of(request)
    turned = site.daemon.turned
    if turned is not None and site.means.wall.now() - turned > STUCK_AFTER:
        return JSONResponse({"ok": False, "why": "the loop does not turn any more"}, 503)
    return JSONResponse({"ok": True})


async def readyz(request: Request) -> Response:
    """200 once the plans were read and the store has answered; else why not, without names or addresses."""
    why = _unready(site_of(request))
    return JSONResponse({"ok": not why, **({"why": why} if why else {})}, 503 if why else 200)


async def metrics(request: Request) -> Response:
    """Whatever is counted."""
    counted = site_of(request).metrics
    if counted is None:
        return PlainTextResponse("no metrics are kept\n", 404)
    text, kind = counted.render()
    return Response(text, media_type=kind)


def _unready(site: Site) -> str:
    troubles = site.daemon.reconciler.troubles.now()
    if "plans" in troubles:
        return "the directory of plans cannot be read"
    if not site.daemon.scanned:
        return "the plans have not been read yet"
    if "store" in troubles:
        return "the store does not answer"
    watched = [view for view in site.daemon.views.all() if view.stack and view.mode != "off"]
    if watched and not any(view.ticks for view in watched):
        return "no stack has been looked at yet"
    return ""
