"""The lines of forum.md about roles, delivery and operations, each as a check."""

from __future__ import annotations

import json
from typing import Any

from tests.scenarios.forum.oracle.account import SERVICES, STACK_TAG, Account, as_list, tags

# -- roles -------------------------------------------------------------------------------------------------------------


def the_execution_role_pulls_and_logs(account: Account) -> None:
    (role,) = {definition["executionRoleArn"] for definition in _definitions(account)}
    _role_allows(account, role, "ecs-tasks", "ecr:BatchGetImage", "logs:CreateLogStream", "logs:PutLogEvents")


def the_task_role_is_another_that_tasks_may_take(account: Account) -> None:
    (role,) = {definition["taskRoleArn"] for definition in _definitions(account)}
    assert role not in {definition["executionRoleArn"] for definition in _definitions(account)}
    _role_allows(account, role, "ecs-tasks")


def the_pipeline_role_reads_artifacts_builds_and_deploys(account: Account) -> None:
    _role_allows(
        account,
        _pipeline(account)["roleArn"],
        "codepipeline",
        "s3:PutObject",
        "codebuild:StartBuild",
        "ecs:UpdateService",
    )


def the_build_role_pushes_images_and_logs(account: Account) -> None:
    _role_allows(
        account, _project(account)["serviceRole"], "codebuild", "ecr:PutImage", "logs:PutLogEvents", "s3:GetObject"
    )


def _role_allows(account: Account, arn: str, service: str, *actions: str) -> None:
    name = arn.rpartition("/")[2]
    assert account.trusted(name) == {f"{service}.amazonaws.com"}
    assert set(actions) <= account.allowed(name)
    assert "*" not in account.allowed(name)


def _definitions(account: Account) -> list[Any]:
    ecs = account.client("ecs")
    return [
        ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        for service in account.ecs_services.values()
    ]


# -- delivery ----------------------------------------------------------------------------------------------------------


def a_push_to_the_repository_starts_the_pipeline(account: Account) -> None:
    repositories = account.all("codecommit", "list_repositories", "repositories")
    source = _actions(account)["Source"]
    (repository,) = [r for r in repositories if r["repositoryName"] == source["configuration"]["RepositoryName"]]
    arn = account.client("codecommit").get_repository(repositoryName=repository["repositoryName"])
    pipeline = account.client("codepipeline").get_pipeline(name=_pipeline(account)["name"])["metadata"]["pipelineArn"]
    starting = [
        json.loads(rule["EventPattern"])
        for rule in account.all("events", "list_rules", "Rules")
        if rule["State"] == "ENABLED"
        and pipeline in {t["Arn"] for t in account.all("events", "list_targets_by_rule", "Targets", Rule=rule["Name"])}
    ]
    (pattern,) = starting
    assert pattern["source"] == ["aws.codecommit"]
    assert pattern["resources"] == [arn["repositoryMetadata"]["Arn"]]
    assert pattern["detail"]["referenceName"] == [source["configuration"]["BranchName"]]


def the_pipeline_takes_source_builds_and_deploys_each_service(account: Account) -> None:
    stages = [[a["actionTypeId"] for a in stage["actions"]] for stage in _pipeline(account)["stages"]]
    told = [{(kind["category"], kind["provider"]) for kind in stage} for stage in stages]
    assert told == [{("Source", "CodeCommit")}, {("Build", "CodeBuild")}, {("Deploy", "ECS")}]
    deployed = {a["configuration"]["ServiceName"] for a in _pipeline(account)["stages"][2]["actions"]}
    assert deployed == {service["serviceName"] for service in account.ecs_services.values()}


def the_build_tests_packages_and_pushes_images(account: Account) -> None:
    project = _project(account)
    assert project["source"]["type"] == "CODEPIPELINE"
    assert project["environment"]["privilegedMode"] is True, "building images takes a privileged container"
    commands = project["source"]["buildspec"]
    for word in ("npm test", "docker build", "docker push"):
        assert word in commands, word


def the_artifact_bucket_is_encrypted_and_not_public(account: Account) -> None:
    _closed(account, _pipeline(account)["artifactStore"]["location"])


def _pipeline(account: Account) -> Any:
    """The one pipeline whose source is the stack's."""
    client = account.client("codepipeline")
    found = []
    for listed in account.all("codepipeline", "list_pipelines", "pipelines"):
        answer = client.get_pipeline(name=listed["name"])
        arn = answer["metadata"]["pipelineArn"]
        carried = account.all("codepipeline", "list_tags_for_resource", "tags", resourceArn=arn)
        if tags({"tags": carried}).get(STACK_TAG) == account.stack:
            found.append(answer["pipeline"])
    (pipeline,) = found
    return pipeline


def _actions(account: Account) -> dict[str, Any]:
    """The pipeline's first action of each category."""
    actions = [action for stage in reversed(_pipeline(account)["stages"]) for action in stage["actions"]]
    return {action["actionTypeId"]["category"]: action for action in actions}


def _project(account: Account) -> Any:
    name = _actions(account)["Build"]["configuration"]["ProjectName"]
    (project,) = account.client("codebuild").batch_get_projects(names=[name])["projects"]
    return project


def _closed(account: Account, bucket: str) -> None:
    s3 = account.client("s3")
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert {r["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for r in rules} <= {"AES256", "aws:kms"}
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert len(block) == 4
    assert all(block.values())


# -- operations --------------------------------------------------------------------------------------------------------


def each_service_has_a_log_group_with_retention(account: Account) -> None:
    groups = {g["logGroupName"]: g for g in account.all("logs", "describe_log_groups", "logGroups")}
    used = {
        container["logConfiguration"]["options"]["awslogs-group"]
        for definition in _definitions(account)
        for container in definition["containerDefinitions"]
    }
    assert len(used) == len(SERVICES)
    for name in used:
        assert groups[name]["retentionInDays"] > 0


def each_service_has_a_cpu_and_a_memory_alarm(account: Account) -> None:
    watched = [
        (alarm["MetricName"], *sorted(d["Value"] for d in alarm["Dimensions"]))
        for alarm in account.all("cloudwatch", "describe_alarms", "MetricAlarms")
        if alarm["Namespace"] == "AWS/ECS" and not alarm["AlarmName"].startswith("TargetTracking-")
    ]
    cluster = account.cluster["clusterName"]
    for service in account.ecs_services.values():
        for metric in ("CPUUtilization", "MemoryUtilization"):
            wanted = (metric, *sorted((cluster, service["serviceName"])))
            assert watched.count(wanted) == 1, wanted


def api_calls_are_recorded_into_a_closed_bucket(account: Account) -> None:
    cloudtrail = account.client("cloudtrail")
    trails = as_list(cloudtrail.describe_trails()["trailList"])
    arns = [t["TrailARN"] for t in trails]
    listed = account.all("cloudtrail", "list_tags", "ResourceTagList", ResourceIdList=arns)
    ours = {each["ResourceId"] for each in listed if tags({"Tags": each["TagsList"]}).get(STACK_TAG) == account.stack}
    (trail,) = [t for t in trails if t["TrailARN"] in ours]
    assert cloudtrail.get_trail_status(Name=trail["TrailARN"])["IsLogging"] is True
    _closed(account, trail["S3BucketName"])
