"""The Jenkinsfiles' stages, run in order against three environments: good builds, bad ones, aborted ones."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from tests.pipelines.agent import COMMAND, EXAMPLES, REGISTRY, Agent
from tests.pipelines.conftest import STORE
from tests.pipelines.jenkins import Build
from tests.system.commands import finish

RELEASE = EXAMPLES / "jenkins" / "Jenkinsfile"
DRIFT = EXAMPLES / "jenkins" / "Jenkinsfile.drift"
ALL = "Checkout Build Test Scan Push,Deploy dev,Check dev,Deploy staging,Prepare prod,Deploy prod"
STAGES = [*ALL.partition(",")[0].split(), *ALL.split(",")[1:]]


def _balancer(agent: Agent, environment: str) -> str:
    """Where customers of an environment go."""
    balancers = agent.typed._aws.client("elbv2", "eu-west-1").describe_load_balancers()["LoadBalancers"]
    (found,) = [b["DNSName"] for b in balancers if f"forum-{environment}" in b["LoadBalancerName"]]
    return f"http://{found}"


def _build(agent: Agent, **changes: Any) -> Build:
    """A build of what is in the workspace, by somebody who clicks what a test says."""
    tag = agent.commit()
    overrides = {"BASE_URL": _balancer(agent, "dev"), "TAG": tag, "PATIENCE": changes.pop("patience", "3600")}
    return Build(agent, RELEASE, changes.pop("parameters", {}), overrides, **changes).run()


def _history(agent: Agent, environment: str, service: str = "posts") -> dict[str, Any]:
    """What became of a service's newest rollout."""
    plan = str(agent.workspace / "ci" / "plan.yaml")
    told = agent.typed.run("history", plan, service, "-e", environment, "-n", "1", "--json", ORCHESTRATOR_STORE=STORE)
    return dict(json.loads(told.out.splitlines()[1]))


def test_a_good_build_reaches_prod_once_somebody_has_approved_it_and_is_undone_by_another(agent: Agent) -> None:
    build = _build(agent, answer={"APPROVER": "ada", "REASON": "it is Tuesday"})
    assert (build.result, build.stages) == ("SUCCESS", STAGES), "\n".join(build.said[-3:])
    told = _history(agent, "prod")
    assert told["outcome"] == "succeeded"
    assert told["by"] == "jenkins-forum-17"
    assert any("promote by ada: it is Tuesday" in entry["note"] for entry in told["journal"])
    assert "approved by ada" in build.description
    assert {"roll out posts", "gate posts check: scan findings CRITICAL at most 0", "verify scan of posts"} <= set(
        build.cases
    )
    assert not any(build.cases.values())

    undone = _build(agent, parameters={"ACTION": "undo", "SERVICES": "posts"})
    assert (undone.result, undone.stages) == ("SUCCESS", ["Undo prod"]), undone.said[0]
    assert _history(agent, "prod")["release"]["image"] == told["release"]["image_before"]


def test_nobody_who_approves_takes_the_release_back_and_aborts_the_build(agent: Agent) -> None:
    stages = frozenset({"Build", "Push", "Prepare prod", "Deploy prod"})
    build = _build(agent, parameters={"SERVICES": "posts"}, answer=None, only=stages)
    assert (build.result, build.stages[-1]) == ("ABORTED", "Deploy prod")
    told = _history(agent, "prod")
    assert (told["outcome"], told["why"]) == ("rolled back", "abort by jenkins-forum-17: not approved")


def test_a_release_that_crashes_ends_the_build_unstable_with_the_reason_and_staging_never_sees_it(agent: Agent) -> None:
    agent.write("posts", "crash")
    build = _build(agent)
    assert (build.result, build.stages[-1]) == ("UNSTABLE", "Deploy dev")
    assert "posts rolled back" in build.description
    assert "exit" in build.description.lower()
    assert _history(agent, "dev", "threads")["outcome"] == "rolled back", "released together, taken back together"
    assert "exit" in build.cases["roll out posts"].lower()


@pytest.mark.parametrize(
    ("behaves", "tests_fail", "last", "why"),
    [("findings=CRITICAL:2", False, "Scan", "2 critical"), ("ok", True, "Test", "")],
)
def test_what_fails_before_it_is_pushed_never_gets_a_release_tag(
    agent: Agent, behaves: str, tests_fail: bool, last: str, why: str
) -> None:
    agent.write("posts", behaves, tests_fail=tests_fail)
    build = _build(agent)
    assert (build.result, build.stages[-1]) == ("FAILURE", last)
    assert why in build.description
    ecr = agent.typed._aws.client("ecr", "eu-west-1")
    pushed = ecr.list_images(repositoryName="forum-dev/posts")["imageIds"]
    assert build.overrides["TAG"] not in {image.get("imageTag") for image in pushed}


@pytest.mark.parametrize("on_abort", ["leave", "rollback"])
def test_an_aborted_build_leaves_its_rollout_or_takes_it_back_as_asked(agent: Agent, on_abort: str) -> None:
    plan = agent.workspace / "ci" / "plan.yaml"
    plan.write_text(plan.read_text(encoding="utf-8").replace("bake: 0", "bake: 86400"), encoding="utf-8")
    stages = frozenset({"Build", "Push", "Deploy dev"})
    build = _build(
        agent, parameters={"ON_ABORT": on_abort, "SERVICES": "posts"}, abort=("Deploy dev", "bake"), only=stages
    )
    assert (build.result, build.stages[-1]) == ("ABORTED", "Deploy dev")
    if on_abort == "leave":
        assert any("Resume with: orchestrator deploy ci/plan.yaml -e dev" in said for said in build.said)
        assert agent.run("ci/steps/abort.sh", _step(TARGET="dev")).code == 0
    told = _history(agent, "dev")
    assert told["outcome"] == "rolled back"
    assert told["why"].startswith("abort by jenkins-forum-17: ")
    assert ("deploy was told to stop" in told["why"]) == (on_abort == "rollback")


def _step(**changes: str) -> dict[str, str]:
    """What a step finds in its environment."""
    told = {"BY": "jenkins-forum-17", "SERVICES": "posts", "REGISTRY": REGISTRY, "AWS_REGION": "eu-west-1"}
    return {**told, "ORCHESTRATOR_STORE": STORE, "ORCHESTRATOR_IMAGE": COMMAND, "ON_ABORT": "rollback", **changes}


def test_a_build_that_leaves_the_approval_to_others_says_that_it_waits(agent: Agent) -> None:
    stages = frozenset({"Build", "Push", "Prepare prod", "Await prod"})
    parameters = {"SERVICES": "posts", "APPROVAL": "elsewhere"}
    build = _build(agent, parameters=parameters, only=stages, patience="0")
    assert (build.result, build.stages[-1]) == ("UNSTABLE", "Await prod")
    assert "posts paused for approval" in build.description
    assert agent.run("ci/steps/abort.sh", _step(TARGET="prod")).code == 0


def test_a_rollout_that_is_handed_over_is_brought_to_its_end_by_a_daemon_and_waited_for(agent: Agent) -> None:
    agent.commit()
    env = _step(TARGET="dev")
    assert agent.run("ci/steps/build.sh && ci/steps/push.sh", env).code == 0
    handed = agent.run("ci/steps/deploy.sh", {**env, "HAND_OVER": "yes"})
    assert (handed.code, agent.report("dev.verdict")) == (14, "waiting"), handed.said
    assert agent.run("ci/steps/wait.sh", {**env, "PATIENCE": "0"}).code == 14
    daemon = agent.typed.start("daemon", "--plans", str(agent.workspace / "ci"), ORCHESTRATOR_STORE=STORE)
    waited = agent.run("ci/steps/wait.sh", {**env, "PATIENCE": "100000"})
    daemon.send_signal(signal.SIGTERM)
    ended = finish(daemon)
    assert (waited.code, agent.report("dev.verdict")) == (0, "passed"), waited.said + ended.out
    assert ended.code == 0, ended.err


def test_drift_is_unstable_in_the_environment_that_has_it_and_nowhere_a_failure(agent: Agent) -> None:
    agent.commit()
    logs = agent.typed._aws.client("logs", "eu-west-1")
    logs.put_retention_policy(logGroupName="/forum-staging/posts", retentionInDays=1)
    build = Build(agent, DRIFT, {}).run()
    logs.put_retention_policy(logGroupName="/forum-staging/posts", retentionInDays=30)
    assert (build.result, build.stages) == ("UNSTABLE", ["Drift"] * 3)
    assert [name for name, wrong in build.cases.items() if wrong and "log-group/posts" in name], build.cases
