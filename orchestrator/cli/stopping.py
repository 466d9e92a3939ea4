"""What becomes of rollouts whose command is told to stop, by Ctrl-C, by SIGTERM, by a build that is aborted."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from orchestrator.core.events import Sink

if TYPE_CHECKING:
    from orchestrator.app.ending import Ending
    from orchestrator.app.system import System
    from orchestrator.cli.session import Session

_PATIENCE = 600.0


class OnAbort(enum.StrEnum):
    """What is wanted then."""

    LEAVE = "leave"
    """They stay where they are, for a daemon or the next command to go on."""
    ROLLBACK = "rollback"
    """They go back; what has not arrived after ten minutes is left on its way back."""


OnAbortFlag: TypeAlias = Annotated[
    OnAbort, typer.Option("--on-abort", help="On SIGTERM or Ctrl-C: leave what was begun as it is, or take it back.")
]

_WORDS = {
    OnAbort.LEAVE: "",
    OnAbort.ROLLBACK: "what was begun is taken back; a second signal leaves that to a daemon or to abort. ",
}


def told(wish: OnAbort) -> str:
    """What a person who stops the command is told about it at once."""
    return _WORDS[wish]


def settled(session: Session, system: System, ending: Ending, sink: Sink, wish: OnAbort) -> Ending:
    """The ending as it is wanted: as it is, or once more after what was begun has gone back."""
    if wish is OnAbort.LEAVE or not session.stop.is_set():
        return ending
    from orchestrator.app.taking_back import take_back

    session.resume = session.again("abort")
    return take_back(system, ending, sink, reason=f"{session.command} was told to stop", patience=_PATIENCE)
