"""From a push to running: repository, event, pipeline, build; and the roles and the bucket in between."""

from __future__ import annotations

import dataclasses as dc
from collections.abc import Iterable

from orchestrator.core.resource import Resource
from orchestrator.core.values import Join, JsonDoc
from orchestrator.kinds.delivery.codebuild import BuildProject, Variable
from orchestrator.kinds.delivery.codecommit import SourceRepository
from orchestrator.kinds.delivery.codepipeline import Action, Pipeline, Stage
from orchestrator.kinds.ecr import Repository
from orchestrator.kinds.ecs.clusters import Cluster
from orchestrator.kinds.events import EventRule, Target
from orchestrator.kinds.iam import Role
from orchestrator.kinds.logs import LogGroup
from orchestrator.kinds.storage import Bucket
from orchestrator.plan.compile import policies
from orchestrator.plan.compile.buildspec import ADDRESS, REGISTRY, buildspec, definitions, verification
from orchestrator.plan.compile.context import Context
from orchestrator.plan.compile.roles import log_arn, repository_arn, role
from orchestrator.plan.compile.services import ServicePlan
from orchestrator.plan.model.plan import Delivery, Plan
from orchestrator.plan.names import cut

SOURCE, IMAGES = "source", "images"


@dc.dataclass(frozen=True, kw_only=True)
class Deployed:
    """What is delivered to, and from where."""

    cluster: Cluster
    services: tuple[ServicePlan, ...]
    repositories: tuple[Repository, ...]
    roles: tuple[Role, ...]
    address: str | Join | None
    """Where the load balancer answers, if there is one."""


def compile_delivery(wanted: Delivery, plan: Plan, deployed: Deployed, context: Context) -> tuple[Resource, ...]:
    """Everything that the section ``delivery`` stands for."""
    name = wanted.repository or cut(context.stack, SourceRepository.name_limit)
    source = SourceRepository(name="source", aws_name=name)
    bucket = _artifacts(context)
    logs = LogGroup(
        name="codebuild", aws_name=context.name(LogGroup, "codebuild"), retention=plan.operations.log_retention
    )
    builder = _build_role(deployed.repositories, bucket, logs, context)
    project = _project(wanted, plan, deployed.repositories, builder, logs, context)
    verifier, verifying = _verification(wanted, deployed, bucket, logs, context)
    projects = (project, *verifying)
    deployer = _pipeline_role(source, bucket, projects, deployed, context)
    pipeline = Pipeline(
        name="main",
        aws_name=cut(context.stack, Pipeline.name_limit),
        role=deployer.out("arn"),
        bucket=bucket.out("name"),
        stages=(*_stages(wanted, source, project, deployed, context), *map(_verified, verifying)),
    )
    starter = role(
        "events", "events", context, start=policies.start_pipeline(context.arn("codepipeline", pipeline.aws_name))
    )
    push = _push(wanted, source, pipeline, starter, context)
    return (source, bucket, logs, builder, *verifier, *projects, deployer, pipeline, starter, push)


def _artifacts(context: Context) -> Bucket:
    name = context.name(Bucket, "artifacts")
    arn = context.arn("s3", name, region=False, account=False)
    return Bucket(name="artifacts", aws_name=name, policy=policies.encrypted_transport(arn))


def _build_role(repositories: Iterable[Repository], bucket: Bucket, logs: LogGroup, context: Context) -> Role:
    return role(
        "build",
        "codebuild",
        context,
        logs=policies.write_logs(log_arn(logs, context)),
        artifacts=policies.artifacts(context.arn("s3", bucket.aws_name, region=False, account=False)),
        images=policies.push_images([repository_arn(r, context) for r in repositories]),
    )


def _pipeline_role(
    source: SourceRepository, bucket: Bucket, projects: Iterable[BuildProject], deployed: Deployed, context: Context
) -> Role:
    passed = [context.arn("iam", f"role/{r.aws_name}", region=False) for r in deployed.roles]
    return role(
        "pipeline",
        "codepipeline",
        context,
        source=policies.fetch_source(context.arn("codecommit", source.aws_name)),
        artifacts=policies.artifacts(context.arn("s3", bucket.aws_name, region=False, account=False)),
        build=policies.start_builds([context.arn("codebuild", f"project/{p.aws_name}") for p in projects]),
        deploy=policies.deploy_services(context, deployed.cluster.aws_name, passed),
    )


def _project(
    wanted: Delivery,
    plan: Plan,
    repositories: tuple[Repository, ...],
    builder: Role,
    logs: LogGroup,
    context: Context,
) -> BuildProject:
    """Building images takes Docker, and Docker inside CodeBuild takes privileged mode."""
    domain = "amazonaws.com.cn" if context.partition == "aws-cn" else "amazonaws.com"
    paths = {r.name: r.aws_name for r in repositories}
    return BuildProject(
        name="build",
        aws_name=context.name(BuildProject, "build"),
        role=builder.out("arn"),
        image=wanted.build.image,
        compute=wanted.build.compute,
        privileged=True,
        buildspec=wanted.build.buildspec or buildspec(wanted.build, paths, moving=not plan.images.immutable_tags),
        variables={REGISTRY: Variable(f"{context.account}.dkr.ecr.{context.region}.{domain}")},
        log_group=logs.out("name"),
        timeout=wanted.build.timeout,
    )


def _verification(
    wanted: Delivery, deployed: Deployed, bucket: Bucket, logs: LogGroup, context: Context
) -> tuple[tuple[Role, ...], tuple[BuildProject, ...]]:
    """A project that asks for the paths to verify, and its role; neither when there are none."""
    if not wanted.verify or deployed.address is None:
        return (), ()
    verifier = role(
        "verify",
        "codebuild",
        context,
        logs=policies.write_logs(log_arn(logs, context)),
        artifacts=policies.artifacts(context.arn("s3", bucket.aws_name, region=False, account=False)),
    )
    project = BuildProject(
        name="verify",
        aws_name=context.name(BuildProject, "verify"),
        role=verifier.out("arn"),
        image=wanted.build.image,
        buildspec=verification(wanted.verify),
        variables={ADDRESS: Variable(deployed.address)},
        log_group=logs.out("name"),
        timeout=wanted.build.timeout,
    )
    return (verifier,), (project,)


def _verified(project: BuildProject) -> Stage:
    ask = Action(
        category="Build",
        provider="CodeBuild",
        configuration={"ProjectName": project.out("name")},
        inputs=(SOURCE,),
    )
    return Stage("Verify", {"health": ask})


def _stages(
    wanted: Delivery, source: SourceRepository, project: BuildProject, deployed: Deployed, context: Context
) -> tuple[Stage, ...]:
    """The last stage deploys to the ECS service of each service that has the traffic."""
    fetch = Action(
        category="Source",
        provider="CodeCommit",
        configuration={
            "RepositoryName": source.out("name"),
            "BranchName": wanted.branch,
            "PollForSourceChanges": "false",
        },
        outputs=(SOURCE,),
    )
    build = Action(
        category="Build",
        provider="CodeBuild",
        configuration={"ProjectName": project.out("name")},
        inputs=(SOURCE,),
        outputs=(IMAGES,),
    )
    deploy = {
        service.name: Action(
            category="Deploy",
            provider="ECS",
            configuration={
                "ClusterName": deployed.cluster.aws_name,
                "ServiceName": service.colours[context.active(service.name)].service.aws_name,
                "FileName": definitions(service.name),
            },
            inputs=(IMAGES,),
        )
        for service in deployed.services
    }
    return (Stage("Source", {"fetch": fetch}), Stage("Build", {"images": build}), Stage("Deploy", deploy))


def _push(wanted: Delivery, source: SourceRepository, pipeline: Pipeline, starter: Role, context: Context) -> EventRule:
    pattern = {
        "source": ["aws.codecommit"],
        "detail-type": ["CodeCommit Repository State Change"],
        "resources": [context.arn("codecommit", source.aws_name)],
        "detail": {
            "event": ["referenceCreated", "referenceUpdated"],
            "referenceType": ["branch"],
            "referenceName": [wanted.branch],
        },
    }
    return EventRule(
        name="push",
        aws_name=context.name(EventRule, "push"),
        pattern=JsonDoc(pattern),
        description=f"a push to {wanted.branch} starts the pipeline",
        targets={"pipeline": Target(pipeline.out("arn"), starter.out("arn"))},
    )
