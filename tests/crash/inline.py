"""Calls that reach the sandbox without a socket: a process that is forked takes its AWS along, and nobody else's."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSResponse
from werkzeug.test import EnvironBuilder

from orchestrator.sandbox.server import Sandbox
from tests.world import REGION, Aws


class _Body(io.BytesIO):
    """What botocore reads an answer from."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


class InlineAws(Aws):
    """The account of a test, called directly."""

    def client(self, service: str, region: str = REGION) -> Any:
        known = (service, region) in self._clients
        client = super().client(service, region)
        return client if known else inline(client, self.sandbox)


def inline(client: Any, sandbox: Sandbox) -> Any:
    """Let a boto3 client call the sandbox directly from now on."""
    client.meta.events.register("before-send", lambda request, **_: _answer(sandbox._server.app, request))
    return client


def _answer(app: Any, request: Any) -> AWSResponse:
    asked, body = urlsplit(request.url), request.body or b""
    environ = EnvironBuilder(
        path=asked.path or "/",
        base_url=f"{asked.scheme}://{asked.netloc}",
        query_string=asked.query,
        method=request.method,
        headers={k: v.decode() if isinstance(v, bytes) else v for k, v in request.headers.items()},
        data=body.read() if hasattr(body, "read") else body,
    ).get_environ()
    said: list[Any] = []
    content = b"".join(app(environ, lambda status, headers, *_: said.append((status, headers))))
    status, headers = said[-1]
    return AWSResponse(request.url, int(status.split()[0]), dict(headers), _Body(content))
