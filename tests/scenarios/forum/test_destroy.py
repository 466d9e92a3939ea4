"""Taking the forum away: all of it, but not what holds data unless that is asked for, and nothing of a neighbour's."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.forum.forum import Forum, edited, forum
from tests.scenarios.forum.neighbours import move_in
from tests.scenarios.forum.oracle.inventory import RUNNING, counted, inventory, twice

REPOSITORIES = {"repository/posts", "repository/threads", "repository/users"}


def _without(everything: dict[str, set[str]], some: dict[str, set[str]]) -> dict[str, set[str]]:
    left = {kind: items - some.get(kind, set()) for kind, items in everything.items()}
    return {kind: items for kind, items in left.items() if items}


def _settled(stage: Forum) -> dict[str, set[str]]:
    """What is there once network interfaces that linger after their owners are gone."""
    stage.aws.sleep(600)
    return inventory(stage.account)


def test_destroy_keeps_and_lists_what_holds_data_and_takes_it_when_told_to() -> None:
    with forum() as stage:
        stage.apply()
        assert counted(stage.account) == RUNNING
        assert twice(stage.account) == []
        (bucket,) = [name for name in inventory(stage.account)["bucket"] if "artifacts" in name]
        stage.client("s3").put_object(Bucket=bucket, Key="build/1", Body=b"an artifact")
        readme = {"filePath": "README", "fileContent": b"the source"}
        stage.client("codecommit").create_commit(repositoryName="forum", branchName="main", putFiles=[readme])

        ending, kept = stage.destroy(data=False)
        assert not ending.outcome, ending.report.failed
        assert kept == {*REPOSITORIES, "bucket/artifacts", "codecommit-repository/source"}
        assert set(ending.kept) == kept
        left = {"repository": {"forum/posts", "forum/threads", "forum/users"}, "bucket": {bucket}, "source": {"forum"}}
        assert _settled(stage) == left
        assert stage.client("s3").get_object(Bucket=bucket, Key="build/1")["Body"].read() == b"an artifact"

        ending, kept = stage.destroy(data=True)
        assert not ending.outcome, ending.report.failed
        assert kept == set()
        assert _settled(stage) == {}


def test_a_neighbour_with_names_like_ours_stays_whole(tmp_path: Path) -> None:
    with forum() as stage:
        move_in(stage)
        by_hand = inventory(stage.account)
        ours = stage.plan
        stage.plan = edited(
            tmp_path / "next.yaml",
            {r"^name: forum$": "name: forum-next", "repository: forum": "repository: forum-next"},
        )
        assert not stage.apply().outcome
        neighbours = inventory(stage.account)

        stage.plan = ours
        assert not stage.apply().outcome
        assert stage.wrong == []
        assert sum(counted(stage.account).values()) > sum(RUNNING.values()) * 2
        ending, _ = stage.destroy(data=True)
        assert not ending.outcome, ending.report.failed
        assert _settled(stage) == neighbours

        stage.plan = tmp_path / "next.yaml"
        assert stage.look().empty
        stage.destroy(data=True)
        assert _settled(stage) == by_hand


def test_a_second_destroy_finds_nothing() -> None:
    with forum() as stage:
        ending, kept = stage.destroy(data=True)
        assert not ending.outcome
        assert kept == set()
        assert not ending.report.results
