"""CodeCommit, CodeBuild and CodePipeline as AWS answers; each of these fails on moto alone."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d"
BUILD_ROLE, PIPELINE_ROLE = "arn:aws:iam::123456789012:role/build", "arn:aws:iam::123456789012:role/pipeline"
STAGES = [
    {
        "name": name,
        "actions": [
            {
                "name": name,
                "actionTypeId": {"category": name, "owner": "AWS", "provider": provider, "version": "1"},
                "configuration": configuration,
            }
        ],
    }
    for name, provider, configuration in (
        ("Source", "CodeCommit", {"RepositoryName": "forum", "BranchName": "main"}),
        ("Build", "CodeBuild", {"ProjectName": "forum"}),
    )
]


@pytest.fixture
def codecommit(aws):
    client = aws("codecommit")
    client.create_repository(repositoryName="forum", repositoryDescription="old", tags={"stack": "forum"}, kmsKeyId=KEY)
    return client


@pytest.fixture
def codebuild(aws):
    return aws("codebuild")


@pytest.fixture
def codepipeline(aws):
    trusted = ["codebuild.amazonaws.com", "codepipeline.amazonaws.com"]
    statement = {"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("iam").create_role(RoleName="pipeline", AssumeRolePolicyDocument=document)
    return aws("codepipeline")


def pipeline(name="forum", **more):
    store = {"type": "S3", "location": "forum-artifacts"}
    return {"name": name, "roleArn": PIPELINE_ROLE, "artifactStore": store, "stages": STAGES, **more}


def project(**more):
    return {
        "name": "forum",
        "source": {"type": "CODEPIPELINE", "buildspec": "version: 0.2"},
        "artifacts": {"type": "CODEPIPELINE"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        "serviceRole": BUILD_ROLE,
        **more,
    }


def refused(code):
    return pytest.raises(ClientError, match=rf"\({code}\)")


def test_repositories_are_listed_and_got_in_bulk(codecommit):
    assert [each["repositoryName"] for each in codecommit.list_repositories()["repositories"]] == ["forum"]
    answer = codecommit.batch_get_repositories(repositoryNames=["forum", "chat"])
    assert answer["repositories"][0]["kmsKeyId"] == KEY
    assert answer["repositoriesNotFound"] == ["chat"]


def test_a_repository_is_described_anew(codecommit):
    codecommit.update_repository_description(repositoryName="forum", repositoryDescription="new")
    assert codecommit.get_repository(repositoryName="forum")["repositoryMetadata"]["repositoryDescription"] == "new"


def test_a_renamed_repository_moves_its_arn_and_addresses(codecommit):
    codecommit.update_repository_name(oldName="forum", newName="board")
    metadata = codecommit.get_repository(repositoryName="board")["repositoryMetadata"]
    assert all(metadata[name].endswith("board") for name in ("Arn", "cloneUrlHttp", "cloneUrlSsh"))
    with refused("RepositoryDoesNotExistException"):
        codecommit.get_repository(repositoryName="forum")


def test_the_tags_of_a_repository_are_kept_merged_and_taken_away(codecommit):
    arn = codecommit.get_repository(repositoryName="forum")["repositoryMetadata"]["Arn"]
    codecommit.tag_resource(resourceArn=arn, tags={"address": "repository/forum"})
    assert codecommit.list_tags_for_resource(resourceArn=arn)["tags"] == {
        "stack": "forum",
        "address": "repository/forum",
    }
    codecommit.untag_resource(resourceArn=arn, tagKeys=["stack"])
    assert codecommit.list_tags_for_resource(resourceArn=arn)["tags"] == {"address": "repository/forum"}


def test_a_repository_has_a_branch_once_something_is_committed_to_it(codecommit):
    assert codecommit.list_branches(repositoryName="forum")["branches"] == []
    readme = {"filePath": "README", "fileContent": b"hello"}
    commits = [codecommit.create_commit(repositoryName="forum", branchName=b, putFiles=[readme]) for b in ("main", "x")]
    assert len({commit["commitId"] for commit in commits}) == 2
    assert codecommit.list_branches(repositoryName="forum")["branches"] == ["main", "x"]


def test_a_project_in_a_pipeline_needs_no_location(codebuild):
    made = codebuild.create_project(**project())["project"]
    assert (made["source"]["type"], made["artifacts"]["name"]) == ("CODEPIPELINE", "forum")


def test_a_project_keeps_its_key_and_everything_else_it_was_given(codebuild):
    given = project(encryptionKey=KEY, concurrentBuildLimit=2, timeoutInMinutes=15, tags=[{"key": "a", "value": "b"}])
    codebuild.create_project(**given)
    live = codebuild.batch_get_projects(names=["forum"])["projects"][0]
    assert {name: live[name] for name in ("encryptionKey", "concurrentBuildLimit", "timeoutInMinutes", "tags")} == {
        name: given[name] for name in ("encryptionKey", "concurrentBuildLimit", "timeoutInMinutes", "tags")
    }


def test_a_project_without_timeouts_has_those_of_aws(codebuild):
    made = codebuild.create_project(**project())["project"]
    assert (made["timeoutInMinutes"], made["queuedTimeoutInMinutes"]) == (60, 480)


def test_updating_a_project_replaces_what_is_named_and_keeps_the_rest(codebuild):
    codebuild.create_project(**project(description="old", tags=[{"key": "a", "value": "b"}]))
    codebuild.update_project(name="forum", description="new", logsConfig={"cloudWatchLogs": {"status": "DISABLED"}})
    live = codebuild.batch_get_projects(names=["forum"])["projects"][0]
    assert (live["description"], live["tags"]) == ("new", [{"key": "a", "value": "b"}])
    assert live["logsConfig"]["cloudWatchLogs"]["status"] == "DISABLED"


def test_an_empty_network_takes_a_project_out_of_its_vpc(codebuild):
    network = {"vpcId": "vpc-1", "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    codebuild.create_project(**project(vpcConfig=network))
    codebuild.update_project(name="forum", vpcConfig={})
    assert "vpcConfig" not in codebuild.batch_get_projects(names=["forum"])["projects"][0]


def test_unknown_projects_are_named(codebuild):
    assert codebuild.batch_get_projects(names=["chat"])["projectsNotFound"] == ["chat"]
    with refused("ResourceNotFoundException"):
        codebuild.update_project(name="chat", description="new")


def test_a_pipelines_role_may_trust_several_services(codepipeline):
    codepipeline.create_pipeline(pipeline=pipeline())
    assert codepipeline.get_pipeline(name="forum")["pipeline"]["stages"][0]["actions"][0]["runOrder"] == 1


def test_a_pipeline_gets_the_defaults_of_aws(codepipeline):
    made = codepipeline.create_pipeline(pipeline=pipeline())["pipeline"]
    changed = codepipeline.update_pipeline(pipeline=pipeline())["pipeline"]
    for each in (made, changed):
        assert (each["pipelineType"], each["executionMode"]) == ("V1", "SUPERSEDED")
    assert changed["version"] == 2


def test_a_pipelines_taken_name_is_told_as_such(codepipeline):
    codepipeline.create_pipeline(pipeline=pipeline())
    with refused("PipelineNameInUseException"):
        codepipeline.create_pipeline(pipeline=pipeline())


def test_a_pipeline_with_a_role_that_does_not_trust_it_is_refused(codepipeline):
    with refused("InvalidStructureException"):
        codepipeline.create_pipeline(pipeline=pipeline(roleArn=BUILD_ROLE))


def test_updating_a_missing_pipeline_is_pipeline_not_found(codepipeline):
    with refused("PipelineNotFoundException"):
        codepipeline.update_pipeline(pipeline=pipeline("chat"))


def test_the_state_of_a_pipeline_names_its_stages_and_the_last_execution(codepipeline):
    codepipeline.create_pipeline(pipeline=pipeline())
    execution = codepipeline.start_pipeline_execution(name="forum")["pipelineExecutionId"]
    stages = codepipeline.get_pipeline_state(name="forum")["stageStates"]
    assert [stage["stageName"] for stage in stages] == ["Source", "Build"]
    assert stages[1]["latestExecution"] == {"pipelineExecutionId": execution, "status": "Succeeded"}
