"""Sides, tasks and cursors for tests that need only a little of each."""

from __future__ import annotations

from typing import Any

from orchestrator.rollout.sides import Deployment, Happening, Side, Target, Task
from orchestrator.rollout.stages.base import Facts
from orchestrator.rollout.state import Cursor
from orchestrator.rollout.strategies import all_at_once, route

OURS = "ecs-svc/1"


def deployment(id: str = OURS, *, primary: bool = True, state: str = "IN_PROGRESS", **more: Any) -> Deployment:
    counts = {"desired": 2, "running": 2, "pending": 0, "failed": 0, "reason": "", "task_definition": "posts:2"}
    return Deployment(id=id, primary=primary, state=state, **{**counts, **more})


def task(number: int = 1, **more: Any) -> Task:
    settings = {"started_by": OURS, "task_definition": "posts:2", "status": "RUNNING", "address": f"10.0.0.{number}"}
    return Task(arn=f"task/{number}", **{**settings, **more})


def stopped(reason: str, code: str = "EssentialContainerExited", *, number: int = 1, **more: Any) -> Task:
    return task(number, status="STOPPED", stop_code=code, stopped_reason=reason, stopped_at=float(number), **more)


def side(**more: Any) -> Side:
    settings: dict[str, Any] = {
        "status": "ACTIVE",
        "desired": 2,
        "running": 2,
        "task_definition": "posts:2",
        "deployments": (deployment(state="COMPLETED"),),
        "tasks": (task(1), task(2)),
        "targets": (Target("10.0.0.1", "healthy"), Target("10.0.0.2", "healthy")),
    }
    return Side(service="posts-green", **{**settings, **more})


def event(text: str, at: float = 10.0) -> Happening:
    return Happening(at, f"(service posts-green) {text}")


def cursor(**more: Any) -> Cursor:
    way = route(all_at_once(), balanced=True, first=False, deadline=900)
    settings: dict[str, Any] = {
        "facts": Facts(old="blue", new="green", count=2, least=2),
        "forward": way.forward,
        "back": way.back,
        "yielding": way.yielding,
        "release": {"hash": "abc", "image": "v2", "plan_image": "v1", "before": "", "image_before": "v1"},
    }
    return Cursor(
        id="20260101T000000Z-abc",
        stack="forum",
        service="posts",
        strategy="all-at-once",
        by="someone",
        started=0.0,
        **{"deadline": 900.0, **settings, **more},
    )
