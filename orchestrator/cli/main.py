"""The command ``orchestrator``: its commands, its exit codes, and how every error ends."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

from orchestrator import __version__
from orchestrator.cli.commands import deliver, inspect, locks, permit, provision, steer
from orchestrator.core.errors import OrchestratorError

_EXIT_CODES = """Exit codes: 0 succeeded or nothing to do · 1 error · 2 changes (plan --detailed-exitcode) · 3 drift ·
10 rolled back · 11 rollback failed · 12 superseded · 13 paused for approval · 14 timed out, still in progress ·
15 lock held · 16 refused by verify or guard · 17 stopped · 18 provisioned, waiting for a first image"""

_RARELY = 200_000

app = typer.Typer(
    name="orchestrator",
    help="Takes a microservice system on AWS from one YAML plan to running, and keeps it so.",
    epilog=_EXIT_CODES,
    invoke_without_command=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for module in (provision, deliver, steer, inspect, permit, locks):
    module.register(app)


def _mount_sandbox() -> None:
    from orchestrator.sandbox.cli import sandbox

    app.add_typer(sandbox, name="sandbox")


_mount_sandbox()


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
    code = _guarded(lambda: app(standalone_mode=False))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it has ended: a Ctrl-C that comes now is no reason for a traceback
    sys.exit(code)


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
