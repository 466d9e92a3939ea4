"""What every command needs around an engine: settings, clock, door, store, the embedded sandbox, signals, a sink."""

from __future__ import annotations

import contextlib
import gc
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from orchestrator.cli.render.jsonl import JsonLines
from orchestrator.cli.render.junit import JUnit
from orchestrator.cli.render.plain import PlainLines
from orchestrator.cli.store import open_store
from orchestrator.cli.traced import traced
from orchestrator.core.clock import Clock, SystemClock
from orchestrator.core.errors import OrchestratorError
from orchestrator.core.events import Event, Sink
from orchestrator.settings import Settings, load_settings, plan_variables

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.app.system import System
    from orchestrator.cli.notified import Notified

_SANDBOX_SPEED = 20.0
_SHOW_CURSOR = b"\x1b[?25h"
_NOTIFYING = frozenset({"apply", "deploy", "promote", "abort", "undo", "destroy"})
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the flags that all commands share say."""

    plan: Path
    environment: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    sandbox: bool = False
    json: bool = False
    junit: Path | None = None
    profile: str | None = None
    workers: int | None = None
    by: str = ""


class Session:
    """One run of one command."""

    def __init__(self, command: str, options: Options, out: TextIO | None = None) -> None:
        self.command = command
        self.options = options
        self.settings: Settings = load_settings(os.environ, {"profile": options.profile, "workers": options.workers})
        self.stop = threading.Event()
        self.resume = ""
        self.clock: Clock = _clock(self.settings)
        self.out = out or sys.stdout
        self.json = JsonLines(self.out, command) if options.json else None
        self.junit = JUnit(options.junit, command) if options.junit else None
        self.notified: Notified | None = None

    @contextlib.contextmanager
    def system(self) -> Iterator[System]:
        """The plan's system on its account; with ``--sandbox`` on one that lives as long as the command.

        An error that ends the command goes into its JSON and its JUnit report, too.
        """
        try:
            with _naming_denials(), self._system() as system, self._notifying(system):
                yield system
        except OrchestratorError as error:
            if self.json:
                said = {"message": error.message, "hint": error.hint, "exit_code": error.exit_code}
                self.json.result("error", said)
            if self.junit:
                self.junit.write(error.message)
            raise

    @contextlib.contextmanager
    def _system(self) -> Iterator[System]:
        from orchestrator.aws.door import Access, Aws
        from orchestrator.plan.load.loader import load_plan
        from orchestrator.stores.memory import MemoryStore

        inherited = plan_variables(os.environ)
        loaded = load_plan(self.options.plan, self.options.environment, self.options.variables, inherited)
        with self._sandbox() if self.options.sandbox else contextlib.nullcontext():
            access = Access(
                region=loaded.model.region,
                profile=self.settings.profile,
                role=loaded.model.role,
                account=loaded.model.account,
            )
            aws = Aws(access, self.clock)
            aws.reader().hurry()  # AWS answers while the engines are imported
            from orchestrator.app.system import System

            gc.freeze()  # what was imported stays: no collection has to go through it
            kept = MemoryStore() if self.options.sandbox else open_store(self.settings, self.clock, access, aws)
            yield System(
                loaded,
                aws,
                kept,
                self.clock,
                wall=SystemClock(),
                stop=self.stop,
                workers=self.settings.workers,
                by=self.options.by,
            )

    @contextlib.contextmanager
    def _notifying(self, system: System) -> Iterator[None]:
        """Have those told whom the plan names, by a command that changes something on an account of theirs."""
        told = system.loaded.model.notifications.channels and self.command in _NOTIFYING
        if told and not self.options.sandbox:
            from orchestrator.cli.notified import Notified

            self.notified = Notified(system.loaded, lambda: system.store)
        try:
            yield
        finally:
            if self.notified:
                self.notified.close()

    @contextlib.contextmanager
    def _sandbox(self) -> Iterator[None]:
        try:
            from orchestrator.sandbox.clock import SpeedClock
            from orchestrator.sandbox.server import Sandbox
        except ImportError as error:
            raise OrchestratorError(
                f"the sandbox is not installed ({error.name} is missing)", hint="pip install 'orchestrator[sandbox]'"
            ) from None
        clock = SpeedClock(_SANDBOX_SPEED)
        self.clock = clock
        with Sandbox(clock=clock) as sandbox:
            os.environ.update(AWS_ENDPOINT_URL=sandbox.url, **dict.fromkeys(_KEYS, "sandbox"))
            os.environ["http_proxy"] = sandbox.url  # its load balancers answer gates by their names
            for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
                os.environ.pop(name, None)
            yield

    @contextlib.contextmanager
    def progress(self, title: str) -> Iterator[Sink]:
        """A sink in the shape that fits where the output goes, for the length of some work."""
        with contextlib.ExitStack() as stack:
            sinks: list[Callable[[Event], None]] = []
            if spans := stack.enter_context(traced(title, self.clock, sandbox=self.options.sandbox)):
                sinks.append(spans)
            if self.json:
                sinks.append(self.json)
            elif self.on_terminal:
                from orchestrator.cli.render.tree import LiveTree

                sinks.append(stack.enter_context(LiveTree(self.console, self.clock, title)))
            else:
                sinks.append(PlainLines(self.out, self.clock))
            if self.junit:
                sinks.append(self.junit)
            if self.notified:
                sinks.append(self.notified.notices)

            def emit(event: Event) -> None:
                for sink in sinks:
                    sink(event)

            yield emit

    @contextlib.contextmanager
    def interruptible(self, resume: str, then: str = "") -> Iterator[None]:
        """Ctrl-C or SIGTERM once: start nothing more and say how to resume; twice: leave at once, state intact.

        ``then`` is what else is told about it.
        """

        def interrupted(number: int, _frame: Any) -> None:
            if self.stop.is_set():
                os.write(
                    2,
                    (_SHOW_CURSOR if sys.stderr.isatty() else b"")
                    + b"\nleaving now; what AWS is doing goes on, nothing is lost\n",
                )
                os._exit(128 + number)
            self.stop.set()
            os.write(2, f"\nstopping: nothing new is started. {then}Resume with: {resume}\n".encode())

        self.resume = resume
        before = {s: signal.signal(s, interrupted) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def again(self, command: str | None = None, *more: str) -> str:
        """The command line that would do this, or ``command``, with the same plan."""
        words = ["orchestrator", command or self.command, str(self.options.plan)]
        if self.options.environment:
            words += ["-e", self.options.environment]
        for name, value in self.options.variables.items():
            words += ["--var", f"{name}={value}"]
        return " ".join([*map(shlex.quote, words), *more])

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """While a question is open, Ctrl-C means no."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    @property
    def can_ask(self) -> bool:
        """Whether a person is there to answer a question."""
        return sys.stdin.isatty() and not self.json

    @property
    def on_terminal(self) -> bool:
        """Whether a person looks on, at something that can redraw."""
        return self.out.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")

    @cached_property
    def console(self) -> Console:
        """The terminal, imported only where there is one."""
        from rich.console import Console

        return Console(file=self.out, highlight=False, soft_wrap=True)

    def say(self, *parts: str | tuple[str, str]) -> None:
        """A line for people, each part plain or with a style; programs that read JSON are not bothered with it."""
        if self.json is not None:
            return
        if self.on_terminal:
            from rich.text import Text

            self.console.print(Text.assemble(*parts))
        else:
            self.out.write("".join(p if isinstance(p, str) else p[0] for p in parts) + "\n")


@contextlib.contextmanager
def _naming_denials() -> Iterator[None]:
    """A permission that is missing is something a person can act on, wherever it was missing."""
    try:
        yield
    except OrchestratorError:
        raise
    except Exception as error:
        from orchestrator.aws.errors import ErrorClass, allowing, classify, message_of
        from orchestrator.aws.redact import Redactor
        from orchestrator.core.errors import AwsError
        from orchestrator.reconcile.explain import explain

        if classify(error) is not ErrorClass.DENIED:
            raise
        raise AwsError(Redactor()(explain(error)), hint=allowing((), message_of(error))) from error


def _clock(settings: Settings) -> Clock:
    speed = settings.clock_speed
    return SystemClock(speed.factor, speed.since)
