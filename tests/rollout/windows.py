"""A window onto a release and the means to judge it by, for tests of single gates."""

from __future__ import annotations

from typing import Any

from orchestrator.rollout.gates.base import Answer, Means, Window

RULE = "arn:aws:elasticloadbalancing:eu-west-1:1:listener-rule/app/front/50dc/aaa/bbb"


def window(**more: Any) -> Window:
    """Green takes over from blue and has a tenth of the traffic."""
    settings: dict[str, Any] = {
        "rollout": "r1",
        "stack": "forum",
        "service": "posts",
        "cluster": "main",
        "stage": "bake",
        "began": 999_900.0,
        "since": 1_000_020.0,
        "now": 1_000_320.0,
        "old": "blue",
        "new": "green",
        "percent": 10,
        "serving": True,
        "image": "v2@sha256:1",
        "repository": "forum/posts",
        "digest": "sha256:1",
        "container": "posts",
        "task_definition": "posts:2",
        "network": {},
        "capacity": {},
        "services": {"blue": "posts-blue", "green": "posts-green"},
        "groups": {c: f"arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/{c}/1" for c in ("blue", "green")},
        "rule": RULE,
        "url": "http://front.example",
        "test_headers": {"X-Test": "yes"},
    }
    return Window(**{**settings, **more})


def means(door: Any = None, ask: Any = None) -> Means:
    """By a door and an asker that are played."""
    return Means(aws=door, ask=ask, guard=lambda: None)


def answering(status: int, body: str = "", seconds: float = 0.1) -> tuple[Means, list[Any]]:
    """Means by which everything is answered the same, and what was asked."""
    asked: list[Any] = []

    def ask(*request: Any) -> Answer:
        asked.append(request)
        return Answer(status, body, seconds)

    return means(ask=ask), asked
