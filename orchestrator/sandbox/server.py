"""The sandbox: AWS in one local process, for any client that is given its address as the endpoint.

moto answers the calls, behind one lock. The world does what AWS does by itself, the repairs put right what moto
drops, the strict layer refuses what AWS refuses. moto keeps its state in the process, so one sandbox runs at a time.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import warnings
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from orchestrator.core.errors import OrchestratorError
from orchestrator.sandbox import consistency, repairs, strict
from orchestrator.sandbox.admin import Admin
from orchestrator.sandbox.authorisation import Authorised
from orchestrator.sandbox.buckets import Buckets
from orchestrator.sandbox.chain import Delayed, Held, Logged, Quiet, Serial
from orchestrator.sandbox.clock import SandboxClock, SpeedClock
from orchestrator.sandbox.consistency import lag
from orchestrator.sandbox.faults import Faults
from orchestrator.sandbox.proxy import HOST, Proxy
from orchestrator.sandbox.record import Call
from orchestrator.sandbox.repairs import paging
from orchestrator.sandbox.world.traffic.ledger import Ledger
from orchestrator.sandbox.world.traffic.traffic import RATE
from orchestrator.sandbox.world.world import World

_log = logging.getLogger(__name__)
_running = threading.Lock()


class SandboxError(OrchestratorError):
    """The sandbox can not start, or can not do what it was asked for."""


class Sandbox:
    """An AWS account on ``127.0.0.1``; a context manager that starts on the way in and stops on the way out."""

    def __init__(
        self,
        *,
        port: int = 0,
        clock: SandboxClock | None = None,
        empty_repositories: bool = False,
        latency: float = 0.0,
        strict: bool = True,
        authorise: bool = False,
        without: Sequence[str] = (),
        traffic: float = RATE,
        page_size: int | None = None,
        buckets: bool = False,
        consistency: float = 0.0,
    ) -> None:
        """An account that is emptied at ``start``.

        ``without`` leaves rules of the strict layer out; no list has pages longer than ``page_size``; with
        ``buckets`` whoever calls faster than AWS allows is throttled; what is new is known ``consistency`` seconds
        later.
        """
        self.clock: SandboxClock = clock or SpeedClock()
        self.world = World(self.clock, empty_repositories=empty_repositories, traffic=traffic)
        self._port = port
        self.latency = latency
        self._strict = strict
        self._authorise = authorise
        self._without = without
        self._page_size = page_size
        self._lock = threading.RLock()
        self._asked_to_stop = threading.Event()
        self._logged: Logged | None = None
        self._faults: Faults | None = None
        self._throttles = buckets
        self._consistency = consistency
        self._buckets: Buckets | None = None
        self._server: Any = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address to give to a client as its endpoint."""
        if self._server is None:
            raise SandboxError("the sandbox is not running")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def calls(self) -> Sequence[Call]:
        """Every AWS call since the start or the last reset, in the order of arrival."""
        return self._logged.calls if self._logged else ()

    @property
    def faults(self) -> Faults:
        """What is to go wrong; nothing unless rules are added."""
        if self._faults is None:
            raise SandboxError("the sandbox is not running")
        return self._faults

    def start(self) -> None:
        """Serve an empty account until ``stop``."""
        if not _running.acquire(blocking=False):
            raise SandboxError("another sandbox runs in this process; moto's state can not be shared")
        try:
            # moto warns of errors that its models of AWS do not know; ours are worded by AWS
            warnings.filterwarnings("ignore", category=UserWarning, module=r"moto\.")
            # AMIs take a second to load and a service on Fargate needs none
            os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
            self._server = self._listen()
        except BaseException:
            _running.release()
            raise
        self._asked_to_stop.clear()
        self.reset()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="sandbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving; the account is gone. Stopping twice is fine."""
        if self._server is None:
            return
        self._server.shutdown()
        if self._thread is not None:
            self._thread.join()
        self._server = None
        _running.release()

    def stop_soon(self) -> None:
        """Ask whoever waits for it to stop the sandbox; a request can not do that itself while it is answered."""
        self._asked_to_stop.set()

    def wait(self) -> None:
        """Wait until somebody asks to stop."""
        self._asked_to_stop.wait()

    def reset(self) -> None:
        """Empty the account and forget what was going to happen in it."""
        from moto.core.base_backend import BackendDict
        from moto.core.model_instances import reset_model_data

        with self._lock:
            BackendDict.reset()
            reset_model_data()
            strict.reset()
            consistency.reset()
            self.world.reset()
            if self._logged:
                self._logged.calls.clear()
            if self._faults:
                self._faults.clear()
            if self._buckets:
                self._buckets.fill()

    def push(self, repository: str, tag: str, behaves: str = "ok", *, region: str | None = None) -> Mapping[str, str]:
        """Put an image that behaves in a given way into a repository, named in full or by its last part."""
        with self._lock:
            return self.world.images.push(repository, tag, behaves, region=region)

    def images(self) -> list[Mapping[str, Any]]:
        """Every image of every repository, with its behaviour."""
        with self._lock:
            return self.world.images.listed()

    def set_traffic(self, rate: float) -> None:
        """From now on simulate that many requests a minute to each rule that the public reaches."""
        with self._lock:
            self.world.catch_up()
            self.world.traffic.rate = rate

    @property
    def ledger(self) -> Ledger:
        """What became of every request up to now."""
        with self._lock:
            self.world.catch_up()
            return self.world.traffic.ledger

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _listen(self) -> Any:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
        from werkzeug.serving import make_server

        class Handler(MotoRequestHandler):
            def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's signature
                _log.debug(message, *args)

            def make_environ(self) -> dict[str, Any]:
                return {**super().make_environ(), HOST: self.headers.get("Host", "")}

        self._install()
        moto = DomainDispatcherApplication(create_backend_app)
        answering = Authorised(moto) if self._authorise else moto
        aws = Quiet(Serial(answering, self._lock, self.world.catch_up))
        self._faults = Faults(aws)
        self._buckets = Buckets(self._faults, self.clock) if self._throttles else None
        self._logged = Logged(Admin(self._buckets or self._faults, self), self.clock.now)
        delayed = Delayed(self._logged, lambda: self.latency)
        app = Held(Quiet(Proxy(delayed, self.world, self._lock, self.clock.spend)), self.clock.hold)
        with self._bound() as listening:
            number = listening.fileno()
            return make_server("127.0.0.1", self._port, app, threaded=True, request_handler=Handler, fd=number)

    def _bound(self) -> socket.socket:
        """Bind here: werkzeug would print its own advice about a taken port, and exit."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", self._port))
            listening.listen(128)
        except OSError as error:
            listening.close()
            raise SandboxError(f"can not listen on 127.0.0.1:{self._port}: {error.strerror or error}") from error
        return listening

    def _install(self) -> None:
        repairs.install(self.world.now)
        paging.limit_pages(self._page_size)
        lag.install(self._consistency)
        if self._strict:
            strict.enable()
            strict.disable(*self._without)
            strict.install(self.world.now)
        else:
            strict.uninstall()
        self.world.install()
