"""A daemon on the sandbox with virtual time, and its page on a free port, driven by the test's own thread."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from orchestrator.daemon.daemon import Daemon
from orchestrator.daemon.plans import Plans
from orchestrator.daemon.reconciler import Means
from orchestrator.web.app import create_app
from orchestrator.web.guard import LOOPBACK
from orchestrator.web.server import Server, address, listening
from orchestrator.web.site import Metrics
from orchestrator.web.tokens import Tokens
from tests.daemon.stage import Inline, Stage, stage

TOKEN = "ann-has-this-long-token"
HOSTILE = '<img src=x onerror="window.owned=1">'
CANARY = """\
name: shop
region: eu-west-1
daemon: {mode: MODE, interval: 60}
network:
  subnets:
    public: {a: 10.0.0.0/24, b: 10.0.1.0/24}
entry: {subnets: public}
defaults:
  port: 3000
  drain: 10
  health: {path: /, interval: 10}
services:
  posts:
    paths: [/api/posts*]
    subnets: public
    public_ip: true
    tasks: 2
    strategy:
      type: canary
      steps: [{weight: 10, for: 300}, {weight: 50, for: 300}]
      approve: true
      bake: 60
      hold: 60
      gates:
        watch:
          - errors: {max: 1, requests: 20, every: 60}
resources:
  bucket/media: {versioning: true}
"""


@dc.dataclass
class Stand:
    """A stage, its daemon, and a client of its page."""

    stage: Stage
    daemon: Daemon
    means: Means
    url: str
    http: httpx.Client

    def run(self, seconds: float) -> None:
        """Let so much time pass for the daemon."""
        self.stage.run(self.daemon, seconds)

    def get(self, path: str, **settings: Any) -> httpx.Response:
        """What the page answers."""
        return self.http.get(path, **settings)

    def post(self, path: str, token: str | None = TOKEN, json: Any = None, **headers: str) -> httpx.Response:
        """An order, as the page's script sends it."""
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        return self.http.post(path, json=json or {}, headers={**bearer, **headers})


@contextmanager
def stand(
    directory: Path,
    *,
    tokens: Tokens | None = None,
    hosts: Collection[str] | None = LOOPBACK,
    metrics: Metrics | None = None,
    **settings: Any,
) -> Iterator[Stand]:
    """An empty account and a daemon without plans; ``tokens``: one of ann's unless told."""
    with stage(directory, **settings) as found, serving(found, tokens, hosts, metrics) as served:
        yield served


@contextmanager
def serving(
    found: Stage,
    tokens: Tokens | None = None,
    hosts: Collection[str] | None = LOOPBACK,
    metrics: Metrics | None = None,
    **changes: Any,
) -> Iterator[Stand]:
    """A daemon and its page, on a stage that is there already; ``changes`` are of its means."""
    means = found.means(**changes)
    queue = Inline()
    daemon = Daemon(Plans(found.plans), means, queue=queue)
    queue.work = daemon.reconciler
    known = Tokens({"ann": TOKEN}) if tokens is None else tokens
    listener = listening("127.0.0.1", 0)
    server = Server(
        create_app(daemon, means, tokens=known, hosts=hosts, metrics=metrics), listener, means.sink, means.wall
    )
    server.start()
    try:
        with httpx.Client(base_url=address(listener), timeout=20) as http:
            yield Stand(found, daemon, means, address(listener), http)
    finally:
        means.stop.set()
        server.stop()
