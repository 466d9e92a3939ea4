"""Who is told what: channels, and the routes by which what happens to a stack gets there.

A channel's address is a secret more often than not, so a plan holds the name of the variable that holds it. An address
is taken for any text here, and looked at in a check of its own: the message of a pattern would show what it found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from orchestrator.plan.model.base import Name, Says, Section

Severity = Literal["info", "warning", "error"]
EventName = Literal[
    "rollout-started",
    "rollout-waiting",
    "rollout-succeeded",
    "rollout-rolled-back",
    "rollout-rollback-failed",
    "rollout-failed",
    "apply-failed",
    "drift-found",
    "drift-left-alone",
    "drift-healed",
    "stack-broken",
    "stack-recovered",
    "lock-stuck",
]
EventGroup = Literal["rollout", "apply", "drift", "stack", "lock"]
"""All events whose name begins with it."""
Subscription: TypeAlias = EventName | EventGroup
ChannelAddress = Annotated[str, Says("env:NAME, the environment variable that holds the channel's address")]
PageAddress = Annotated[
    str,
    Field(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_\-./~]*)?$"),
    Says("an address such as https://deploy.example.com"),
]


class Channel(Section):
    """Where messages go: anything that apprise knows an address for."""

    shorthand: ClassVar[str | None] = "url"
    url: ChannelAddress = Field(
        description="env:NAME, where the environment variable NAME holds an address of apprise such as slack://…; or "
        "a plain webhook that needs no secret, such as json://127.0.0.1:9000/hook."
    )


class NotificationRoute(Section):
    """What a channel is told."""

    to: tuple[Name, ...] = Field(min_length=1, description="The channels.")
    on: tuple[Subscription, ...] = Field(
        default=(), description="Events by name, or by the word that their names begin with. Left out: all."
    )
    severity: Severity = Field(default="info", description="Only what is at least as grave as this.")

    def takes(self, event: EventName, severity: Severity) -> bool:
        """Whether such an event goes this way."""
        grave = _GRAVITY[severity] >= _GRAVITY[self.severity]
        return grave and (not self.on or event in self.on or event.partition("-")[0] in self.on)


class Notifications(Section):
    """Who is told what happens to the stack."""

    channels: Mapping[Name, Channel] = Field(default_factory=dict, description="The channels by name.")
    routes: tuple[NotificationRoute, ...] | None = Field(
        default=None, description="Who is told what. Left out: every channel is told everything."
    )
    lock_held: int = Field(
        default=3600, ge=60, le=604800, description="Seconds after which a lock that somebody still holds is told."
    )
    page: PageAddress | None = Field(
        default=None, description="Where the daemon's web page is reached; messages link to it."
    )

    def channels_for(self, event: EventName, severity: Severity) -> tuple[str, ...]:
        """The names of the channels that are told of such an event, each once."""
        if self.routes is None:
            return tuple(self.channels)
        return tuple(dict.fromkeys(name for r in self.routes if r.takes(event, severity) for name in r.to))


_GRAVITY: Mapping[Severity, int] = {"info": 0, "warning": 1, "error": 2}
