"""What is new and until when; the rules and the world ask it, and need no more of this package."""

from __future__ import annotations

from orchestrator.sandbox.consistency.things import Thing

PROPAGATION = 2.0
"""How much longer than an id takes to be known a new role takes to be assumable."""


class News:
    """Things of EC2 and ELB by id or ARN, roles by ARN."""

    def __init__(self) -> None:
        self._things: dict[str, tuple[float, Thing]] = {}
        self._roles: dict[str, float] = {}

    def note_thing(self, id: str, thing: Thing, until: float) -> None:
        """Remember a thing from its first creation on: a repeated request finds it again."""
        self._things.setdefault(id, (until, thing))

    def note_role(self, arn: str, until: float) -> None:
        """Remember a role from its last creation on: one of the same name is another."""
        self._roles[arn] = until

    def things(self, now: float) -> dict[str, Thing]:
        """The things that are not known everywhere."""
        return {id: thing for id, (until, thing) in self._things.items() if now < until}

    def role(self, arn: str, now: float) -> bool:
        """Whether the role is not known everywhere."""
        return now < self._roles.get(arn, 0.0)

    def forget(self) -> None:
        """Know everything."""
        self._things.clear()
        self._roles.clear()


news = News()


def propagating(role: str, now: float) -> bool:
    """Whether a role, by its ARN, is too new for AWS to assume it or to be named in a policy."""
    return news.role(role, now)


def reset() -> None:
    """Know everything, as when the account is emptied."""
    news.forget()
