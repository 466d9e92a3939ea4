"""How commands end on accounts that are not as one wishes, and when the forum is taken away."""

from __future__ import annotations

from pathlib import Path

from tests.system.commands import PLAN, terminal


def test_destroy_lists_what_it_keeps_and_says_nothing_is_left_after_all_has_gone(tmp_path: Path) -> None:
    with terminal(tmp_path) as typed:
        assert typed.run("apply", str(PLAN), "--yes").code == 0
        kept = typed.run("destroy", str(PLAN), "--yes")
        assert (kept.code, kept.err) == (0, "")
        assert "repository/posts" in kept.out
        assert typed.run("destroy", str(PLAN), "--yes", "--data").code == 0
        again = typed.run("destroy", str(PLAN), "--yes")
        assert (again.code, again.out) == (0, "Nothing carries this stack's tags.\n")


def test_empty_repositories_end_with_18_and_the_command_that_pushes(tmp_path: Path) -> None:
    with terminal(tmp_path, empty_repositories=True) as typed:
        applied = typed.run("apply", str(PLAN), "--yes")
        assert applied.code == 18
        for name in ("posts", "threads", "users"):
            assert f"docker push 123456789012.dkr.ecr.us-east-1.amazonaws.com/forum/{name}:latest" in applied.out


def test_names_that_others_have_taken_end_with_16(tmp_path: Path) -> None:
    with terminal(tmp_path) as typed:
        typed.client("ecs").create_cluster(clusterName="forum")
        refused = typed.run("apply", str(PLAN), "--yes")
        assert refused.code == 16
        assert "cluster/main" in refused.err
        assert "adopt:" in refused.err
