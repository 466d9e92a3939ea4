"""Everything again where every list comes in pages of one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.rollout.state import Outcome
from orchestrator.rollout.strategies import canary
from tests.scenarios.rollouts.scene import Scene, scene
from tests.world import world


@pytest.fixture
def posts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Posts and users, running v1, on a sandbox of small pages."""
    with world(page_size=1) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.sandbox.url)
        made = scene(aws)
        made.service("posts", strategy=canary([(10, 30)], bake=0, hold=0))
        made.service("users", strategy=canary([(10, 30)], bake=0, hold=0))
        assert {r.outcome for r in made.deploy().values()} == {Outcome.SUCCEEDED}
        yield made


def test_a_good_and_a_bad_release_end_as_they_would_with_longer_pages(posts: Scene) -> None:
    posts.push("v2", "crash", "posts")
    posts.push("v2", "ok", "users")
    results = posts.deploy({"posts": "v2", "users": "v2"})
    assert results["posts"].outcome is Outcome.ROLLED_BACK
    assert "exited with 1" in results["posts"].why
    assert results["users"].outcome is Outcome.SUCCEEDED
    assert posts.counts("posts") == {"blue": (2, 2), "green": (0, 0)}
    assert posts.counts("users") == {"blue": (0, 0), "green": (2, 2)}
