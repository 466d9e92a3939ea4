"""Steering: the use cases that the command line has too, under the name of whoever's token it is.

What is said to a rollout is left in the store, so that it is heard by whoever drives it: this daemon, another one, or
a pipeline that waits.
"""

from __future__ import annotations

import dataclasses as dc
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from orchestrator.app import pausing, steering
from orchestrator.app.failures import Sort, failure
from orchestrator.app.steering import Word
from orchestrator.app.system import System
from orchestrator.core.errors import Conflict, LockHeld
from orchestrator.core.events import Event, State
from orchestrator.web.guard import TooLarge, body_of, stranger
from orchestrator.web.site import Site, Stack, site_of, stack_of
from orchestrator.web.threads import beside
from orchestrator.web.tokens import HOW
from orchestrator.web.words import visible

LONGEST_REASON = 500
LONGEST_NAME = 80
PATIENCE = 15.0


@dc.dataclass(frozen=True, kw_only=True)
class Said:
    """What a person has said: who, why, and whether a promotion is to leave out what would still be watched."""

    by: str
    reason: str = ""
    full: bool = False


@dc.dataclass(frozen=True, kw_only=True)
class Task:
    """One order for one stack, and for one service of it where it is about one."""

    site: Site
    stack: Stack
    said: Said
    service: str = ""

    def system(self) -> System:
        """The stack, under the name of who has said it. It may have to find its account and its store first."""
        return self.site.archive.system(self.stack.loaded, self.said.by)


Act = Callable[[Task], Awaitable[str]]
"""Does it; what was done, in a sentence."""


async def sync(task: Task) -> str:
    """Look at the stack now, whenever it is due."""
    if task.stack.loaded.model.daemon.mode == "off":
        raise HTTPException(409, "The mode of this stack is off: it is not looked at.")
    return "It is looked at now."


async def pause(task: Task) -> str:
    """Have no daemon change anything in the stack."""
    made = pausing.Pause(by=task.said.by, at=task.site.now, reason=task.said.reason)
    await beside(lambda: pausing.pause(task.system(), made), "pause", PATIENCE)
    task.site.daemon.views.update(task.stack.planned.key, paused=str(made))
    return "No daemon changes anything in it, nor goes on with its rollouts, until it is resumed."


async def resume(task: Task) -> str:
    """Let daemons go on with the stack."""
    said = task.said
    was = await beside(lambda: pausing.resume(task.system(), said.by, said.reason), "resume", PATIENCE)
    task.site.daemon.views.update(task.stack.planned.key, paused="")
    return "Daemons go on with it." if was else "It was not paused."


async def promote(task: Task) -> str:
    """Let a rollout go on."""
    if task.said.full and not task.said.reason:
        raise HTTPException(400, "reason: leaving out what a strategy watches needs one.")
    return await _order(task, Word.PROMOTE_FULLY if task.said.full else Word.PROMOTE)


async def abort(task: Task) -> str:
    """Take a rollout back."""
    return await _order(task, Word.ABORT)


async def take_back(task: Task) -> str:
    """Go back to what the service ran before: by an order while it is rolled out, else by a rollout of its own."""
    kept = await task.site.archive.of(task.stack.planned)
    if task.service in kept.rollouts:
        return await _order(task, Word.ABORT)
    return await task.site.undoing.undo(task.system, task.service, task.said.reason or "undo", task.site.means.sink)


async def _order(task: Task, word: Word) -> str:
    await beside(lambda: steering.order(task.system(), task.service, word, task.said.reason), word.value, PATIENCE)
    view = task.site.daemon.views.view(task.stack.planned.key)
    if view.paused:
        return "Told. The stack is paused: a daemon carries it out once it is resumed."
    if view.mode == "off":
        return "Told. The mode of this stack is off: whoever drives the rollout carries it out."
    return "Told. Whoever drives the rollout carries it out."


# -- from a request to a task ----------------------------------------------------------------------------------------


def _endpoint(name: str, act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        task = await _task(request)
        try:
            done = await act(task)
        except TimeoutError:
            raise HTTPException(504, "There is no answer yet; it may still be done. Look again in a moment.") from None
        except HTTPException:
            raise
        except Exception as error:
            raise _refusal(error) from error
        _tell(task, name)
        key = task.stack.planned.key
        task.site.archive.forget(key)
        task.site.daemon.sync(key)
        told = {"action": name, "stack": key, "service": task.service or None}
        return JSONResponse({**told, "by": task.said.by, "reason": task.said.reason, "message": done}, 202)

    return endpoint


async def _task(request: Request) -> Task:
    """Who may do what to which stack. Raises whatever is the first thing wrong with it."""
    site = site_of(request)
    if stranger(request):
        raise HTTPException(403, "This was sent by another site's page.")
    if not site.tokens:
        raise HTTPException(403, HOW)
    owner = site.tokens.owner(request.headers.get("authorization", ""))
    if owner is None:
        raise HTTPException(401, "This needs a token of this daemon's.", {"WWW-Authenticate": "Bearer"})
    said = _said(await _json(request), owner)
    stack = stack_of(request)
    service = request.path_params.get("service", "")
    return Task(site=site, stack=stack, said=said, service=stack.service(service) if service else "")


async def _json(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "What is sent has to be application/json.")
    try:
        sent = json.loads(await body_of(request) or b"{}")
    except TooLarge:
        raise HTTPException(413, "This is more than any order needs.") from None
    except (ValueError, RecursionError):
        raise HTTPException(400, "What was sent is not JSON.") from None
    if not isinstance(sent, dict):
        raise HTTPException(400, "What is sent has to be an object.")
    if unknown := sorted(sent.keys() - {"reason", "full", "by"}):
        raise HTTPException(400, f"{unknown[0]}: not known; allowed are reason, full and by.")
    return sent


def _said(sent: dict[str, Any], owner: str) -> Said:
    """``by`` is for tokens that several people share: it is kept beside the token's name, never in its place."""
    full = sent.get("full", False)
    if not isinstance(full, bool):
        raise HTTPException(400, "full: allowed are true and false.")
    by = _text(sent, "by", LONGEST_NAME)
    name = f"{by} (token {owner})" if by and by != owner else owner
    return Said(by=name, reason=_text(sent, "reason", LONGEST_REASON), full=full)


def _text(sent: dict[str, Any], name: str, longest: int) -> str:
    text = sent.get(name, "")
    if not isinstance(text, str) or len(text) > longest:
        raise HTTPException(400, f"{name}: allowed is text of at most {longest} letters.")
    return str(visible(" ".join(text.split())))


def _refusal(error: Exception) -> HTTPException:
    """What a use case says, in the status that fits it."""
    found = failure(error)
    if isinstance(error, LockHeld | Conflict) or found.sort in (Sort.REFUSED, Sort.LEASE):
        status = 409
    elif found.sort is Sort.DEFECT:
        return HTTPException(500, "This is a defect of the daemon; its log tells more.")
    else:
        status = 502
    return HTTPException(status, f"{found.message}; {found.hint}" if found.hint else found.message)


def _tell(task: Task, name: str) -> None:
    said = task.said
    about = task.service or task.stack.planned.key
    what = f"{name} by {said.by}" + (f": {said.reason}" if said.reason else "")
    details = {"stack": task.stack.loaded.stack, "by": said.by, "reason": said.reason}
    task.site.means.sink(
        Event(at=task.site.now, subject=about, action=name, state=State.NOTE, message=what, details=details)
    )


_STACK: dict[str, Act] = {"sync": sync, "pause": pause, "resume": resume}
_SERVICE: dict[str, Act] = {"promote": promote, "abort": abort, "undo": take_back}

ROUTES = [
    *(Route(f"/stacks/{{key}}/{n}", _endpoint(n, act), methods=["POST"]) for n, act in _STACK.items()),
    *(
        Route(f"/stacks/{{key}}/services/{{service}}/{n}", _endpoint(n, act), methods=["POST"])
        for n, act in _SERVICE.items()
    ),
]
