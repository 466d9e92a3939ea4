"""The commands around the sandbox.

Nothing that needs moto is imported before the sandbox is started: the other commands only talk to one that runs.
"""

import typer

from orchestrator.sandbox.cli import faults, looking, rules, running
from orchestrator.sandbox.cli.asking import SandboxRefused, SandboxUnreachable

__all__ = ["SandboxRefused", "SandboxUnreachable", "sandbox"]

sandbox = typer.Typer(name="sandbox", help="A local AWS to try everything on.", no_args_is_help=True)

for module in (running, looking, faults, rules):
    module.register(sandbox)
