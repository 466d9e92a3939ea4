"""The command ``orchestrator``: its commands, its exit codes, and how every error ends."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_group_from_info
from typer.models import TyperInfo

from orchestrator import __version__
from orchestrator.cli.commands import (
    daemon,
    deliver,
    health,
    inspect,
    locks,
    notify,
    permit,
    provision,
    steer,
    store,
    worker,
)
from orchestrator.core.errors import OrchestratorError

_EXIT_CODES = """Exit codes: 0 succeeded or nothing to do · 1 error · 2 changes (plan --detailed-exitcode) · 3 drift ·
10 rolled back · 11 rollback failed · 12 superseded · 13 paused for approval · 14 timed out, still in progress ·
15 lock held · 16 refused by verify or guard · 17 stopped · 18 provisioned, waiting for a first image"""

_RARELY = 200_000
_SANDBOX = "sandbox"


def _group(commands: typer.Typer) -> TyperGroup:
    info = TyperInfo(commands)
    return get_group_from_info(info, pretty_exceptions_short=True, rich_markup_mode=None, suggest_commands=True)


class _Commands(TyperGroup):
    """The commands; those around the sandbox are imported for whoever asks for them."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # typer's own subclass of it
        """Their names, in the order of help."""
        return [*(name for name in super().list_commands(ctx) if name != _SANDBOX), _SANDBOX]

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]  # as above
        """A command by name. An unknown word may be meant for any of them."""
        if cmd_name not in self.commands:
            from orchestrator.sandbox.cli import sandbox

            self.add_command(_group(sandbox), _SANDBOX)
        return super().get_command(ctx, cmd_name)


app = typer.Typer(
    cls=_Commands,
    name="orchestrator",
    help="Takes a microservice system on AWS from one YAML plan to running, and keeps it so.",
    epilog=_EXIT_CODES,
    invoke_without_command=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for module in (provision, deliver, steer, inspect, permit, locks, store, notify, daemon, worker, health):
    module.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"orchestrator {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Options that come before the command; without one, help."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> NoReturn:
    """Run the command line; every error ends with a message a person can act on and its own exit code."""
    gc.set_threshold(_RARELY)  # a tenth of a short command went into collecting what it had only just imported
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # to look for some, it reads every installed package
    _leave(_guarded(lambda: app(standalone_mode=False)))


def _leave(code: int) -> NoReturn:
    """End at once: taking apart what was imported takes a short command a fifth of its time, for nothing."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it has ended: a Ctrl-C that comes now is no reason for a traceback
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass  # whoever read it has seen enough
    except OSError as error:
        code = _say(f"the output could not be written: {error.strerror}")
    sys.stderr.flush()
    os._exit(code)


def _guarded(run: Callable[[], Any]) -> int:
    try:
        result = run()
    except typer.Abort:
        return _say("stopped before anything was started", code=17)
    except TyperException as wrong:
        return _misused(wrong)
    except OrchestratorError as error:
        return _say(error.message, error.hint, error.exit_code)
    except KeyboardInterrupt:
        return _say("stopped", code=17)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("ORCHESTRATOR_DEBUG"):
            raise
        from orchestrator.aws.redact import Redactor

        what = Redactor()(f"{type(error).__name__}: {error}")
        return _say(what, "set ORCHESTRATOR_DEBUG=1 to see where it came from")
    return result if isinstance(result, int) else 0


def _misused(wrong: TyperException) -> int:
    """Show how the command is meant to be used."""
    show = getattr(wrong, "show", None)
    if show is None:
        return _say(str(wrong))
    show()
    return 1


def _say(message: str, hint: str = "", code: int = 1) -> int:
    print(f"error: {message}", file=sys.stderr)
    if hint:
        print(f"  {hint}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
