"""Requests of gates to the outside, with nothing but the standard library and its proxy variables."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping

from orchestrator.core.clock import Clock
from orchestrator.rollout.gates.base import Answer, Ask, Unreachable

_LONGEST_BODY = 65536


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other."""

    def redirect_request(self, *_: object) -> None:
        return None


def asker(clock: Clock) -> Ask:
    """Asks over HTTP and measures on a clock."""
    opener = urllib.request.build_opener(_Stay)

    def ask(method: str, url: str, headers: Mapping[str, str], body: bytes | None, seconds: float) -> Answer:
        if not url.startswith(("http://", "https://")):
            raise OSError(f"{url} is not an HTTP address")
        request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310  (checked)
        began = clock.now()
        try:
            with opener.open(request, timeout=seconds) as response:
                return Answer(response.status, _text(response.read(_LONGEST_BODY)), clock.now() - began)
        except urllib.error.HTTPError as error:
            return Answer(error.code, _text(error.read(_LONGEST_BODY)), clock.now() - began)
        except urllib.error.URLError as error:  # raised before anything was sent; what comes later is raised as it is
            raise Unreachable(_plainly(error.reason)) from error
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error

    return ask


def _plainly(reason: object) -> str:
    """What the system says, without its error number."""
    return str(getattr(reason, "strerror", None) or reason)


def _text(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")
